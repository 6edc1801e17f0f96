"""The facts of one module, as a reader of code finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from supa_lint.model import (
    HOLE,
    Call,
    Const,
    Definition,
    Expr,
    Facts,
    Mention,
    Read,
    Setting,
    Span,
    Symbol,
    Unknown,
)
from supa_lint.raw import Raw
from supa_lint.read import text
from supa_lint.read.code.constants import TELLING, Constants
from supa_lint.read.code.memory import Memory
from supa_lint.read.code.terms import (
    Invoke,
    Items,
    Overlaid,
    Parsed,
    Table,
    Term,
    as_text,
    call,
    seal,
)
from supa_lint.sealing import Sealer
from supa_lint.source import File

MOST_DEFINITIONS = 400
_LONGEST_OPTION = 80


class Gathered:
    """The facts of one module so far."""

    def __init__(self, file: File, memory: Memory, sealer: Sealer) -> None:
        self.file = file
        self.sealer = sealer
        self._memory = memory
        self.constants = Constants(sealer.seal)
        self.settings: list[Setting] = []
        self.calls: list[Call] = []
        self.attributes: list[tuple[str, Expr]] = []
        self.reads: list[Read] = []
        self.claimed: set[int] = set()
        """String literals that are part of a fact already."""

    def call(self, invoke: Callable[[], Invoke], within: tuple[str, ...] = ()) -> None:
        """Note the call that `invoke()` evaluates."""
        with self._memory.noting() as literals:
            self.calls.append(call(invoke(), self.sealer.seal, within))
        self.claimed |= literals

    def export(self, name: str, term: Term, span: Span, literals: set[int]) -> None:
        """Note that code sets a variable of the environment, unless that only passes it on."""
        if not isinstance(term, Raw | Parsed):
            return
        raw = as_text(term)
        if not any(hole.variable == name for hole in raw.holes):
            self.settings.append(Setting(name, self.sealer.seal(raw, name), span))
            self.claimed |= literals

    def attribute(self, name: str, term: Term, span: Span) -> None:
        """Note that code assigns an attribute: its last name, and the value where it is simple."""
        short = isinstance(term, Raw) and len(term.text) <= _LONGEST_OPTION
        if not short and not isinstance(term, Const | Symbol):
            term = Unknown(span)
        self.attributes.append((name, seal(term, self.sealer.seal, name)))

    def settle(self) -> None:
        """Decide which constants are settings, when all have been seen."""
        for setting, literals in self.constants.settings():
            self.settings.append(setting)
            self.claimed |= literals

    def mentions(self, span: Span, *, comment: bool | None = None) -> Iterator[Mention]:
        """The DSNs in a stretch of the file, as `supa_lint.read.text` finds them."""
        yield from text.mentions(self.file, self.sealer, span.start, span.end, comment)

    def comments(self, spans: Iterable[Span]) -> Iterator[Mention]:
        """The DSNs in comments."""
        for span in spans:
            if self.file.data.find(b"://", span.start, span.end) >= 0:
                yield from self.mentions(span, comment=True)

    def definitions(
        self, given: Iterable[tuple[str, Term]], wanted: Callable[[str], bool], *, unknown: bool
    ) -> list[Definition]:
        """What of all that a module gives to others could be part of a connection."""
        found = (
            Definition(name, seal(term, self.sealer.seal, name), self.file.path)
            for name, term in given
            if matters(term, wanted, unknown=unknown)
        )
        return list(islice(found, MOST_DEFINITIONS))

    def facts(self, definitions: Iterable[Definition], mentions: Iterable[Mention]) -> Facts:
        """All of them."""
        given, mentioned = tuple(definitions), tuple(mentions)  # they may rewrite, and cost
        rewrites = self._memory.rewrites
        reads = (
            replace(one, rewritten=frozenset(rewrites.get(one.variable, ()))) for one in self.reads
        )
        return Facts(
            self.file.path,
            settings=tuple(self.settings),
            calls=tuple(self.calls),
            attributes=tuple(self.attributes),
            definitions=given,
            reads=tuple(reads),
            mentions=mentioned,
            secrets=tuple(dict.fromkeys(self.sealer.secrets)),
            notes=self._memory.budget.notes(self.file.path),
        )


def matters(term: Term, wanted: Callable[[str], bool], *, unknown: bool) -> bool:
    """Whether a value could be part of a connection. With `unknown` a text nobody knows could."""
    inner: Iterable[Term] = ()
    if isinstance(term, Raw | Parsed):
        raw = as_text(term)
        known = any(hole.variable or hole.symbol or hole.default for hole in raw.holes)
        return known or bool(TELLING.search(raw.text)) or (unknown and raw.text == HOLE)
    if isinstance(term, Table):
        inner = (value for _, value in term.entries)
    elif isinstance(term, Items):
        inner = term.items
    elif isinstance(term, Overlaid):
        inner = (term.base,)
    elif isinstance(term, Invoke):
        if wanted(term.callee):
            return True
        inner = (*term.args, *(value for _, value in term.keywords))
    return any(matters(one, wanted, unknown=unknown) for one in inner)
