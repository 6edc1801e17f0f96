"""Where nodes and the text of string literals stand in the file, to the byte."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from dataclasses import dataclass, field

from supa_lint.model import HOLE, Span
from supa_lint.raw import Raw, Segment
from supa_lint.source import File

_OPENING = re.compile(rb"([A-Za-z]{0,2})('''|\"\"\"|'|\")")
_GAP = re.compile(rb"(?:[ \t\f\r\n]|\\[\r\n]|#[^\r\n]*)*")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of literal text; `offset` is where it stands unchanged, None behind an escape."""

    text: str = field(repr=False)
    offset: int | None


class Layout:
    """Positions of the nodes of one file."""

    def __init__(self, file: File) -> None:
        self.file = file
        self._data = file.data
        self._outer: dict[int, ast.expr] = {}
        self._spans: dict[int, Span] = {}
        self._texts: dict[int, Raw] = {}

    def enclose(self, string: ast.expr) -> None:
        """Note the nodes inside an f-string. Before Python 3.12 they have no trustworthy positions:
        they stand where the whole f-string stands."""
        if sys.version_info < (3, 12):
            for node in ast.walk(string):
                self._outer.setdefault(id(node), string)

    def inside_fstring(self, node: ast.AST) -> bool:
        return self._outer.get(id(node), node) is not node

    def span(self, first: ast.AST, last: ast.AST | None = None) -> Span:
        """The span of a node, or from the start of one node to the end of another."""
        key = id(first)
        if last is None and key in self._spans:
            return self._spans[key]
        first, end_at = self._placed(first), self._placed(last or first)
        start = self._offset(first.lineno, first.col_offset)
        end = self._offset(end_at.end_lineno or 0, end_at.end_col_offset or 0)
        span = Span(self.file.path, start, max(start, end))
        if last is None:
            self._spans[key] = span
        return span

    def text(self, node: ast.Constant) -> Raw:
        """The text of a string literal, implicit concatenation included."""
        if id(node) not in self._texts:
            value, runs = str(node.value), self._runs(node)
            segments = _segments(runs[0], value) if len(runs) == 1 else ()
            text = value.replace(HOLE, "\ufffd")
            self._texts[id(node)] = Raw(text, self.span(node), segments=segments)
        return self._texts[id(node)]

    def parts(self, node: ast.JoinedStr) -> list[Raw | ast.FormattedValue]:
        """The literal texts and the fields of an f-string, in order."""
        runs = self._runs(node)
        fields = sum(not isinstance(value, ast.Constant) for value in node.values)
        if len(runs) != fields + 1:
            runs = [[]] * (fields + 1)
        result: list[Raw | ast.FormattedValue] = []
        run = 0
        for value in node.values:
            if isinstance(value, ast.Constant):
                text = str(value.value)
                found = _segments(runs[run], text)
                result.append(Raw(text.replace(HOLE, "\ufffd"), self.span(node), segments=found))
            elif isinstance(value, ast.FormattedValue):
                result.append(value)
                run += 1
        return result

    def _placed(self, node: ast.AST) -> ast.expr:
        return self._outer.get(id(node), node)  # type: ignore[arg-type]

    def _offset(self, line: int, column: int) -> int:
        # `ast` counts lines as `File` does, columns in UTF-8 bytes, and knows no BOM.
        starts = self.file.line_starts
        if line > len(starts):
            return len(self._data)
        body = self.file.body if line == 1 else 0
        return min(starts[line - 1] + body + column, len(self._data))

    def _runs(self, node: ast.expr) -> list[list[_Piece]]:
        if self.inside_fstring(node):
            return []
        span = self.span(node)
        try:
            return _scan(self._data, span.start, span.end)
        except (IndexError, ValueError, SyntaxError):
            return []


def _segments(pieces: list[_Piece], value: str) -> tuple[Segment, ...]:
    if "".join(piece.text for piece in pieces) != value:
        return ()
    result: list[Segment] = []
    at = 0
    for piece in pieces:
        if piece.offset is not None and piece.text:
            result.append(Segment(at, at + len(piece.text), piece.offset))
        at += len(piece.text)
    return tuple(result)


def _scan(data: bytes, start: int, end: int) -> list[list[_Piece]]:
    """The literal text of adjacent string literals: one list of pieces before, between and after
    the fields of f-strings. Raises IndexError or ValueError for what it does not understand."""
    runs: list[list[_Piece]] = [[]]
    at = start
    while at < end:
        at = _literal(data, at, runs)
        gap = _GAP.match(data, at)
        at = gap.end() if gap else at
    return runs


def _literal(data: bytes, at: int, runs: list[list[_Piece]]) -> int:
    opening = _OPENING.match(data, at)
    if opening is None:
        raise ValueError("no string literal")
    prefix, quote = opening[1].lower(), opening[2]
    if b"b" in prefix:
        raise ValueError("bytes")
    raw, formatted = b"r" in prefix, b"f" in prefix or b"t" in prefix
    at = begin = opening.end()

    def flush(stop: int) -> None:
        if stop > begin:
            runs[-1].append(_piece(data[begin:stop], begin, raw, quote))

    while not data.startswith(quote, at):
        char, pair = data[at : at + 1], data[at : at + 2]
        if not char:
            raise IndexError("unclosed string literal")
        if char == b"\\":
            named = not raw and formatted and pair == b"\\N" and data[at + 2 : at + 3] == b"{"
            # In a raw f-string a backslash does not shield a brace.
            lone = raw and formatted and pair[1:] in (b"{", b"}")
            at = data.index(b"}", at) + 1 if named else at + (1 if lone else 2)
        elif formatted and pair in (b"{{", b"}}"):
            flush(at + 1)
            at = begin = at + 2
        elif formatted and char == b"{":
            flush(at)
            runs.append([])
            at = begin = _field(data, at + 1)
        else:
            at += 1
    flush(at)
    return at + len(quote)


def _field(data: bytes, at: int) -> int:
    """Where a replacement field ends: after its closing brace."""
    depth = 1
    while True:
        char = data[at : at + 1]
        if not char:
            raise IndexError("unclosed field")
        if char in b"'\"":
            at = _literal(data, at, [[]])
            continue
        at += 1
        if char in b"([{":
            depth += 1
        elif char in b")]}":
            depth -= 1
            if not depth:
                return at
        elif char == b":" and depth == 1:
            while data[at : at + 1] != b"}":
                if at >= len(data):
                    raise IndexError("unclosed field")
                at = _field(data, at + 1) if data[at : at + 1] == b"{" else at + 1
            return at + 1


def _piece(content: bytes, offset: int, raw: bool, quote: bytes) -> _Piece:
    if b"\r" in content or (b"\\" in content and not raw):
        literal = quote + content.replace(b"\r\n", b"\n").replace(b"\r", b"\n") + quote
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is not ours to complain about
            return _Piece(str(ast.literal_eval(literal.decode())), None)
    return _Piece(content.decode(), offset)
