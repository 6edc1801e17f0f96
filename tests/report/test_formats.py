"""What holds for every format."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from report.samples import CANARY, everyday, nasty, report
from supa_lint.report import FOR_PEOPLE, FORMATS, render

every_format = pytest.mark.parametrize("format", FORMATS)


@every_format
def test_no_secret_leaves(format: str) -> None:
    assert CANARY not in render(everyday(), format)
    assert CANARY not in render(nasty(), format)


@every_format
def test_no_control_character_leaves(format: str) -> None:
    text = render(nasty(), format)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]", text)
    assert "\\u001b" not in text
    text.encode()


@every_format
def test_scanned_text_gives_no_orders(format: str) -> None:
    text = render(nasty(), format)
    assert "##vso[" not in text
    assert "pwned" in text
    orders = re.findall(r"^\s*(::.*?)[ :].*", text, re.MULTILINE)
    assert (format == "github") == bool(orders)
    assert len(orders) == (len(nasty().findings) + len(nasty().notes) if orders else 0)


@every_format
def test_a_clean_run_is_a_report_too(format: str) -> None:
    text = render(report(), format)
    assert (text == "") == (format == "github")
    assert text == "" or text.endswith("\n")


def test_colour_is_for_people_only() -> None:
    for format in FORMATS:
        colored = render(everyday(), format, color=True)
        assert ("\x1b[" in colored) == (format in FOR_PEOPLE)
        assert re.sub(r"\x1b\[[\d;]+m", "", colored) == render(everyday(), format)


def test_a_format_that_does_not_exist() -> None:
    with pytest.raises(KeyError):
        render(report(), "xml")


def test_formats_are_imported_late() -> None:
    code = "import supa_lint.report, sys; print([m for m in sys.modules if 'report.' in m])"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "[]\n"
