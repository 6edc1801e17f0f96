"""Connection URLs: what the author meant, with the exact place of every part."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint import dsn
from supa_lint.model import Dsn, PasswordKind, Span, Text
from supa_lint.raw import Raw, Segment

POOLER = "aws-0-eu-west-1.pooler.supabase.com"


def parse(text: str) -> Dsn | None:
    size = len(text.encode("utf-8", "surrogateescape"))
    return dsn.parse(Raw(text, Span("f", 0, size), (), (Segment(0, len(text), 0),)))


def parts(text: str) -> tuple[str | None, ...]:
    found = parse(text)
    assert found is not None
    return tuple(
        part.text if part else None
        for part in (found.scheme, found.user, found.host, found.port, found.database)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"postgresql://postgres.abc:pw@{POOLER}:6543/postgres",
            ("postgresql", "postgres.abc", POOLER, "6543", "postgres"),
        ),
        ("postgres://u@db.abc.supabase.co", ("postgres", "u", "db.abc.supabase.co", None, None)),
        ("postgresql+asyncpg://u:p@h/d?ssl=require", ("postgresql+asyncpg", "u", "h", None, "d")),
        (
            "jdbc:postgresql://h:5432/d?user=u&password=p",
            ("jdbc:postgresql", "u", "h", "5432", "d"),
        ),
        (
            f"postgres.abc:p@{POOLER}:6543/postgres",
            (None, "postgres.abc", POOLER, "6543", "postgres"),
        ),
        ("postgres://postgres:p@[::1]:5432/d", ("postgres", "postgres", "[::1]", "5432", "d")),
        (
            "postgres://postgres:[YOUR-PASSWORD]@db.[PROJECT-REF].supabase.co:5432/postgres",
            ("postgres", "postgres", "db.[PROJECT-REF].supabase.co", "5432", "postgres"),
        ),
    ],
)
def test_parts(text: str, expected: tuple[str | None, ...]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize("password", ["a@b", "a#b", "a/b", "a?b", "a%b", "p:w", "x@y/z?#", "end@"])
def test_raw_reserved_characters_stay_in_the_password(password: str) -> None:
    found = parse(f"postgresql://postgres.abc:{password}@{POOLER}:6543/postgres?sslmode=require")
    assert found is not None
    assert found.host is not None
    assert found.host.text == POOLER
    assert found.user is not None
    assert found.user.text == "postgres.abc"
    assert found.password.reserved == frozenset(password) & frozenset("@#/?%[]")


@pytest.mark.parametrize(
    ("password", "kind"),
    [
        ("[YOUR-PASSWORD]", PasswordKind.PLACEHOLDER),
        ("<password>", PasswordKind.PLACEHOLDER),
        ("YOUR_PASSWORD", PasswordKind.PLACEHOLDER),
        ("Tr0ub[4]dour", PasswordKind.LITERAL),
        ("__DB_PASSWORD__", PasswordKind.PLACEHOLDER),
        ("${DB_PASSWORD}", PasswordKind.INTERPOLATED),
        ("$DB_PASSWORD", PasswordKind.INTERPOLATED),
        ("${{ secrets.DB_PASSWORD }}", PasswordKind.INTERPOLATED),
        ("{password}", PasswordKind.INTERPOLATED),
        ("***", PasswordKind.MASKED),
        ("sb_secret_abc", PasswordKind.API_KEY),
        ("sbp_0123", PasswordKind.ACCESS_TOKEN),
        ("Tr0ub4dour-xk", PasswordKind.LITERAL),
        ("", PasswordKind.ABSENT),
    ],
)
def test_kind_of_password(password: str, kind: PasswordKind) -> None:
    found = parse(f"postgresql://postgres:{password}@db.abc.supabase.co:5432/postgres")
    assert found is not None
    assert found.password.kind is kind


def test_brackets_left_around_a_real_password() -> None:
    found = parse("postgresql://postgres:[Tr0ub4dour-xk]@db.abc.supabase.co:5432/postgres")
    assert found is not None
    assert found.password.kind is PasswordKind.LITERAL
    assert found.password.bracketed


@pytest.mark.parametrize(
    "text", ["", "hunter2", "https://abc.supabase.co", "redis://u:p@h:6379", "db.abc.supabase.co"]
)
def test_other_texts_are_no_dsn(text: str) -> None:
    assert parse(text) is None


def test_a_password_without_a_host_is_not_kept() -> None:
    assert "Tr0ub4dour" not in repr(parse("postgresql://postgres:Tr0ub4dour-xk"))


def test_find_in_prose() -> None:
    text = "use postgres://a:b@c.d/e. Or (postgresql://x:[YOUR PASS]@y:1/z), not https://q"
    assert [text[start:end] for start, end in dsn.find(text)] == [
        "postgres://a:b@c.d/e",
        "postgresql://x:[YOUR PASS]@y:1/z",
    ]


def _texts(found: Dsn) -> list[Text]:
    named = [found.scheme, found.user, found.host, found.port, found.database]
    return [text for text in named if text is not None]


@given(st.text(max_size=60), st.sampled_from(["postgres://", "postgresql+asyncpg://", "host=", ""]))
def test_any_text_survives_and_spans_are_exact(text: str, start: str) -> None:
    whole = start + text
    data = whole.encode("utf-8", "surrogatepass")
    found = dsn.parse(Raw(whole, Span("f", 0, len(data)), (), (Segment(0, len(whole), 0),)))
    if found is not None:
        for part in _texts(found):
            here = data[part.span.start : part.span.end].decode("utf-8", "surrogatepass")
            assert part.text in (here, "***") or not part.known


@given(st.text(alphabet="abcdef@:/?#[]%$ {}<>", min_size=1, max_size=12))
def test_no_password_is_ever_kept(password: str) -> None:
    secret = f"Zq9{password}Xw7"
    found = parse(f"postgresql://postgres.abc:{secret}@{POOLER}:6543/postgres")
    assert secret not in repr(found)


@pytest.mark.parametrize(
    "password",
    [
        "pass%40word",
        "MySecurePassword123",
        "P@ssw0rd",
        "MyP%40ss%21234",
        "P%40ss%24Word%21123",
        "ENCODED_PASSWORD",
        "encoded-password",
        "s3cr3t",
        "senha",
        "contraseña",
        "パスワード",
        "abcabcabc",
        "12345678",
    ],
)
def test_invented_passwords(password: str) -> None:
    found = parse(f"postgresql://postgres:{password}@db.abc.supabase.co:5432/postgres")
    assert found is not None
    assert found.password.kind is not PasswordKind.LITERAL or found.password.invented


@pytest.mark.parametrize(
    "password", ["Tr0ub4dour-xk", "kX7vQ2mZp9wL", "Cafe-Zug-1987", "blau!Hund77x"]
)
def test_passwords_that_may_be_real(password: str) -> None:
    found = parse(f"postgresql://postgres:{password}@db.abc.supabase.co:5432/postgres")
    assert found is not None
    assert not found.password.invented


@pytest.mark.parametrize(
    "between", ["/", "/x?a=", "/x?options=", "/postgres?sslmode=require&b=", "#"]
)
@pytest.mark.parametrize("quoted", [False, True])
def test_no_password_of_a_dsn_that_was_pasted_into_another_is_kept(
    between: str, quoted: bool
) -> None:
    inner = "postgresql://u:kX7vQ2mZp9wL@db.example.com:5432/x"
    text = f"postgresql://u:p@h.supabase.com:6543{between}{quote(inner) if quoted else inner}"
    assert "kX7vQ2mZp9wL" not in repr(parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "postgres://u:kX7vQ2mZp9wL@postgres://v:kX7vQ2mZp9wL",
        "postgresql://postgres:kX7vQ2mZp9wL@apostgresql://postgres:kX7vQ2mZp9wLeu-west-1.pooler.supabase.com:6543/x",
        "postgres://u:kX7vQ2mZp9wL@db.x.supabase.co/v:kX7vQ2mZp9wL",
        "postgres://u:kX7vQ2mZp9wL@db.x.supabase.co/v%3AkX7vQ2mZp9wL",
        "postgres://u:kX7vQ2mZp9wL@postgres://kX7vQ2mZp9wL",
    ],
)
def test_a_dsn_that_is_broken_off_in_another_leaves_no_password(text: str) -> None:
    found = parse(text)
    assert found is not None
    assert "kX7" not in repr(found)
