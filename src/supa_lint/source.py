"""A file as it was read: its bytes, what kind of place it is, and where its lines are."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from supa_lint.model import Place, Span, Tri

BOM = b"\xef\xbb\xbf"

_BLOCK = 1024
"""Characters. Counting bytes from the file's start for each place in it would be quadratic."""


@dataclass(frozen=True)
class File:
    """One file of the project.

    `path` is relative to the project root, with `/`. `tracked` says whether git's index has it
    (unknown without git). The bytes stay out of `repr`, so that no traceback shows a secret.
    """

    path: str
    data: bytes = field(repr=False)
    place: Place = Place.LIVE
    tracked: Tri = None

    @cached_property
    def body(self) -> int:
        """Byte offset at which the text begins: after a BOM, if there is one."""
        return len(BOM) if self.data.startswith(BOM) else 0

    @cached_property
    def text(self) -> str:
        """The text without BOM. Bytes that are not UTF-8 become lone surrogates, so that
        `offset_of` stays exact for any bytes."""
        return self.data[self.body :].decode("utf-8", "surrogateescape")

    @cached_property
    def _blocks(self) -> tuple[int, ...]:
        """Byte offset of each `_BLOCK`th character."""
        offsets = [self.body]
        for at in range(0, len(self.text), _BLOCK):
            offsets.append(offsets[-1] + _size(self.text[at : at + _BLOCK]))
        return tuple(offsets)

    def offset_of(self, index: int) -> int:
        """Byte offset of the character `text[index]` (or of the end, for `len(text)`)."""
        if self.text.isascii():
            return self.body + index
        block = min(index, len(self.text)) // _BLOCK
        return self._blocks[block] + _size(self.text[block * _BLOCK : index])

    def span(self, start: int, end: int) -> Span:
        """The span of `text[start:end]`."""
        return Span(self.path, self.offset_of(start), self.offset_of(end))

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Byte offset of each line's first byte. A line ends at LF, CRLF or a lone CR."""
        starts = [0]
        data = self.data
        at = 0
        while True:
            lf, cr = data.find(b"\n", at), data.find(b"\r", at)
            if lf < 0 and cr < 0:
                return tuple(starts)
            if cr < 0 or 0 <= lf < cr:
                at = lf + 1
            else:
                at = cr + (2 if data[cr + 1 : cr + 2] == b"\n" else 1)
            starts.append(at)

    def line_of(self, offset: int) -> int:
        """1-based number of the line that byte `offset` is on."""
        return bisect_right(self.line_starts, offset)

    def line_bytes(self, line: int) -> bytes:
        """The bytes of 1-based `line`, without its line end and without the file's BOM."""
        start = self.line_starts[line - 1]
        end = self.line_starts[line] if line < len(self.line_starts) else len(self.data)
        return self.data[max(start, self.body) if line == 1 else start : end].rstrip(b"\r\n")

    def column_of(self, offset: int, *, utf16: bool = False) -> int:
        """1-based column of byte `offset`, in characters (or UTF-16 code units). A BOM has none."""
        line = self.line_of(offset)
        start = self.line_starts[line - 1]
        if line == 1:
            start = self.body
        before = self.data[start : max(offset, start)].decode("utf-8", "replace")
        return 1 + (len(before.encode("utf-16-le")) // 2 if utf16 else len(before))


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))
