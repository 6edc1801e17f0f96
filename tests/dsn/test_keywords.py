from __future__ import annotations

import pytest

from supa_lint import dsn
from supa_lint.model import Dsn, PasswordKind, Span
from supa_lint.raw import Raw, Segment

HOST = "db.qzxwvutsrponmlkjihgf.supabase.co"


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        (f"host={HOST} port=5432 user=postgres password='a b' dbname=postgres", "keywords"),
        # PgBouncer doubles the quote, libpq takes a backslash.
        (f"host={HOST} port=5432 user=postgres password='Tr0ub''4dour' dbname=x", "keywords"),
        (f"host={HOST} port=5432 user=postgres password='Tr0ub\\'4dour' dbname=x", "keywords"),
        (
            f"host = {HOST}  port = 5432 user=postgres password=Tr0ub4dour dbname=postgres",
            "keywords",
        ),
        (
            f"Host={HOST};Port=5432;Username=postgres;Password=Tr0ub4dour;Database=postgres",
            "npgsql",
        ),
        (
            f"User Id=postgres;Password=Tr0ub4dour;Server={HOST};Port=5432;Database=postgres",
            "npgsql",
        ),
    ],
)
def test_keyword_strings(text: str, spelling: str) -> None:
    found = dsn.parse(Raw(text, Span("f", 0, len(text)), (), (Segment(0, len(text), 0),)))
    assert found is not None
    assert found.spelling == spelling
    assert found.host is not None
    assert found.host.text == HOST
    assert text[found.host.span.start : found.host.span.end] == HOST
    assert found.user is not None
    assert found.user.text == "postgres"
    assert found.port is not None
    assert found.port.text == "5432"
    assert found.password.kind is PasswordKind.LITERAL
    assert "Tr0ub4dour" not in repr(found)


@pytest.mark.parametrize(
    "password", ["'Tr0ub;4dour'", '"Tr0ub;4dour"', "'Tr0''ub;4dour'", '"Tr0""ub;4dour" ']
)
@pytest.mark.parametrize("after", ["", ";", ";Port=6543"])
def test_a_quoted_password_may_hold_a_semicolon(password: str, after: str) -> None:
    text = f"Host={HOST};Username=postgres;Password={password}{after}"
    found = dsn.parse(Raw(text, Span("f", 0, len(text)), (), (Segment(0, len(text), 0),)))
    assert found is not None
    assert found.password.span is not None
    start, end = found.password.span.start, found.password.span.end
    assert text[start:end] == password.strip()[1:-1]
    assert [p.name for p in found.params] == []
    assert (found.port.text if found.port else "") == ("6543" if "Port" in after else "")


@pytest.mark.parametrize(
    "text",
    [
        f"User Id=postgres;Password=Tr0ub4dour;Server={HOST};Port=5432;Database=postgres",
        f"Host={HOST}; Port=5432; Username=postgres; Password=Tr0ub4dour; SSL Mode=Require;",
        f"host={HOST} port=5432 user=postgres password=Tr0ub4dour",
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", '// "Default": "{}"', "# use {} here", "`{}`.", "psql '{}' -f x.sql"]
)
def test_keyword_strings_are_found_in_text(text: str, around: str) -> None:
    written = around.format(text)
    assert [written[start:end] for start, end in dsn.find(written)] == [text]


@pytest.mark.parametrize(
    "text",
    [
        f"host={HOST} and port=5432",
        "Host=localhost;Port=5432;Username=postgres;Password=x",
        f"a=1;b=2;c={HOST}",
        f"const host = {HOST}; port = 5432; user = postgres",
    ],
)
def test_other_text_holds_no_keyword_string(text: str) -> None:
    assert list(dsn.find(text)) == []


@pytest.mark.parametrize("text", ["host=x", "a=b c=d", "port=5432 user=x", "say host=x and go", ""])
def test_other_texts_are_no_keyword_string(text: str) -> None:
    assert dsn.parse(Raw(text, Span("f", 0, len(text)))) is None


@pytest.mark.parametrize(
    "text",
    [
        f"host={HOST} password=Tr0ub4;dour-xk",
        "host= password=Tr0ub4dour-xk",
        f"jdbc:postgresql://{HOST}:5432/d?user=u&password=Tr0ub4&dour-xk",
        "postgresql://u:@Tr0ub4dour#@:6543/x",
    ],
)
def test_no_piece_of_a_password_is_kept(text: str) -> None:
    found = dsn.parse(Raw(text, Span("f", 0, len(text)), (), (Segment(0, len(text), 0),)))
    assert "dour" not in repr(found)


def parse(text: str) -> Dsn | None:
    return dsn.parse(Raw(text, Span("f", 0, len(text)), (), (Segment(0, len(text), 0),)))


@pytest.mark.parametrize(
    "text",
    [
        f" host={HOST} port='5432' user=postgres sslmode=require ",
        f"Server={HOST}; Port=5432 ;User Id=postgres;SSL Mode=require; ",
    ],
)
def test_every_part_has_its_place(text: str) -> None:
    found = parse(text)
    assert found is not None
    assert text[found.span.start : found.span.end] == text.rstrip()
    assert found.port is not None
    assert text[found.port.span.start : found.port.span.end].strip() == "5432"
    (param,) = found.params
    assert param.value.text == "require"
    assert text[param.key.start : param.key.end] == param.name
    assert text[param.value.span.start : param.value.span.end] == "require"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"host={HOST} user=u", PasswordKind.ABSENT),
        (f"host={HOST} password=", PasswordKind.ABSENT),
        (f"host={HOST} password=[YOUR-PASSWORD]", PasswordKind.PLACEHOLDER),
        (f"Host={HOST};Password= kX7vQ2mZp9wL ;Port=1", PasswordKind.LITERAL),
        (f"Host={HOST};Pwd=***", PasswordKind.MASKED),
    ],
)
def test_kind_of_password(text: str, kind: PasswordKind) -> None:
    found = parse(text)
    assert found is not None
    assert found.password.kind is kind
    assert " " not in found.password.reserved


def test_other_secrets_are_masked() -> None:
    found = parse(f"host={HOST} sslpassword=kX7vQ2 passfile=x dbname=d")
    assert found is not None
    assert [(param.name, param.value.text) for param in found.params] == [
        ("sslpassword", "***"),
        ("passfile", "***"),
    ]
    assert found.database is not None
    assert found.database.text == "d"


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        (f"host={HOST} port=1", "keywords"),
        (f"Host={HOST};Port=1", "npgsql"),
        (f"Host={HOST};Port=1;User Id=a b", "npgsql"),
        (f"host={HOST} password=a;b user=u", "keywords"),  # the `;` is of the password
        (f"host={HOST} user = u", "keywords"),
    ],
)
def test_which_of_the_two(text: str, spelling: str) -> None:
    found = parse(text)
    assert found is not None
    assert found.spelling == spelling


@pytest.mark.parametrize(
    "text",
    [
        f"host={HOST}",  # alone it may be anything
        "port=5432 user=postgres",
        f"host={HOST} and port=5432",
        f"host={HOST} 'port'=5432",
        "host=a=b port=5432",
        f"host {HOST} port",
        f"host={HOST} link=redis://u@h",
    ],
)
def test_no_keyword_string(text: str) -> None:
    assert parse(text) is None


def test_what_code_rewrites() -> None:
    text = f"host={HOST} port=5432"
    found = dsn.parse(Raw(text, Span("f", 0, 9), rewritten=frozenset({"host"})))
    assert found is not None
    assert found.rewritten == {"host"}
