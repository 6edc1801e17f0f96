"""What expressions of Elixir are worth, as far as configuration needs: texts, numbers, keyword
lists, variables of the environment. What anything else makes is unknown.

Values never change in Elixir and names are bound in order, so a scope that is filled while the code
is walked says all about a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from supa_lint.model import Const, Symbol, Unknown, Value
from supa_lint.raw import Raw
from supa_lint.read import grammar
from supa_lint.read.code import environment, tables, texts
from supa_lint.read.code.budget import Budget
from supa_lint.read.code.memory import Memory
from supa_lint.read.code.rewriting import ANY, appended, replaced, stripped
from supa_lint.read.code.terms import Items, Table, Term, concat, join, literal, something
from supa_lint.read.elixir.syntax import Source, arguments, field, operator, pairs
from supa_lint.read.nodes import key_text

if TYPE_CHECKING:
    from tree_sitter import Node

ENVIRONMENT = "config_env"
"""The symbol for the environment that is configured: `:dev`, `:test`, `:prod`."""

# The functions that read a variable, and which of their arguments is what counts without it.
READERS = {"System.get_env": 1, "System.fetch_env!": None, "env!": 2}
_ENVIRONMENTS = ("config_env", "Mix.env")
_SAME = ("to_string", "to_charlist", "String.to_charlist", "List.to_string")
_TEXT_SIGILS = ("s", "S", "c", "C")
_MOST_DIGITS = 18
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,100}")  # what else stands there may be a secret


class Scope:
    """The names of a block, and of those around it."""

    def __init__(self, outer: Scope | None = None) -> None:
        self._outer = outer
        self._names: dict[str, Term] = {}

    def bind(self, name: str, term: Term) -> None:
        self._names[name] = term

    def get(self, name: str) -> Term | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope._names:
                return scope._names[name]
            scope = scope._outer
        return None


class Evaluator:
    """Evaluates the expressions of one file."""

    def __init__(self, source: Source, seal: Callable[[Raw, str], Value]) -> None:
        self.source = source
        self.memory = Memory(Budget(question=800, file=150_000), seal)
        self._seal = seal

    def evaluate(self, node: Node, scope: Scope) -> Term:
        """What an expression is worth."""
        term = self.memory.step(self._visit, node, scope)
        return Unknown(self.source.span(node)) if term is None else term

    def given(self, call: Node, scope: Scope) -> list[Term]:
        """The arguments of a call."""
        return [self.evaluate(node, scope) for node in arguments(call)]

    def _visit(self, node: Node, scope: Scope) -> Term:
        visit = _VISITS.get(node.type)
        return visit(self, node, scope) if visit else Unknown(self.source.span(node))

    # --- literals

    def _string(self, node: Node, scope: Scope) -> Term:
        parts: list[Term] = []
        for child in grammar.children(node):
            if child.type == "interpolation":
                parts += (self.evaluate(inner, scope) for inner in grammar.children(child))
            elif child.type == "escape_sequence":
                parts.append(self.source.escape(child))
            elif child.type == "quoted_content":
                parts.append(self.source.cut(child))
        return appended(concat(parts, self.source.inside(node)), self.memory)

    def _sigil(self, node: Node, scope: Scope) -> Term:
        name, *inside = grammar.children(node)
        if self.source.text(name) not in _TEXT_SIGILS or len(inside) != 1:
            return Unknown(self.source.span(node))
        return self.source.cut(inside[0])

    def _integer(self, node: Node, _: Scope) -> Term:
        text = self.source.text(node).replace("_", "")
        if not text.isdecimal() or not text.isascii() or len(text) > _MOST_DIGITS:
            return Unknown(self.source.span(node))
        return Const(int(text), self.source.span(node))

    def _boolean(self, node: Node, _: Scope) -> Term:
        return Const(self.source.text(node) == "true", self.source.span(node))

    def _nil(self, node: Node, _: Scope) -> Term:
        return Const(None, self.source.span(node))

    def _symbol(self, node: Node, _: Scope) -> Term:
        """An atom (`:unnamed`) or the name of a module."""
        return Symbol(self.source.text(node), self.source.span(node))

    def _keywords(self, node: Node, scope: Scope) -> Term:
        return self._table([node], node, scope)

    def _list(self, node: Node, scope: Scope) -> Term:
        inside = list(grammar.children(node))
        if inside and all(child.type == "keywords" for child in inside):
            return self._table(inside, node, scope)
        items = tuple(self.evaluate(child, scope) for child in inside)
        span = self.source.span(node)
        if items and all(child.type == "tuple" for child in inside):  # `[{:url, "..."}]`
            entries = [_entry(item) for item in items]
            known = tuple(entry for entry in entries if entry)
            return Table(known, len(known) == len(entries), span)
        return Items(items, span)

    def _table(self, inside: list[Node], node: Node, scope: Scope) -> Table:
        entries = []
        for pair in pairs(inside):
            value = field(pair, "value")
            if value is not None:
                entries.append((key_text(self.source.key(pair)), self.evaluate(value, scope)))
        return Table(tuple(entries), not node.has_error, self.source.span(node))

    def _tuple(self, node: Node, scope: Scope) -> Term:
        items = tuple(self.evaluate(child, scope) for child in grammar.children(node))
        return Items(items, self.source.span(node))

    # --- names and operators

    def _name(self, node: Node, scope: Scope) -> Term:
        name = self.source.text(node)
        known = scope.get(name)
        if known is None and name in _ENVIRONMENTS:
            return Symbol(ENVIRONMENT, self.source.span(node))
        return known or Unknown(self.source.span(node))

    def _block(self, node: Node, scope: Scope) -> Term:
        inside = list(grammar.children(node))
        return self.evaluate(inside[-1], scope) if inside else Unknown(self.source.span(node))

    def _unary(self, node: Node, scope: Scope) -> Term:
        operand = field(node, "operand")
        known = scope.get("@" + self.source.text(operand)) if operator(node) == "@" else None
        return known or Unknown(self.source.span(node))

    def _binary(self, node: Node, scope: Scope) -> Term:
        left, right = field(node, "left"), field(node, "right")
        span = self.source.span(node)
        if left is None or right is None:
            return Unknown(span)
        sign = operator(node)
        if sign == "=":
            return self.evaluate(right, scope)
        if sign == "|>":
            if right.type != "call":
                return Unknown(span)
            return self._apply(right, [self.evaluate(left, scope), *self.given(right, scope)])
        if sign not in ("||", "or", "<>", "++"):
            return Unknown(span)
        first, second = self.evaluate(left, scope), self.evaluate(right, scope)
        if sign == "<>":
            return appended(concat([first, second], span), self.memory)
        if sign == "++":
            return _overlaid(second, first) or Unknown(span)  # the first of a name counts
        return environment.either(first, second, span, self._seal)

    # --- calls

    def _call(self, node: Node, scope: Scope) -> Term:
        name = self.source.name(node)
        if name in ("if", "unless"):
            return self._either_branch(node, scope)
        if name == "raise":
            return Const(None, self.source.span(node))
        return self._apply(node, self.given(node, scope))

    def _either_branch(self, node: Node, scope: Scope) -> Term:
        """`if`: what all of its branches say."""
        found = {branch.name: branch.nodes for branch in self.source.branches(node)}
        span = self.source.span(node)
        terms: list[Term] = []
        for name in ("do", "else"):
            nodes = found.get(name)
            # What is bound inside is not known here.
            simple = nodes is not None and len(nodes) == 1
            last = self.evaluate(nodes[0], scope) if nodes and simple else None
            terms.append(last or (Unknown(span) if nodes else Const(None, span)))
        return join(something(terms), span)

    def _apply(self, node: Node, given: Sequence[Term]) -> Term:
        """What a function makes of its arguments."""
        name, span = self.source.name(node), self.source.span(node)
        if name in READERS:
            at = READERS[name]
            default = given[at] if at is not None and len(given) > at else None
            return environment.hole(variable(given), default, span, self._seal)
        if name in _ENVIRONMENTS and not given:
            return Symbol(ENVIRONMENT, span)
        if not given:
            # `:public_key.cacerts_get()`
            return Symbol(name, span) if "." in name else Unknown(span)
        first = given[0]
        if name in _SAME and len(given) == 1:
            return first
        if name == "String.to_integer":
            return texts.number(first, span) or Unknown(span)
        if name == "Keyword.merge" and len(given) == 2:
            return _overlaid(*given) or Unknown(span)
        if name == "Keyword.put" and len(given) == 3:
            return _put(first, *given[1:]) or Unknown(span)
        if isinstance(first, Raw):
            if name == "String.trim" and len(given) == 1:
                return stripped(first, str.strip)
            if name == "String.replace" and len(given) == 3:
                return replaced(first, literal(given[1]), literal(given[2]), self.memory)
        for term in given:
            if isinstance(term, Raw):
                self.memory.rewrite(term, ANY)
        return Unknown(span)


def variable(given: Sequence[Term]) -> str | None:
    """The name of the variable that a function of `READERS` is given."""
    name = literal(given[0]) if given else None
    return name if name and _VARIABLE.fullmatch(name) else None


def _entry(item: Term) -> tuple[str, Term] | None:
    """The name and the value of `{:name, value}`."""
    if not isinstance(item, Items) or len(item.items) != 2:
        return None
    key, value = item.items
    return (key.name[1:], value) if isinstance(key, Symbol) and key.name[:1] == ":" else None


def _overlaid(under: Term, over: Term) -> Term | None:
    """The keys of both; those of `over` win."""
    if isinstance(over, Items) and not over.items:
        return under
    if isinstance(under, Items) and not under.items:
        return over
    if not isinstance(over, Table):
        return None
    if not isinstance(under, Table):
        return replace(over, complete=False)
    return tables.merge(under, over)


def _put(table: Term, key: Term, value: Term) -> Term | None:
    if not isinstance(table, Table) or not isinstance(key, Symbol):
        return None
    return table.put(key.name.removeprefix(":"), value)


_VISITS: dict[str, Callable[[Evaluator, Node, Scope], Term]] = {
    "alias": Evaluator._symbol,
    "atom": Evaluator._symbol,
    "binary_operator": Evaluator._binary,
    "block": Evaluator._block,
    "boolean": Evaluator._boolean,
    "call": Evaluator._call,
    "charlist": Evaluator._string,
    "identifier": Evaluator._name,
    "integer": Evaluator._integer,
    "keywords": Evaluator._keywords,
    "list": Evaluator._list,
    "nil": Evaluator._nil,
    "sigil": Evaluator._sigil,
    "string": Evaluator._string,
    "tuple": Evaluator._tuple,
    "unary_operator": Evaluator._unary,
}
