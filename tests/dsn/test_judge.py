"""What can be said of a DSN by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from supa_lint import dsn
from supa_lint.dsn import judge
from supa_lint.model import HOLE, MASK, Dsn, Endpoint, Hole, Span, Text
from supa_lint.raw import Raw, Segment

REF = "qzxwvutsrponmlkjihgf"
POOLER = "aws-0-eu-west-1.pooler.supabase.com"
SHARED = Endpoint("shared-pooler")
DIRECT = Endpoint("direct", ref=REF)


def parse(text: str, *holes: Hole) -> Dsn:
    found = dsn.parse(Raw(text, Span("f", 0, len(text)), holes, (Segment(0, len(text), 0),)))
    assert found is not None
    return found


def text(written: str) -> Text:
    return Text(written, Span("f", 0, len(written)))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (f"postgresql://postgres.{REF}:kX7vQ2mZp9wL@{POOLER}:6543/postgres", False),
        (f"postgresql://postgres.{REF}:[YOUR-PASSWORD]@{POOLER}:6543/postgres", True),
        (f"postgresql://postgres.your-project-ref:kX7vQ2mZp9wL@{POOLER}:6543/postgres", True),
        (f"postgresql://<user>:kX7vQ2mZp9wL@{POOLER}:6543/postgres", True),
        ("postgresql://postgres:kX7vQ2mZp9wL@db.[PROJECT-REF].supabase.co/postgres", True),
        (f"postgresql://postgres:kX7vQ2mZp9wL@db.{REF}.supabase.co/your-database", False),
        ("postgresql://", False),
    ],
)
def test_a_word_to_be_replaced(written: str, expected: bool) -> None:
    assert judge.has_placeholder(parse(written)) is expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("postgresql://u:p@h:5432/d", None),
        ("postgresql://u:p@h/d", None),
        ("postgresql://u:p@h:1/d", None),
        ("postgresql://u:p@h:65535/d", None),
        ("postgresql://u:p@h:65536/d", "port"),
        ("postgresql://u:p@h:0/d", "port"),
        ("postgresql://u:p@h:6543000001/d", "port"),
        ("postgresql://u:p@h:${PORT}/d", None),
        ("postgresql://u:p@h:[YOUR-PORT]/d", None),
        ("postgresql://u:p@h:port/d", "port"),
        ("jdbc:postgresql://h:port/d", "port"),
        ("postgresql:///d", "host"),
        ("postgresql:///d?host=/var/run/postgresql", None),
        ("postgresql://my user:p@h/d", "space"),
        ("postgresql://u:p@h/my database", None),  # the words to be replaced may hold one
        ("postgresql://u:p@h/a b", "space"),
        ("postgresql://u:p@h/ab", None),
        ("host=h port=port user=u", None),
    ],
)
def test_why_nobody_can_read_it(written: str, expected: str | None) -> None:
    error = judge.error(parse(written))
    assert (error is None) if expected is None else (error is not None and expected in error)


def test_what_code_rewrites_may_come_right() -> None:
    found = parse("postgresql://u:p@h:port/d")
    assert judge.error(found) is not None
    assert judge.error(replace(found, rewritten=frozenset({"port"}))) is None


def test_a_host_without_a_scheme_may_be_missing() -> None:
    found = replace(parse("postgresql:///d"), scheme=None)
    assert judge.error(found) is None


def test_the_ref_of_a_pooler_stands_after_the_last_dot_of_the_user() -> None:
    assert judge.ref_of(parse(f"postgres://postgres.{REF}:p@{POOLER}/d"), SHARED) == Text(
        REF, Span("f", 11, 11 + 9 + len(REF))
    )
    found = judge.ref_of(parse(f"postgres://my.own.{REF}:p@{POOLER}/d"), SHARED)
    assert found is not None
    assert found.text == REF
    assert judge.ref_of(parse(f"postgres://postgres:p@{POOLER}/d"), SHARED) is None
    assert judge.ref_of(parse(f"postgres://{POOLER}/d"), SHARED) is None


def test_the_ref_keeps_its_own_holes() -> None:
    role, ref = Hole(variable="ROLE"), Hole(variable="REF")
    found = judge.ref_of(parse(f"postgres://{HOLE}.{HOLE}:p@{POOLER}/d", role, ref), SHARED)
    assert found is not None
    assert (found.text, found.holes) == (HOLE, (ref,))


def test_elsewhere_the_host_names_the_project() -> None:
    found = parse(f"postgres://postgres.other:p@db.{REF}.supabase.co/d")
    assert found.host is not None
    assert judge.ref_of(found, DIRECT) == Text(REF, found.host.span)
    assert judge.ref_of(found, Endpoint("other")) is None
    assert judge.ref_of(replace(found, host=None), DIRECT) is None


@pytest.mark.parametrize(
    ("ref", "shape"),
    [
        (REF, "project"),
        (f"{REF}-rr-eu-west-2-abcde", "project"),
        (REF[:19], "other"),
        (f"{REF}a", "other"),
        (REF.upper(), "other"),
        ("a" * 20, "placeholder"),
        (HOLE, "unknown"),
        (f"a{HOLE}", "unknown"),
        (MASK, "unknown"),
        ("xx", "placeholder"),
        ("zzzz", "placeholder"),
        ("zzz", "other"),
        ("project1", "placeholder"),
        ("my-own", "placeholder"),
        ("acme-dev", "placeholder"),
        ("[PROJECT-REF]", "placeholder"),
        ("your-project-ref", "placeholder"),
        ("kqzvw", "other"),
    ],
)
def test_shape_of_a_ref(ref: str, shape: str) -> None:
    assert judge.ref_shape(text(ref)) == shape


def test_misspelt() -> None:
    table = {"sslmod": "sslmode", "sslmode=required": "sslmode=require", "ssl=off": "ssl=disable"}
    found = judge.misspelt(parse("postgres://u@h/d?a=b&sslmode=required&sslmod=x"), table)
    assert found is not None
    assert (found[0].name, found[0].value.text, found[1]) == (
        "sslmode",
        "required",
        "sslmode=require",
    )
    found = judge.misspelt(parse("postgres://u@h/d?sslmod=require"), table)
    assert found is not None
    assert found[1] == "sslmode"
    assert judge.misspelt(parse("postgres://u@h/d?sslmode=require&ssl=on"), table) is None
    assert judge.misspelt(parse("postgres://u@h/d"), table) is None
