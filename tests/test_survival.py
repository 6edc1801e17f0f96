"""Nothing in a repository breaks supa-lint, and supa-lint does nothing but read it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from report.samples import CANARY
from supa_lint.cli import main
from supa_lint.discover import virtual_file
from supa_lint.report import FORMATS, render
from support import REF, TRANSACTION, run

DSN = f"postgresql://postgres:{CANARY}@aws-0-eu-west-1.pooler.supabase.com:6543/postgres"
ROOT = Path(__file__).parents[1]

WATCHED = """
import json, os, sys
root, log, arguments = os.path.realpath(sys.argv[1]), sys.argv[2], sys.argv[4:]
allowed = (root + os.sep, *{os.path.realpath(p) + os.sep for p in (sys.argv[3], *sys.path, sys.prefix, sys.base_prefix) if p})
seen = []

def hook(event, given):
    if event == "open" and isinstance(given[0], (str, bytes, os.PathLike)):
        folder, name = os.path.split(os.path.abspath(os.fsdecode(given[0])))
        path = os.path.join(os.path.realpath(folder), name)
        if not given[2] & os.O_NOFOLLOW:
            path = os.path.realpath(path)
        writes = given[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        if (writes or not (path + os.sep).startswith(allowed)) and path != os.devnull:
            seen.append([event, path, bool(writes)])
    elif event == "subprocess.Popen":
        seen.append([event, list(given[1])])
    elif event.startswith(("socket.", "os.remove", "os.rename", "os.mkdir", "os.system", "os.exec",
                           "os.chmod", "os.link", "os.symlink", "shutil.", "urllib.", "tempfile.")):
        seen.append([event])

import supa_lint.cli
supa_lint.cli.Path.cwd()
os.chdir(root)
sys.dont_write_bytecode = True
sys.addaudithook(hook)
code = supa_lint.cli.main(arguments)
found = list(seen)
with open(log, "w") as out:
    json.dump([code, found], out)
"""


def _watched(
    root: Path, log: Path, *arguments: str, stdin: str = ""
) -> tuple[int, list[list[object]]]:
    """The exit code, and what the run did to the world besides reading its own repository."""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", WATCHED, str(root), str(log), str(ROOT), *arguments],
        input=stdin.encode(),
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert log.exists(), done.stderr.decode()
    code, seen = json.loads(log.read_text())
    return code, seen


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    outside = tmp_path / "outside"
    for folder in (root / "sub", outside):
        folder.mkdir(parents=True)
    (outside / ".env").write_text(f"DATABASE_URL={DSN}\n")
    (root / ".env").write_text(f"DATABASE_URL={DSN}\n")
    (root / "db.py").write_text(
        "import os, asyncpg\nc = asyncpg.connect(os.environ['DATABASE_URL'])\n"
    )
    (root / ".env.local").symlink_to(outside / ".env")
    (root / "away").symlink_to(outside)
    (root / "loop").symlink_to("loop")
    (root / "sub" / "up").symlink_to(root)
    (root / "zero.env").symlink_to("/dev/zero")
    (root / "tty.env").symlink_to("/dev/tty")
    subprocess.run(["git", "init", "-q", root], check=True)
    subprocess.run(["git", "-C", root, "add", "-A"], check=True)
    return root


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["check"], ""),
        (["check", "--format", "sarif", "--pedantic", "sub"], ""),
        (["check", "--stdin-filename", "x.env", "-"], DSN),
        (["map"], ""),
        (["map", "--format", "mermaid"], ""),
        (["rules"], ""),
        (["explain", "tls-disabled"], ""),
        (["diagnose", 'prepared statement "x" already exists'], ""),
        (["inspect"], DSN),
    ],
)
def test_nothing_outside_is_read_nothing_is_written_and_nobody_is_called(
    project: Path, tmp_path: Path, arguments: list[str], stdin: str
) -> None:
    before = {path: path.lstat().st_mtime_ns for path in project.rglob("*")}
    code, seen = _watched(project, tmp_path / "log.json", *arguments, stdin=stdin)
    assert code in (0, 1)
    programs = [row for row in seen if row[0] == "subprocess.Popen"]
    assert all(isinstance(row[1], list) and row[1][0] == "git" for row in programs)
    assert [row for row in seen if row not in programs] == []
    after = {path: path.lstat().st_mtime_ns for path in project.rglob("*")}
    assert before.keys() == after.keys()


def test_only_what_output_names_is_written(project: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.sarif"
    _, seen = _watched(
        project, tmp_path / "log.json", "check", "--format", "sarif", "--output", str(target)
    )
    assert [row[1:] for row in seen if row[0] == "open"] == [[str(target), True]]


def test_the_watch_sees_what_it_should(project: Path, tmp_path: Path) -> None:
    """A watch that sees nothing would prove nothing."""
    _, seen = _watched(project, tmp_path / "log.json", "check", "--config", "/etc/hostname")
    assert ["open", "/etc/hostname", False] in seen


def test_what_is_no_file_does_not_stop_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    os.mkfifo(project / "pipe.env")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(Path("sock.env")))
        os.mkfifo(project / ".env.fifo")
        assert main(["check", "--format", "concise"]) == 1
        assert (
            main(["check", "--format", "concise", "pipe.env", "sock.env", "loop", "zero.env"]) == 0
        )
    out = capsys.readouterr().out
    assert ".env:1" in out
    assert CANARY not in out


def test_a_file_that_vanishes_or_shrinks_while_it_is_read(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    real = os.open

    def racing(path: str, *given: int, **named: int) -> int:
        if str(path).endswith("db.py"):
            Path(path).unlink(missing_ok=True)
        return real(path, *given, **named)

    monkeypatch.setattr(os, "open", racing)
    assert main(["check", "--format", "concise"]) == 1
    assert "db.py" not in capsys.readouterr().out


def test_a_file_that_grows_while_it_is_read(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    real = os.fstat

    def growing(descriptor: int) -> os.stat_result:
        status = real(descriptor)
        with (project / ".env").open("a") as file:
            file.write(f"MORE={DSN}\n" * 100)
        return status

    monkeypatch.setattr(os, "fstat", growing)
    assert main(["check", "--format", "concise"]) == 1
    assert CANARY not in capsys.readouterr().out


# --- hostile files, through every reader --------------------------------------------------------

KINDS = (
    ".env", "a.py", "a.ts", "a.tsx", "compose.yml", "a.json", "a.toml", "a.tf", "a.ini", "a.properties",
    "Dockerfile", "a.sh", "a.ps1", "a.bat", "schema.prisma", "README.md", "requirements.txt",
    "package.json", "pyproject.toml", "package-lock.json", "poetry.lock", "pnpm-lock.yaml",
    "yarn.lock", "setup.cfg", "main.go", ".pgpass", "pg_service.conf",
)  # fmt: skip
HOSTILE = {
    "brackets": b"[" * 100_000,
    "braces": b'{"a":' * 20_000,
    "calls": b"x = " + b"f(" * 30_000,
    "blocks": b"".join(b" " * n + b"a:\n" for n in range(700)),
    "one long line": b"supabase " + b"a=b " * 75_000,
    "one long DSN": b"A=postgres://u:" + b"p" * 500_000 + b"@db.x.supabase.co/x\n",
    "many DSNs in a line": DSN.encode() * 3000,
    "nul bytes": b"supabase\0" * 10_000,
    "not UTF-8": b"supabase \xff\xfe\x80\xc3\x28 \xed\xa0\x80 = 'x'\n" * 1000,
    "UTF-16": f"DATABASE_URL={DSN}\n".encode("utf-16"),
    "UTF-32": f"DATABASE_URL={DSN}\n".encode("utf-32"),
    "aliases": b"a0: &a0 [x, supabase]\n"
    + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 30)),
    "interpolations": b"A=" + b"${A:-" * 15_000 + b"supabase",
    "quotes": b"supabase = '" + b"\"'`" * 20_000,
    "carriage returns": b"A=supabase\r" * 8_000,
    "comments": b"# supa-lint: ignore[x]\n" * 300,
    "heredocs": b"cat <<A <<B <<C supabase\n" * 3_000,
    "subshells": b"supabase " + b"$(" * 100_000,
    "dashes": b"- " * 100_000 + b"supabase",
    "templates": b"supabase = " + b"`${" * 35_000,
    "elements": b"supabase = " + b"<a>" * 35_000,
    "minus signs": b"supabase = " + b"-" * 100_000 + b"1",
    "lone surrogates": b'{"a": "\\ud800 supabase", "b": "\\udc00\\ud800", "\\udfff": ["\\ud83d"]}\n' * 500,
    "merge keys": b"a: &a {b: supabase, <<: *a}\n" + b"c: {<<: [*a, *a, *a]}\n" * 2_000,
    "nothing": b"",
    "a BOM": b"\xef\xbb\xbf",
}  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_every_reader_survives(hostile: str) -> None:
    """Whatever a file is called, hostile content gives facts or a note, and hurts no other file."""
    files: dict[str, str | bytes] = {f"x/{kind}": HOSTILE[hostile] for kind in KINDS}
    report = run({**files, ".env": f"DATABASE_URL={TRANSACTION.replace('.' + REF, '')}\n"})
    assert not report.failed, [f for f in report.findings if f.rule == "internal-error"]
    assert any(finding.span.path == ".env" for finding in report.findings)
    for format in FORMATS:
        assert CANARY not in render(report, format)


def test_ten_thousand_findings() -> None:
    line = f"DATABASE_URL={TRANSACTION.replace('.' + REF, '')}\n"
    report = run({f"app-{n}/.env": line for n in range(3_400)}, tracked=True, pedantic=True)
    assert len(report.findings) > 10_000
    for format in FORMATS:
        assert render(report, format).count("bare-user-on-shared-pooler") >= 3_400


def test_a_reader_or_a_rule_that_breaks_stops_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError(CANARY)

    files = {".env": f"DATABASE_URL={DSN}\n", "b.toml": f'a = "{DSN}"\n'}
    monkeypatch.setattr("supa_lint.read.toml.read", broken)
    report = run(files)
    assert report.failed
    assert {f.span.path for f in report.findings if f.rule == "internal-error"} == {"b.toml"}
    assert any(f.rule == "bare-user-on-shared-pooler" for f in report.findings)
    monkeypatch.setattr("supa_lint.check.tls.mode", broken)
    report = run({".env": files[".env"]})
    errors = [f.message for f in report.findings if f.rule == "internal-error"]
    assert any(
        "the rule missing-sslmode failed on this file (ValueError)" in text for text in errors
    )
    assert any(f.rule == "bare-user-on-shared-pooler" for f in report.findings)
    for format in FORMATS:
        assert CANARY not in render(report, format)


def test_a_name_gives_no_orders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names of files, folders and variables are scanned text, too."""
    names = [
        "\x1b[2J",
        "::set-output name=a::b",
        "##vso[task.complete]",
        "<img src=x>",
        "](http:x)",
    ]
    for number, name in enumerate(names):
        folder = tmp_path / f"{number}{name.replace('/', '')}"
        folder.mkdir()
        (folder / ".env").write_text(f"DATABASE_URL={DSN}\n")
    monkeypatch.chdir(tmp_path)
    for arguments in (
        *(["check", "--format", format] for format in FORMATS),
        ["map"],
        ["map", "--format", "mermaid"],
    ):
        main(arguments)
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert not any(line.startswith(("::set-output", "##vso")) for line in out.splitlines())
        assert "##vso[" not in out or arguments[-1] in ("json", "sarif")


MEASURED = """
import re, sys
from pathlib import Path
from supa_lint.cli import main
code = main(sys.argv[1:])
status = Path("/proc/self/status")  # what getrusage tells begins with that of the parent
peak = re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text()) if status.exists() else None
print(code, int(peak[1]) // 1000 if peak else 0, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def long_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file of one line of 200 MB."""
    path = tmp_path_factory.mktemp("long") / ".env"
    with path.open("wb") as file:
        file.write(f"A={DSN}?x=".encode())
        for _ in range(200):
            file.write(b"a" * 1_000_000)
    yield path
    path.unlink()


def _measured(root: Path, *arguments: str, stdin: Path | None = None) -> tuple[int, int, str]:
    """Exit code, MB of memory at most, and everything that was said."""
    with (stdin or Path(os.devnull)).open("rb") as given:
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *arguments],
            cwd=root,
            stdin=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
    code, megabytes = done.stderr.split()[-2:]
    return int(code), int(megabytes), done.stdout + done.stderr


def test_a_line_of_200_mb_is_said_to_be_too_long(long_line: Path, tmp_path: Path) -> None:
    for name in (".env", "a.py", "a.json", "README.md"):
        (tmp_path / name).hardlink_to(long_line)
    (tmp_path / "b.env").write_text(f"DATABASE_URL={DSN}\n")
    code, megabytes, said = _measured(tmp_path, "check", "--format", "concise")
    assert code == 1
    assert "b.env:1" in said
    assert said.count("is larger than 10 MB, so it is not read") == 4
    assert megabytes < 120
    code, megabytes, said = _measured(tmp_path, "check", "-", stdin=long_line)
    assert (code, "standard input is larger than 10 MB" in said) == (2, True)
    assert megabytes < 120
    for command in (["inspect"], ["diagnose", "-"]):
        _, megabytes, said = _measured(tmp_path, *command, stdin=long_line)
        assert megabytes < 120
        assert CANARY not in said


@pytest.mark.parametrize("name", ["pyproject.toml", "supa-lint.toml", "lint/checks/own/own.yaml"])
def test_settings_and_rules_of_any_size_and_kind(
    name: str, long_line: Path, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f"DATABASE_URL={DSN}\n")
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.startswith("lint"):
        (tmp_path / "supa-lint.toml").write_text('extend-rules = ["lint"]\n')
    with path.open("wb") as file:
        file.write(b"[tool.supa-lint]\n# ")
        for _ in range(20):
            file.write(b"a" * 1_000_000)
    code, megabytes, said = _measured(tmp_path, "check")
    assert (code, "large" in said) == (2, True)
    assert megabytes < 120
    for kind in ("device", "FIFO"):
        path.unlink()
        if kind == "FIFO":
            os.mkfifo(path)
        else:
            path.symlink_to("/dev/zero")
        code, megabytes, said = _measured(tmp_path, "check")
        assert code in (1, 2)
        assert "Traceback" not in said
        assert megabytes < 120


def test_the_longest_line_is_not_read_whole() -> None:
    file = virtual_file("a.md", b"x" * 5_000_000 + DSN.encode())
    assert file.line_starts == (0,)
