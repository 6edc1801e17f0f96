from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from supa_lint.discover import MAX_SIZE, Tree, discover, find_root, virtual_file
from supa_lint.model import Place

DSN = b"DATABASE_URL=postgresql://postgres@db.qzxwvutsrponmlkjihgf.supabase.co:5432/postgres\n"


@pytest.fixture(autouse=True)
def _own_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the user's git configuration nor a hook's variables."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


def _git(root: Path, *arguments: str) -> None:
    user = ["-c", "user.name=x", "-c", "user.email=x@example.invalid"]
    subprocess.run(
        ["git", *user, "-c", "protocol.file.allow=always", *arguments],
        cwd=root,
        check=True,
        capture_output=True,
    )


def _write(root: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _repository(root: Path, tracked: dict[str, bytes], others: dict[str, bytes]) -> Path:
    root.mkdir(exist_ok=True)
    _git(root, "init", "-q")
    _write(root, tracked)
    _git(root, "add", "-A", "-f")
    _write(root, others)
    return root


def _read(tree: Tree) -> list[str]:
    return [file.path for file in tree.files]


def _code(tree: Tree, word: bytes) -> list[str]:
    """The code that holds `word`."""
    found = tree.code([word], lambda file: word in file.data) if tree.code else ()
    return [file.path for file in found]


# --- which root ---------------------------------------------------------------------------------


def test_root_is_the_top_of_the_work_tree(tmp_path: Path) -> None:
    root = _repository(tmp_path / "r", {"apps/web/.env": DSN}, {})
    assert find_root([root / "apps/web/.env"]) == root
    assert find_root([root / "apps"]) == root
    assert find_root([root]) == root


def test_root_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = _repository(tmp_path / "r", {"apps/web/.env": DSN}, {})
    monkeypatch.chdir(root / "apps")
    assert find_root() == root
    assert find_root([Path("web")]) == root


def test_root_without_git(tmp_path: Path) -> None:
    _write(tmp_path, {"a/b/c/.env": DSN, "a/pyproject.toml": b"[tool.ruff]\n"})
    assert find_root([tmp_path / "a/b/c"]) == tmp_path / "a/b/c"
    assert find_root([tmp_path / "a/b/c/.env"]) == tmp_path / "a/b/c"
    (tmp_path / "a/b/supa-lint.toml").touch()
    assert find_root([tmp_path / "a/b/c/.env"]) == tmp_path / "a/b"
    (tmp_path / "a/b/supa-lint.toml").unlink()
    (tmp_path / "a/pyproject.toml").write_bytes(b"[tool.supa-lint]\n")
    assert find_root([tmp_path / "a/b/c"]) == tmp_path / "a"


# --- which files, with git ----------------------------------------------------------------------


def test_tracked_untracked_and_ignored(tmp_path: Path) -> None:
    root = _repository(
        tmp_path / "r",
        {
            ".gitignore": b"node_modules/\n.env*\n*.log\nsecrets/\n.vercel\n",
            "config.yml": DSN,
            "committed/.env": DSN,
        },
        {
            "new.py": DSN,
            ".env": b"A=1\n",
            "apps/web/.env.local": DSN,
            "x.log": DSN,
            "secrets/prod.env": DSN,
            "secrets/other.yml": DSN,
            ".vercel/.env.production.local": DSN,
            "node_modules/pg/.env": DSN,
            "node_modules/pg/index.js": DSN,
        },
    )
    tree = discover(root)
    assert tree.paths == (
        ".env",
        ".gitignore",
        ".vercel/.env.production.local",
        "apps/web/.env.local",
        "committed/.env",
        "config.yml",
        "new.py",
        "secrets/prod.env",
    )
    assert tree.tracked == frozenset({".gitignore", "config.yml", "committed/.env"})
    assert _read(tree) == [path for path in tree.paths if path != ".gitignore"]
    assert {file.path for file in tree.files if file.tracked} == {"committed/.env", "config.yml"}
    assert all(file.tracked is not None for file in tree.files)
    assert tree.notes == ()


def test_tracked_vendored_files_are_not_read(tmp_path: Path) -> None:
    root = _repository(tmp_path / "r", {"vendor/x.go": DSN, "a.min.js": DSN, "dist/.env": DSN}, {})
    assert _read(discover(root)) == []


def test_deleted_and_unusual_names(tmp_path: Path) -> None:
    odd = {"a b/ü\n.env": DSN, "gone.env": DSN, "-x.env": DSN, 'q"\\.env': DSN}
    root = _repository(tmp_path / "r", odd, {})
    (root / "gone.env").unlink()
    tree = discover(root)
    assert _read(tree) == ["-x.env", "a b/ü\n.env", 'q"\\.env']
    assert tree.notes == ()


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.env")
    try:
        root = _repository(tmp_path / "r", {name: DSN}, {})
    except OSError:
        pytest.skip("the file system does not take such names")
    assert _read(discover(root)) == [name]


def test_a_conflict_is_one_file(tmp_path: Path) -> None:
    root = _repository(tmp_path / "r", {"a.yml": DSN}, {})
    _git(root, "commit", "-qm", "one")
    _git(root, "checkout", "-qb", "other")
    _write(root, {"a.yml": DSN + b"1\n"})
    _git(root, "commit", "-qam", "two")
    _git(root, "checkout", "-q", "-")
    _write(root, {"a.yml": DSN + b"2\n"})
    _git(root, "commit", "-qam", "three")
    with pytest.raises(subprocess.CalledProcessError):
        _git(root, "merge", "other")
    assert discover(root).paths == ("a.yml",)


def test_other_repositories_inside_are_not_entered(tmp_path: Path) -> None:
    other = _repository(tmp_path / "other", {".env": DSN}, {})
    _git(other, "commit", "-qm", "one")
    root = _repository(tmp_path / "r", {"a.yml": DSN, ".gitignore": b"ignored/\n"}, {})
    _git(root, "submodule", "add", "-q", str(other), "sub")
    _repository(root / "nested", {".env": DSN}, {})
    _repository(root / "ignored", {".env": DSN}, {})
    tree = discover(root)
    assert _read(tree) == ["a.yml"]
    assert tree.notes == ()


def test_a_worktree_and_the_variables_of_a_hook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = _repository(tmp_path / "r", {".env": DSN}, {})
    _git(root, "commit", "-qm", "one")
    _git(root, "worktree", "add", "-q", str(tmp_path / "w"))
    project = _repository(tmp_path / "p", {"a.yml": DSN}, {})
    monkeypatch.setenv("GIT_DIR", str(root / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index.lock")
    monkeypatch.setenv("GIT_WORK_TREE", str(root))
    assert find_root([tmp_path / "w"]) == tmp_path / "w"
    assert discover(tmp_path / "w").tracked == frozenset({".env"})
    assert discover(project).tracked == frozenset({"a.yml"})


def test_a_folder_of_the_repository(tmp_path: Path) -> None:
    root = _repository(tmp_path / "r", {"a/.env": DSN, ".env": DSN, ".gitignore": b"a/x.env"}, {})
    _write(root, {"a/x.env": DSN})
    assert _read(discover(root / "a")) == [".env", "x.env"]


def test_a_repository_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = _repository(tmp_path / "r", {".env": DSN}, {"node_modules/x/.env": DSN})
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    tree = discover(root)
    assert tree.tracked is None
    assert _read(tree) == [".env"]
    assert tree.files[0].tracked is None
    (note,) = tree.notes
    assert note.path == "."
    assert "safe.directory" in note.text


def test_without_the_git_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = _repository(tmp_path / "r", {".env": DSN}, {})
    monkeypatch.setenv("PATH", str(tmp_path))
    tree = discover(root)
    assert tree.tracked is None
    assert _read(tree) == [".env"]
    assert "git is not installed" in tree.notes[0].text


def test_a_broken_repository(tmp_path: Path) -> None:
    _write(tmp_path, {"r/.git": b"gitdir: /nowhere\n", "r/.env": DSN})
    tree = discover(tmp_path / "r")
    assert _read(tree) == [".env"]
    assert len(tree.notes) == 1


def test_no_program_of_the_repository_runs(tmp_path: Path) -> None:
    root = _repository(tmp_path / "r", {".env": DSN}, {})
    monitor = tmp_path / "monitor"
    monitor.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    monitor.chmod(0o755)
    _git(root, "config", "core.fsmonitor", str(monitor))
    discover(root)
    assert not (tmp_path / "ran").exists()


# --- which files, without git -------------------------------------------------------------------


def test_without_git(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            ".env": b"A=1\n",
            "a/b/c/config.yml": DSN,
            "a/plain.txt": b"nothing\n",
            "a/node_modules/x.js": DSN,
            ".venv/x.py": DSN,
            "logo.png": DSN,
        },
    )
    tree = discover(tmp_path)
    assert tree.paths == (".env", "a/b/c/config.yml", "a/plain.txt", "logo.png")
    assert tree.tracked is None
    assert _read(tree) == [".env", "a/b/c/config.yml"]
    assert [file.tracked for file in tree.files] == [None, None]
    assert tree.notes == ()


def test_an_empty_folder(tmp_path: Path) -> None:
    assert discover(tmp_path) == Tree((), None, ())


# --- links and other things ---------------------------------------------------------------------


def test_links(tmp_path: Path) -> None:
    root = tmp_path / "r"
    _write(tmp_path, {"outside/.env": DSN, "r/.env": DSN, "r/node_modules/x/.env": DSN})
    for name, target in {
        "to-listed.env": ".env",
        "broken.env": "nowhere",
        "outside.env": "../outside/.env",
        "vendored.env": "node_modules/x/.env",
        "self.env": "self.env",
        "folder": ".",
        "outside-folder": "../outside",
    }.items():
        (root / name).symlink_to(target)
    tree = discover(root)
    assert _read(tree) == [".env"]
    assert tree.notes == ()


def test_a_link_to_what_is_not_listed_is_read_once(tmp_path: Path) -> None:
    root = _repository(tmp_path / "r", {".gitignore": b"secrets/\n"}, {"secrets/production": DSN})
    for name in ("a.env", "b.env"):
        (root / name).symlink_to("secrets/production")
    _git(root, "add", "-f", "a.env")
    tree = discover(root)
    assert _read(tree) == ["a.env"]
    assert tree.files[0].tracked is False  # the link is in the index, its content is not


def test_the_root_is_a_link(tmp_path: Path) -> None:
    _write(tmp_path, {"r/config/.env": DSN})
    (tmp_path / "r/.env").symlink_to("config/.env")
    (tmp_path / "link").symlink_to("r")
    assert _read(discover(tmp_path / "link")) == ["config/.env"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env")
    os.mkfifo(tmp_path / "given.env")
    _write(tmp_path, {"a.env": DSN})
    tree = discover(tmp_path, explicit=["given.env"])
    assert _read(tree) == ["a.env"]


def test_unreadable_files_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, {".env": DSN, "locked.env": DSN, "closed/x.env": DSN})
    real_open, real_scandir = os.open, os.scandir

    def _open(path: str, flags: int) -> int:
        if str(path).endswith("locked.env"):
            raise PermissionError(13, "Permission denied")
        return real_open(path, flags)

    def _scandir(path: Path) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return real_scandir(path)

    monkeypatch.setattr(os, "open", _open)
    monkeypatch.setattr(os, "scandir", _scandir)
    tree = discover(tmp_path)
    assert _read(tree) == [".env"]
    assert [(note.path, note.text) for note in tree.notes] == [
        ("closed", "cannot be read: Permission denied"),
        ("locked.env", "cannot be read: Permission denied"),
    ]


def test_large_files(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "huge.env": b"A=" + b"x" * MAX_SIZE,
            "dump.sql": DSN + b"x" * MAX_SIZE,
            "other.sql": b"x" * (MAX_SIZE + 1),
            "fits.sql": DSN + b"x" * (MAX_SIZE - len(DSN)),
        },
    )
    tree = discover(tmp_path)
    assert _read(tree) == ["fits.sql"]
    assert [note.path for note in tree.notes] == ["dump.sql", "huge.env"]
    assert tree.notes[0].text == "is larger than 10 MB, so it is not read"


# --- what is worth parsing ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"db.x.supabase.co",
        b"host = Supabase",
        b"SUPABASE_URL",
        b"localhost:54322",
        b"key = sb_secret_x",
        *(base64.b64encode(b"." * n + b"a.pooler.supabase.com:6543") for n in range(3)),
        *(base64.b64encode(b"." * n + b"supabase") for n in range(3)),
    ],
)
def test_an_endpoint_is_seen(tmp_path: Path, data: bytes) -> None:
    _write(tmp_path, {"a.yaml": b"x: " + data, "other.yaml": b"x: 1\n"})
    assert _read(discover(tmp_path)) == ["a.yaml"]


def test_manifests_and_code_are_read_when_a_database_is_in_use(tmp_path: Path) -> None:
    def find(*, everything: bool = False) -> list[str]:
        tree = discover(
            tmp_path,
            wanted=lambda path: path.endswith("package.json"),
            code_suffixes=(".py", ".ts"),
            everything=everything,
        )
        return [*_read(tree), *_code(tree, b"asyncpg")]

    _write(
        tmp_path,
        {
            "package.json": b"{}",
            "node_modules/x/package.json": b"{}",
            "tests/package.json": b"{}",
            "app.py": b"import asyncpg\n",
            "other.py": b"import os\n",
            "other.txt": b"asyncpg\n",
            "test_app.py": b"import asyncpg\n",
            ".env": b"A=1\n",
        },
    )
    assert find() == [".env"]
    assert find(everything=True) == [".env", "package.json", "app.py"]
    _write(tmp_path, {"README.md": DSN, "tests/.env": DSN, "old.py.bak": DSN})
    assert find() == [".env", "README.md", "old.py.bak", "tests/.env"]
    _write(tmp_path, {".env.example": b"SUPABASE_URL=https://x.supabase.co"})
    assert "app.py" not in find()  # an HTTP API is no database
    _write(tmp_path, {".env.example": DSN})
    assert "app.py" in find()
    assert "package.json" in find()


@pytest.mark.parametrize(
    ("code", "read"),
    [
        (b"import { createClient } from '@supabase/supabase-js'", False),
        (b"await supabase.from('cats').select()", False),
        (b"url = 'https://x.supabase.co'", False),
        (b"url = 'db.x.supabase.co'", True),
        (b"{host: 'x.supabase.co'}", True),
        (b"'aws-0-eu-west-1.pooler.supabase.com'", True),
        (b"f'postgresql://u@{host}'  # Supabase", True),
        (b"SUPABASE_KEY = 'eyJhbGciOiJIUzI1NiJ9'", True),
        (b"localhost:54322", True),
    ],
)
def test_code_that_uses_supabases_own_client_is_not_read(
    tmp_path: Path, code: bytes, read: bool
) -> None:
    _write(tmp_path, {"a.ts": code})
    assert bool(_read(discover(tmp_path, code_suffixes=(".ts",)))) is read


def test_git_looks_through_a_large_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What git finds, what it does not look at, and what it complains of."""
    monkeypatch.setattr("supa_lint.listing._WORTH_GREP", 0)
    opened: list[str] = []
    monkeypatch.setattr("supa_lint.discover._content", _recording(opened))
    root = _repository(
        tmp_path / "r",
        {"a.ts": b"x\n", "b.ts": b"\0" + DSN, "c.ts": b"y\n", "u.ts": b"y\n", "d/e.yml": b"x\n"},
        {"new.ts": b"z\n"},
    )
    (root / "link.ts").symlink_to("d/e.yml")
    _git(root, "add", "link.ts")
    _git(root, "update-index", "--assume-unchanged", "u.ts")
    assert _read(discover(root)) == ["b.ts"]
    assert sorted(opened) == ["b.ts", "link.ts", "new.ts", "u.ts"]
    _write(root, {"u.ts": DSN})  # git takes it for unchanged
    assert _read(discover(root)) == ["b.ts", "u.ts"]
    _git(root, "config", "color.ui", "always")
    _git(root, "config", "grep.patternType", "perl")
    assert _read(discover(root)) == ["b.ts", "u.ts"]
    tree = discover(root, everything=True, code_suffixes=(".ts",))
    assert _code(tree, b"x") == ["a.ts"]
    (root / "c.ts").unlink()
    assert _read(discover(root)) == ["b.ts", "u.ts"]


def test_what_git_cannot_look_through_is_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = _repository(tmp_path / "r", {"a.ts": DSN}, {})
    monkeypatch.setattr("supa_lint.listing._WORTH_GREP", 0)
    monkeypatch.setattr("supa_lint.listing._GREP_MEMORY", 1)  # it cannot even start
    assert _read(discover(root)) == ["a.ts"]


def _recording(opened: list[str]) -> Any:
    from supa_lint.discover import _content

    def content(path: str, full: str) -> Any:
        opened.append(path)
        return _content(path, full)

    return content


def test_places(tmp_path: Path) -> None:
    _write(tmp_path, {".env": DSN, ".env.example": DSN, "README.md": DSN, "tests/a.py": DSN})
    assert [file.place for file in discover(tmp_path).files] == [
        Place.LIVE,
        Place.EXAMPLE,
        Place.DOCS,
        Place.TEST,
    ]


def test_excluded(tmp_path: Path) -> None:
    _write(tmp_path, {"a/.env": DSN, "b/.env": DSN})
    tree = discover(tmp_path, excluded=lambda path: path.startswith("a/"))
    assert tree.paths == ("b/.env",)


def test_explicit_paths(tmp_path: Path) -> None:
    root = _repository(
        tmp_path / "r",
        {".gitignore": b"ignored/\nx.yml\n", "a.yml": b"x: 1\n", "b/c.yml": b"x: 1\n"},
        {"ignored/a.yml": DSN, "x.yml": b"x: 1\n", "b/x.yml": DSN, "node_modules/a.js": DSN},
    )
    assert _read(discover(root)) == []
    assert _read(discover(root, explicit=["x.yml", "a.yml"])) == ["a.yml", "x.yml"]
    assert _read(discover(root, explicit=["ignored/"])) == ["ignored/a.yml"]
    assert _read(discover(root, explicit=["b"])) == []  # a known folder is not searched again
    assert _read(discover(root, explicit=["."])) == []
    tree = discover(root, explicit=["node_modules/a.js"])
    assert _read(tree) == []
    assert [(note.path, note.text) for note in tree.notes] == [
        ("node_modules/a.js", "is vendored or generated, so it is not read")
    ]


def test_a_virtual_file() -> None:
    file = virtual_file(".env.example", DSN)
    assert (file.path, file.data, file.place) == (".env.example", DSN, Place.EXAMPLE)
    assert file.tracked is None
    assert virtual_file("node_modules/x.js", DSN).place is Place.LIVE


def test_a_file_that_only_decides_about_tls_is_read(tmp_path: Path) -> None:
    root = _repository(tmp_path / "r", {"Dockerfile": b"ENV PGSSLMODE=require\n"}, {".env": DSN})
    assert [file.path for file in discover(root).files] == [".env", "Dockerfile"]
