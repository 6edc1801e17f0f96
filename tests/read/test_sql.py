"""SQL scripts: where a subscription connects."""

from __future__ import annotations

import pytest

from supa_lint.model import Value
from supa_lint.read.sql import read
from supa_lint.source import File

DSN = "host=db.qzxwvutsrponmlkjihgf.supabase.co port=5432 user=postgres password=kX7vQ2 dbname=postgres"


@pytest.mark.parametrize(
    "statement",
    [
        f"CREATE SUBSCRIPTION orders CONNECTION '{DSN}' PUBLICATION p;",
        f"  create subscription \"my sub\"\n  connection '{DSN}'\n  publication p;",
        f"ALTER SUBSCRIPTION orders CONNECTION '{DSN}';",
    ],
)
def test_a_subscription_connects(statement: str) -> None:
    facts = read(File("a.sql", f"SELECT 1;\n{statement}\n".encode()))
    (call,) = facts.calls
    (value,) = call.args
    assert call.callee == "sql.subscription"
    assert isinstance(value, Value)
    assert value.dsn is not None
    assert value.dsn.host is not None
    assert value.dsn.host.text == "db.qzxwvutsrponmlkjihgf.supabase.co"
    assert "kX7vQ2" not in repr(facts)


@pytest.mark.parametrize(
    "script",
    [
        f"-- CREATE SUBSCRIPTION orders CONNECTION '{DSN}' PUBLICATION p;",
        f"/* later:\nCREATE SUBSCRIPTION orders CONNECTION '{DSN}' PUBLICATION p;\n*/",
        "CREATE SUBSCRIPTION orders CONNECTION :'dsn' PUBLICATION p;",
        "ALTER SUBSCRIPTION orders DISABLE;",
    ],
)
def test_other_statements_do_not(script: str) -> None:
    assert read(File("a.sql", script.encode())).calls == ()


def test_other_dsns_are_mentions() -> None:
    url = "postgresql://postgres:kX7vQ2@db.qzxwvutsrponmlkjihgf.supabase.co:5432/postgres"
    facts = read(File("a.sql", f"SELECT dblink_connect('c', '{url}');\n".encode()))
    assert [mention.comment for mention in facts.mentions] == [False]
