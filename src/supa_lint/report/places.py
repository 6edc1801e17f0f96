"""Where a span is, as people and tools count, and the source line it stands on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from supa_lint.model import MASK, Span
from supa_lint.report import Report
from supa_lint.report.text import (
    Edit,
    assigned_secrets,
    carry,
    commands,
    controls,
    random_words,
    secrets,
)
from supa_lint.source import File

_NEAR = 4_000
"""How many bytes of a line around a span are looked at: some files are one endless line."""
_TAB = "    "


@dataclass(frozen=True, slots=True)
class Region:
    """A span in 1-based lines and columns. `end_column` is the column after the last character."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Quote:
    """A source line, fit to be shown. `text[start:end]` is what the span covers on it."""

    line: int
    text: str
    start: int
    end: int


def locate(report: Report, span: Span, *, utf16: bool = False) -> Region:
    """Where `span` is, with columns in characters (or UTF-16 code units).

    A file the report does not hold is pointed at as a whole: line 1, column 1.
    """
    file = report.files.get(span.path)
    if file is None:
        return Region(1, 1, 1, 1)
    start, end = _clamp(file, span)
    return Region(*_point(file, start, utf16), *_point(file, end, utf16))


def locate_first_line(report: Report, span: Span, *, utf16: bool = False) -> Region:
    """As `locate`, cut to the line the span begins on."""
    region = locate(report, span, utf16=utf16)
    if region.end_line == region.line:
        return region
    file = report.files[span.path]
    _, last = _point(file, _line_bounds(file, region.line)[1], utf16)
    return replace(region, end_line=region.line, end_column=last)


def quote(report: Report, span: Span, width: int) -> Quote | None:
    """The line `span` begins on, masked and cleaned, cut to `width` characters around the span.

    None when the report does not hold the file.
    """
    file = report.files.get(span.path)
    if file is None:
        return None
    start, end = _clamp(file, span)
    line = file.line_of(start)
    first, last = _line_bounds(file, line)
    start = min(max(start, first), last)
    low, high = max(first, start - _NEAR), min(last, start + _NEAR)
    window = file.data[low:high]

    def index(offset: int) -> int:
        return len(window[: max(offset - low, 0)].decode("utf-8", "surrogateescape"))

    stretches = report.secrets_in(span.path, low, high)
    known: list[Edit] = [(index(begin), index(stop), MASK) for begin, stop in stretches]
    text = window.decode("utf-8", "surrogateescape")
    at = carry(text, known, index(start), index(min(end, high)))
    at = carry(at[0], controls(at[0], tab=_TAB), *at[1:])
    for stage in (commands, secrets, assigned_secrets, random_words):
        at = carry(at[0], stage(at[0]), *at[1:])
    return Quote(line, *_cut(*at, width))


def _cut(text: str, start: int, end: int, width: int) -> tuple[str, int, int]:
    """`text` cut to `width` characters: its beginning if the stretch is seen there, else around."""
    text = text.rstrip()
    start, end = min(start, len(text)), min(end, len(text))
    if len(text) <= width:
        return text, start, end
    room = max(width - 2, 1)  # for both ellipses
    low = 0
    if end > room:
        low = min(max(0, (start + min(end, start + room) - room) // 2), len(text) - room)
    high = low + room
    before, after = "…" if low else "", "…" if high < len(text) else ""
    shift = len(before) - low
    cut = before + text[low:high] + after
    return cut, start + shift, min(end + shift, len(before) + room)


def _clamp(file: File, span: Span) -> tuple[int, int]:
    start = min(max(span.start, 0), len(file.data))
    return start, min(max(span.end, start), len(file.data))


def _line_bounds(file: File, line: int) -> tuple[int, int]:
    """Byte offsets of the line's first character and of its end, without line end and BOM."""
    first = file.body if line == 1 else file.line_starts[line - 1]
    return first, first + len(file.line_bytes(line))


def _point(file: File, offset: int, utf16: bool) -> tuple[int, int]:
    line = file.line_of(offset)
    # A line end has no columns of its own.
    return line, file.column_of(min(offset, _line_bounds(file, line)[1]), utf16=utf16)
