"""DSNs whose parts are set side by side, and the names that say which part is which."""

from __future__ import annotations

import pytest

from supa_lint.dsn.parts import group, role_of
from supa_lint.model import MASK, Dsn, Password, PasswordKind, Setting, Span, Value

HOST = "db.qzxwvutsrponmlkjihgf.supabase.co"
ABSENT = Password(PasswordKind.ABSENT)
LITERAL = Password(PasswordKind.LITERAL)


def settings(**values: str) -> list[Setting]:
    return [
        Setting(
            name,
            Value(text, Span("f", n, n + 1), password=LITERAL if text == MASK else None),
            Span("f", 100 + n, 101 + n),
        )
        for n, (name, text) in enumerate(values.items())
    ]


def groups(**values: str) -> list[tuple[Dsn, list[str]]]:
    return [
        (dsn, sorted(setting.name for setting in parts.values()))
        for dsn, parts in group(settings(**values))
    ]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("DB_HOST", "host"),
        ("dbHost", "host"),
        ("PGHOST", "host"),
        ("pghost", "host"),
        ("POSTGRES_SERVER", "host"),
        ("database.port", "port"),
        ("DB-USERNAME", "user"),
        ("DB_NAME", "database"),
        ("PGSSLMODE", "sslmode"),
        ("DB_SSL_MODE", "sslmode"),
        ("_PASS", "password"),
        ("HOST", "host"),
        ("DB_PASSWORD", "password"),
        ("MY_PASSWORD_FILE", "password"),
        ("STRIPE_SECRET_KEY", "password"),
        ("SOME_API_KEY", "password"),
        ("some_token", "password"),
        ("BYPASS", ""),
        ("PASSAGE", ""),
        ("DATABASE_URL", ""),
        ("COLOUR", ""),
    ],
)
def test_role_of_a_name(name: str, role: str) -> None:
    assert role_of(name) == role


def test_parts_of_one_prefix_make_one_dsn() -> None:
    ((dsn, names),) = groups(
        DB_HOST=HOST,
        DB_PORT="5432",
        DB_USER="postgres",
        DB_PASSWORD=MASK,
        DB_NAME="shop",
        DB_SSLMODE="require",
        REDIS_HOST="cache",
        COLOUR="red",
    )
    assert names == ["DB_HOST", "DB_NAME", "DB_PASSWORD", "DB_PORT", "DB_SSLMODE", "DB_USER"]
    assert dsn.spelling == "parts"
    assert dsn.host is not None
    assert dsn.port is not None
    assert dsn.user is not None
    assert dsn.database is not None
    assert (dsn.host.text, dsn.port.text, dsn.user.text, dsn.database.text) == (
        HOST,
        "5432",
        "postgres",
        "shop",
    )
    assert dsn.password == LITERAL
    assert dsn.span == Span("f", 100, 101)  # where the host is set
    (param,) = dsn.params
    assert (param.name, param.value.text, param.key) == ("sslmode", "require", Span("f", 105, 106))


def test_what_is_not_set_is_not_there() -> None:
    ((dsn, _),) = groups(DB_HOST=HOST, DB_PORT="", DB_USER="postgres")
    assert (dsn.port, dsn.database, dsn.password, dsn.params) == (None, None, ABSENT, ())


def test_two_prefixes_make_two_dsns() -> None:
    found = groups(A_HOST=HOST, A_PORT="5432", B_HOST="other", B_USER="u", C_PORT="1")
    assert [names for _, names in found] == [["A_HOST", "A_PORT"], ["B_HOST", "B_USER"]]


def test_the_last_of_two_settings_of_one_part_counts() -> None:
    ((dsn, _),) = groups(DB_HOST="first", DB_USER="u", DB_SERVER="second")
    assert dsn.host is not None
    assert dsn.host.text == "second"


@pytest.mark.parametrize("beside", ["PORT", "USER", "PASSWORD"])
def test_a_host_needs_something_beside_it(beside: str) -> None:
    assert len(groups(**{"DB_HOST": HOST, f"DB_{beside}": "x"})) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"DB_HOST": HOST},
        {"DB_HOST": HOST, "DB_NAME": "shop"},
        {"DB_PORT": "5432", "DB_USER": "u"},
        {"DB_HOST": "", "DB_PORT": "5432"},
        {"DB_HOST": MASK, "DB_PORT": "5432"},
        {"SMTP_HOST": HOST, "SMTP_PORT": "5432"},
        {"redis_host": HOST, "redis_port": "5432"},
    ],
)
def test_other_settings_make_none(values: dict[str, str]) -> None:
    assert groups(**values) == []


def test_a_whole_dsn_in_the_host_is_no_part() -> None:
    host, port = settings(DB_HOST=HOST, DB_PORT="5432")
    at = host.span
    whole = Setting("DB_HOST", Value("", at, dsn=Dsn("url", at)), at)
    assert list(group([whole, port])) == []
    assert len(list(group([host, port]))) == 1


@pytest.mark.parametrize(
    ("prefix", "host", "found"),
    [
        ("", "0.0.0.0", 0),
        ("N8N_", "n8n.example.com", 0),
        ("", HOST, 1),
        ("DB_", "10.0.0.5", 1),
    ],
)
def test_host_and_port_alone_may_be_any_servers(prefix: str, host: str, found: int) -> None:
    assert len(groups(**{f"{prefix}HOST": host, f"{prefix}PORT": "1337"})) == found


def test_the_sender_of_mail_is_no_database() -> None:
    assert groups(SMTP_HOST="a", SMTP_USER="b") == groups(BREVO_SMTP_HOST="a", BREVO_SMTP_USER="b")
    assert groups(SMTP_HOST="a", SMTP_USER="b") == []
