"""What readers with a syntax share: texts cut from a source and put together again, each character
keeping its place, and the DSNs that no fact of a file holds."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

from supa_lint.model import HOLE, Facts, Hole, Mention, Setting, Span, dsns_in
from supa_lint.raw import Raw, Segment
from supa_lint.read import text as plain
from supa_lint.read.nodes import Branch, Entry, Listing, Node, Scalar, key_text
from supa_lint.sealing import Sealer
from supa_lint.source import File

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

Piece = Raw | Hole | str
"""What a text is made of: a stretch of the source, something unknown, or decoded characters."""

DEEPEST = 100
"""How deep nodes may nest; what is deeper is unknown."""


class Source:
    """A text as UTF-8: a whole file, or a text inside one. All offsets are those of `data`."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.data = raw.text.encode()
        offset = plain.Offsets(raw.text)
        self._places = [(offset(s.start), offset(s.end), s.offset) for s in raw.segments]
        self._starts = [start for start, _, _ in self._places]
        self._ends = [end for _, end, _ in self._places]
        whole = [(0, len(raw.text))] == [(s.start, s.end) for s in raw.segments]
        # Where the text begins, when all of it stands in the file as it is: that is common.
        self._whole = raw.segments[0].offset if whole and not raw.holes else None
        holes = re.finditer(HOLE.encode(), self.data) if raw.holes else ()
        self._holes = [match.start() for match in holes]

    @classmethod
    def of(cls, file: File) -> Source:
        return cls(plain.raw_at(file, file.body, len(file.data)))

    def cut(self, start: int, end: int) -> Raw:
        """The stretch between two offsets, in time linear in its own length."""
        text = self.data[start:end].decode("utf-8", "replace")
        if self._whole is not None:
            whole = Segment(0, len(text), self._whole + start)
            return Raw(text, self.span(start, end), (), (whole,) if text else ())
        segments = []
        at, index = start, 0
        for n in range(bisect_right(self._ends, start), len(self._places)):
            first, last, offset = self._places[n]
            if first >= end:
                break
            first, last, offset = max(first, start), min(last, end), offset + max(start - first, 0)
            index += self._characters(at, first)
            at, size = last, self._characters(first, last)
            segments.append(Segment(index, index + size, offset))
            index += size
        before, inside = bisect_left(self._holes, start), bisect_left(self._holes, end)
        return Raw(text, self.span(start, end), self.raw.holes[before:inside], tuple(segments))

    def span(self, start: int, end: int) -> Span:
        """Where the stretch stands in the file. What was decoded, or fills a hole, has no place of
        its own: then it is the narrowest place that is known to hold it."""
        if self._whole is not None:
            return Span(self.raw.span.path, self._whole + start, self._whole + end)
        begin, stop = self.raw.span.start, self.raw.span.end
        first = bisect_right(self._starts, start) - 1
        if first >= 0:
            begin = self._places[first][2] + min(start, self._ends[first]) - self._starts[first]
        if end <= start:
            return Span(self.raw.span.path, begin, begin)
        last = bisect_left(self._ends, end)
        if last < len(self._places):
            stop = self._places[last][2] + max(end - self._starts[last], 0)
        return Span(self.raw.span.path, begin, max(begin, stop))

    def spans(self, nodes: Iterable[Syntax]) -> list[Span]:
        """Where nodes of the syntax tree of `data` stand."""
        return [self.span(node.start_byte, node.end_byte) for node in nodes]

    def _characters(self, start: int, end: int) -> int:
        return len(self.data[start:end].decode("utf-8", "replace"))


def join(pieces: Iterable[Piece], span: Span) -> Raw:
    """The text that `pieces` make; `span` is the literal they come from."""
    pieces = list(pieces)
    pieces = [piece for piece in pieces if not isinstance(piece, Raw) or piece.text] or pieces[:1]
    if len(pieces) == 1 and isinstance(pieces[0], Raw):
        return pieces[0]
    texts: list[str] = []
    holes: list[Hole] = []
    segments: list[Segment] = []
    size = 0
    for piece in pieces:
        if isinstance(piece, Hole):
            holes.append(piece)
            piece = HOLE
        elif isinstance(piece, Raw):
            holes += piece.holes
            segments += (Segment(s.start + size, s.end + size, s.offset) for s in piece.segments)
            piece = piece.text
        else:
            piece = plain.clean(piece)
        texts.append(piece)
        size += len(piece)
    return Raw("".join(texts), span, tuple(holes), tuple(segments))


def unescape(
    source: Source,
    start: int,
    end: int,
    escapes: re.Pattern[bytes],
    decode: Callable[[re.Match[bytes]], Piece],
) -> Iterator[Piece]:
    """The stretch between two offsets, with what `decode` says for each match of `escapes`."""
    at = start
    for match in escapes.finditer(source.data, start, end):
        if match.start() > at:
            yield source.cut(at, match.start())
        yield decode(match)
        at = match.end()
    if end > at or at == start:
        yield source.cut(at, end)


# --- trees --------------------------------------------------------------------------------------


class Table:
    """A mapping while it is built: headers and dotted names may add to it from anywhere."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._entries: dict[str, tuple[Span, Table | list[Table] | Node]] = {}

    def put(self, key: str, span: Span, node: Node) -> None:
        """Add a value. The last one of a key counts."""
        self._entries[key_text(key)] = span, node

    def table(self, key: str, span: Span) -> Table:
        """The mapping below `key`, or below the last item there; a new one where there is none."""
        _, found = self._entries.get(key_text(key), (span, None))
        if isinstance(found, list):
            return found[-1]
        if isinstance(found, Table):
            return found
        made = Table(span)
        self._entries[key_text(key)] = span, made
        return made

    def item(self, key: str, span: Span) -> Table:
        """A new mapping at the end of the list below `key`."""
        at, found = self._entries.get(key_text(key), (span, None))
        items = found if isinstance(found, list) else []
        items.append(Table(span))
        self._entries[key_text(key)] = at, items
        return items[-1]

    def node(self) -> Branch:
        entries = (Entry(key, at, _node(built)) for key, (at, built) in self._entries.items())
        return Branch(tuple(entries), self._span)


def _node(built: Table | list[Table] | Node) -> Node:
    if isinstance(built, Table):
        return built.node()
    if isinstance(built, list):
        return Listing(tuple(item.node() for item in built), built[0].node().span)
    return built


def unknown(span: Span) -> Scalar:
    """A value that nobody can know from here."""
    return Scalar(Raw(HOLE, span, (Hole(),)), span, plain=False)


_ASSIGNMENTS = re.compile(
    rb"[^\S\n]*+(?:(?:export[^\S\n]++)?+(?P<name>[A-Za-z_][A-Za-z0-9_.]*+)[^\S\n]*+=[^\S\n]*+"
    rb"(?P<value>(?P<quote>['\"])(?:(?!(?P=quote)|\n).)*+(?P=quote)|(?:(?!\s#)[^\n])*+)"
    rb"(?:[^\S\n]*+#[^\n]*+)?+|(?:[#;][^\n]*+)?+)[^\S\n]*+(?:\n|\Z)"
)


def assignments(source: Source) -> Branch | None:
    """The lines `NAME=value` of a text, or None when it has other lines than these and comments."""
    entries = []
    at = 0
    while at < len(source.data):
        match = _ASSIGNMENTS.match(source.data, at)
        if match is None:
            return None
        at = match.end()
        if match["name"] is None:
            continue
        start, end = match.span("value")
        end -= len(match["value"]) - len(match["value"].rstrip())
        quoted = match["quote"] is not None
        raw = source.cut(start + quoted, end - quoted)
        scalar = Scalar(raw, source.span(start, end), plain=not quoted)
        name = match["name"].decode()
        entries.append(Entry(key_text(name), source.span(*match.span("name")), scalar))
    return Branch(tuple(entries), source.raw.span) if entries else None


# --- what is left -------------------------------------------------------------------------------


class Ranges:
    """Stretches of one file, for looking up whether a place is in one."""

    def __init__(self, spans: Iterable[Span]) -> None:
        ordered = sorted((span.start, span.end) for span in spans)
        self._starts = [start for start, _ in ordered]
        self._ends = list(accumulate((end for _, end in ordered), max))

    def __contains__(self, span: Span) -> bool:
        before = bisect_right(self._starts, span.start)
        return before > 0 and span.start < self._ends[before - 1]


def with_rest(
    facts: Facts,
    file: File,
    sealer: Sealer,
    comments: Iterable[Span] = (),
    ignored: Iterable[Span] = (),
) -> Facts:
    """`facts` of a whole file, with a mention of every DSN that they do not hold yet and that does
    not stand in an `ignored` place."""
    found = plain.mentions(file, sealer, file.body, len(file.data))
    claimed = [*ignored, *(mention.dsn.span for mention in facts.mentions)]
    claimed += (dsn.span for dsn in dsns_in(facts.calls))
    rest = unclaimed(found, facts.settings, comments, claimed)
    secrets = tuple(dict.fromkeys(sealer.secrets))
    return replace(facts, mentions=(*facts.mentions, *rest), secrets=secrets)


def unclaimed(
    mentions: Iterable[Mention],
    settings: Iterable[Setting],
    comments: Iterable[Span] = (),
    claimed: Iterable[Span] = (),
) -> list[Mention]:
    """The mentions that are neither the value of a setting nor in a claimed place."""
    values = (setting.value for setting in settings)
    known = (v.span for v in values if v.text != HOLE or any(hole.default for hole in v.holes))
    inside, comment = Ranges([*known, *claimed]), Ranges(comments)
    return [
        replace(mention, comment=mention.comment or mention.dsn.span in comment)
        for mention in mentions
        if mention.dsn.span not in inside
    ]
