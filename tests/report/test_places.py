from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.samples import CANARY, DSN, file, one, report, span
from supa_lint.model import Span
from supa_lint.report.places import Region, locate, locate_first_line, quote


@pytest.mark.parametrize(
    ("text", "needle", "characters", "utf16"),
    [
        ("A=1\nB=2\n", "2", Region(2, 3, 2, 4), Region(2, 3, 2, 4)),
        ("A=1\r\nB=2\r\n", "2", Region(2, 3, 2, 4), Region(2, 3, 2, 4)),
        ("A=1\rB=2", "2", Region(2, 3, 2, 4), Region(2, 3, 2, 4)),
        ("\ufeffA=1\n", "A", Region(1, 1, 1, 2), Region(1, 1, 1, 2)),
        ("\tA=1\n", "A", Region(1, 2, 1, 3), Region(1, 2, 1, 3)),
        ("é🐘=1\n", "=1", Region(1, 3, 1, 5), Region(1, 4, 1, 6)),
        ("A: |\n  one🐘\n  two\n", "one🐘\n  two", Region(2, 3, 3, 6), Region(2, 3, 3, 6)),
        ("A=1\r\nB", "1\r\n", Region(1, 3, 2, 1), Region(1, 3, 2, 1)),
        ("A=1\r\nB", "1\r", Region(1, 3, 1, 4), Region(1, 3, 1, 4)),
    ],
)
def test_locate(text: str, needle: str, characters: Region, utf16: Region) -> None:
    about, at = one(text.encode(), needle)
    assert locate(about, at) == characters
    assert locate(about, at, utf16=True) == utf16


def test_locate_first_line_ends_where_the_line_ends() -> None:
    about, at = one("A: |\r\n  one🐘\r\n  two\r\n", "one🐘\r\n  two")
    assert locate_first_line(about, at) == Region(2, 3, 2, 7)
    assert locate_first_line(about, at, utf16=True) == Region(2, 3, 2, 8)


def test_a_file_that_is_not_there_is_pointed_at_as_a_whole() -> None:
    at = Span("gone.env", 40, 50)
    assert locate(report(), at) == locate_first_line(report(), at) == Region(1, 1, 1, 1)
    assert quote(report(), at, 80) is None


def test_a_span_past_the_end_points_at_the_end() -> None:
    about, _ = one("A=1\nB=2", "A")
    assert locate(about, Span(".env", 5, 99)) == Region(2, 2, 2, 4)
    assert locate(about, Span(".env", 90, 99)) == Region(2, 4, 2, 4)


def quoted(text: str | bytes, needle: str | bytes, width: int = 100) -> tuple[str, str]:
    about, at = one(text, needle)
    shown = quote(about, at, width)
    assert shown is not None
    return shown.text, shown.text[shown.start : shown.end]


def test_quote_masks_secrets_and_keeps_its_place() -> None:
    masked = DSN.replace(CANARY, "***")
    assert quoted(f"URL={DSN}\n", CANARY) == (f"URL={masked}", "***")
    assert quoted(f"URL={DSN}\n", "6543") == (f"URL={masked}", "6543")
    assert quoted(f"URL={DSN}\n", CANARY[3:6]) == (f"URL={masked}", "***")
    assert quoted(f"URL={DSN}\n", DSN) == (f"URL={masked}", masked)


def test_quote_masks_a_secret_of_several_lines() -> None:
    source = file("k.yaml", "key: |\n  first\n  second # x\n")
    secret = span(source, "first\n  second")
    about = report(files=(source,), secrets=(secret, Span("k.yaml", 9, 12)))
    shown = [quote(about, Span("k.yaml", at, at), 80) for at in (secret.start, secret.end)]
    assert [one and one.text for one in shown] == ["  ***", "*** # x"]


@pytest.mark.parametrize(
    ("text", "needle", "shown"),
    [
        ("\tA=1\r\n", "1", ("    A=1", "1")),
        ("\ufeffA=1", "A", ("A=1", "A")),
        ("A=\x1b[31m1\x1b[0m # ::error::x", "1\x1b", ("A=1 # : :error::x", "1")),
        (b"A=\xff\xfe1", "1", ("A=\ufffd\ufffd1", "1")),
        ("one\ntwo\n", "ne\ntw", ("one", "ne")),
        (f"# PGPASSWORD={'x' * 9} u", "u", ("# PGPASSWORD=*** u", "u")),
    ],
)
def test_quote_is_fit_to_print(text: str | bytes, needle: str, shown: tuple[str, str]) -> None:
    assert quoted(text, needle) == shown


def test_quote_cuts_a_long_line() -> None:
    assert quoted("A=" + "b" * 50, "A", 20) == ("A=bbbbbbbbbbbbbbbb…", "A")
    assert quoted("b" * 50 + "A", "A", 20) == ("…" + "b" * 17 + "A", "A")
    text, stretch = quoted("b" * 50 + "CAD" + "e" * 50, "CAD", 20)
    assert (len(text), stretch) == (20, "CAD")
    assert text.startswith("…b")
    assert text.endswith("e…")
    assert quoted("b" * 50 + "c" * 50, "c" * 50, 20)[1] == "c" * 18


def test_quote_of_one_endless_line_is_quick_and_exact() -> None:
    text, stretch = quoted("é🐘" * 300_000 + "HERE" + "é🐘" * 300_000, "HERE", 60)
    assert (len(text), stretch) == (60, "HERE")


@given(st.binary(max_size=60), st.integers(-3, 70), st.integers(-3, 70), st.integers(-3, 70))
def test_any_span_of_any_bytes_has_a_place(data: bytes, start: int, end: int, other: int) -> None:
    source = file("x", data)
    about = report(files=(source,), secrets=(Span("x", other, end), Span("x", start, other)))
    at = Span("x", start, end)
    region = locate(about, at)
    assert (1, 1) <= (region.line, region.column) <= (region.end_line, region.end_column)
    shown = quote(about, at, 30)
    assert shown is not None
    assert 0 <= shown.start <= shown.end <= len(shown.text) <= 30
