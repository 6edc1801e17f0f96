"""`inspect`: one connection string on standard input, in plain words."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.cli import main
from supa_lint.inspect_dsn import inspect, render_json, render_text
from supa_lint.knowledge import load
from supa_lint.usage import UsageError
from support import DIRECT, REF, SESSION, TRANSACTION

CANARY = "Tr0ub4dour-xk"
DEDICATED = DIRECT.replace(":5432", ":6543")


def give(monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def describe(text: str) -> tuple[str, dict[str, Any]]:
        """The text and the JSON for a connection string."""
        give(monkeypatch, text)
        assert main(["inspect"]) == 0
        plain = capsys.readouterr().out
        give(monkeypatch, text)
        assert main(["inspect", "--format", "json"]) == 0
        out = capsys.readouterr().out
        assert CANARY not in plain + out
        return plain, json.loads(out)

    return describe


def test_transaction_mode(described: Any) -> None:
    plain, data = described(TRANSACTION)
    assert plain.startswith("The shared pooler in transaction mode\n")
    assert data["kind"] == "shared-pooler"
    assert (data["mode"], data["family"], data["region"]) == ("transaction", "ipv4", "eu-west-1")
    assert data["project"] == REF
    assert (data["password"], data["tls"], data["findings"]) == ("literal", "require", [])
    assert "LISTEN" in plain.partition("Does not work:")[2]
    switches = {client["label"]: client for client in data["clients"]}
    assert "statement_cache_size=0" in switches["asyncpg"]["off"]
    assert switches["asyncpg"]["prepares"] is True
    assert "psycopg2" not in switches
    assert "pg" not in switches


def test_a_switch_in_the_string_counts(described: Any) -> None:
    scheme = TRANSACTION.replace("postgresql://", "postgresql+psycopg://")
    _, data = described(scheme)
    labels = {client["label"] for client in data["clients"]}
    assert "SQLAlchemy with psycopg" in labels
    assert not labels & {"asyncpg", "psycopg", "postgres.js", "SQLAlchemy with asyncpg"}
    on, off = (
        described("jdbc:" + TRANSACTION),
        described("jdbc:" + TRANSACTION + "&prepareThreshold=0"),
    )
    assert "pgjdbc" in {client["id"] for client in on[1]["clients"]}
    assert "pgjdbc" not in {client["id"] for client in off[1]["clients"]}


def test_a_scheme_that_names_no_driver_stands_for_all_drivers(described: Any) -> None:
    _, data = described(TRANSACTION)
    assert "SQLAlchemy with asyncpg" in {client["label"] for client in data["clients"]}


def test_session_mode(described: Any) -> None:
    plain, data = described(SESSION)
    assert data["mode"] == "session"
    assert data["clients"] == []
    assert "migrations" in plain.partition("Works:")[2].partition("Does not work:")[0]


@pytest.mark.parametrize("dsn", [DIRECT, DEDICATED])
def test_ipv6(described: Any, dsn: str) -> None:
    plain, data = described(dsn)
    assert data["family"] == "ipv6"
    assert data["clients"] == []
    assert "Vercel" in data["unreachable_from"]
    assert "a GitHub-hosted runner" in data["depends_on_setup"]
    assert "IPv4 add-on" in plain


def test_its_findings(described: Any) -> None:
    plain, data = described(TRANSACTION.replace(f"postgres.{REF}", "postgres"))
    assert [finding["rule"] for finding in data["findings"]] == ["bare-user-on-shared-pooler"]
    assert "error bare-user-on-shared-pooler" in plain


def test_the_name_it_was_pasted_with_says_what_it_is_for(described: Any) -> None:
    _, data = described(f"export DIRECT_URL='{TRANSACTION}'\n")
    assert [finding["rule"] for finding in data["findings"]] == ["migrations-in-transaction-mode"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"host=db.{REF}.supabase.co port=5432 user=postgres password={CANARY}", "direct"),
        (f"jdbc:postgresql://db.{REF}.supabase.co:5432/postgres?password={CANARY}", "direct"),
        (f'"{DIRECT}";', "direct"),
        (f"postgresql://postgres:{CANARY}@127.0.0.1:54322/postgres", "local"),
        (f"postgresql://postgres:{CANARY}@db.example.com/postgres", "other"),
        (f"postgresql://postgres:{CANARY}@db.{REF}.supabase.com/postgres", "not-a-database"),
        (f"postgresql://{CANARY}@db.{REF}.supabase.co/postgres", "direct"),
        (f"postgresql://postgres:a@b:{CANARY}#/?@db.{REF}.supabase.co/postgres", "direct"),
        (f"postgresql://postgres:[{CANARY}]@db.{REF}.supabase.co/postgres", "direct"),
        (f"postgresql://postgres:x@db.{REF}.supabase.co/postgres?password={CANARY}", "direct"),
    ],
)
def test_every_spelling(described: Any, text: str, kind: str) -> None:
    assert described(text)[1]["kind"] == kind


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing is there"),
        (" \n\n", "nothing is there"),
        (f"{DIRECT}\n{SESSION}\n", "one connection string"),
        (CANARY, "no Postgres connection string"),
        (f"DATABASE_URL={CANARY}", "no Postgres connection string"),
        (b"\xff\xfe\x00" + CANARY.encode(), "no Postgres connection string"),
        (f"https://{REF}.supabase.co", "HTTP API"),
        (f"sb_secret_{CANARY}", "API key"),
    ],
)
def test_what_is_no_connection_string(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str | bytes,
    says: str,
) -> None:
    give(monkeypatch, text)
    assert main(["inspect"]) == 2
    captured = capsys.readouterr()
    assert says in captured.err
    assert CANARY not in captured.out + captured.err


@pytest.mark.parametrize("arguments", [[DIRECT], [DIRECT, "x"], ["--format", "json", DIRECT]])
def test_an_argument_is_refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(["inspect", *arguments]) == 2
    captured = capsys.readouterr()
    assert "history" in captured.err
    assert REF not in captured.out + captured.err


def test_on_a_terminal_it_asks_without_echo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, "")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda prompt: SESSION)
    assert main(["inspect"]) == 0
    assert capsys.readouterr().out.startswith("The shared pooler in session mode")


def test_no_escape_sequence_passes(described: Any) -> None:
    plain, _ = described(f"postgresql://po\x1b[31mst:{CANARY}@db.{REF}.supabase.co/p")
    assert "\x1b" not in plain


_RESERVED = st.text("@:/?#[]&=% '\"$\\{}.;,+a1", max_size=4)


@given(
    before=_RESERVED,
    after=_RESERVED,
    host=st.sampled_from(["", "db.example.com", f"db.{REF}.supabase.co", "localhost"]),
    form=st.sampled_from(
        [
            "postgresql://postgres:{}@{}:6543/postgres",
            "export X='postgres://:{}@{}/postgres?sslmode=require'",
            "jdbc:postgresql://{1}:5432/postgres?user=postgres&password={0}",
            "host={1} password={0} user=postgres",
            "Host={1};Password={0};Username=postgres",
        ]
    ),
)
def test_no_password_is_shown_however_broken_the_string(
    before: str, after: str, host: str, form: str
) -> None:
    secret = "Tr0ub4dourxk"
    try:
        found = inspect(form.format(before + secret + after, host), load())
        shown = render_text(found) + render_json(found)
    except UsageError as error:
        shown = str(error)
    assert secret not in shown
