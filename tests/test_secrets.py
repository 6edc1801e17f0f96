"""No secret leaves: a canary in every reader occurs in no output of any format."""

from __future__ import annotations

import base64
import traceback
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from supa_lint.clients import Clients
from supa_lint.knowledge import load
from supa_lint.model import Span
from supa_lint.raw import Raw, Segment
from supa_lint.read import Context, read
from supa_lint.report import FORMATS, render
from supa_lint.sealing import Sealer
from supa_lint.source import File
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
