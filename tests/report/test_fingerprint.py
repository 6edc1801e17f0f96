from __future__ import annotations

import pytest

from report.samples import CANARY, DSN, file
from supa_lint.report.fingerprint import line_hashes, name_on, own


@pytest.mark.parametrize(
    ("text", "hashes"),
    [
        ("A=1\n", ("fa6ac0a1a028f8c4:1", "c129715d7a2bc9a3:1")),
        (
            "\ufeffA=1\r\nB=2\r\n",
            ("8f213128eb28922e:1", "17897b56794993c6:1", "c129715d7a2bc9a3:1"),
        ),
    ],
)
def test_line_hashes_are_githubs(text: str, hashes: tuple[str, ...]) -> None:
    assert line_hashes(file(".env", text)) == hashes


def test_blanks_do_not_count_and_equal_lines_are_numbered() -> None:
    plain, spaced = (file(".env", text) for text in ("A=1\nB=2\n", " A = 1\t\r\nB=2 \r\n"))
    assert line_hashes(plain) == line_hashes(spaced)
    same = line_hashes(file(".env", ("A=1\n" + "#" * 120 + "\n") * 2))
    assert same[0].endswith(":1")
    assert same[2] == same[0].replace(":1", ":2")


@pytest.mark.parametrize(
    "text", ["", "A", "A\n", "\n\n", "a\r\r\n\r \nb", " \n ", "\ufeff", "é\r🐘"]
)
def test_there_is_one_hash_per_line(text: str) -> None:
    source = file("x", text)
    assert len(line_hashes(source)) == len(source.line_starts)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("DATABASE_URL=postgres://h", "DATABASE_URL"),
        ('  "database.url" : 1', "database.url"),
        ("export PG-URL='x'", "PG-URL"),
        ("- name: x", "name"),
        ("pool = connect()", "pool"),
        ("connect(url)", ""),
        ("", ""),
    ],
)
def test_name_on(line: str, name: str) -> None:
    assert name_on(line) == name


def test_own_differs_by_each_of_its_parts() -> None:
    keys = [("r", "p", "n", 1), ("s", "p", "n", 1), ("r", "q", "n", 1), ("r", "p", "m", 1)]
    assert len({own(*key) for key in [*keys, ("r", "p", "n", 2)]}) == 5
    assert own("r", "dir/\udcff", "n", 1) != own("r", "dir/\udcfe", "n", 1)
    assert CANARY not in own("r", DSN, "n", 1)
