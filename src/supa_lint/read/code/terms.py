"""What an expression evaluates to inside the reader: facts whose texts are not yet sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from supa_lint.model import (
    HOLE,
    Call,
    Const,
    Expr,
    Hole,
    Listing,
    Mapping,
    Span,
    Symbol,
    Unknown,
    Value,
)
from supa_lint.raw import Raw, Segment

LONGEST = 100_000
"""Characters; a text that grows beyond is not followed (`x = y + y`, many times over)."""

HEAVIEST = 5_000
"""Terms inside a term; what grows beyond is unknown (`x = [y, y]`, many times over)."""


@dataclass(frozen=True, slots=True)
class Table:
    """A dict. `complete` is no when it may have more keys."""

    entries: tuple[tuple[str, Term], ...]
    complete: bool
    span: Span
    weight: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", _weight(value for _, value in self.entries))

    def get(self, key: str) -> Term | None:
        return next((value for name, value in reversed(self.entries) if name == key), None)

    def put(self, key: str, value: Term) -> Table:
        """With `key` set, where it stood or at the end."""
        if self.get(key) is None:
            return replace(self, entries=(*self.entries, (key, value)))
        entries = tuple((name, value if name == key else old) for name, old in self.entries)
        return replace(self, entries=entries)


@dataclass(frozen=True, slots=True)
class Items:
    """A list, a tuple or a set."""

    items: tuple[Term, ...]
    span: Span
    weight: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", _weight(self.items))


@dataclass(frozen=True, slots=True)
class Invoke:
    """A call that is not evaluated any further."""

    callee: str
    args: tuple[Term, ...]
    keywords: tuple[tuple[str, Term], ...]
    complete: bool
    span: Span
    weight: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        given = (*self.args, *(value for _, value in self.keywords))
        object.__setattr__(self, "weight", _weight(given))


@dataclass(frozen=True, slots=True)
class Parsed:
    """A DSN taken apart by `urlparse` or `make_url`: its attributes are parts of the text."""

    raw: Raw

    @property
    def span(self) -> Span:
        return self.raw.span


@dataclass(frozen=True, slots=True)
class Overlaid:
    """A dict that a call gives (`dj_database_url.config()`), and keys that code sets later."""

    base: Term
    table: Table

    @property
    def span(self) -> Span:
        return self.base.span


Term = Raw | Const | Symbol | Table | Items | Invoke | Parsed | Overlaid | Unknown


def _weight(terms: Iterable[Term]) -> int:
    return 1 + sum(weight(term) for term in terms)


def weight(term: Term) -> int:
    """How many terms a term holds, itself included."""
    if isinstance(term, Table | Items | Invoke):
        return term.weight
    return weight(term.base) + term.table.weight if isinstance(term, Overlaid) else 1


def seal(term: Term, seal_text: Callable[[Raw, str], Value], name: str = "") -> Expr:
    """The fact that leaves the reader. `name` is the setting or argument the term is given to."""
    if isinstance(term, Raw):
        return seal_text(term, name)
    if isinstance(term, Parsed):
        return seal_text(term.raw, name)
    if isinstance(term, Table):
        return Mapping(_named(term.entries, seal_text), term.complete, term.span)
    if isinstance(term, Items):
        return Listing(tuple(seal(item, seal_text, name) for item in term.items), term.span)
    if isinstance(term, Invoke):
        return call(term, seal_text)
    if isinstance(term, Overlaid):
        return Unknown(term.span)
    return term


def call(term: Invoke, seal_text: Callable[[Raw, str], Value], within: Sequence[str] = ()) -> Call:
    """The call that leaves the reader."""
    return Call(
        term.callee,
        tuple(seal(arg, seal_text) for arg in term.args),
        _named(term.keywords, seal_text),
        term.complete,
        term.span,
        tuple(within),
    )


def _named(
    entries: Iterable[tuple[str, Term]], seal_text: Callable[[Raw, str], Value]
) -> tuple[tuple[str, Expr], ...]:
    return tuple((name, seal(value, seal_text, name)) for name, value in entries)


def unknown_text(span: Span) -> Raw:
    return Raw(HOLE, span, (Hole(),))


def as_text(term: Term) -> Raw:
    """What `str(term)` spells, with a HOLE for what is not known."""
    if isinstance(term, Raw):
        return term
    if isinstance(term, Parsed):
        return term.raw
    if isinstance(term, Const) and isinstance(term.value, int | float):
        return Raw(str(term.value), term.span)
    if isinstance(term, Symbol):
        return Raw(HOLE, term.span, (Hole(symbol=term.name),))
    return unknown_text(term.span)


def literal(term: Term) -> str | None:
    """The text of a term, where every character of it is known."""
    return term.text if isinstance(term, Raw) and not term.holes else None


def something(terms: Sequence[Term]) -> Sequence[Term]:
    """The terms that are not `None`, or all when none is left: `None` says "not yet"."""
    real = [one for one in terms if not (isinstance(one, Const) and one.value is None)]
    return real or terms


def concat(terms: Iterable[Term], span: Span) -> Raw:
    """The texts one after the other."""
    text: list[str] = []
    holes: list[Hole] = []
    segments: list[Segment] = []
    rewritten: frozenset[str] = frozenset()
    size = 0
    for term in terms:
        raw = as_text(term)
        if raw.rewritten and size:
            raw = unknown_text(raw.span)  # a piece that code changes is not known any more
        rewritten |= raw.rewritten
        segments += [Segment(s.start + size, s.end + size, s.offset) for s in raw.segments]
        text.append(raw.text)
        holes += raw.holes
        size += len(raw.text)
        if size > LONGEST:
            return unknown_text(span)
    return Raw("".join(text), span, tuple(holes), tuple(segments), rewritten)


def join(terms: Sequence[Term], span: Span) -> Term:
    """What is known when any of `terms` may be meant."""
    if not terms:
        return Unknown(span)
    first = terms[0]
    if len(terms) == 1:
        return first
    if isinstance(first, Raw | Parsed):
        texts = [as_text(term) for term in terms if isinstance(term, Raw | Parsed)]
        base = texts[0]
        if len(texts) == len(terms) and all(
            (text.text, text.holes) == (base.text, base.holes) for text in texts
        ):
            changed = frozenset().union(*(text.rewritten for text in texts))
            base = replace(base, rewritten=changed)
            return Parsed(base) if isinstance(first, Parsed) else base
    elif isinstance(first, Const):
        if all(
            isinstance(term, Const)
            and (type(term.value), term.value) == (type(first.value), first.value)
            for term in terms
        ):
            return first
    elif isinstance(first, Symbol) and all(
        isinstance(term, Symbol) and term.name == first.name for term in terms
    ):
        return first
    return Unknown(span)
