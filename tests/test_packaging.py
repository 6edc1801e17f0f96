"""What people install: a wheel, built from the sdist, in an environment of its own."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from supa_lint import __version__, knowledge

ROOT = Path(__file__).parents[1]
HEAVY = {"yaml", "libcst", "dotenv", "packaging", "rich", "importlib.metadata"}


def run(*command: str | Path, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs a command as a person would: nothing that the tests set reaches it."""
    environ = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that has the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("elsewhere")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    run(folder / "venv/bin/pip", "install", "-q", *dist.glob("*.whl"), cwd=folder)
    return folder / "venv/bin"


def test_the_wheel_holds_the_package_and_nothing_else(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert f"supa_lint-{__version__}.dist-info/licenses/LICENSE" in names
    assert {name.split("/")[0] for name in names} == {
        "supa_lint",
        f"supa_lint-{__version__}.dist-info",
    }
    assert {"supa_lint/knowledge.json", "supa_lint/py.typed"} <= set(names)
    assert not [name for name in names if name.endswith((".yaml", ".yml"))]


def test_the_wheel_knows_what_the_checkout_knows(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        compiled = json.loads(archive.read("supa_lint/knowledge.json"))
    source = knowledge.parse(ROOT / "rules")
    assert compiled == json.loads(json.dumps(source))  # keys that are numbers become text
    assert all(compiled.values())


def test_the_sdist_can_be_built_and_tested(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        folders = {name.split("/")[1] for name in archive.getnames()}
    assert {"src", "rules", "tests", "docs", "examples", "requirements"} <= folders
    assert {"LICENSE", "README.md", "pyproject.toml", "hatch_build.py"} <= folders
    assert not folders & {".git", ".venv", "dist", "build", "node_modules"}


def test_the_wheel_works_elsewhere(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "supa-lint", "--version", cwd=tmp_path)
    assert done.stdout.strip() == f"supa-lint {__version__}"
    done = run(installed / "supa-lint", "rules", cwd=tmp_path)
    assert set(knowledge.load().rules) <= set(done.stdout.split())


def test_the_wheel_lints_elsewhere(installed: Path, tmp_path: Path) -> None:
    dsn = "postgresql://postgres:${PASSWORD}@aws-0-eu-west-1.pooler.supabase.com:6543/postgres"
    (tmp_path / ".env").write_text(f"DATABASE_URL={dsn}\n")
    done = run(installed / "supa-lint", "check", "--format", "concise", cwd=tmp_path, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "bare-user-on-shared-pooler" in done.stdout


def test_the_example_has_what_the_readme_promises(installed: Path, tmp_path: Path) -> None:
    shop = tmp_path / "broken-shop"
    shutil.copytree(ROOT / "examples/broken-shop", shop)
    run("git", "init", "-q", cwd=shop)
    run("git", "add", ".", cwd=shop)
    done = run(installed / "supa-lint", "check", "--format", "concise", shop, cwd=ROOT, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    found = set(re.findall(r"^(\S+?):\d+:\d+: \w+\[([a-z0-9-]+)\]", done.stdout, re.MULTILINE))
    assert {
        (".env", "bare-user-on-shared-pooler"),
        (".env", "committed-password"),
        (".env", "ipv6-endpoint-on-ipv4-platform"),
        (".env", "parameter-rejected-by-client"),
        (".github/workflows/migrate.yml", "ipv6-endpoint-on-ipv4-platform"),
        ("api/db.py", "ineffective-prepared-statement-switch"),
        ("api/reports.py", "prepared-statements-in-transaction-mode"),
        ("catalog/export.py", "server-side-cursors-in-transaction-mode"),
        ("docker-compose.yml", "bare-user-on-shared-pooler"),
        ("render.yaml", "placeholder-in-live-config"),
        ("shop/settings.py", "tls-disabled"),
    } <= found
    assert "Tr0ub4dour" not in done.stdout + done.stderr


def test_the_wheel_is_what_its_metadata_says(dist: Path, installed: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"supa_lint-{__version__}.dist-info/METADATA").decode()
    assert f"\nVersion: {__version__}\n" in metadata
    assert "\nLicense-Expression: MIT\n" in metadata
    run(installed / "pip", "check", cwd=tmp_path)


def test_the_version_costs_no_heavy_import(installed: Path, tmp_path: Path) -> None:
    script = """
import sys
from supa_lint.cli import main
try:
    main(["--version"])
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
"""
    done = run(installed / "python", "-c", script, cwd=tmp_path)
    assert done.stdout.strip() == f"supa-lint {__version__}"
    assert not HEAVY & set(done.stderr.split())


def test_the_build_refuses_what_json_would_change() -> None:
    check = runpy.run_path(str(ROOT / "hatch_build.py"))["_check"]
    check({"ports": {5432: ["direct"]}})
    with pytest.raises(ValueError, match="quote it"):
        check({"checks": [{True: "an unquoted yes"}]})


def test_ci_runs_the_commands_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ci = (ROOT / ".ci/run").read_text(encoding="utf-8")
    for name in ("tests", "demo", "experiments"):
        assert f"\n<!-- {name} -->\n```sh\npython3 -m venv .venv && " in readme
        assert f"_command=$(readme {name})\n" in ci


def test_requirements_are_pinned_and_name_no_index() -> None:
    text = (ROOT / "requirements/dev.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert text.count("==") <= text.count("--hash=sha256:")
    lines = [line for line in text.splitlines() if line[:1].isalnum()]
    assert lines
    assert all("==" in line and line.endswith("\\") for line in lines)
