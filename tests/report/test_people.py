"""The two formats people read: full and concise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from report.samples import everyday, finding, nasty, one, report
from supa_lint.model import Note, Span
from supa_lint.report import Report, render
from supa_lint.report.full import cells, wrap


def test_full() -> None:
    assert (
        render(everyday(), "full")
        == """\
app/db.py:3:8: error prepared-statements-in-transaction-mode
  asyncpg prepares statements by name, but DATABASE_URL goes through the shared pooler in
  transaction mode.
    |
  3 | pool = asyncpg.create_pool(url)
    |        ^^^^^^^^^^^^^^^^^^^^^^^^
  apps/web/.env:2:107: port 6543 is transaction mode
  help: Pass the option:

            asyncpg.create_pool(url, statement_cache_size=0)
  more: supa-lint explain prepared-statements-in-transaction-mode

apps/web/.env:2:57: error committed-password
  The password is in git.
    |
  2 | DATABASE_URL=postgresql://postgres.qzxwvutsrponmlkjihgf:***@aws-0-eu-west-1.pooler.supabase.…
    |                                                         ^^^
  help: Do that.
  more: supa-lint explain committed-password

Found 2 errors in 12 files.
"""
    )


def test_concise() -> None:
    assert (
        render(everyday(), "concise")
        == """\
app/db.py:3:8: error[prepared-statements-in-transaction-mode] asyncpg prepares statements by name,\
 but DATABASE_URL goes through the shared pooler in transaction mode.
apps/web/.env:2:57: error[committed-password] The password is in git.
Found 2 errors in 12 files.
"""
    )


def test_full_fits_a_hundred_columns() -> None:
    findings = render(nasty(), "full").splitlines()[:-1]
    assert [line for line in findings if cells(line) > 100] == []
    assert max(map(cells, findings)) > 80


def test_the_caret_stands_under_wide_characters() -> None:
    about, _ = one("A=漢🐘é = x\n", "é =")
    lines = render(about, "full").splitlines()
    assert lines[3:5] == ["  1 | A=漢🐘é = x", "    |       ^^^"]


def test_an_empty_span_has_one_caret() -> None:
    about, at = one("A=\n", "A=")
    found = finding("committed-password", Span(at.path, at.end, at.end))
    assert "    |   ^\n" in render(replace(about, findings=(found,)), "full")


def test_a_finding_without_its_file_has_no_source_line() -> None:
    text = render(report(finding("missing-sslmode", Span("gone.py", 5, 9))), "full")
    assert text.startswith("gone.py:1:1: warning missing-sslmode\n  This fails.\n  help: Do that.")


def test_wrap_joins_prose_and_leaves_code() -> None:
    text = "A sentence that\ngoes on.\n\n    code  here\n    more\nThen:\n- one\n  two\n- three"
    assert wrap(text) == [
        "  A sentence that goes on.",
        "",
        "      code  here",
        "      more",
        "  Then:",
        "  - one",
        "    two",
        "  - three",
    ]
    assert wrap("") == [""]


CLEAN = replace(report(), checked=1)


@pytest.mark.parametrize("format", ["full", "concise"])
@pytest.mark.parametrize(
    ("about", "closing"),
    [
        (CLEAN, "No findings in 1 file."),
        (
            replace(CLEAN, checked=0),
            "No findings in 0 files.\nNo file here names a Supabase database. If the connection strings are kept"
            " elsewhere, say\nunder [variables] what the variables hold, or check the values with --environ NAME.",
        ),
        (replace(CLEAN, suppressed=1), "No findings in 1 file (1 suppressed)."),
        (replace(CLEAN, withheld=1), "No findings in 1 file (1 note only with --pedantic)."),
        (
            replace(CLEAN, notes=(Note("a.yaml", "not YAML"), Note("a.yaml", "again"))),
            "a.yaml: not YAML\na.yaml: again\nNo findings in 1 file (1 file not read).",
        ),
        (
            nasty(),
            "Found 5 errors, 3 warnings and 1 note in 12 files"
            " (1 suppressed, 2 notes only with --pedantic, 2 files not read).",
        ),
    ],
)
def test_the_closing_line_counts(format: str, about: Report, closing: str) -> None:
    assert render(about, format).endswith(f"{closing}\n")
