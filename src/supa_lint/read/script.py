"""What a script says, whatever its shell: assignments and commands, in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from supa_lint.model import HOLE, Hole, Span
from supa_lint.raw import Raw


@dataclass(frozen=True, slots=True)
class Word:
    """One argument as the program gets it. `span` takes its quotes in; `spread` says that it may
    be any number of arguments (`"$@"`)."""

    raw: Raw = field(repr=False)
    span: Span
    spread: bool = False

    @property
    def text(self) -> str:
        return self.raw.text

    def part(self, start: int) -> Word:
        """The word from its character `start` on."""
        raw = self.raw.part(start, len(self.text))
        return Word(raw, Span(self.span.path, raw.span.start, self.span.end), self.spread)


@dataclass(frozen=True, slots=True)
class Assignment:
    """`NAME=value`. `function` is the function it stands in, if it stands in one."""

    name: str
    value: Word
    span: Span
    function: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, and the variables set for it alone (`NAME=value program`)."""

    words: tuple[Word, ...]
    span: Span
    assignments: tuple[Assignment, ...] = ()
    function: str = ""
    stdin: Word | None = None
    """The text that it reads, where a script says it (`echo text | program`, a heredoc)."""
    output: Word | None = None
    """The file that its output goes to (`program > file`)."""


@dataclass(frozen=True, slots=True)
class Script:
    """The statements of a script; `tests` are conditions, whose texts are only compared with."""

    statements: tuple[Assignment | Command, ...]
    comments: tuple[Span, ...] = ()
    tests: tuple[Span, ...] = ()
    note: str = ""
    """Why nothing could be read, where that is so."""
    exports_any: bool = False
    """Whether it sets variables whose names it does not say (`export $(cat "$FILE")`)."""
    loads: bool = False
    """Whether it takes its variables from an env file of another name than `.env`."""

    def filled(self, fill: Callable[[Hole], Hole]) -> Script:
        """The script with other holes in its words."""

        def word(old: Word) -> Word:
            return replace(old, raw=replace(old.raw, holes=tuple(map(fill, old.raw.holes))))

        def assignment(old: Assignment) -> Assignment:
            return replace(old, value=word(old.value))

        def statement(old: Assignment | Command) -> Assignment | Command:
            if isinstance(old, Assignment):
                return assignment(old)
            return replace(
                old,
                words=tuple(map(word, old.words)),
                assignments=tuple(map(assignment, old.assignments)),
                stdin=old.stdin and word(old.stdin),
                output=old.output and word(old.output),
            )

        return replace(self, statements=tuple(map(statement, self.statements)))


def unknown(span: Span) -> Word:
    """A word that nobody knows."""
    return Word(Raw(HOLE, span, (Hole(),)), span)
