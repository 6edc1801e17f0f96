"""The pre-commit hook: which files set it off, and that it works from a real pre-commit."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from identify import identify

ROOT = Path(__file__).parents[1]
HOOK: dict[str, Any] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_bytes())[0]


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".env.local",
        ".env.example",
        ".env.production.local",
        ".env-template",
        ".env_backup",
        ".envrc",
        ".dev.vars",
        ".dev.vars.production",
        ".flaskenv",
        ".github/workflows/ci.yml",
        "ENV_TEMPLATE.txt",
        "Dockerfile",
        "Dockerfile.prod",
        "Pipfile",
        "Pipfile.lock",
        "Procfile",
        "README.md",
        "alembic.ini",
        "apps/api/.env.local",
        "apps/api/settings.py",
        "config/settings/production.py",
        "docker-compose.yml",
        "env.sample",
        "fly.toml",
        "infra/main.tf",
        "k8s/secret.yaml",
        "poetry.lock",
        "prod.env",
        "pyproject.toml",
        "render.yaml",
        "requirements.txt",
        "requirements/base.in",
        "schema.prisma",
        "scripts/backup.sh",
        "settings.py",
        "setup.cfg",
        "src/db.ts",
        "uv.lock",
        "vercel.json",
        "wrangler.jsonc",
    ],
)
def test_what_a_connection_may_stand_in_sets_the_hook_off(path: str, tmp_path: Path) -> None:
    assert re.search(HOOK["files"], path)
    # `types` is decided by what pre-commit sees on disk: a `.env` is known as text, and no more.
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("DATABASE_URL=x\n")
    assert set(HOOK["types"]) <= identify.tags_from_path(str(file))


def test_every_kind_of_file_that_is_read_sets_the_hook_off() -> None:
    from supa_lint.read import _BY_NAME, _BY_SUFFIX

    paths = [f"a.{suffix}" for suffix in _BY_SUFFIX] + list(_BY_NAME)
    assert [path for path in paths if not re.search(HOOK["files"], path)] == []


@pytest.mark.parametrize(
    "path", ["logo.png", "environment", "src/env", "LICENSE", "a.csv", "main.zig", ".environment/x"]
)
def test_other_files_do_not(path: str) -> None:
    assert not re.search(HOOK["files"], path)


def test_it_runs_once_for_the_whole_project() -> None:
    assert HOOK["pass_filenames"] is False
    assert HOOK["require_serial"] is True


# --- a real pre-commit --------------------------------------------------------------------------

LOCAL = ("GIT_", "PRE_COMMIT", "PYTHONPATH", "SKIP", "VIRTUAL_ENV")
IGNORED = (
    ".git",
    ".venv",
    "node_modules",
    "build",
    "dist",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
)
GIT = (
    "git",
    *("-c", "user.name=tester"),
    *("-c", "user.email=tester@example.invalid"),
    *("-c", "commit.gpgsign=false"),
    *("-c", "core.hooksPath=/dev/null"),
)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment in which no setting of the person who runs the tests counts."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(LOCAL)}
    return inherited | {"PRE_COMMIT_HOME": str(tmp_path / "store"), "PRE_COMMIT_COLOR": "never"}


def commit(folder: Path, environ: dict[str, str]) -> None:
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*GIT, *command], cwd=folder, env=environ, check=True)


def test_it_stops_a_mistake_and_lets_the_mended_file_pass(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    # pre-commit takes committed files only; a copy lets this checkout's uncommitted ones count.
    hook = tmp_path / "supa-lint"
    shutil.copytree(ROOT, hook, ignore=shutil.ignore_patterns(*IGNORED))
    commit(hook, environ)
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "README").write_text("A shop.\n")
    commit(shop, environ)

    def attempt(user: str) -> subprocess.CompletedProcess[str]:
        (shop / ".env.production").write_text(
            f"DATABASE_URL=postgresql://{user}:${{DB_PASSWORD}}"
            "@aws-0-eu-central-1.pooler.supabase.com:5432/postgres?sslmode=require\n"
        )
        subprocess.run([*GIT, "add", ".env.production"], cwd=shop, env=environ, check=True)
        command = [sys.executable, "-m", "pre_commit", "try-repo", str(hook), "supa-lint"]
        return subprocess.run(command, cwd=shop, env=environ, capture_output=True, text=True)

    done = attempt("postgres")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "bare-user-on-shared-pooler" in done.stdout
    assert ".env.production:1" in done.stdout

    done = attempt("postgres.kwpqhsbdnvtzmyrcaefj")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^supa-lint\.+Passed$", done.stdout, re.MULTILINE)
