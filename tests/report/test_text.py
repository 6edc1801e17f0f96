from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.samples import CANARY
from supa_lint.report.text import apply, assigned_secrets, carry, clean, clean_lines

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoieCJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain é 🐘 text", "plain é 🐘 text"),
        ("two\r\nlines\tand a tab", "two lines and a tab"),
        ("a\u2028b\x85c", "a b c"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]8;;https://x.example\x1b\\link\x1b]8;;\x07", "link"),
        ("\x1b\x1b[0m[2Jx\x1b", "[2Jx"),
        ("nul\0 bell\a bs\b del\x7f", "nul bell bs del"),
        ("right\u202eto left\u2066", "rightto left"),
        ("byte \udcff", "byte \ufffd"),
        ("::error file=x::pwned", ": :error file=x::pwned"),
        ("text ::set-output name=a::b", "text : :set-output name=a::b"),
        (":\x1b[0m:warning::x", ": :warning::x"),
        ("sqlx::postgres::PgPool, ::1", "sqlx::postgres::PgPool, ::1"),
        ("##vso[task.complete]", "## vso[task.complete]"),
        ("##\0[error]x", "## [error]x"),
        ("## a heading [x]", "## a heading [x]"),
    ],
)
def test_clean_takes_out_what_drives_a_terminal_or_a_runner(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (f"postgres://u:{CANARY}@h:5432/d", "postgres://u:***@h:5432/d"),
        (f"postgres://:{CANARY}@h", "postgres://:***@h"),
        (f"postgres://u:{CANARY}@x/y:z@h/d", "postgres://u:***@h/d"),
        (f"postgres://u:a '{CANARY}@h:1", "postgres://u:***@h:1"),
        (f"postgres://u:a'{CANARY}@h", "postgres://u:***@h"),
        (f"postgres://u:two {CANARY}@h/", "postgres://u:***@h/"),
        (f"p://u:***@h,p://v:{CANARY}@h", "p://u:***@h,p://v:***@h"),
        (f"p://u:[{CANARY}]@h", "p://u:***@h"),
        (f"***>{CANARY}@h/x", "***@h/x"),
        (f"***&a@{CANARY}@h/x", "***@h/x"),
        ("p://u:***@h/d?x=a@b", "p://u:***@h/d?x=a@b"),
        (f'Bearer {JWT}"', 'Bearer ***"'),
        ("sb_secret_Zk3vQ8mB2x", "sb_secret_***"),
        ("sbp_0a1b2c3d4e5f", "sbp_***"),
    ],
)
def test_clean_masks_what_looks_like_a_secret(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "postgres://u:[YOUR-PASSWORD]@h",
        "postgres://u:<password>@h",
        "postgres://u:$PGPASSWORD@h",
        "postgres://u:${DB_PASSWORD}@h",
        "postgres://u:${{ secrets.PASSWORD }}@h",
        "postgres://h:6543/d",
        'https://h:443", "mail": "me@example.com/x"',
        "the secret: keep it",
    ],
)
def test_clean_leaves_placeholders_and_prose(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (f"PGPASSWORD={CANARY}", "PGPASSWORD=***"),
        (f'"password": "{CANARY} x",', '"password": "***",'),
        (f"password => '{CANARY}'", "password => '***'"),
        (f"API_KEY_OLD: {CANARY}", "API_KEY_OLD: ***"),
        ("Password=***;Port=6543", "Password=***;Port=6543"),
        (f"Password=***{CANARY};Port=6543", "Password=***"),
        ("password: str = Field()", "password: str = Field()"),
        ('password=os.environ["PGPASSWORD"],', 'password=os.environ["PGPASSWORD"],'),
        ("POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}", "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}"),
        ("port=6543", "port=6543"),
    ],
)
def test_a_source_line_shows_nothing_that_is_given_to_a_secret_name(line: str, masked: str) -> None:
    assert apply(line, assigned_secrets(line)) == masked


def test_clean_lines_keeps_lines_and_indentation() -> None:
    assert clean_lines("a\x1b[0m\n\n\tcode\r\n  ##[x]\n") == "a\n\n    code\n  ## [x]"


@given(st.text() | st.text("\x1b[]:#@/ \\eyJpost37m;\x9b\x9c\n\t"))
def test_clean_makes_any_text_one_line_without_controls(text: str) -> None:
    cleaned = clean(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", cleaned)
    assert "##[" not in cleaned
    cleaned.encode()


@pytest.mark.parametrize("unit", ["://a:", "eyJ", "password=", "\x1b]", "::a ", "-", "'", "\x1b["])
def test_clean_is_quick_on_hostile_text(unit: str) -> None:
    # A pattern with catastrophic backtracking would not come back.
    text = unit * (8_000 // len(unit))
    assert apply(text, assigned_secrets(text)) is not None
    assert clean(text) is not None


def test_a_stretch_inside_an_edit_grows_to_the_replacement() -> None:
    text, start, end = carry("abc secret xyz", [(0, 3, ""), (4, 10, "***")], 6, 8)
    assert (text, text[start:end]) == (" *** xyz", "***")
    text, start, end = carry("abc secret xyz", [(0, 3, ""), (4, 10, "***")], 11, 14)
    assert text[start:end] == "xyz"
