"""The format for people: each finding with its source line, the places involved and what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from unicodedata import combining, east_asian_width

from supa_lint.model import Finding
from supa_lint.report import Report
from supa_lint.report.places import locate, quote
from supa_lint.report.style import Style
from supa_lint.report.summary import closing
from supa_lint.report.text import clean, clean_lines

WIDTH = 100
"""Columns that messages, help and source lines keep to."""
_INDENT = "  "


def render(report: Report, *, color: bool = False) -> str:
    style = Style(color)
    blocks = ["\n".join(_finding(report, finding, style)) for finding in report.findings]
    blocks.append("\n".join(closing(report, style)))
    return "\n\n".join(blocks) + "\n"


def _finding(report: Report, finding: Finding, style: Style) -> Iterator[str]:
    region = locate(report, finding.span)
    path = style.bold(f"{clean(finding.span.path)}:{region.line}:{region.column}:")
    yield f"{path} {style.severity(finding.severity, finding.severity)} {style.bold(finding.rule)}"
    yield from wrap(finding.message)
    yield from _source(report, finding, style)
    for related in finding.related:
        region = locate(report, related.span)
        place = style.bold(f"{clean(related.span.path)}:{region.line}:{region.column}:")
        yield f"{_INDENT}{place} {clean(related.message)}"
    if finding.help:
        first, *rest = wrap(finding.help, hang=6)
        yield f"{_INDENT}{style.label('help:')} {first.lstrip()}"
        yield from rest
    yield f"{_INDENT}{style.dim(f'more: supa-lint explain {finding.rule}')}"


def _source(report: Report, finding: Finding, style: Style) -> Iterator[str]:
    """The source line between two gutter lines, with carets under the span."""
    number = str(locate(report, finding.span).line)
    bar, empty = style.dim("|"), " " * len(number)
    shown = quote(report, finding.span, WIDTH - len(f"{_INDENT}{number} | "))
    if shown is None:
        return
    carets = "^" * max(1, cells(shown.text[shown.start : shown.end]))
    before = " " * cells(shown.text[: shown.start])
    yield f"{_INDENT}{empty} {bar}"
    yield f"{_INDENT}{style.dim(number)} {bar} {shown.text}".rstrip()
    yield f"{_INDENT}{empty} {bar} {before}{style.severity(finding.severity, carets)}"


def wrap(text: str, *, hang: int = 0) -> list[str]:
    """`text` cleaned, indented and wrapped; at least one line.

    Lines are joined to paragraphs; indented lines (code) and list items begin a new line.
    """
    paragraphs: list[str] = []
    joins = False
    for line in clean_lines(text).splitlines():
        if joins and line and not line.startswith((" ", "- ", "* ")):
            paragraphs[-1] += " " + line
        else:
            paragraphs.append(line)
        joins = bool(line) and not line.startswith(" ")
    indent = _INDENT + " " * hang
    lines: list[str] = []
    for paragraph in paragraphs:
        lines += textwrap.wrap(
            paragraph,
            WIDTH,
            initial_indent=indent,
            subsequent_indent=indent + ("  " if paragraph.startswith(("-", "*")) else ""),
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return lines or [""]


def cells(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if combining(char) or char in "\u200c\u200d\ufe0f"
        else 2
        if east_asian_width(char) in "WF"
        else 1
        for char in text
    )
