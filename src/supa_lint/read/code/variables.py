"""What a variable is worth, by all the places that bind, rewrite or change it.

The order is the same in any language: what it is first, what `x = f(x)` makes of that, and what is
changed inside it then. What each of these steps means is for the language to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol, TypeVar

from supa_lint.model import Span, Unknown
from supa_lint.read.code.memory import Memory
from supa_lint.read.code.terms import Term

S = TypeVar("S", contravariant=True)
B = TypeVar("B", contravariant=True)
M = TypeVar("M", contravariant=True)


class Language(Protocol[S, B, M]):
    """What a language says of the bindings `B` and changes `M` of a variable in a scope `S`."""

    def follows(self, binding: B, name: str) -> bool:
        """Whether a binding works on what `name` was before: `x += y`, `x = f(x)`."""

    def first(self, name: str, owner: S, bindings: Sequence[B], span: Span) -> Term:
        """What the bindings that don't follow say together."""

    def value(self, binding: B) -> Term | None:
        """What a binding that follows gives, or None when nobody knows."""

    def rewritten(self, before: Term, after: Term, binding: B) -> Term:
        """What was `before`, when a binding that may or may not be reached makes `after` of it."""

    def mutated(self, term: Term, mutations: Sequence[M], made_at: B | None) -> Term:
        """A value after all changes inside it. `made_at` is the one place that bound it first."""


def resolve(
    name: str,
    owner: S,
    bindings: Sequence[B],
    mutations: Sequence[M],
    language: Language[S, B, M],
    memory: Memory,
    span: Span,
) -> Term:
    """What `name` of `owner` is worth. `span` is where that is asked."""
    key = (id(owner), name)

    def resolved() -> Term:
        first: list[B] = []
        later: list[B] = []
        for one in bindings:
            (later if language.follows(one, name) else first).append(one)
        term = language.first(name, owner, first, span)
        for binding in later:
            after = memory.rebound(key, term, partial(language.value, binding))
            term = Unknown(term.span) if after is None else language.rewritten(term, after, binding)
        return language.mutated(term, mutations, first[0] if len(first) == 1 else None)

    return memory.variable(key, span, resolved)
