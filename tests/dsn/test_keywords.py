from __future__ import annotations

import pytest

from supa_lint import dsn
from supa_lint.model import PasswordKind, Span
from supa_lint.raw import Raw, Segment

HOST = "db.qzxwvutsrponmlkjihgf.supabase.co"


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        (f"host={HOST} port=5432 user=postgres password='a b' dbname=postgres", "keywords"),
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
