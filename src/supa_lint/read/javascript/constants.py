"""The constants and properties of objects that may hold a DSN, a key or a Supabase host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from supa_lint.dsn.parts import role_of
from supa_lint.read.code.constants import TELLING, Constant, Constants
from supa_lint.read.javascript.evaluate import Evaluator
from supa_lint.read.javascript.scope import Scope, Site
from supa_lint.read.javascript.syntax import field, is_name, named_pairs, sides, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

_TELLING = re.compile(TELLING.pattern.encode(), re.IGNORECASE)
_URL = re.compile(rb"://")
_DEEPEST = 3


class Literals:
    """Finds the constants and properties that are written as literals, each once."""

    def __init__(self, evaluator: Evaluator, constants: Constants) -> None:
        self._evaluator = evaluator
        self._constants = constants
        self._seen: set[int] = set()
        self._dull = 0
        """Where the last object ends in which there is nothing to see."""

    def declared(self, site: Site) -> None:
        """`const x = ...`, or a field of a class."""
        node = site.node
        evaluator = self._evaluator
        target, value = field(node, "name") or field(node, "property"), field(node, "value")
        if target is None or value is None or target.type == "object_pattern":
            return
        cls = site.scope if site.scope.kind == "class" else None
        name = evaluator.source.key(target) or ""
        if unwrap(value).type == "object":
            inner = f"{cls.name}.{name}" if cls else name
            self.properties(unwrap(value), site.scope, inner)
        constant = Constant(name, cls.name if cls else "", evaluator.source.span(node, value))
        self._add(constant, target if target.type == "identifier" else None, value, site.scope)

    def properties(self, node: Node, scope: Scope, container: str = "") -> None:
        """The properties of an object literal, and of those inside it."""
        if node.id in self._seen or node.end_byte <= self._dull:
            return
        self._seen.add(node.id)
        if not self._evaluator.source.holds(node, _TELLING):
            self._dull = max(self._dull, node.end_byte)
            return
        tried = _is_one_of_several(node)
        for name, key, value in named_pairs(node, self._evaluator.source):
            if not is_name(name) or (tried and self._evaluator.source.holds(value, _URL)):
                continue
            span = self._evaluator.source.span(key, value)
            self._add(Constant(name, container, span, node.id), None, value, scope)
            if unwrap(value).type == "object" and container.count(".") < _DEEPEST:
                self.properties(unwrap(value), scope, f"{container}.{name}" if container else name)

    def _add(self, constant: Constant, target: Node | None, value: Node, scope: Scope) -> None:
        evaluator = self._evaluator
        dull = not evaluator.source.holds(value, _TELLING) and not role_of(constant.name)
        if dull or not _own_text(unwrap(value)):
            return
        with evaluator.memory.noting() as literals:
            term = evaluator.ask(value, scope)
            resolved = evaluator.ask(target, scope) if target is not None else None
        self._constants.add(constant, term, resolved, literals)


def _is_one_of_several(node: Node) -> bool:
    """Whether an object stands in a list of such: the URLs there are tried, or chosen from."""
    beside = node.parent.named_children if node.parent and node.parent.type == "array" else ()
    return sum(one.type == "object" for one in beside) > 1


def _own_text(node: Node) -> bool:
    """Whether text is written right here, rather than taken from another name."""
    if node.type == "call_expression":
        inner = field(node, "function", "object")
        return inner is not None and _own_text(unwrap(inner))
    if node.type == "binary_expression":
        left, operator, right = sides(node) or (node, "", node)
        return operator == "+" and (_own_text(unwrap(left)) or _own_text(unwrap(right)))
    return node.type in ("string", "template_string", "number")
