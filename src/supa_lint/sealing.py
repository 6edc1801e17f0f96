"""The one door through which text of a scanned file enters the model: it masks secrets.

A reader builds a `Raw` (text, holes, and where each stretch of it stands in the file), and its
`Sealer` turns it into a `Value`. What is understood is kept (a DSN without its password, a host, a
port ...); a text nobody needs is masked whole, because it may be anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from supa_lint.model import Hole, Span, Text, Value
from supa_lint.source import File


@dataclass(frozen=True, slots=True)
class Segment:
    """`text[start:end]` stands unchanged (as UTF-8) in the file at byte `offset`."""

    start: int
    end: int
    offset: int


@dataclass(frozen=True, slots=True)
class Raw:
    """Text as a reader found it, secrets and all. It never leaves the reader."""

    text: str = field(repr=False)
    span: Span
    """The literal or expression it came from."""
    holes: tuple[Hole, ...] = ()
    segments: tuple[Segment, ...] = ()
    rewritten: frozenset[str] = frozenset()


class Sealer:
    """Seals the texts of one file, and collects where its secrets stand."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.secrets: list[Span] = []

    def seal(self, raw: Raw, name: str = "") -> Value:
        """The value of a setting or argument called `name` (its name tells a host from a secret)."""
        raise NotImplementedError
