from __future__ import annotations

import time

import pytest

from supa_lint.model import Place
from supa_lint.place import is_env_file, is_vendored_folder, place_of

PLACES = {
    Place.LIVE: [
        ".env",
        ".env.local",
        ".env.production",
        ".env.test",
        ".env.CLEAN",
        ".env.local-testing",
        ".dev.vars",
        "api.env",
        ".vercel/.env.production.local",
        ".github/workflows/supabase-backup.yml",
        ".github/workflows/e2e-test.yml",
        ".github/actions/build/action.yml",
        "scripts/db_backup.sh",
        "apps/threshold.py",
        "src/latest.py",
        "src/main/java/com/example/App.java",
        "template.yaml",
        "stack.template.yaml",
        ".do/deploy.template.yaml",
        "email-template.ts",
        "charts/app/templates/secret.yaml",
        "requirements.txt",
        "requirements-dev.txt",
        "dev-requirements.txt",
        "requirements/base.txt",
        "constraints.txt",
        "runtime.txt",
        "poetry.lock",
        "uv.lock",
        "Pipfile.lock",
        "package-lock.json",
        "pnpm-lock.yaml",
        "yarn.lock",
        "k8s/pods/db.yaml",
        "app/coverage/models.py",
        "docs/conf.py",
        "supabase/config.toml",
        ".cursor/mcp.json",
    ],
    Place.EXAMPLE: [
        "docs/lambda-environment-variables.env",
        ".env.example",
        ".env.txt",
        ".env.local.txt",
        "apps/api/.env-template",
        ".env.vercel.example",
        ".env.sample",
        ".env.template",
        ".env.new.template",
        ".env.dist",
        ".env.defaults",
        ".env.example.local",
        ".env.test.example",
        "env.example",
        "ENV_TEMPLATE.txt",
        "prod.env.example",
        "config.example.toml",
        "settings_sample.py",
        "docker-compose.example.yml",
        "deploy/k8s.yaml.tmpl",
        "secrets.toml.example",
        "examples/app.py",
        "docs/.env.example",
    ],
    Place.TEST: [
        "check_tables.py",
        "scripts/debug-payments.js",
        "tests/.env",
        "tests/.env.example",
        "src/__tests__/db.ts",
        "e2e/login.ts",
        "TESTING/test-memory-system.sh",
        "apps/cli-e2e/fixtures/a/default.response.json",
        "pkg/testdata/x.yaml",
        "Shop.UnitTests/Db.cs",
        "pkg/pool_test.go",
        "db.test.ts",
        "db.unit.test.ts",
        "app.e2e-spec.ts",
        "test_db.py",
        "test-db-ssl.js",
        "conftest.py",
        "spec/models/user_spec.rb",
        "UserTest.java",
        "docker-compose.test.yml",
        "vitest.config.ts",
        "tests/README.md",
    ],
    Place.DOCS: [
        "README.md",
        "README",
        "README.template.md",
        ".github/workflows/README.md",
        "docs/guide.mdx",
        "guide.rst",
        "notes.txt",
        "docs/requirements.md",
        "index.html",
        "arch.puml",
        "demo.ipynb",
        ".env.md",
    ],
    Place.ARCHIVED: [
        "app.py.bak",
        "seed.ts.ts2551.bak",
        "ci.yml.disabled",
        "settings.py.orig",
        "settings_old.py",
        "db.old.ts",
        ".env.old",
        ".env.backup",
        ".env.supabase.backup",
        ".env.backup.local",
        "prisma/schema.backup.prisma",
        ".env copy",
        "settings copy 2.py",
        ".env.bak-20250101",
        "dump.backup",
        "viewer_BACKUP.py",
        "viewer.py~",
        ".archive/viewer.py",
        "_archive/scripts/a.sh",
        "archive/scripts/a.js",
        "scripts/archived/b/c.ts",
        "backups/schema.sql",
        "archive/tests/test_x.py",
        "archive/.env.example",
    ],
    None: [
        "node_modules/pg/index.js",
        "apps/web/node_modules/pg/.env",
        "tests/node_modules/x/README.md",
        "vendor/github.com/jackc/pgx/pgx.go",
        "third_party/x.c",
        ".venv/lib/python3.12/site-packages/a.py",
        "venv/bin/x",
        "dist/app.js",
        "apps/web/build/app.js",
        ".next/server/app.js",
        "target/debug/x",
        ".vercel/output/config.json",
        "supabase/.temp/pooler-url",
        ".git/config",
        "app.min.js",
        "app.js.map",
        "Cargo.lock",
        "go.sum",
        "out/supa-lint.sarif",
        "x_pb2.py",
    ],
}


@pytest.mark.parametrize(
    ("path", "place"), [(path, place) for place, paths in PLACES.items() for path in paths]
)
def test_place(path: str, place: Place | None) -> None:
    assert place_of(path) is place


def test_folders_decide_whatever_the_names_below_them() -> None:
    assert place_of("archive/a/b/c/d.py") is Place.ARCHIVED
    assert place_of("a/b/tests/c/d/.env.production") is Place.TEST


def test_vendored_folders() -> None:
    assert is_vendored_folder("apps/web/node_modules")
    assert is_vendored_folder(".git")
    assert not is_vendored_folder("apps/web")
    assert not is_vendored_folder("")


@pytest.mark.parametrize(
    "path",
    [
        *(".env", ".env.local", ".env-template", ".env_prod", ".envrc", "a/b/prod.env"),
        *(".dev.vars", ".dev.vars.staging", ".flaskenv", "env.example", "ENV_TEMPLATE.txt"),
    ],
)
def test_env_files(path: str) -> None:
    assert is_env_file(path)


@pytest.mark.parametrize(
    "path", [".environment", "env.py", "envoy.yaml", ".env/x", "dev.vars", "env"]
)
def test_other_files(path: str) -> None:
    assert not is_env_file(path)


@pytest.mark.parametrize(
    "path", ["", "/", "a//b", "-" * 250, ".env" + "-example" * 30, "_" * 250, "é\udcff"]
)
def test_any_name_is_survivable_and_quick(path: str) -> None:
    start = time.perf_counter()
    place_of(path)
    is_env_file(path)
    assert time.perf_counter() - start < 0.5
