"""Text as a reader finds it, secrets and all, with the place of every character.

A `Raw` never leaves the reader: `supa_lint.sealing` turns it into a `Value`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from supa_lint.model import HOLE, Hole, Span, Text


@dataclass(frozen=True, slots=True)
class Segment:
    """`text[start:end]` stands unchanged (as UTF-8) in the file at byte `offset`."""

    start: int
    end: int
    offset: int


@dataclass(frozen=True, slots=True)
class Raw:
    """Text with holes, and where its stretches stand. `span` is the literal it came from."""

    text: str = field(repr=False)
    span: Span
    holes: tuple[Hole, ...] = ()
    segments: tuple[Segment, ...] = ()
    rewritten: frozenset[str] = frozenset()

    def span_of(self, start: int, end: int) -> Span:
        """Where `text[start:end]` stands: exactly if segments cover it, else the whole literal."""
        first, last = self._offset(start, forward=True), self._offset(end, forward=False)
        if first is None or last is None or last < first:
            return self.span
        return Span(self.span.path, first, last)

    def cut(self, start: int, end: int) -> Text:
        """`text[start:end]` with its own holes. The caller must know that it is no secret."""
        before = self.text.count(HOLE, 0, start)
        inside = self.text.count(HOLE, start, end)
        return Text(
            self.text[start:end],
            self.span_of(start, end),
            self.holes[before : before + inside],
        )

    def part(self, start: int, end: int) -> Raw:
        """The stretch `text[start:end]` as a Raw of its own."""
        before = self.text.count(HOLE, 0, start)
        inside = self.text.count(HOLE, start, end)
        segments = tuple(
            Segment(
                max(s.start, start) - start,
                min(s.end, end) - start,
                s.offset + self._size(s.start, max(s.start, start)),
            )
            for s in self.segments
            if s.start < end and start < s.end
        )
        return Raw(
            self.text[start:end],
            self.span_of(start, end),
            self.holes[before : before + inside],
            segments,
        )

    def _offset(self, index: int, *, forward: bool) -> int | None:
        """Byte offset of character `index`; at a seam that of the segment after or before it."""
        for segment in self.segments:
            inside = (
                segment.start <= index < segment.end
                if forward
                else segment.start < index <= segment.end
            )
            if inside or (segment.start == index == segment.end):
                return segment.offset + self._size(segment.start, index)
        # An empty stretch at the very end (or start) of the text has no character of its own.
        for segment in self.segments:
            if index in (segment.start, segment.end):
                return segment.offset + self._size(segment.start, index)
        return None

    def _size(self, start: int, end: int) -> int:
        """How many bytes `text[start:end]` is."""
        if self.text.isascii():  # known without a look: a DSN may have very many parts
            return end - start
        return len(self.text[start:end].encode("utf-8", "surrogateescape"))
