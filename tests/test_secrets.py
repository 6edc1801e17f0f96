"""No secret leaves: a canary in every reader occurs in no output of any format."""

from __future__ import annotations

import base64
import re
import traceback
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from supa_lint.clients import Clients
from supa_lint.config import Config
from supa_lint.connection_map import FORMATS as MAPS
from supa_lint.connection_map import connection_map
from supa_lint.diagnose import diagnose
from supa_lint.inspect_dsn import inspect, render_json, render_text
from supa_lint.knowledge import load
from supa_lint.model import Span
from supa_lint.raw import Raw, Segment
from supa_lint.read import Context, read
from supa_lint.report import FORMATS, render
from supa_lint.sealing import Sealer
from supa_lint.source import File
from supa_lint.usage import UsageError
from supa_lint.workspace import Workspace
from support import REF, run, tree_of

CANARY = "kX7vQ2mZp9wL"
HOST = "aws-0-eu-west-1.pooler.supabase.com"
DSN = f"postgresql://postgres:{CANARY}@{HOST}:6543/postgres"
JWT = f"eyJhbGciOiJIUzI1NiJ9.{CANARY}.c2lnbmF0dXJl"

FILES = {
    ".env": (
        f"DATABASE_URL={DSN}\n# OLD_URL={DSN}\nDB_PASSWORD={CANARY}\nSECRET_KEY='{CANARY}'\n"
        f"SERVICE_ROLE={JWT}\nNEXT_PUBLIC_DATABASE_URL={DSN}\nBROKEN=postgres://postgres:{CANARY}\n"
        f"DB_HOST={HOST}\nDB_USER=postgres\nDB_PORT=6543\nUNSAID={CANARY}\n"
    ),
    ".env.example": f"DATABASE_URL={DSN}\n",
    "app/settings.py": (
        f'"""Docs: {DSN}"""\nimport os, asyncpg\nfrom sqlalchemy import create_engine\n'
        f'URL = os.environ.get("DATABASE_URL", "{DSN}")\nPASSWORD = "{CANARY}"\n'
        f'DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "HOST": "{HOST}",\n'
        f'    "USER": "postgres", "PASSWORD": "{CANARY}", "PORT": 6543}}}}\n'
        f'engine = create_engine("postgres://u:{CANARY}@{HOST}/x", connect_args={{"password": "{CANARY}"}})\n'
        f'c = asyncpg.connect(host="{HOST}", user="postgres", password="{CANARY}")\n'
        f'print("{CANARY}", f"postgres://u:{CANARY}@{{URL}}")  # {CANARY} {DSN}\n'
    ),
    "app/broken.py": f'def (:\n    "{DSN}"\n',
    "docker-compose.yml": (
        f"services:\n  api:\n    environment:\n      DATABASE_URL: {DSN}\n      TOKEN: {CANARY}\n"
        f"      OTHER: ${{X:-{DSN}}}\n  db:\n    environment:\n      - POSTGRES_PASSWORD={CANARY}\n"
    ),
    "k8s/secret.yaml": (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata:\n"
        f"  DATABASE_URL: {base64.b64encode(DSN.encode()).decode()}\nstringData:\n  A: {DSN}\n"
    ),
    "chart/templates/x.yaml": f"{{{{ if .x }}}}\nurl: {DSN}\n{{{{ end }}}}\n",
    "broken.yaml": f"a: [{DSN}\n b: supabase {CANARY}\n",
    "config.json": f'{{"ConnectionStrings": {{"A": "Host={HOST};Username=u;Password={CANARY}"}}}}',
    "README.md": f"Use `{DSN}` or\npostgres://postgres:{CANARY}@db.{REF}.supabase.co:5432/postgres\n",
    "notes.txt": f"{DSN}\n",
    "requirements.txt": "asyncpg==0.30.0\n",
    "pyproject.toml": f'[tool.x]\nurl = "{DSN}"\n',
    "main.go": f'package main\nvar dsn = "{DSN}"\n',
    "vercel.json": "{}",
}


def test_the_canary_is_where_the_rules_look() -> None:
    report = run(FILES, tracked=True, pedantic=True)
    assert {"committed-password", "bare-user-on-shared-pooler"} <= {f.rule for f in report.findings}
    assert {f.span.path for f in report.findings} >= {".env", "app/settings.py", "README.md"}


@pytest.mark.parametrize("format", FORMATS)
def test_no_format_shows_it(format: str) -> None:
    text = render(run(FILES, tracked=True, pedantic=True), format)
    assert CANARY not in text
    assert base64.b64encode(DSN.encode()).decode()[20:60] not in text


@pytest.mark.parametrize("path", FILES)
def test_no_fact_holds_it(path: str) -> None:
    knowledge = load()
    context = Context(knowledge, Clients(knowledge.clients.values()))
    (file,) = tree_of({path: FILES[path]}).files
    facts = read(file, context)
    assert CANARY not in repr(facts)
    for text in _texts(facts):
        assert CANARY not in text


PASSWORDS = st.text("abcXYZ0189!#$%&*+-.:;=?@^_~/ \\'\"[]{}<>|`é🐘", min_size=3, max_size=14)
PLACES = {
    ".env": "DATABASE_URL=%s\n# OLD=%s\nURL='%s'\n",
    "app/db.py": "import asyncpg\n# %s\nc = asyncpg.connect('%s')\nd = f\"%s\"\n",
    "web/db.ts": "import { Pool } from 'pg'\n// %s\nnew Pool({connectionString: '%s'})\n`%s`\n",
    "compose.yml": "services:\n  a:\n    environment:\n      A: %s\n      B: '%s'\n# %s\n",
    "a.tf": 'locals {\n  a = "%s"\n}\n# %s\n// %s\n',
    "a.sh": "psql '%s'\nexport A=%s\n# %s\n",
    "a.toml": "a = \"%s\"\nb = '%s'\n# %s\n",
    "a.json": '{"a": "%s", "b": ["%s", "%s"]}',
    "a.md": "%s\n`%s`\n\n    %s\n",
    "a.properties": "a=%s\nb: %s\n# %s\n",
    "Dockerfile": "FROM x\nENV A=%s B='%s'\n# %s\n",
    "main.go": 'package main\nvar a = "%s" // %s\nvar b = `%s`\n',
}
"""Each with three places for a DSN."""

SHAPES = (
    "postgresql://postgres:{}@aws-0-eu-west-1.pooler.supabase.com:6543/postgres",
    "postgres://postgres.x:{}@db.x.supabase.co",  # no port
    "postgresql://postgres:{}@:6543/postgres",  # no host
    "postgresql://:{}@db.x.supabase.co/a?sslmode=b",  # no user
    "postgresql+asyncpg://u:{}@db.x.supabase.co:abc/x",  # no port that is one
    "jdbc:postgresql://db.x.supabase.co:5432/postgres?user=u&password={}",
    "host=db.x.supabase.co user=u password={} dbname=x",
    "Host=db.x.supabase.co;Username=u;Password={};Port=5432",
)


# Always the same ones: `fuzz/fuzz.py` looks for others, and what it finds becomes an example here.
@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(PASSWORDS, st.sampled_from(SHAPES), st.sampled_from(["plain", "quoted", "base64", "split"]))
@example("@0\\", SHAPES[0], "plain")
@example("0@\\", SHAPES[0], "plain")
@example("@''", SHAPES[0], "plain")
@example("@'{}", SHAPES[0], "plain")
@example("<>`", SHAPES[5], "plain")
@example("@ \\", SHAPES[0], "plain")
@example("0`:", SHAPES[5], "plain")
@example("0''", SHAPES[0], "plain")
def test_no_output_shows_a_generated_password(password: str, shape: str, how: str) -> None:
    """Whatever a password is made of and however broken the DSN around it."""
    if "={}" in shape:  # there, these end the value, for the client too
        password = re.sub(r"""[\s;&#'"\\]""", "", password)
    if (
        how == "split"
    ):  # its second half is a word with an @ behind it: only the mask of words is left
        password = re.sub(r"\W", "", password)
    secret = f"kX7vQ2{password}mZp9wL"
    written = quote(secret, safe="") if how == "quoted" else secret
    dsn = shape.format(written)
    if how == "base64":
        dsn = base64.b64encode(dsn.encode()).decode()
    elif how == "split":
        at = dsn.index("kX7vQ2") + 4
        dsn = dsn[:at] + "\\\n" + dsn[at:]
    files: dict[str, str | bytes] = {path: text % (dsn, dsn, dsn) for path, text in PLACES.items()}
    report = run({**files, "vercel.json": "{}"}, tracked=True, pedantic=True)
    workspace = Workspace(Config(), load(), tree_of(files))
    outputs = {format: render(report, format) for format in FORMATS}
    outputs |= {f"map {name}": show(connection_map(workspace)) for name, show in MAPS.items()}
    outputs["diagnose"] = diagnose(f"cannot connect to {dsn}: Tenant or user not found", workspace)[
        1
    ]
    with suppress(UsageError):
        found = inspect(dsn, load())
        outputs["inspect"] = render_text(found) + render_json(found)
    for output, text in outputs.items():
        for piece in (secret, written, "kX7vQ2", "mZp9wL"):
            assert piece not in text, output


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if is_dataclass(value):
        return [text for f in fields(value) for text in _texts(getattr(value, f.name))]
    if isinstance(value, tuple | list | frozenset | set):
        return [text for item in value for text in _texts(item)]
    return []


def test_no_traceback_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("broken on purpose")

    monkeypatch.setattr("supa_lint.sealing.describe_password", fail)
    monkeypatch.setattr("supa_lint.dsn.url.describe_password", fail)
    report = run({".env": FILES[".env"]}, pedantic=True)
    assert [finding.rule for finding in report.findings] == ["internal-error"]
    assert CANARY not in render(report, "full")
    file = File(".env", FILES[".env"].encode())
    try:
        Sealer(file).seal(Raw(DSN, Span(".env", 0, 9)))
    except ValueError:
        assert CANARY not in traceback.format_exc()


@pytest.mark.parametrize(
    ("text", "name", "kept"),
    [
        (DSN, "DATABASE_URL", f"postgresql://{HOST}"),
        (CANARY, "DB_PASSWORD", "***"),
        (CANARY, "ANYTHING", "***"),
        (HOST, "DB_HOST", HOST),
        ("6543", "DB_PORT", "6543"),
        ("shop_owner", "DB_USER", "shop_owner"),
        ("shop_owner", "NOTE", "***"),
        ("require", "ANYTHING", "require"),
        (f"https://{REF}.supabase.co/rest/v1", "SUPABASE_URL", f"https://{REF}.supabase.co"),
        (JWT, "KEY", "***"),
        ("sb_secret_" + CANARY, "KEY", "***"),
        (f"LISTEN {CANARY}", "", "LISTEN"),
        ("select pg_advisory_lock(42)", "", "SELECT PG_ADVISORY_LOCK"),
        ("-c lock_timeout=5s -c search_path=a", "options", "-c lock_timeout=5s -c search_path=a"),
        (f"-c statement_timeout=5000 -c app.token={CANARY}", "options", "***"),
    ],
)
def test_only_what_is_understood_is_kept(text: str, name: str, kept: str) -> None:
    raw = Raw(text, Span("f", 0, len(text)), (), (Segment(0, len(text), 0),))
    assert Sealer(File("f", text.encode())).seal(raw, name).text == kept


@pytest.mark.parametrize(
    ("claims", "kind", "ref"),
    [
        ('{"iss":"supabase","ref":"%s","role":"service_role"}' % REF, "service-role-key", REF),
        ('{"iss":"supabase","ref":"%s","role":"anon"}' % REF, "anon-key", REF),
        ('{"iss":"supabase-demo","role":"service_role"}', "demo-service-role-key", None),
        ('{"iss":"somebody"}', "token", None),
        ("not json", "token", None),
    ],
)
def test_kind_of_a_token(claims: str, kind: str, ref: str | None) -> None:
    payload = base64.urlsafe_b64encode(claims.encode()).decode().rstrip("=")
    text = f"eyJhbGciOiJIUzI1NiJ9.{payload}.c2ln"
    value = Sealer(File("f", text.encode())).seal(Raw(text, Span("f", 0, len(text))))
    assert (value.secret, value.ref) == (kind, ref)
