"""Plain text: the reader for files of no known format, and what all readers of data do with text.

A reader finds where a text stands; `raw_at` takes it from the file, `seal` makes the holes that an
interpolation syntax leaves in it, and `mentions` finds the DSNs inside prose, comments and scripts.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from supa_lint import dsn
from supa_lint.model import HOLE, Facts, Hole, Mention, Note, Span, Value
from supa_lint.raw import Raw, Segment
from supa_lint.sealing import Sealer
from supa_lint.source import File


def read(file: File) -> Facts:
    """The DSNs that stand anywhere in a file of any kind."""
    if is_utf16(file):
        return Facts(file.path, notes=_utf16_notes(file))
    sealer = Sealer(file)
    found = mentions(file, sealer, file.body, len(file.data))
    return Facts(file.path, mentions=tuple(found), secrets=tuple(sealer.secrets))


def is_utf16(file: File) -> bool:
    """Whether a byte order mark says that the file is UTF-16 (as PowerShell's `>` writes)."""
    return file.data.startswith((b"\xff\xfe", b"\xfe\xff"))


def _utf16_notes(file: File) -> tuple[Note, ...]:
    if "supabase" not in file.data.decode("utf-16", "replace"):
        return ()
    return (Note(file.path, "is UTF-16, which most tools can't read here: save it as UTF-8"),)


# --- where characters stand ---------------------------------------------------------------------


class Offsets:
    """Byte offsets of the characters of a text in UTF-8, each found in constant time."""

    _STEP = 256

    def __init__(self, text: str) -> None:
        self._text = text
        sizes = (_size(text[at : at + self._STEP]) for at in range(0, len(text), self._STEP))
        self._blocks = None if text.isascii() else list(accumulate(sizes, initial=0))

    def __call__(self, index: int) -> int:
        if self._blocks is None:
            return index
        block = index // self._STEP
        return self._blocks[block] + _size(self._text[block * self._STEP : index])


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


_NOT_TEXT = re.compile(f"[\ud800-\udfff{HOLE}]")


def clean(text: str) -> str:
    """`text` with U+FFFD for each byte that is not UTF-8, and for a HOLE character, which must not
    come from a file. Every character keeps its index."""
    return _NOT_TEXT.sub("\ufffd", text)


def raw_at(file: File, start: int, end: int) -> Raw:
    """The text between two byte offsets."""
    found = file.data[start:end].decode("utf-8", "surrogateescape")
    text = clean(found)
    offsets = Offsets(found)
    exact = re.finditer("[^\ufffd]+", text)
    segments = tuple(Segment(m.start(), m.end(), start + offsets(m.start())) for m in exact)
    return Raw(text, Span(file.path, start, end), (), segments)


# --- DSNs in prose ------------------------------------------------------------------------------

_COMMENT = re.compile(r"[^\S\r\n]*+(?:#|//|--(?![\w-])|;|\*|/\*|<!--|(?i:rem\s))")


def mentions(
    file: File, sealer: Sealer, start: int, end: int, comment: bool | None = None
) -> list[Mention]:
    """The DSNs between two byte offsets. `comment` says whether the place is a comment; without it
    the beginning of each line decides."""
    found = file.data[start:end].decode("utf-8", "surrogateescape")
    offsets = Offsets(found)
    result = []
    line = 0
    previous = 0
    for first, last in dsn.find(clean(found)):
        line = max(found.rfind(end_of_line, previous, first) + 1 for end_of_line in "\r\n") or line
        previous = first
        value = sealer.seal(raw_at(file, start + offsets(first), start + offsets(last)))
        if value.dsn is not None:
            said = comment if comment is not None else _COMMENT.match(found, line) is not None
            result.append(Mention(value.dsn, said))
    return result


def mentions_in(sealer: Sealer, raw: Raw) -> list[Mention]:
    """The DSNs inside a text of a reader: a script, a command, a list of arguments."""
    result = []
    for line in _lines(raw):
        comment = _COMMENT.match(line.text) is not None
        if [(s.start, s.end) for s in line.segments] == [(0, len(line.text))]:
            start = line.segments[0].offset
            result += mentions(sealer.file, sealer, start, start + _size(line.text), comment)
            continue
        for first, last in dsn.find(line.text):
            value = sealer.seal(line.part(first, last))
            if value.dsn is not None:
                result.append(Mention(value.dsn, comment))
    return result


def _lines(raw: Raw) -> Iterator[Raw]:
    """`raw` line by line, in linear time."""
    if "\n" not in raw.text or raw.holes:
        yield raw
        return
    for match in re.finditer(r"[^\r\n]+", raw.text):
        start, end = match.span()
        first = bisect_right(raw.segments, start, key=lambda segment: segment.end)
        last = bisect_left(raw.segments, end, key=lambda segment: segment.start)
        inside = raw.segments[first:last]
        if all(start <= segment.start and segment.end <= end for segment in inside):
            moved = (Segment(s.start - start, s.end - start, s.offset) for s in inside)
            yield Raw(match.group(), raw.span, (), tuple(moved))
        else:
            yield raw.part(start, end)


# --- interpolation ------------------------------------------------------------------------------

_DEEPEST = 8
_MOST_GAPS = 100
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPENERS = {
    "dotenv": re.compile(r"\$\{"),
    "compose": re.compile(r"\$\$|\$\{|\$[A-Za-z_][A-Za-z0-9_]*|\{\{"),
    "github": re.compile(r"\$?\{\{"),
    "serverless": re.compile(r"\$\{|\{\{"),
    "cloudformation": re.compile(r"\$\{(?!!)|\{\{"),
    "kubernetes": re.compile(r"\$\$\(|\$\([A-Za-z_][\w.-]{0,99}\)|\{\{"),
    "spring": re.compile(r"\$\{"),
    "erb": re.compile(r"<%=?"),
    "unknown": re.compile(
        r"\$\{\{[^{}\n]{0,200}\}\}|\{\{[^{}\n]{0,200}\}\}|\$\{[^{}\n]{0,200}\}|<%=[^%\n]{0,200}%>"
    ),
    "none": re.compile(r"(?!)"),
}
_SIGNS = ("$", "{{", "<%")
_COMPOSE_DEFAULT = re.compile(r":?-")
_SPRING_DEFAULT = re.compile(r":")
_ERB = re.compile(
    r"""\s*(?:ENV\[\s*['"](?P<variable>\w+)['"]\s*\]|ENV\.fetch\(\s*['"](?P<fetched>\w+)['"]\s*
    (?:,\s*['"](?P<given>[^'"]*)['"]\s*)?\))
    (?:\s*(?:\|\|\s*['"](?P<or>[^'"]*)['"]|\{\s*['"](?P<block>[^'"]*)['"]\s*\}))?\s*-?""",
    re.VERBOSE,
)
_GITHUB = re.compile(r"(?:env\.(?P<variable>\w+)|[\w.-]+)\s*+(?:\|\|\s*+'(?P<default>[^']*)')?")
_SERVERLESS = re.compile(
    r"env:(?P<variable>\w+)\s*+(?:,\s*+(?:'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<nested>\$\{.*)))?",
    re.DOTALL,
)


class _Gap(NamedTuple):
    """A stretch that something else fills: a variable with its default, or nobody knows what."""

    start: int
    end: int
    variable: str | None = None
    default: tuple[int, int] | None = None
    literal: str | None = None
    """What an escape stands for: then the gap is no hole."""


def seal(sealer: Sealer, raw: Raw, name: str, syntax: str) -> Value:
    """The value of a setting called `name`, with holes where `syntax` interpolates.

    `syntax` is one of dotenv, compose, github, serverless, cloudformation, kubernetes, spring,
    erb, unknown (whatever looks like an interpolation is a hole nobody can fill) and none.
    """
    return sealer.seal(_with_holes(sealer, raw, name, syntax, 0), name)


def interpolated(sealer: Sealer, raw: Raw, syntax: str) -> Raw:
    """A text as it is when `syntax` has filled it in: with holes, and without its escapes."""
    return _with_holes(sealer, raw, "", syntax, 0)


def _with_holes(sealer: Sealer, raw: Raw, name: str, syntax: str, depth: int) -> Raw:
    if raw.holes or depth > _DEEPEST or not any(sign in raw.text for sign in _SIGNS):
        return raw
    gaps = list(_gaps(raw.text, syntax))
    # No value that anybody checks has so many; the limit keeps this linear.
    if not gaps or len(gaps) > _MOST_GAPS:
        return raw
    text, at = "", 0
    holes: list[Hole] = []
    segments: list[Segment] = []
    for gap in [*gaps, _Gap(len(raw.text), len(raw.text), literal="")]:
        kept = raw.part(at, gap.start)
        shift = len(text)
        segments += [Segment(s.start + shift, s.end + shift, s.offset) for s in kept.segments]
        text += kept.text
        at = gap.end
        if gap.literal is not None:
            text += gap.literal
            continue
        text += HOLE
        default = None
        if gap.default is not None:
            whole = (gap.start, gap.end) == (0, len(raw.text))
            inner = name if whole else gap.variable or ""
            piece = _with_holes(sealer, raw.part(*gap.default), inner, syntax, depth + 1)
            default = sealer.seal(piece, inner)
        holes.append(Hole(variable=gap.variable, default=default))
    return Raw(text, raw.span, tuple(holes), tuple(segments), raw.rewritten)


def _gaps(text: str, syntax: str) -> Iterator[_Gap]:
    opener = _OPENERS[syntax]
    closers = _closing_braces(text) if syntax != "unknown" else {}
    doubles_end = len(text)
    at = 0
    while match := opener.search(text, at):
        start, at = match.span()
        found = match.group()
        if syntax == "unknown":
            yield _Gap(start, at)
        elif found == "$$":
            yield _Gap(start, at, literal="$")
        elif found == "$$(":
            yield _Gap(start, at, literal="$(")
        elif found.startswith("$("):
            yield _Gap(start, at, variable=found[2:-1])
        elif found.endswith("{{"):
            # Without one closing pair there is no second one either: don't look again.
            close = text.find("}}", at, doubles_end)
            if close < 0:
                doubles_end = at
                continue
            yield _github(text, start, at, close) if found[0] == "$" else _Gap(start, close + 2)
            at = close + 2
        elif syntax == "erb":
            close = text.find("%>", at, doubles_end)
            if close < 0:
                return
            yield _erb(text, start, at, close)
            at = close + 2
        elif found == "${":
            end = closers.get(start)
            if end is None:
                continue
            yield _braced(text, syntax, start, end)
            at = end + 1
        else:
            yield _Gap(start, at, variable=found[1:])


def _closing_braces(text: str) -> dict[int, int]:
    """For each `${`, where its brace closes."""
    closers: dict[int, int] = {}
    open_at: list[int] = []
    for match in re.finditer(r"\$\{|[{}]", text):
        if match.group() != "}":
            open_at.append(match.start())
        elif open_at:
            closers[open_at.pop()] = match.start()
    return closers


def _braced(text: str, syntax: str, start: int, end: int) -> _Gap:
    """`${...}`, its closing brace at `end`."""
    inner = start + 2
    if syntax == "serverless":
        asked = _SERVERLESS.fullmatch(text, inner, end)
        if asked is None:
            return _Gap(start, end + 1)
        group = asked.lastgroup if asked.lastgroup != "variable" else None
        return _Gap(start, end + 1, asked["variable"], asked.span(group) if group else None)
    named = _VARIABLE.match(text, inner, end)
    if syntax == "cloudformation" or named is None:
        return _Gap(start, end + 1)
    rest = named.end()
    if rest == end or text.startswith((":?", "?"), rest):
        return _Gap(start, end + 1, named.group())
    default = _SPRING_DEFAULT if syntax == "spring" else _COMPOSE_DEFAULT
    operator = default.match(text, rest, end)
    if operator is None:
        return _Gap(start, end + 1)
    return _Gap(start, end + 1, named.group(), (operator.end(), end))


def _erb(text: str, start: int, inner: int, close: int) -> _Gap:
    """`<%= ENV["X"] %>`; whatever else Ruby says is unknown."""
    asked = _ERB.fullmatch(text, inner, close) if text[inner - 1] == "=" else None
    if asked is None:
        return _Gap(start, close + 2)
    literal = next((name for name in ("given", "or", "block") if asked[name] is not None), None)
    variable = asked["variable"] or asked["fetched"]
    return _Gap(start, close + 2, variable, asked.span(literal) if literal else None)


def _github(text: str, start: int, inner: int, close: int) -> _Gap:
    """`${{ ... }}`: only `env` is an environment variable; secrets are known to GitHub alone."""
    stripped = text[inner:close].strip()
    first = text.find(stripped, inner) if stripped else inner
    asked = _GITHUB.fullmatch(text, first, first + len(stripped))
    if asked is None:
        return _Gap(start, close + 2)
    default = asked.span("default") if asked["default"] is not None else None
    return _Gap(start, close + 2, asked["variable"], default)
