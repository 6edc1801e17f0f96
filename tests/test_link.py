"""How a value travels: definition, variable, client, platform.

The rules are probes here: a finding shows that the connection was seen, silence that it was not.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from supa_lint.config import Config, Deploy
from supa_lint.knowledge import load
from supa_lint.lint import connect
from supa_lint.model import Connection, Place
from support import DIRECT, REF, SESSION, TRANSACTION, places, run, tree_of

PREPARES = "prepared-statements-in-transaction-mode"
IPV6 = "ipv6-endpoint-on-ipv4-platform"
BARE = "bare-user-on-shared-pooler"

ASYNCPG = """\
import asyncpg, os

async def connect():
    return await asyncpg.connect({})
"""
FROM_ENVIRONMENT = ASYNCPG.format('os.environ["DATABASE_URL"]')
NOT_NAMING_THE_PROJECT = TRANSACTION.replace(f"postgres.{REF}", "postgres")


def dsn_line(dsn: str, name: str = "DATABASE_URL") -> str:
    return f"{name}={dsn}\n"


# --- definition to client -----------------------------------------------------------------------


def test_variable_to_client() -> None:
    files = {".env": dsn_line(TRANSACTION), "db.py": FROM_ENVIRONMENT}
    assert places(run(files), PREPARES) == ["db.py:4"]


def test_related_place_is_the_definition() -> None:
    report = run({".env": dsn_line(TRANSACTION), "db.py": FROM_ENVIRONMENT})
    (finding,) = [f for f in report.findings if f.rule == PREPARES]
    assert [related.span.path for related in finding.related] == [".env"]


@pytest.mark.parametrize(
    "argument",
    [
        'os.getenv("DATABASE_URL")',
        'os.environ.get("DATABASE_URL", "")',
        'dsn=os.environ["DATABASE_URL"]',
        f'"{TRANSACTION}"',
        "f\"{os.environ['DATABASE_URL']}\"",
    ],
)
def test_ways_to_pass_the_dsn(argument: str) -> None:
    files = {".env": dsn_line(TRANSACTION), "db.py": ASYNCPG.format(argument)}
    assert places(run(files), PREPARES) == ["db.py:4"]


def test_constant_of_another_module() -> None:
    files = {
        ".env": dsn_line(TRANSACTION),
        "app/config.py": 'import os\n\nDATABASE_URL = os.environ["DATABASE_URL"]\n',
        "app/db.py": "import asyncpg\nfrom app.config import DATABASE_URL\n\n"
        "pool = asyncpg.create_pool(DATABASE_URL)\n",
    }
    assert places(run(files), PREPARES) == ["app/db.py:4"]


def test_settings_class_of_another_module() -> None:
    files = {
        ".env": dsn_line(TRANSACTION, "APP_DATABASE_URL"),
        "app/config.py": (
            "from pydantic_settings import BaseSettings, SettingsConfigDict\n\n\n"
            "class Settings(BaseSettings):\n"
            '    model_config = SettingsConfigDict(env_prefix="APP_")\n'
            "    database_url: str\n\n\nsettings = Settings()\n"
        ),
        "app/db.py": "import asyncpg\nfrom app.config import settings\n\n"
        "pool = asyncpg.create_pool(settings.database_url)\n",
    }
    assert places(run(files), PREPARES) == ["app/db.py:4"]


def test_parts_in_the_environment() -> None:
    host = "aws-0-eu-west-1.pooler.supabase.com"
    files = {
        ".env": f"DB_HOST={host}\nDB_PORT=6543\nDB_USER=postgres.{REF}\nDB_PASSWORD=Tr0ub4dour-xk\n",
        "db.py": (
            "import asyncpg, os\n\n"
            "async def connect():\n"
            '    return await asyncpg.connect(host=os.environ["DB_HOST"], port=os.environ["DB_PORT"],\n'
            '        user=os.environ["DB_USER"], password=os.environ["DB_PASSWORD"])\n'
        ),
    }
    assert places(run(files), PREPARES) == ["db.py:4"]


def test_parts_joined_in_code() -> None:
    host = "aws-0-eu-west-1.pooler.supabase.com"
    files = {
        ".env": f"DB_HOST={host}\nDB_PORT=6543\nDB_USER=postgres.{REF}\nDB_PASSWORD=Tr0ub4dour-xk\n",
        "db.py": (
            "import asyncpg, os\n\n"
            "url = f\"postgresql://{os.environ['DB_USER']}:{os.environ['DB_PASSWORD']}"
            "@{os.environ['DB_HOST']}:{os.environ['DB_PORT']}/postgres\"\n"
            "pool = asyncpg.create_pool(url)\n"
        ),
    }
    assert places(run(files), PREPARES) == ["db.py:4"]


# --- what sets a variable -----------------------------------------------------------------------


def test_default_counts_where_nothing_sets_the_variable() -> None:
    code = ASYNCPG.format(f'os.environ.get("DATABASE_URL", "{TRANSACTION}")')
    assert places(run({"db.py": code}), PREPARES) == ["db.py:4"]
    assert places(run({"db.py": code, ".env": dsn_line(SESSION)}), PREPARES) == []


def test_an_example_counts_where_nothing_live_sets_the_variable() -> None:
    files = {".env.example": dsn_line(TRANSACTION), "db.py": FROM_ENVIRONMENT}
    assert places(run(files), PREPARES) == ["db.py:4"]
    assert places(run({**files, ".env": dsn_line(SESSION)}), PREPARES) == []


def test_a_user_from_one_file_and_a_host_from_code_are_not_mixed() -> None:
    files = {
        ".env": "POSTGRES_USER=shop\n",
        "db.py": (
            "import asyncpg, os\n\n"
            'host = os.getenv("POSTGRES_HOST", "aws-0-eu-west-1.pooler.supabase.com")\n'
            f'user = os.getenv("POSTGRES_USER", "postgres.{REF}")\n'
            "pool = asyncpg.create_pool(host=host, user=user, port=5432)\n"
        ),
    }
    assert places(run(files), BARE) == []


def test_rewritten_parts_are_not_known() -> None:
    code = ASYNCPG.format('os.environ["DATABASE_URL"].replace(":6543", ":5432")')
    assert places(run({".env": dsn_line(TRANSACTION), "db.py": code}), PREPARES) == []


# --- scopes -------------------------------------------------------------------------------------


def test_two_apps_of_a_monorepo_do_not_mix() -> None:
    files = {
        "apps/a/.env": dsn_line(TRANSACTION),
        "apps/a/requirements.txt": "psycopg2\n",
        "apps/a/db.py": 'import os, psycopg2\n\nc = psycopg2.connect(os.environ["DATABASE_URL"])\n',
        "apps/b/.env": dsn_line(SESSION),
        "apps/b/requirements.txt": "asyncpg\n",
        "apps/b/db.py": FROM_ENVIRONMENT,
    }
    assert places(run(files), PREPARES) == []


def test_an_app_sees_the_root_unless_it_sets_the_variable_itself() -> None:
    files = {
        ".env": dsn_line(TRANSACTION),
        "apps/b/requirements.txt": "asyncpg\n",
        "apps/b/db.py": FROM_ENVIRONMENT,
    }
    assert places(run(files), PREPARES) == ["apps/b/db.py:4"]
    assert places(run({**files, "apps/b/.env": dsn_line(SESSION)}), PREPARES) == []


def test_containers_that_disagree_say_nothing() -> None:
    compose = (
        "services:\n"
        "  api:\n    environment:\n      DATABASE_URL: {}\n"
        "  worker:\n    environment:\n      DATABASE_URL: {}\n"
    )
    agreeing = {"compose.yml": compose.format(TRANSACTION, TRANSACTION), "db.py": FROM_ENVIRONMENT}
    assert places(run(agreeing), PREPARES) == ["db.py:4"]
    apart = {"compose.yml": compose.format(TRANSACTION, SESSION), "db.py": FROM_ENVIRONMENT}
    assert places(run(apart), PREPARES) == []


def test_a_container_runs_the_code_it_is_built_from() -> None:
    compose = (
        "services:\n"
        f"  api:\n    build: ./api\n    environment:\n      DATABASE_URL: {TRANSACTION}\n"
    )
    files = {"compose.yml": compose, "api/db.py": FROM_ENVIRONMENT, "web/db.py": FROM_ENVIRONMENT}
    assert places(run(files), PREPARES) == ["api/db.py:4"]


# --- platforms ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "files",
    [
        {".env": dsn_line(DIRECT), "vercel.json": "{}"},
        {".env.production": dsn_line(DIRECT), "vercel.json": "{}"},
        {".env.vercel": dsn_line(DIRECT)},
        {"apps/web/.env": dsn_line(DIRECT), "apps/web/vercel.json": "{}"},
        {"apps/web/.env": dsn_line(DIRECT), "vercel.json": "{}"},
        {".env": dsn_line(DIRECT), "vercel.json": "{}", "render.yaml": "services: []\n"},
    ],
    ids=lambda files: " ".join(files),
)
def test_env_file_is_bound_to_the_platform_beside_it(files: dict[str, str]) -> None:
    assert len(places(run(files), IPV6)) == 1


@pytest.mark.parametrize(
    "files",
    [
        {".env": dsn_line(DIRECT)},
        {".env.local": dsn_line(DIRECT), "vercel.json": "{}"},
        {".env.development": dsn_line(DIRECT), "vercel.json": "{}"},
        {".env": dsn_line(DIRECT), "apps/web/vercel.json": "{}"},
        {".env": dsn_line(DIRECT), ".github/workflows/ci.yml": "on: push\njobs: {}\n"},
        {".env": dsn_line(DIRECT), "compose.yml": "services:\n  db:\n    image: postgres\n"},
        {".env": dsn_line(DIRECT), "vercel.json": "{}", "fly.toml": 'app = "x"\n'},
    ],
    ids=lambda files: " ".join(files),
)
def test_env_file_is_not_bound(files: dict[str, str]) -> None:
    assert places(run(files), IPV6) == []


def test_compose_passes_the_env_file_on() -> None:
    files = {
        ".env": dsn_line(DIRECT),
        "compose.yml": "services:\n  api:\n    image: x\n    env_file: .env\n",
    }
    assert places(run(files), IPV6) == [".env:1"]


def test_compose_interpolates_from_the_env_file() -> None:
    files = {
        ".env": dsn_line(DIRECT),
        "compose.yml": "services:\n  api:\n    image: x\n    environment:\n"
        "      DATABASE_URL: ${DATABASE_URL}\n",
    }
    assert places(run(files), IPV6) == [".env:1"]


def test_configuration_says_where_it_runs() -> None:
    config = Config(deploy=(Deploy(paths=("apps/api/**",), platform="render"),))
    files = {"apps/api/.env": dsn_line(DIRECT), "apps/web/.env": dsn_line(DIRECT)}
    assert places(run(files, config=config), IPV6) == ["apps/api/.env:1"]


@pytest.mark.parametrize("add_on", [True, frozenset({REF})])
def test_ipv4_add_on(add_on: bool | frozenset[str]) -> None:
    files = {".env": dsn_line(DIRECT), "vercel.json": "{}"}
    assert places(run(files, config=Config(ipv4_add_on=add_on)), IPV6) == []


def test_variables_that_the_configuration_states() -> None:
    files = {
        "supa-lint.toml": '[variables]\nDATABASE_URL = "shared-pooler:transaction"\n',
        "db.py": FROM_ENVIRONMENT,
    }
    config = Config(
        source="supa-lint.toml", variables={"DATABASE_URL": "shared-pooler:transaction"}
    )
    assert places(run(files, config=config), PREPARES) == ["db.py:4"]


# --- kinds of place -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".env", True),
        (".env.example", True),
        ("tests/.env", False),
        ("docs/setup.md", False),
        (".archive/.env", False),
    ],
)
def test_shape_is_judged_in_live_and_example_files(path: str, found: bool) -> None:
    report = run({path: dsn_line(NOT_NAMING_THE_PROJECT)})
    assert bool(places(report, BARE)) is found


def test_a_comment_is_never_a_connection() -> None:
    assert places(run({".env": f"# {dsn_line(NOT_NAMING_THE_PROJECT)}"}), BARE) == []


def test_other_postgres_is_left_alone() -> None:
    files = {
        ".env": "A=postgres://u:Tr0ub4dour-xk@ep-cool.eu-central-1.aws.neon.tech/db\n"
        "B=postgres://u:Tr0ub4dour-xk@localhost:5432/db\nC=postgres://u:Tr0ub4dour-xk@db:5432/db\n"
        "D=postgres://postgres:postgres@127.0.0.1:54322/postgres\n",
        "vercel.json": "{}",
        "db.py": ASYNCPG.format('os.environ["A"]'),
    }
    assert run(files, tracked=True, pedantic=True).findings == ()


def test_compose_does_not_read_other_env_files() -> None:
    files = {
        ".env.docker": "POSTGRES_USER=shop\n",
        "compose.yml": "services:\n  api:\n    image: x\n    environment:\n"
        "      POSTGRES_HOST: ${POSTGRES_HOST:-aws-0-eu-west-1.pooler.supabase.com}\n"
        f"      POSTGRES_USER: ${{POSTGRES_USER:-postgres.{REF}}}\n"
        "      POSTGRES_PORT: ${POSTGRES_PORT:-6543}\n",
    }
    assert places(run(files), BARE) == []


def test_a_url_that_another_module_builds() -> None:
    host = "aws-0-eu-west-1.pooler.supabase.com"
    files = {
        ".env": f"POSTGRES_SERVER={host}\nPOSTGRES_PORT=6543\nPOSTGRES_USER=postgres.{REF}\n",
        "requirements.txt": "asyncpg==0.30.0\nsqlalchemy==2.0.40\n",
        "app/config.py": (
            "from pydantic import MultiHostUrl\nfrom pydantic_settings import BaseSettings\n\n\n"
            "class Settings(BaseSettings):\n"
            "    POSTGRES_SERVER: str\n    POSTGRES_PORT: int\n    POSTGRES_USER: str\n"
            "    POSTGRES_PASSWORD: str\n\n    @property\n"
            "    def DATABASE_URI(self):\n"
            '        return MultiHostUrl.build(scheme="postgresql+asyncpg", username=self.POSTGRES_USER,\n'
            "            password=self.POSTGRES_PASSWORD, host=self.POSTGRES_SERVER,\n"
            "            port=self.POSTGRES_PORT)\n\n\nsettings = Settings()\n"
        ),
        "app/db.py": (
            "from sqlalchemy.ext.asyncio import create_async_engine\nfrom app.config import settings\n\n"
            "engine = create_async_engine(str(settings.DATABASE_URI))\n"
        ),
    }
    assert places(run(files), PREPARES) == ["app/db.py:4"]


SQLALCHEMY = """\
import os
from sqlalchemy.ext.asyncio import create_async_engine

url = os.environ["DATABASE_URL"]
{}
engine = create_async_engine(url)
"""


@pytest.mark.parametrize(
    "rewriting",
    [
        'url = url.replace("postgresql://", "postgresql+asyncpg://")',
        'if url.startswith("postgresql://"):\n'
        '    url = url.replace("postgresql://", "postgresql+asyncpg://", 1)',
        'url = url.replace("postgres://", "postgresql://")\n'
        'url = url.replace("postgresql://", "postgresql+asyncpg://")',
    ],
)
def test_a_scheme_that_code_replaces_by_a_known_one(rewriting: str) -> None:
    files = {".env": dsn_line(TRANSACTION), "db.py": SQLALCHEMY.format(rewriting)}
    report = run(files)
    found = {finding.rule for finding in report.findings}
    assert PREPARES in found  # the driver is known
    assert "scheme-rejected-by-client" not in found


def test_a_scheme_that_code_may_replace_is_not_known() -> None:
    rewriting = 'if os.environ.get("ASYNC"):\n    url = url.replace("postgresql://", "postgresql+asyncpg://")'
    files = {".env": dsn_line(TRANSACTION), "db.py": SQLALCHEMY.format(rewriting)}
    assert run(files).findings == ()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("run.sh", f"export DATABASE_URL={TRANSACTION}\n"),
        ("start.py", f'import os\n\nos.environ["DATABASE_URL"] = "{TRANSACTION}"\n'),
        ("start.js", f'process.env.DATABASE_URL = "{TRANSACTION}";\n'),
    ],
)
def test_what_a_script_sets_for_itself_is_not_for_others(path: str, text: str) -> None:
    assert places(run({path: text, "db.py": FROM_ENVIRONMENT}), PREPARES) == []


def test_what_a_script_sets_on_a_platform() -> None:
    files = {"deploy.sh": f'railway variables set DATABASE_URL="{DIRECT}"\n'}
    assert places(run(files), "ipv6-endpoint-needs-opt-in") == ["deploy.sh:1"]


def test_javascript_client() -> None:
    files = {
        ".env": dsn_line(TRANSACTION),
        "package.json": '{"dependencies": {"postgres": "^3.4.0"}}',
        "db.ts": 'import postgres from "postgres";\n\n'
        "export const sql = postgres(process.env.DATABASE_URL!);\n",
    }
    assert places(run(files), PREPARES) == ["db.ts:3"]
    files["db.ts"] = files["db.ts"].replace("URL!)", "URL!, { prepare: false })")
    assert places(run(files), PREPARES) == []


# --- what a tester broke --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        ["PATH=${PATH}:/x:${PATH}", "U=${PATH}"],
        ["A=${B}${B}", "B=${A}${A}"],
        ["DATABASE_URL=${A0}", *(f"A{n}=${{A{n + 1}}}${{A{n + 1}}}" for n in range(24)), "A24=x"],
    ],
    ids=["itself", "a circle", "a bomb"],
)
def test_variables_that_stand_for_too_much(lines: list[str]) -> None:
    report = run(
        {".env": "\n".join(["X=supabase.com", *lines]), "b.env": dsn_line(NOT_NAMING_THE_PROJECT)}
    )
    assert places(report, BARE) == ["b.env:1"]
    assert not report.failed


def test_a_container_s_own_value_wins_over_its_env_file() -> None:
    compose = (
        "services:\n  api:\n    image: x\n    env_file: .env\n    environment:\n"
        "      DATABASE_URL: postgresql://postgres:postgres@db:5432/postgres\n"
    )
    assert places(run({".env": dsn_line(DIRECT), "compose.yml": compose}), IPV6) == []


def test_the_last_env_file_of_a_container_wins() -> None:
    compose = "services:\n  api:\n    image: x\n    env_file: [.env, .env.docker]\n"
    files = {".env": dsn_line(DIRECT), ".env.docker": dsn_line(SESSION), "compose.yml": compose}
    assert places(run(files), IPV6) == []


def test_an_at_sign_for_a_colon_shows_no_password() -> None:
    text = f"postgresql://postgres.{REF}@Tr0ub4dour-xk@aws-0-eu-west-1.pooler.supabase.com:5432/postgres"
    report = run({".env": f"A={text}\n"}, pedantic=True)
    from supa_lint.report import FORMATS, render

    for form in FORMATS:
        assert "Tr0ub4dour" not in render(report, form)


@pytest.mark.parametrize(
    "code",
    [
        "def is_pooler(url):\n    return ':6543' in url\n\n\n"
        "async def connect(url=os.environ['DATABASE_URL']):\n    if is_pooler(url):\n"
        "        return await asyncpg.connect(os.environ['DATABASE_URL'], statement_cache_size=0)\n"
        "    return await asyncpg.connect(os.environ['DATABASE_URL'])\n",
        "import re\n\npooled = bool(re.search(r':6543/', os.environ['DATABASE_URL']))\n"
        "pool = asyncpg.create_pool(os.environ['DATABASE_URL'])\n",
        "assert '6543' not in os.environ['DATABASE_URL']\n"
        "pool = asyncpg.create_pool(os.environ['DATABASE_URL'])\n",
    ],
)
def test_code_that_asks_for_the_mode(code: str) -> None:
    files = {".env": dsn_line(TRANSACTION), "db.py": f"import asyncpg, os\n\n{code}"}
    assert places(run(files), PREPARES) == []


@pytest.mark.parametrize(
    ("path", "guard", "found"),
    [
        ("Makefile", "ifeq ($(findstring 6543,$(DATABASE_URL)),6543)\n$(error no)\nendif\n", False),
        ("Makefile", "ifneq (,$(findstring pooler.supabase,$(URL)))\n$(error no)\nendif\n", False),
        ("Makefile", "ifndef DATABASE_URL\n$(error no)\nendif\n", True),
        ("Makefile", "check:\n\t@test -n '$(DATABASE_URL)' || exit 1\n", True),
        ("dump.sh", 'case "$DATABASE_URL" in *:6543*) exit 1 ;; esac\n', False),
        ("dump.sh", '[[ "$DATABASE_URL" == *"6543/postgres"* ]] && exit 1\n', False),
        ("dump.sh", '[[ "$DATABASE_URL" =~ :6543 ]] && exit 1\n', False),
        ("dump.sh", 'echo "$DATABASE_URL" | grep -q ":6543" && exit 1\n', False),
        ("Makefile", "ifeq ($(DB_PORT),6543)\n$(error no)\nendif\n", False),
        ("Makefile", "DB_PORT = 6543\n", True),
        ("dump.sh", '[ "$PORT" = "6543" ] && exit 1\n', False),
        ("dump.sh", 'if test "$PORT" -eq 6543; then exit 1; fi\n', False),
        ("dump.sh", "PORT=6543\n", True),
        ("dump.sh", '[ -z "$DATABASE_URL" ] && exit 1\n', True),
        ("dump.sh", "for f in *; do rm $f; done  # pooler\n", True),
    ],
)
def test_a_script_that_asks_for_the_mode(path: str, guard: str, found: bool) -> None:
    """A guard that looks at anything else leaves the tool with the same DSN."""
    command = "pg_dump $(DATABASE_URL)" if path == "Makefile" else 'pg_dump "$DATABASE_URL"'
    recipe = f"dump:\n\t{command}\n" if path == "Makefile" else f"{command}\n"
    files = {".env": dsn_line(TRANSACTION), path: guard + recipe}
    assert bool(places(run(files), "dump-in-transaction-mode")) is found


@pytest.mark.parametrize("path", ["db.py", "tests/test_db.py", "check_db.py"])
def test_a_password_in_a_call_is_seen_wherever_it_stands(path: str) -> None:
    code = f'import psycopg\n\nconnection = psycopg.connect("{SESSION}")\n'
    assert places(run({path: code}, tracked=True), "committed-password") == [f"{path}:3"]


def test_a_variable_that_the_configuration_states_is_not_deployed_from_the_env_file() -> None:
    files = {".env": dsn_line(DIRECT), "vercel.json": "{}", "supa-lint.toml": ""}
    assert places(run(files), IPV6) == [".env:1"]
    config = Config(
        source="supa-lint.toml", variables={"DATABASE_URL": "shared-pooler:transaction"}
    )
    assert places(run(files, config=config), IPV6) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [("${env:DATABASE_URL}", True), ("${ssm:/db/url}", False)],
)
def test_a_manifest_that_hands_a_variable_on_binds_the_env_file(value: str, expected: bool) -> None:
    manifest = "service: api\nprovider:\n  name: aws\n  environment:\n    DATABASE_URL: {}\n"
    files = {".env": dsn_line(SESSION), "serverless.yml": manifest.format(value)}
    assert (places(run(files), "session-mode-in-serverless") != []) is expected


SQLALCHEMY_OPTIONS = """\
import os
from config import {}
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(os.environ["DATABASE_URL"], connect_args={})
"""
OFF = '{"statement_cache_size": 0}'


@pytest.mark.parametrize(
    ("config", "name", "given"),
    [
        (
            f"class Cfg:\n    @property\n    def kw(self):\n        return {OFF}\n\ncfg = Cfg()\n",
            "cfg",
            "cfg.kw",
        ),
        (
            f"class Base:\n    KW = {{}}\n\nclass Prod(Base):\n    KW = {OFF}\n\ncfg = Prod()\n",
            "cfg",
            "cfg.KW",
        ),
        (f"connect_args = {OFF}\n", "connect_args", "connect_args"),
    ],
    ids=["property", "subclass", "constant"],
)
def test_options_of_another_module_are_not_known(config: str, name: str, given: str) -> None:
    files = {
        ".env": dsn_line(TRANSACTION.replace("postgresql:", "postgresql+asyncpg:")),
        "requirements.txt": "sqlalchemy[asyncio]==2.0.44\nasyncpg==0.31.0\n",
        "config.py": config,
        "db.py": SQLALCHEMY_OPTIONS.format(name, given),
    }
    assert places(run(files), PREPARES) == []
    files["db.py"] = SQLALCHEMY_OPTIONS.format(name, "{}")
    assert places(run(files), PREPARES) == ["db.py:5"]


@pytest.mark.parametrize(
    ("config", "given"),
    [
        ("export const cfg = { get opts() { return { prepare: false } } }\n", "cfg.opts"),
        (
            "class Config { get opts() { return { prepare: false } } }\n"
            "export const cfg = new Config()\n",
            "cfg.opts",
        ),
        ("export const cfg: any = {}\ncfg.prepare = false\n", "cfg"),
    ],
    ids=["getter", "getter of a class", "changed"],
)
def test_options_of_another_javascript_module_are_not_known(config: str, given: str) -> None:
    files = {
        ".env": dsn_line(TRANSACTION),
        "package.json": '{"dependencies": {"postgres": "^3.4.0"}}',
        "config.ts": config,
        "db.ts": 'import postgres from "postgres"\nimport { cfg } from "./config"\n\n'
        f"export const sql = postgres(process.env.DATABASE_URL!, {given})\n",
    }
    assert places(run(files), PREPARES) == []
    files["db.ts"] = files["db.ts"].replace(f", {given})", ", {})")
    assert places(run(files), PREPARES) == ["db.ts:4"]


def test_a_dsn_of_another_module_has_no_options() -> None:
    files = {
        ".env": dsn_line(TRANSACTION.partition("?")[0]),
        "package.json": '{"dependencies": {"pg": "^8.11.0"}}',
        "config.ts": "export const cfg = { url: process.env.DATABASE_URL }\n",
        "db.ts": 'import { Pool } from "pg"\nimport { cfg } from "./config"\n\n'
        "export const pool = new Pool(cfg.url)\n",
    }
    assert places(run(files), "plaintext-by-default") == ["db.ts:4"]


@pytest.mark.parametrize(
    ("imported", "given"),
    [("from opts import CACHE", "CACHE"), ("import opts", "opts.CACHE")],
)
def test_an_option_of_another_module_is_not_known(imported: str, given: str) -> None:
    files = {
        ".env": dsn_line(TRANSACTION),
        "opts.py": "CACHE = 0\n",
        "db.py": f"import asyncpg, os\n{imported}\n\n"
        f'pool = asyncpg.create_pool(os.environ["DATABASE_URL"], statement_cache_size={given})\n',
    }
    assert places(run(files), PREPARES) == []
    del files["opts.py"]
    assert places(run(files), PREPARES) == ["db.py:4"]


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ("C()", True),
        ("C(cache=100)", True),
        ("C(url='x')", True),
        ("C(cache=0)", False),
        ("C('x', 0)", False),
        ("C(**given)", False),
        ("C(cache=c.cache)", False),
        ("make()", False),
        ("D()", False),
        ("D() if given else C()", False),
    ],
)
def test_the_field_of_an_instance_is_what_making_it_gives(made: str, found: bool) -> None:
    code = (
        "import asyncpg, os\nfrom dataclasses import dataclass\nfrom x import given\n\n"
        "@dataclass\nclass C:\n    url: str = ''\n    cache: int = 100\n\n"
        "@dataclass\nclass D(C):\n    cache: int = 0\n\n"
        f"def make() -> C:\n    return C(cache=0)\n\nc = {made}\n"
        'pool = asyncpg.create_pool(os.environ["DATABASE_URL"], statement_cache_size=c.cache)\n'
    )
    report = run({".env": dsn_line(TRANSACTION), "db.py": code})
    assert bool(places(report, PREPARES)) is found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("kw = {}", True),
        ("kw = {}\nprint(kw)", True),
        ("kw = {}\nother.update(kw)", True),
        ("kw = {}\nadd_pooler(kw)", False),
        ("kw = {'connect_args': {}}\nadd_pooler(kw)", False),
        ("kw = {'connect_args': {}}\nhelpers.add(kw['connect_args'])", False),
    ],
)
def test_a_function_may_change_the_options_it_is_given(code: str, found: bool) -> None:
    files = {
        ".env": dsn_line(TRANSACTION.replace("postgresql:", "postgresql+asyncpg:")),
        "requirements.txt": "sqlalchemy[asyncio]==2.0.44\nasyncpg==0.31.0\n",
        "db.py": "import os\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
        f"from x import add_pooler, helpers, other\n\n{code}\n"
        'engine = create_async_engine(os.environ["DATABASE_URL"], **kw)\n',
    }
    assert bool(places(run(files), PREPARES)) is found


def test_the_field_of_an_instance_that_is_made_elsewhere_is_not_known() -> None:
    code = (
        "import asyncpg, os\nfrom pydantic import BaseModel\n\n"
        "class C(BaseModel):\n    cache: int = 100\n\n"
        "def connect(c: C):\n"
        '    return asyncpg.create_pool(os.environ["DATABASE_URL"], statement_cache_size=c.cache)\n'
    )
    files = {".env": dsn_line(TRANSACTION), "db.py": code}
    assert places(run(files), PREPARES) == []
    files["db.py"] = code.replace("c.cache", "100")
    assert places(run(files), PREPARES) == ["db.py:8"]


# --- the connections themselves -------------------------------------------------------------------


def linked(files: Mapping[str, str], config: Config | None = None) -> list[Connection]:
    return list(connect(tree_of(files), config or Config(), load()).connections)


def told(files: Mapping[str, str], config: Config | None = None) -> list[str]:
    """Each connection: the setting or else the file, what it reaches, who connects and how sure
    that is."""
    return [
        " ".join(
            filter(
                None,
                [
                    one.setting.name if one.setting else one.dsn.span.path,
                    one.endpoint.kind,
                    one.client.library if one.client else "",
                    "opaque" if one.opaque else "",
                    "mention" if one.mention else "",
                ],
            )
        )
        for one in linked(files, config)
    ]


UNKNOWN_READER = 'import os\n\nmake(os.environ["DATABASE_URL"])\n'
DIRECT_PARTS = f"DB_HOST=db.{REF}.supabase.co\nDB_USER=postgres\nDB_PORT=5432\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, ["DATABASE_URL shared-pooler"]),
        ({"db.py": FROM_ENVIRONMENT}, ["DATABASE_URL shared-pooler asyncpg"]),
        ({"tests/db.py": FROM_ENVIRONMENT}, ["DATABASE_URL shared-pooler opaque"]),
        ({"db.py": UNKNOWN_READER}, ["DATABASE_URL shared-pooler opaque"]),
        ({"db.py": UNKNOWN_READER.replace("BASE", "BASES")}, ["DATABASE_URL shared-pooler"]),
        ({"Main.kt": 'System.getenv("DATABASE_URL")\n'}, ["DATABASE_URL shared-pooler opaque"]),
        # What a known client takes is not told a second time, though unknown code reads it, too.
        (
            {"a.py": FROM_ENVIRONMENT, "b.py": UNKNOWN_READER},
            ["DATABASE_URL shared-pooler asyncpg"],
        ),
        (
            {"a.py": FROM_ENVIRONMENT, "b.py": FROM_ENVIRONMENT},
            ["DATABASE_URL shared-pooler asyncpg"] * 2,
        ),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, dict) else "",
)
def test_who_connects(files: dict[str, str], expected: list[str]) -> None:
    assert told({".env": dsn_line(TRANSACTION), **files}) == expected


MIGRATES = (
    "export default { dialect: 'postgresql', dbCredentials: { url: process.env.DATABASE_URL! } };\n"
)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, ["DATABASE_URL shared-pooler drizzle-kit"]),
        # The tool is not the application: that may use the variable, too.
        (
            {"db.py": UNKNOWN_READER},
            ["DATABASE_URL shared-pooler drizzle-kit", "DATABASE_URL shared-pooler opaque"],
        ),
        (
            {"db.py": FROM_ENVIRONMENT},
            ["DATABASE_URL shared-pooler asyncpg", "DATABASE_URL shared-pooler drizzle-kit"],
        ),
        (
            {"db.py": UNKNOWN_READER, "dump.sh": 'pg_dump "$DATABASE_URL"\n'},
            ["DATABASE_URL shared-pooler drizzle-kit", "DATABASE_URL shared-pooler pg-dump"],
        ),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, dict) else "",
)
def test_a_tool_beside_the_application(files: dict[str, str], expected: list[str]) -> None:
    files = {".env": dsn_line(TRANSACTION), "drizzle.config.ts": MIGRATES, **files}
    assert sorted(told(files)) == expected


def test_what_code_does_to_a_variable_that_no_known_client_takes() -> None:
    reader = UNKNOWN_READER.replace('"])', '"].replace(":6543", ":5432"))')
    for name, mode in (("db.py", None), ("apps/b/db.py", "transaction")):
        files = {".env": dsn_line(TRANSACTION), name: reader}
        if mode:  # code of another package that sees its own variable
            files = {
                "apps/a/.env": dsn_line(TRANSACTION),
                "apps/a/pyproject.toml": "",
                "apps/b/pyproject.toml": "",
                "apps/b/.env": dsn_line(TRANSACTION),
                name: reader,
            }
        first = linked(files)[0]
        assert first.endpoint.mode == mode
        assert first.dsn.rewritten == (frozenset() if mode else {"port"})


@pytest.mark.parametrize(
    ("own", "opaque"), [({}, True), ({"apps/b/.env": dsn_line(DIRECT)}, False)]
)
def test_another_package_may_be_run_with_the_variables_of_this_one(
    own: dict[str, str], opaque: bool
) -> None:
    files = {
        "apps/a/.env": dsn_line(TRANSACTION),
        "apps/a/pyproject.toml": "",
        "apps/b/pyproject.toml": "",
        "apps/b/db.py": UNKNOWN_READER,
        **own,
    }
    assert linked(files)[0].opaque is opaque


def test_what_is_no_dsn_is_told_for_the_rules_about_its_place() -> None:
    files = {".env": f"SUPABASE_URL=https://{REF}.supabase.co\nA=1\nB=text\n", "vercel.json": "{}"}
    (one,) = linked(files)
    assert (one.dsn.spelling, one.endpoint.kind, one.place) == ("none", "none", Place.LIVE)
    assert one.setting is not None
    assert one.setting.name == "SUPABASE_URL"
    assert one.platform is None
    assert "A" in one.variables


def test_a_key_in_a_manifest_is_on_its_platform() -> None:
    text = f"services:\n  api:\n    environment:\n      SUPABASE_URL: https://{REF}.supabase.co\n"
    (one,) = linked({"compose.yml": text})
    assert one.platform is not None
    assert one.platform.id == "docker-compose"


@pytest.mark.parametrize(
    ("env", "files", "expected"),
    [
        (DIRECT_PARTS, {}, ["DB_HOST direct"]),
        # The host of a URL is only mentioned a second time, and what lies beside that of the same
        # project is read by nobody, unless it is.
        (
            dsn_line(DIRECT) + DIRECT_PARTS,
            {},
            ["DATABASE_URL direct", "DB_HOST direct opaque mention"],
        ),
        (
            dsn_line(TRANSACTION) + DIRECT_PARTS,
            {},
            ["DATABASE_URL shared-pooler", "DB_HOST direct mention"],
        ),
        (
            dsn_line(TRANSACTION) + DIRECT_PARTS,
            {"db.py": 'import os\n\nmake(os.environ["DB_HOST"])\n'},
            ["DATABASE_URL shared-pooler", "DB_HOST direct opaque"],
        ),
        (
            dsn_line(TRANSACTION.replace(REF, REF[::-1])) + DIRECT_PARTS,
            {},
            ["DATABASE_URL shared-pooler", "DB_HOST direct"],
        ),
        (
            dsn_line(NOT_NAMING_THE_PROJECT) + DIRECT_PARTS.replace(REF, "${REF}"),
            {},
            ["DATABASE_URL shared-pooler", "DB_HOST direct"],
        ),
    ],
)
def test_parts_beside_a_url(env: str, files: dict[str, str], expected: list[str]) -> None:
    assert told({".env": env, **files}) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (f'make("{TRANSACTION}")\n', ["db.py shared-pooler opaque mention"]),
        (f'make(url=["{TRANSACTION}"])\n', ["db.py shared-pooler opaque mention"]),
        (f'URL = "{TRANSACTION}"\n', ["URL shared-pooler opaque"]),
        (
            f'import asyncpg\n\npool = asyncpg.create_pool("{TRANSACTION}")\n',
            ["db.py shared-pooler asyncpg"],
        ),
        (
            f'import os\n\nurl = os.environ.get("DATABASE_URL", "{TRANSACTION}")\n',
            ["db.py shared-pooler opaque"],
        ),
    ],
)
def test_what_stands_in_code(code: str, expected: list[str]) -> None:
    assert told({"db.py": code}) == expected


def test_the_default_of_a_variable_that_is_set_is_only_mentioned() -> None:
    code = f'import os\n\nurl = os.environ.get("DATABASE_URL", "{TRANSACTION}")\n'
    for path in (".env", ".env.example"):
        found = told({path: dsn_line(DIRECT), "db.py": code})
        assert "DATABASE_URL direct opaque" in found
        expected = "db.py shared-pooler opaque" + (" mention" if path == ".env" else "")
        assert expected in found


def test_a_mention_in_prose() -> None:
    (one,) = linked({"README.md": f"`{SESSION}`\n", "vercel.json": "{}"})
    assert (one.place, one.opaque, one.platform, one.client) == (Place.DOCS, True, None, None)
    assert one.mention is not None


def test_what_a_connection_knows_of_its_environment() -> None:
    files = {
        ".env.example": dsn_line(TRANSACTION) + "PGSSLMODE=require\n",
        "db.py": FROM_ENVIRONMENT,
    }
    (one,) = linked(files)
    assert one.place is Place.EXAMPLE  # that of the file which says where it goes
    assert set(one.variables) == {"DATABASE_URL", "PGSSLMODE"}
    (one,) = linked({"db.py": ASYNCPG.format(f'"{TRANSACTION}"')})
    assert (one.place, one.setting, one.variables) == (Place.LIVE, None, {})


# --- which driver -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "library", "sure"),
    [
        ("postgresql+asyncpg", "asyncpg", True),
        ("postgresql+psycopg", "psycopg", True),
        ("${SCHEME}", "sqlalchemy-async", False),
    ],
)
def test_the_dsn_decides_which_driver_it_is(scheme: str, library: str, sure: bool) -> None:
    code = SQLALCHEMY.format("")
    (one,) = linked({".env": dsn_line(TRANSACTION.replace("postgresql", scheme)), "db.py": code})
    assert one.client is not None
    assert (one.client.library, one.client.file) == (library, "sqlalchemy-async")
    assert bool(one.client.data["facts"]) is sure


@pytest.mark.parametrize(
    ("manifest", "library"),
    [
        ({}, "prisma"),  # an older version has no such engine
        (
            {"package.json": '{"dependencies": {"@prisma/client": "6.16.0"}}'},
            "prisma-client-engine",
        ),
    ],
)
def test_a_variant_is_not_chosen_while_an_earlier_one_may_be_meant(
    manifest: dict[str, str], library: str
) -> None:
    schema = (
        'generator client {\n  provider = "prisma-client-js"\n  engineType = "client"\n}\n\n'
        'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n'
    )
    found = told({".env": dsn_line(TRANSACTION), "prisma/schema.prisma": schema, **manifest})
    assert f"DATABASE_URL shared-pooler {library}" in found


# --- where it runs ----------------------------------------------------------------------------------


def platforms(files: Mapping[str, str], config: Config | None = None) -> list[str | None]:
    return [one.platform.label if one.platform else None for one in linked(files, config)]


EDGE = (
    'export const runtime = "edge"\nimport postgres from "postgres"\n'
    "export const sql = postgres(process.env.DATABASE_URL!)\n"
)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"vercel.json": "{}"}, "Vercel"),
        ({"vercel.json": "{}", "fly.toml": 'app = "x"\n'}, "Fly and Vercel"),
        ({"vercel.json": "{}", "db.ts": EDGE}, "the Edge runtime"),
        ({".ebextensions/a.config": ""}, "Elastic Beanstalk"),
        ({}, None),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, dict) else "",
)
def test_the_platform_of_an_env_file(files: dict[str, str], expected: str | None) -> None:
    assert platforms({".env": dsn_line(DIRECT), **files}) == [expected]


def test_what_platforms_do_not_agree_on_is_unknown() -> None:
    files = {".env": dsn_line(DIRECT), "vercel.json": "{}", "fly.toml": 'app = "x"\n'}
    (one,) = linked(files)
    assert one.platform is not None
    assert (one.platform.ipv6, one.platform.model) == ("unknown", "unknown")
    assert len(one.platform.others) == 1
    files = {".env": dsn_line(DIRECT), "vercel.json": "{}", "render.yaml": "services: []\n"}
    (one,) = linked(files)
    assert one.platform is not None
    assert (one.platform.ipv6, one.platform.model) == ("no", "unknown")
    (one,) = linked({".env": dsn_line(DIRECT), "vercel.json": "{}"})
    assert one.platform is not None
    assert (one.platform.ipv6, one.platform.model) == ("no", "ephemeral")
    assert one.platform.others == ()


@pytest.mark.parametrize(
    ("env", "marker", "bound"),
    [
        (".env", "vercel.json", True),
        ("a/b/.env", "vercel.json", True),
        ("a/.env", "b/vercel.json", False),
        (".env.example", "vercel.json", False),
        ("config.toml", "vercel.json", False),
        (".env.dev", "vercel.json", False),
    ],
)
def test_the_marker_around_an_env_file(env: str, marker: str, bound: bool) -> None:
    found = platforms({env: dsn_line(f'"{DIRECT}"'), marker: "{}"})
    assert found == ["Vercel" if bound else None]


def test_the_nearest_marker_counts() -> None:
    files = {"a/.env": dsn_line(DIRECT), "a/fly.toml": 'app = "x"\n', "vercel.json": "{}"}
    assert platforms(files) == ["Fly"]


@pytest.mark.parametrize(
    ("manifest", "vercel", "bound"),
    [
        ("backend/pyproject.toml", "{}", False),
        ("backend/pyproject.toml", '{"rootDirectory": "backend"}', True),
        ("backend/package.json", "{}", True),
    ],
)
def test_the_marker_of_a_package_in_another_language(
    manifest: str, vercel: str, bound: bool
) -> None:
    files = {"package.json": "{}", "vercel.json": vercel, "backend/.env": dsn_line(DIRECT)}
    found = platforms({**files, manifest: "{}" if manifest.endswith("json") else ""})
    assert found == ["Vercel" if bound else None]


@pytest.mark.parametrize(
    ("render", "bound"),
    [
        ("services: []\n", True),
        ("{key: DATABASE_URL, sync: false}", False),
        ("{key: OTHER_URL, sync: false}", True),
    ],
)
def test_a_variable_that_the_manifest_sets_itself(render: str, bound: bool) -> None:
    text = "services:\n  - type: web\n    name: api\n    envVars:\n      - {}\n"
    text = text.format(render) if "key" in render else render
    found = platforms({".env": dsn_line(DIRECT), "render.yaml": text})
    assert (found[0] is not None) is bound


def test_the_configuration_says_where_code_runs() -> None:
    config = Config(deploy=(Deploy(paths=("**",), platform="render"),))
    for files in (
        {".env": dsn_line(DIRECT)},
        {"db.py": ASYNCPG.format(f'"{DIRECT}"')},
        {"db.py": f'URL = "{DIRECT}"\n'},
        {"db.py": f'import os\n\nurl = os.environ.get("DATABASE_URL", "{DIRECT}")\n'},
    ):
        assert platforms(files, config) == ["Render"]
        assert platforms(files) == [None]


def test_what_a_manifest_declares_goes_before_the_configuration() -> None:
    config = Config(deploy=(Deploy(paths=("**",), platform="render"),))
    text = f"services:\n  api:\n    environment:\n      DATABASE_URL: {DIRECT}\n"
    assert platforms({"compose.yml": text}, config) != ["Render"]
