"""Connection URLs: what the author meant, with the exact place of every part."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint import dsn
from supa_lint.model import HOLE, MASK, Dsn, Hole, PasswordKind, Span, Text
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


# --- where the parts stand ------------------------------------------------------------------------


def written(text: str, part: Text | None) -> str | None:
    """What stands in the text where a part says it stands."""
    return text.encode()[part.span.start : part.span.end].decode() if part else None


def test_spans() -> None:
    text = f" postgresql+asyncpg://postgres.abc:kX7ö@{POOLER}:6543/shöp?sslmode=require&a=b%20c "
    found = parse(text)
    assert found is not None
    assert written(text, found.scheme) == "postgresql+asyncpg"
    assert written(text, found.user) == "postgres.abc"
    assert written(text, found.host) == POOLER
    assert written(text, found.port) == "6543"
    assert written(text, found.database) == "shöp"
    assert found.password.span is not None
    assert written(text, Text("", found.password.span)) == "kX7ö"
    assert written(text, Text("", found.span)) == text.strip()
    first, second = found.params
    assert (first.name, first.value.text) == ("sslmode", "require")
    assert (second.name, second.value.text) == ("a", "b c")
    assert written(text, Text("", first.key)) == "sslmode"
    assert written(text, first.value) == "require"
    assert written(text, Text("", second.key)) == "a"
    assert written(text, second.value) == "b%20c"


def test_span_of_a_dsn_without_a_scheme() -> None:
    text = f" postgres.abc:p@{POOLER}:6543/postgres "
    found = parse(text)
    assert found is not None
    assert found.spelling == "url"
    assert written(text, Text("", found.span)) == text.strip()


# --- user and password ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "user", "kind"),
    [
        ("postgres://h/d", None, PasswordKind.ABSENT),
        ("postgres://u@h/d", "u", PasswordKind.ABSENT),
        ("postgres://:kX7vQ2mZp9wL@h/d", None, PasswordKind.LITERAL),
        ("postgres://@h/d", None, PasswordKind.ABSENT),
        ("postgres://u%40x@h/d", "u%40x", PasswordKind.ABSENT),
        # Parameters count where nothing stands before the host.
        ("postgres://h/d?user=u&password=kX7vQ2mZp9wL", "u", PasswordKind.LITERAL),
        ("postgres://h/d?user=a&user=u", "u", PasswordKind.ABSENT),
        ("postgres://h/d?User=u&PASSWORD=[YOUR-PASSWORD]", "u", PasswordKind.PLACEHOLDER),
        ("postgres://:kX7vQ2mZp9wL@h/d?password=[x-password]", None, PasswordKind.LITERAL),
        ("postgres://u@h/d?user=other&password=kX7vQ2mZp9wL", "u", PasswordKind.ABSENT),
        ("jdbc:postgresql://u@h/d?password=kX7vQ2mZp9wL", "u", PasswordKind.LITERAL),
        ("jdbc:postgresql://h/d?user=u@x&password=kX7vQ2mZp9wL", MASK, PasswordKind.LITERAL),
        ("JDBC:postgresql://u@h/d?password=kX7vQ2mZp9wL", "u", PasswordKind.LITERAL),
        ("jdbc:postgresql://h/d?user=u", "u", PasswordKind.ABSENT),
        ("jdbc:postgresql://h/d", None, PasswordKind.ABSENT),
    ],
)
def test_user_and_password(text: str, user: str | None, kind: PasswordKind) -> None:
    found = parse(text)
    assert found is not None
    assert (found.user and found.user.text) == user
    assert found.password.kind is kind
    assert found.host is not None
    assert found.host.text == "h"


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("postgres://h/d", "url"),
        ("jdbc:postgresql://h/d", "jdbc"),
        ("JDBC:postgresql://h/d", "jdbc"),
        (f"u:p@{POOLER}:6543/d", "url"),
    ],
)
def test_spelling(text: str, spelling: str) -> None:
    found = parse(text)
    assert found is not None
    assert found.spelling == spelling


@pytest.mark.parametrize(
    ("text", "user", "host"),
    [
        # The last `@` that a host follows ends the password ...
        ("postgres://u:p@q@h.example.com:1/d", "u", "h.example.com"),
        ("postgres://u:a@b/c@h.example.com:1/d", "u", "h.example.com"),
        ("postgres://u:a@b#c@h.example.com:1/d", "u", "h.example.com"),
        # ... but what is after a host is no password.
        ("postgres://u:p@h.example.com/d?email=me@example.org", "u", "h.example.com"),
        ("postgres://u:p@h.example.com:1/d?email=me@example.org", "u", "h.example.com"),
        ("postgres://u:p@h.example.com?email=me@example.org", "u", "h.example.com"),
        ("postgres://u:p@h.example.com", "u", "h.example.com"),
        ("postgres://u:p@", "u", None),
        ("postgres://u:p@h,i/d", "u", "h,i"),
        ("postgres://u:p@/d@h.example.com/x", "u", "h.example.com"),
    ],
)
def test_where_the_host_begins(text: str, user: str, host: str | None) -> None:
    found = parse(text)
    assert found is not None
    assert found.user is not None
    assert (found.user.text, found.host and found.host.text) == (user, host)


def test_an_address_after_a_hash_is_no_host() -> None:
    found = parse("postgres://u:kX7@#h@x#y@z.example.com")
    assert found is None or "kX7" not in repr(found)


def test_a_text_that_nobody_can_cut_is_no_dsn() -> None:
    assert parse("postgres://u@h:1:2") is None


# --- port, database, parameters -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("postgres://h/d", None),
        ("postgres://h:/d", None),
        ("postgres://h:5432", "5432"),
        ("postgres://h:[YOUR-PORT]/d", "[YOUR-PORT]"),
        ("postgres://h:<port>/d", "<port>"),
        ("postgres://h:DB_PORT/d", "DB_PORT"),
        ("postgres://postgres:Tr0ub4dour-xk", MASK),
    ],
)
def test_port(text: str, port: str | None) -> None:
    found = parse(text)
    assert found is not None
    assert (found.port and found.port.text) == port


@pytest.mark.parametrize(
    ("text", "database"),
    [
        ("postgres://u@h", None),
        ("postgres://u@h/", None),
        ("postgres://u@h/d", "d"),
        ("postgres://u@h/d?a=b#c", "d"),
        ("postgres://u@h/d#c?a=b", "d"),
        ("postgres://u@h/?a=b", None),
        ("postgres://u@h?a=/b", None),
        ("postgres://u@h//d", MASK),
        ("postgres://u@h/d:e", MASK),
        ("postgres://u@h/d%3Ae", MASK),
        ("postgres://u@h/d%40e", MASK),
    ],
)
def test_database(text: str, database: str | None) -> None:
    found = parse(text)
    assert found is not None
    assert (found.database and found.database.text) == database


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", []),
        ("?", []),
        ("?a=b", [("a", "b")]),
        ("?a=b&&c=d&", [("a", "b"), ("c", "d")]),
        ("?a", [("a", "")]),
        ("?a=b=c", [("a", "b=c")]),
        ("?a=b+c%2Cd", [("a", "b c,d")]),
        ("?a%5Fb=c", [("a_b", "c")]),
        (
            "?sslpassword=kX7&Api_Key=kX7&a=b",
            [("sslpassword", MASK), ("Api_Key", MASK), ("a", "b")],
        ),
        ("?a=kX7%40b", [("a", MASK)]),
        ("?a=x://b", [("a", MASK)]),
        # What follows a parameter that is masked may be the rest of its value.
        ("?password=kX&7vQ", [("password", MASK), (MASK, "")]),
        ("?password=kX&a=7vQ", [("password", MASK), ("a", "7vQ")]),
        ("?!kX7=vQ", [(MASK, "vQ")]),
        ("#a=b", []),
    ],
)
def test_parameters(query: str, expected: list[tuple[str, str]]) -> None:
    for text in (f"postgres://u@h/d{query}", f"postgres://u@h{query}"):
        found = parse(text)
        assert found is not None
        assert [(param.name, param.value.text) for param in found.params] == expected


# --- holes ----------------------------------------------------------------------------------------


def test_holes_of_the_reader_and_holes_of_the_text() -> None:
    """`${X}` in the text is one more hole, and swallows those that the reader left inside it."""
    names = [Hole(variable=name) for name in ("A", "B", "C", "D")]
    text = f"postgres://{HOLE}:${{P{HOLE}}}@{HOLE}.${{DOMAIN}}:{HOLE}/d"
    found = dsn.parse(Raw(text, Span("f", 0, 99), tuple(names), (Segment(0, len(text), 0),)))
    assert found is not None
    assert found.user is not None
    assert found.user.holes == (names[0],)
    assert found.password.kind is PasswordKind.INTERPOLATED
    assert found.host is not None
    assert (found.host.text, found.host.holes) == (f"{HOLE}.{HOLE}", (names[2], Hole()))
    assert found.port is not None
    assert found.port.holes == (names[3],)


def test_spans_after_an_interpolation() -> None:
    text = "postgres://${USER}:${PASSWORD}@h.example.com:5432/d"
    found = parse(text)
    assert found is not None
    assert written(text, found.host) == "h.example.com"
    assert written(text, found.port) == "5432"
    assert written(text, found.database) == "d"


def test_a_value_with_a_hole_is_not_decoded() -> None:
    text = f"postgres://u@h/d?a=x%20{HOLE}"
    found = dsn.parse(Raw(text, Span("f", 0, 99), (Hole(),)))
    assert found is not None
    assert found.params[0].value.text == f"x%20{HOLE}"


def test_what_code_rewrites() -> None:
    text = "postgres://u@h/d"
    found = dsn.parse(Raw(text, Span("f", 0, 9), rewritten=frozenset({"host"})))
    assert found is not None
    assert found.rewritten == {"host"}
    known = Raw(text, Span("f", 0, 9), rewritten=frozenset({"scheme:postgres>postgresql"}))
    found = dsn.parse(known)
    assert found is not None
    assert found.scheme is not None
    assert (found.scheme.text, found.rewritten) == ("postgresql", frozenset())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see postgres://u@h/d.", "postgres://u@h/d"),
        ("see postgres://u@h/d...", "postgres://u@h/d"),
        ("(postgres://u@h/d),", "postgres://u@h/d"),
        ("postgres://u:(p)@h/(d)", "postgres://u:(p)@h/(d)"),
        ("(postgres://u@h/(d))", "postgres://u@h/(d)"),
        ("[postgres://u@h/d]", "postgres://u@h/d"),
        ("{postgres://u@h/d}", "postgres://u@h/d"),
        ("**postgres://u@h/d**", "postgres://u@h/d"),
        ("postgres://u@h/{d}", "postgres://u@h/{d}"),
        ("postgres://u@h/[D B]", "postgres://u@h/[D B]"),
        ("postgres://u:${P W}@h/d x", "postgres://u:${P W}@h/d"),
        ("'postgres://u@h/d'", "postgres://u@h/d"),
    ],
)
def test_find_leaves_punctuation_out(text: str, expected: str) -> None:
    assert [text[start:end] for start, end in dsn.find(text)] == [expected]
