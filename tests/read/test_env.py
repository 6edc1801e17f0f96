from __future__ import annotations

from io import StringIO

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.model import HOLE, Facts, PasswordKind, Setting
from supa_lint.read import env
from supa_lint.source import File

DSN = "postgresql://postgres:Tr0ub4dour-xk@db.qzxwvutsrponmlkjihgf.supabase.co:5432/postgres"
BOM = b"\xef\xbb\xbf"


def read(content: str | bytes) -> tuple[File, Facts]:
    file = File(".env", content.encode() if isinstance(content, str) else content)
    return file, env.read(file)


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


def only(facts: Facts) -> Setting:
    (setting,) = facts.settings
    return setting


@pytest.mark.parametrize(
    ("line", "whole", "value"),
    [
        (f"DB={DSN}", f"DB={DSN}", DSN),
        (f"export DB={DSN}", f"DB={DSN}", DSN),
        (f"  DB = {DSN}  ", f"DB = {DSN}", DSN),
        (f'DB="{DSN}"', f'DB="{DSN}"', DSN),
        (f"DB='{DSN}' # why", f"DB='{DSN}'", DSN),
        (f"'DB'={DSN}", f"'DB'={DSN}", DSN),
        (f"DB={DSN} # why", f"DB={DSN}", DSN),
        (f"DB={DSN}#x", f"DB={DSN}#x", f"{DSN}#x"),
        ("DB=", "DB=", ""),
        ("DB=  # why", "DB=", ""),
        ("DB=\t", "DB=", ""),
        ('DB=""', 'DB=""', ""),
    ],
)
def test_a_setting_and_its_places(line: str, whole: str, value: str) -> None:
    for before, end_of_line in ((b"", "\n"), (BOM, "\r\n"), ("# é\r".encode(), "\r"), (b"", "")):
        file, facts = read(before + f"{line}{end_of_line}".encode())
        setting = only(facts)
        assert (setting.name, setting.exported, setting.container) == ("DB", True, "")
        assert at(file, setting) == whole
        assert at(file, setting.value) == value
        assert not facts.mentions


def test_parts_have_exact_places_also_after_other_characters() -> None:
    file, facts = read(f"NAME=é\nDB='{DSN}'\n")
    dsn = facts.settings[1].value.dsn
    assert dsn is not None
    assert dsn.host is not None
    assert at(file, dsn.host) == "db.qzxwvutsrponmlkjihgf.supabase.co"
    assert dsn.password.kind is PasswordKind.LITERAL
    assert at(file, dsn.password) == "Tr0ub4dour-xk"


def test_an_escape_leaves_only_the_place_of_the_whole() -> None:
    written = DSN.replace("xk", r"\"xk")
    file, facts = read(f'DB="{written}"')
    dsn = only(facts).value.dsn
    assert dsn is not None
    assert at(file, dsn) == written
    assert at(file, dsn.password) == written
    assert [file.data[s.start : s.end].decode() for s in facts.secrets] == [written]


def test_a_value_of_several_lines() -> None:
    file, facts = read('KEY="one\ntwo"\nPORT=6543\n')
    assert [s.name for s in facts.settings] == ["KEY", "PORT"]
    assert at(file, facts.settings[0].value) == "one\ntwo"
    assert at(file, facts.settings[1].value) == "6543"


def test_the_last_of_a_name_counts_and_an_earlier_dsn_is_a_mention() -> None:
    file, facts = read(f"DB={DSN}\nA=1\nDB=postgres://localhost/x\n")
    assert [s.name for s in facts.settings] == ["A", "DB"]
    assert at(file, facts.settings[1].value) == "postgres://localhost/x"
    assert [(at(file, m.dsn), m.comment) for m in facts.mentions] == [(DSN, False)]


@pytest.mark.parametrize(
    ("line", "comment"),
    [
        (f"# DB={DSN}", True),
        (f"A=1 # {DSN}", True),
        (f"use {DSN} here", False),
        (f"DB: {DSN}", False),
        (f"set DB={DSN}", False),
        (f'$env:DB = "{DSN}"', False),
        (f"{DSN}?sslmode=require", False),
        (f'A="psql {DSN}"', False),
        (f'A="{DSN}" x', False),
    ],
)
def test_other_lines_with_a_dsn_are_mentions(line: str, comment: bool) -> None:
    file, facts = read(f"{line}\nB=2\n")
    assert [(at(file, m.dsn).partition("?")[0], m.comment) for m in facts.mentions] == [
        (DSN, comment)
    ]
    assert {s.name for s in facts.settings} <= {"A", "B"}
    assert "Tr0ub4dour" not in repr(facts)


def test_interpolation_makes_holes() -> None:
    file, facts = read(f"A=${{B}}\nC=${{D:-{DSN}}}\nE='${{F}}'\nHOST=$G\n")
    a, c, e, _ = facts.settings
    assert [a.value.text, a.value.holes[0].variable] == [HOLE, "B"]
    default = c.value.holes[0].default
    assert default is not None
    assert default.dsn is not None
    assert at(file, default) == DSN
    assert e.value.holes[0].variable == "F"
    assert not facts.mentions


def test_unfinished_quotes_and_bare_names_are_no_settings() -> None:
    _, facts = read("A=\"x\nB\nC='y\nD=1\n")
    assert [s.name for s in facts.settings] == ["D"]


def test_bytes_that_are_no_text() -> None:
    file, facts = read(b"A=\xff\xfe\nDB=postgres://u:p\xff@db.qzxwvutsrponmlkjihgf.supabase.co/x\n")
    dsn = facts.settings[1].value.dsn
    assert dsn is not None
    assert dsn.host is not None
    assert at(file, dsn.host) == "db.qzxwvutsrponmlkjihgf.supabase.co"


def test_utf16_is_noted() -> None:
    _, facts = read(f"DB={DSN}".encode("utf-16"))
    assert not facts.settings
    assert facts.notes


def test_very_long_blanks_are_left_to_the_text_reader() -> None:
    file, facts = read(f"DB={DSN}{' ' * 100_000}#")
    assert [at(file, m.dsn) for m in facts.mentions] == [DSN]
    assert facts.notes


PIECES = st.sampled_from(
    [
        *("A", "B_1", "export ", "=", " = ", "#", " # ", "'", '"', "\\", "\\n", "${A}", "${A:-x}"),
        *("\n", "\r\n", "\r", "\t", " ", "é", "😀", "\ufeff", "\x85", "\u2028", HOLE, DSN, ": "),
    ]
)
LINES = st.lists(PIECES | st.text(max_size=3)).map("".join)


@given(LINES)
def test_it_reads_what_python_dotenv_reads(content: str) -> None:
    content = content.encode("utf-8", "replace").decode()
    file, facts = read(content)
    wanted = dotenv_values(stream=StringIO(content.removeprefix("\ufeff")), interpolate=False)
    for setting in facts.settings:
        value = wanted[setting.name]
        assert value is not None
        span = setting.value.span
        written = file.data[span.start : span.end].decode()
        assert setting.span.start < span.start <= span.end <= setting.span.end
        assert written == value or "\\" in written
    names = {n for n, v in wanted.items() if v is not None and n.isascii() and n.isidentifier()}
    assert names <= {setting.name for setting in facts.settings}


@given(LINES.map(lambda s: s.encode("utf-8", "replace")) | st.binary())
def test_any_bytes(content: bytes) -> None:
    file, facts = read(content)
    spans = [s.span for s in facts.settings] + [m.dsn.span for m in facts.mentions]
    for span in (*spans, *facts.secrets):
        assert 0 <= span.start <= span.end <= len(file.data)
