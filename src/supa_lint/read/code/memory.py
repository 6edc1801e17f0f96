"""What evaluating one module remembers from one expression to the next: answers, the variables and
functions that are being followed, what was met on the way, and what it may still cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from supa_lint.model import Span, Unknown, Value
from supa_lint.raw import Raw
from supa_lint.read.code.budget import Budget
from supa_lint.read.code.terms import HEAVIEST, Term, join, something, weight

N = TypeVar("N")
S = TypeVar("S")
T = TypeVar("T")

Key = tuple[int, str]
"""A variable: its scope and its name."""

Parameter = str | int
"""A parameter by its name or its position, as the language passes arguments."""


class Memory:
    """The state of one evaluation. Scopes and nodes go by their ids."""

    def __init__(self, budget: Budget, seal: Callable[[Raw, str], Value]) -> None:
        self.budget = budget
        self.seal = seal
        self.rewrites: dict[str, set[str]] = defaultdict(set)
        """Parts that code changes, by environment variable."""
        self.literals: set[int] = set()
        """The string literals that were evaluated."""
        self.arguments: dict[tuple[int, Parameter], Term] = {}
        """What the functions that are being followed were given."""
        self._following: set[int] = set()
        self._resolving: set[Key] = set()
        self._current: dict[Key, Term] = {}
        self._known: dict[Key, tuple[Term, set[int]]] = {}
        self._asked: dict[int, tuple[Term, set[int]]] = {}

    # --- expressions

    def once(self, node: int, evaluate: Callable[[], Term]) -> Term:
        """What `evaluate()` gives for a whole expression of the module, asked only once."""
        if node not in self._asked:
            with self.noting() as literals:
                self._asked[node] = (evaluate(), literals)
        term, literals = self._asked[node]
        self.literals |= literals
        return term

    def step(self, visit: Callable[[N, S], Term], node: N, scope: S) -> Term | None:
        """What `visit` gives for a part of it; None when that is too much to work out, or keep."""
        try:
            if not self.budget.enter():
                return None
            term = visit(node, scope)
            return term if weight(term) <= HEAVIEST else None
        finally:
            self.budget.leave()

    @contextmanager
    def noting(self) -> Iterator[set[int]]:
        """Gathers the string literals that are evaluated meanwhile, apart from all others."""
        before, self.literals = self.literals, set()
        try:
            yield self.literals
        finally:
            self.literals = before

    def rewrite(self, raw: Raw, parts: frozenset[str]) -> Raw:
        """The text with `parts` changed; remembers the variables it came from."""
        for hole in raw.holes:
            if hole.variable and hole.part is None:
                self.rewrites[hole.variable] |= parts
        return replace(raw, rewritten=raw.rewritten | parts)

    # --- variables and functions

    def variable(self, key: Key, span: Span, resolve: Callable[[], Term]) -> Term:
        """What the variable `key` is worth by `resolve()`. `span` is where that is asked. A
        variable that depends on itself is unknown."""
        if key in self._current:
            return self._current[key]
        if key in self._resolving:
            return Unknown(span)
        plain = not self._current and not self.arguments
        if plain and key in self._known:
            term, literals = self._known[key]
            self.literals |= literals
            return term
        outermost = plain and not self._resolving and not self._following
        self._resolving.add(key)
        try:
            with self.noting() as literals:
                term = resolve()
        finally:
            self._resolving.discard(key)
        self.literals |= literals
        if outermost and self.budget.left > 0:
            self._known[key] = (term, literals)
        return term

    def rebound(self, key: Key, term: Term, evaluate: Callable[[], T]) -> T:
        """What `evaluate()` gives while the variable `key` is worth `term`: the right side of
        `x = f(x)`."""
        self._current[key] = term
        try:
            return evaluate()
        finally:
            del self._current[key]

    def returned(
        self,
        function: int,
        given: Mapping[Parameter, Term],
        values: Callable[[], list[Term]],
        span: Span,
        *,
        deepest: int | None = None,
    ) -> Term:
        """What a call of a function gives whose `return` statements give `values()`; unknown where
        it calls itself, or more than `deepest` functions are followed into one another."""
        if function in self._following or len(self._following) == deepest:
            return Unknown(span)
        before = self.arguments
        self.arguments = before | {(function, name): term for name, term in given.items()}
        self._following.add(function)
        try:
            terms = values()
        finally:
            self._following.discard(function)
            self.arguments = before
        return join(something(terms), span)
