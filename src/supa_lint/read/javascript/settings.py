"""Constants and properties that hold a DSN, a key or a Supabase host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from supa_lint.dsn.parts import role_of
from supa_lint.model import HOLE, Const, Setting, Span
from supa_lint.raw import Raw
from supa_lint.read.code.terms import Parsed, Table, Term, as_text
from supa_lint.read.javascript.evaluate import Evaluator
from supa_lint.read.javascript.scope import Scope, Site
from supa_lint.read.javascript.syntax import is_name, named_pairs, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

_WORTH = re.compile(r"postgres|supabase|://|eyJ|sb_|host\s*=", re.IGNORECASE)
_MARK = re.compile(rb"(?i)postgres|supabase|://|eyJ|sb_|host\s{0,9}=")
_HOST = re.compile(r"supabase\.", re.IGNORECASE)
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class _Named:
    """A constant, or a property of an object literal, that may be a setting."""

    name: str
    container: str
    group: int
    """Id of the object literal it stands in, 0 for a constant."""
    raw: Raw
    span: Span
    literals: frozenset[int]


class Constants:
    """Gathers constants, and decides in the end which of them are settings."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._found: list[_Named] = []
        self._seen: set[int] = set()
        self._dull = 0
        """Where the last object ends in which there is nothing to see."""
        self.claimed: set[int] = set()

    def declared(self, site: Site) -> None:
        """`const x = ...`, or a field of a class."""
        node = site.node
        target = node.child_by_field_name("name") or node.child_by_field_name("property")
        value = node.child_by_field_name("value")
        if target is None or value is None or target.type == "object_pattern":
            return
        cls = site.scope if site.scope.kind == "class" else None
        name = self._evaluator.source.key(target) or ""
        if unwrap(value).type == "object":
            inner = f"{cls.name}.{name}" if cls else name
            self.properties(unwrap(value), site.scope, inner)
        self._add(name, cls.name if cls else "", 0, (node, target, value), site.scope)

    def properties(self, node: Node, scope: Scope, container: str = "") -> None:
        """The properties of an object literal, and of those inside it."""
        if node.id in self._seen or node.end_byte <= self._dull:
            return
        self._seen.add(node.id)
        if not self._evaluator.source.holds(node, _MARK):
            self._dull = max(self._dull, node.end_byte)
            return
        for name, key, value in named_pairs(node, self._evaluator.source):
            if not is_name(name):
                continue
            self._add(name, container, node.id, (key, None, value), scope)
            if unwrap(value).type == "object" and container.count(".") < _DEEPEST:
                self.properties(unwrap(value), scope, f"{container}.{name}" if container else name)

    def _add(
        self,
        name: str,
        container: str,
        group: int,
        nodes: tuple[Node, Node | None, Node],
        scope: Scope,
    ) -> None:
        evaluator = self._evaluator
        first, target, value = nodes
        dull = not evaluator.source.holds(value, _MARK) and not role_of(name)
        if dull or not _own_text(unwrap(value)):
            return
        evaluator.memory.literals = set()
        term = evaluator.ask(value, scope)
        if not isinstance(term, Raw | Const):
            return
        raw = as_text(term)
        if target is not None and target.type == "identifier":
            resolved = evaluator.ask(target, scope)
            if isinstance(resolved, Raw) and resolved.text == raw.text:
                raw = replace(raw, rewritten=resolved.rewritten)
        span = evaluator.source.span(first, value)
        self._found.append(
            _Named(name, container, group, raw, span, frozenset(evaluator.memory.literals))
        )

    def settled(self) -> Iterator[Setting]:
        """DSNs, keys and Supabase hosts, and the parts set beside such a host."""
        with_host = {
            (one.container, one.group)
            for one in self._found
            if _HOST.search(one.raw.text) and role_of(one.name) == "host"
        }
        for one in self._found:
            beside = (one.container, one.group) in with_host and role_of(one.name) != ""
            if not beside and not self._tells(one):
                continue
            value = self._evaluator.seal(one.raw, one.name)
            yield Setting(one.name, value, one.span, one.container, exported=False)
            self.claimed |= one.literals

    def _tells(self, named: _Named) -> bool:
        if not _WORTH.search(named.raw.text):
            return False
        value = self._evaluator.seal(named.raw, named.name)
        host = _HOST.search(named.raw.text) and not re.search(r"\s", named.raw.text.strip())
        return bool(value.dsn or value.ref or value.secret or host)


def _own_text(node: Node) -> bool:
    """Whether text is written right here, rather than taken from another name."""
    if node.type == "call_expression":
        function = node.child_by_field_name("function")
        inner = function.child_by_field_name("object") if function is not None else None
        return inner is not None and _own_text(unwrap(inner))
    if node.type == "binary_expression":
        operator = node.child_by_field_name("operator")
        sides = [node.child_by_field_name(one) for one in ("left", "right")]
        plus = operator is not None and operator.type == "+"
        return plus and any(one is not None and _own_text(unwrap(one)) for one in sides)
    return node.type in ("string", "template_string", "number")


def exported(name: str, term: Term, span: Span, evaluator: Evaluator) -> Iterator[Setting]:
    """`process.env.X = term`: a setting of the environment, where it says anything itself."""
    if not is_name(name) or not isinstance(term, Raw | Parsed):
        return
    text = as_text(term)
    passed_on = text.text == HOLE or any(hole.variable == name for hole in text.holes)
    if not passed_on:
        yield Setting(name, evaluator.seal(text, name), span)


def exported_all(term: Term, span: Span, evaluator: Evaluator) -> Iterator[Setting]:
    """`Object.assign(process.env, term)`: a setting for each key."""
    for name, value in term.entries if isinstance(term, Table) else ():
        yield from exported(name, value, span, evaluator)
