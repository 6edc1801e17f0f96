"""Environment variables as holes in a text, and what counts where nothing sets them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from supa_lint.model import HOLE, Const, Hole, Span, Unknown, Value
from supa_lint.raw import Raw
from supa_lint.read.code.terms import Parsed, Term, as_text, unknown_text

Seal = Callable[[Raw, str], Value]

_MOST_HOLES = 50  # one inside the default of the other


def hole(variable: str | None, default: Term | None, span: Span, seal: Seal) -> Raw:
    """The text of an environment variable; without a name of one that is not known."""
    return Raw(HOLE, span, (Hole(variable=variable, default=_sealed(default, variable, seal)),))


def with_default(raw: Raw, default: Term, seal: Seal) -> Raw:
    """`raw ?? default`, where `raw` is one hole."""
    first = raw.holes[0]
    sealed = _sealed(default, first.variable, seal)
    if first.default is not None or sealed is None:
        return raw
    return replace(raw, holes=(replace(first, default=sealed),))


def either(first: Term, second: Term, span: Span, seal: Seal) -> Term:
    """`first or second`."""
    if isinstance(first, Const) and not first.value:
        return second
    if isinstance(first, Unknown) and isinstance(second, Raw):
        return Raw(HOLE, span, (Hole(default=seal(second, "")),))
    if isinstance(first, Raw) and not first.text:
        return second
    if isinstance(first, Raw) and first.text == HOLE:
        return with_default(first, second, seal)
    return first


def _sealed(default: Term | None, variable: str | None, seal: Seal) -> Value | None:
    """A default that is a text or a number."""
    number = isinstance(default, Const) and type(default.value) in (int, float)
    if default is None or not (number or isinstance(default, Raw | Parsed)):
        return None
    text = as_text(default)
    if _count(text.holes) > _MOST_HOLES:
        text = unknown_text(text.span)
    return seal(text, variable or "")


def _count(holes: Iterable[Hole]) -> int:
    """Holes, and those in their defaults."""
    return sum(1 + (_count(hole.default.holes) if hole.default else 0) for hole in holes)
