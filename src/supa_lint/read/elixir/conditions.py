"""For which environments (`:dev`, `:test`, `:prod`) a block of configuration counts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from supa_lint.model import Symbol
from supa_lint.read import grammar
from supa_lint.read.code.terms import Items, Term
from supa_lint.read.elixir.evaluate import ENVIRONMENT, Evaluator, Scope
from supa_lint.read.elixir.syntax import field, operator

if TYPE_CHECKING:
    from tree_sitter import Node

_OTHER = "other"
_ALL = frozenset({"dev", "test", "prod", _OTHER})
_FILE = re.compile(r"(?:^|/)config/(?P<name>\w+)[^/]*\.exs")
_FOR_ALL = ("config", "runtime")
_FOR_PROD = "releases"


@dataclass(frozen=True, slots=True)
class Occasion:
    """When code runs: in which environments, and whether it always does so there."""

    environments: frozenset[str] = _ALL
    certain: bool = True

    @classmethod
    def of_file(cls, path: str) -> Occasion:
        """When a file of configuration counts, by its name."""
        found = _FILE.search(path)
        if found is None or found["name"] in _FOR_ALL:
            return cls()
        name = "prod" if found["name"] == _FOR_PROD else found["name"]
        # Any other file may be for one more environment, or for all.
        return cls(frozenset({name})) if name in _ALL - {_OTHER} else cls().maybe()

    def maybe(self) -> Occasion:
        """The same, in a block that may be passed over."""
        return replace(self, certain=False)

    def given(self, condition: Node | None, evaluator: Evaluator, scope: Scope) -> Occasion:
        """What is left of it where a condition holds."""
        return self._narrowed(condition, evaluator, scope, holds=True)

    def otherwise(self, condition: Node | None, evaluator: Evaluator, scope: Scope) -> Occasion:
        """What is left of it where a condition does not hold."""
        return self._narrowed(condition, evaluator, scope, holds=False)

    def among(self, pattern: Node, evaluator: Evaluator, scope: Scope) -> Occasion:
        """What is left of it in the clause of a `case` for the environment."""
        names = _atoms([evaluator.evaluate(one, scope) for one in grammar.children(pattern)])
        return self._only(_named(names)) if names else self.maybe()

    def words(self) -> tuple[str, ...]:
        """It as what a call stands within: nothing for always."""
        found = () if self.environments == _ALL else tuple(sorted(self.environments))
        return (*(f"{ENVIRONMENT}.{one}" for one in found), *(() if self.certain else ("if",)))

    def _only(self, environments: frozenset[str]) -> Occasion:
        # What is one other environment to this may be another to that.
        certain = self.certain and environments != frozenset({_OTHER})
        return Occasion(self.environments & environments, certain)

    def _narrowed(
        self, node: Node | None, evaluator: Evaluator, scope: Scope, *, holds: bool
    ) -> Occasion:
        while node is not None and node.type == "block":  # in parentheses
            node = next(grammar.children(node), None)
        if node is None:
            return self.maybe()
        sign = operator(node)
        if node.type == "unary_operator" and sign in ("not", "!"):
            return self._narrowed(field(node, "operand"), evaluator, scope, holds=not holds)
        left, right = field(node, "left"), field(node, "right")
        if node.type != "binary_operator" or left is None or right is None:
            return self.maybe()
        if sign in ("and", "&&", "or", "||"):
            if holds != (sign in ("and", "&&")):
                return self.maybe()
            first = self._narrowed(left, evaluator, scope, holds=holds)
            return first._narrowed(right, evaluator, scope, holds=holds)
        terms = [evaluator.evaluate(left, scope), evaluator.evaluate(right, scope)]
        asked = [one for one in terms if not _is_environment(one)]
        names = _atoms(asked) if len(asked) == 1 else None
        if not names or sign not in ("==", "===", "!=", "!==", "in", "not in"):
            return self.maybe()
        inside = _named(names)
        if holds == (sign in ("==", "===", "in")):
            return self._only(inside)
        return self._only(_ALL - (inside - {_OTHER}))


def _named(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name if name in _ALL else _OTHER for name in names)


def _is_environment(term: Term) -> bool:
    return isinstance(term, Symbol) and term.name == ENVIRONMENT


def _atoms(terms: list[Term]) -> list[str]:
    """The atoms that are listed, or nothing where there is anything else."""
    found: list[str] = []
    for term in terms:
        for one in term.items if isinstance(term, Items) else (term,):
            if not isinstance(one, Symbol) or one.name[:1] != ":":
                return []
            found.append(one.name[1:])
    return found
