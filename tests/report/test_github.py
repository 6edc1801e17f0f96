from __future__ import annotations

import re
from dataclasses import replace

from report.samples import finding, nasty, one, report
from supa_lint.model import Note, Span
from supa_lint.report import render


def test_a_finding_is_one_command() -> None:
    about, _ = one("A=🐘 1\n", "1", message="100% wrong: a,b", help="Do x\n\n    y")
    assert render(about, "github") == (
        "::error file=.env,line=1,endLine=1,col=5,endColumn=6,title=supa-lint (committed-password)"
        "::100%25 wrong: a,b%0ADo x%0A%0A    y\n"
    )


def test_properties_are_escaped_and_a_finding_stays_on_its_first_line() -> None:
    line = render(nasty(), "github").splitlines()[4]
    assert line.startswith("::warning file=a%3Ab%2Cc%25d.yaml,line=2,endLine=2,col=3,endColumn=13,")


def test_info_and_notes_are_notices() -> None:
    about = report(finding("unverified-tls", Span("gone", 1, 2)))
    about = replace(about, notes=(Note("x.yaml", "not YAML"),))
    first, second = render(about, "github").splitlines()
    assert first.startswith("::notice file=gone,line=1,endLine=1,col=1,endColumn=1,title=")
    assert second == "::notice file=x.yaml,title=supa-lint::not YAML"


def test_every_line_is_a_whole_command() -> None:
    command = re.compile(r"::(error|warning|notice) (\w+=[^:,\r\n]*,?)+::[^\r\n]+")
    lines = render(nasty(), "github").splitlines()
    assert len(lines) == 11
    assert all(command.fullmatch(line) for line in lines)
