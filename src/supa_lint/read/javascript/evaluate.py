"""What an expression is worth, without running it.

Flow-insensitive and careful: a name that may mean several things is unknown, and a text that code
changes on its way keeps its first value, marked with the parts that change.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from supa_lint.model import HOLE, MASK, Const, Hole, Span, Unknown, Value
from supa_lint.raw import Raw
from supa_lint.read.code.budget import Budget
from supa_lint.read.code.environment import either, hole
from supa_lint.read.code.memory import Memory
from supa_lint.read.code.rewriting import appended
from supa_lint.read.code.terms import Invoke, Items, Parsed, Table, Term, concat, join
from supa_lint.read.code.texts import number
from supa_lint.read.javascript import environ, texts
from supa_lint.read.javascript.names import Names
from supa_lint.read.javascript.scope import Module, Scope
from supa_lint.read.javascript.syntax import (
    FUNCTIONS,
    Source,
    arguments,
    children,
    field,
    is_broken,
    is_name,
    sides,
    tagged,
    unwrap,
)
from supa_lint.read.javascript.variables import Variables, imported

if TYPE_CHECKING:
    from tree_sitter import Node

_TEXT_FUNCTION = re.compile(r"(?:url|uri|dsn|connection_?string|host)$", re.IGNORECASE)
_MOST_NODES = 300
_NAMING = FUNCTIONS | {"identifier"}
_TABLES = {"object", "identifier"}


class Evaluator:
    """Evaluates the expressions of one module."""

    def __init__(
        self,
        module: Module,
        source: Source,
        seal: Callable[[Raw, str], Value],
        wanted: Callable[[str], bool],
    ) -> None:
        """`wanted` says of which callees it matters what they are given."""
        self.module = module
        self._wanted = wanted
        self.source = source
        self.seal = seal
        self.memory = Memory(Budget(question=2_000, file=200_000), seal)
        self.names = Names(module, source, self.memory.budget)
        self.variables = Variables(self)

    def ask(self, node: Node, scope: Scope) -> Term:
        """Like `evaluate`, remembering the answer: for whole expressions of the module."""
        return self.memory.once(node.id, lambda: self.evaluate(node, scope))

    def evaluate(self, node: Node, scope: Scope) -> Term:
        """What an expression is worth, as a part of the question that is being asked."""
        node = unwrap(node)
        visit = getattr(self, f"on_{node.type}", None)
        term = self.memory.step(visit, node, scope) if visit else None
        return term or Unknown(self.span(node))

    def span(self, node: Node) -> Span:
        return self.source.span(node)

    def dotted(self, node: Node, scope: Scope) -> str | None:
        return self.names.dotted(node, scope)

    def asks(self, call: Node, scope: Scope) -> bool:
        """Whether a client may know a call."""
        return self._wanted(self.names.callee(call, scope))

    def mentions(self, node: Node, name: str) -> bool:
        """Whether an expression uses a name. (A long one may.)"""
        nodes = [node]
        for _ in range(_MOST_NODES):
            if not nodes:
                return False
            one = nodes.pop()
            if one.type in ("identifier", "property_identifier", "shorthand_property_identifier"):
                if self.source.code(one) == name:
                    return True
            elif one.type not in FUNCTIONS:
                nodes += one.named_children
        return True

    # --- names

    def on_identifier(self, node: Node, scope: Scope) -> Term:
        name, span = self.source.code(node), self.span(node)
        if name == "undefined":
            return Const(None, span)
        owner = scope.owner(name)
        if owner is not None:
            return self.variables.resolve(name, owner, span)
        named = self.names.resolve(node, scope)
        return imported(named, span, self) if named else Unknown(span)

    on_shorthand_property_identifier = on_identifier

    def on_member_expression(self, node: Node, scope: Scope) -> Term:
        inner, key = field(node, "object"), self.source.key(field(node, "property"))
        if inner is None or key is None:
            return Unknown(self.span(node))
        return self._member(node, inner, key, scope)

    def on_subscript_expression(self, node: Node, scope: Scope) -> Term:
        cut = texts.cut(node, scope, self)
        inner, index = field(node, "object"), field(node, "index")
        if cut is not None or inner is None or index is None:
            return cut or Unknown(self.span(node))
        key = self.evaluate(index, scope)
        if isinstance(key, Const) and isinstance(key.value, int):
            return self.take(self.evaluate(inner, scope), str(key.value), self.span(node))
        if isinstance(key, Raw) and not key.holes:
            return self._member(node, inner, key.text, scope)
        named = self.names.resolve(inner, scope)
        if named and named.name in environ.MAPPINGS:
            return hole(None, None, self.span(node), self.seal)
        return Unknown(self.span(node))

    def _member(self, node: Node, inner: Node, key: str, scope: Scope) -> Term:
        span = self.span(node)
        base = self.names.resolve(inner, scope)
        if base:
            read = environ.property_of(base.name, key, span, self.seal)
            if read is not None:
                return read
            holder = self.names.holder(base.cls, key) if base.cls else None
            if holder:
                return self._field(holder, key, span)
        if base is None or base.kind == "name" or base.fields:
            term = self.evaluate(inner, scope)
            if isinstance(term, Table | Items | Parsed):
                return self.take(term, key, span)
        elif base.kind == "instance" and base.scope is None:
            term = self.evaluate(inner, scope)
            if isinstance(term, Parsed):
                return self.take(term, key, span)
        named = self.names.member(base, key) if base else None
        if named is None or named.name.startswith("?"):
            return Unknown(span)
        return imported(named, span, self)

    def _field(self, cls: Scope, key: str, span: Span) -> Term:
        bindings = cls.bindings[key]
        if len(bindings) == 1 and bindings[0].kind == "function":
            method = bindings[0].scope
            return self.returned(method) if method.getter else Unknown(span)
        return self.variables.resolve(key, cls, span)

    def take(self, term: Term, key: str, span: Span) -> Term:
        """The property of a value."""
        if isinstance(term, Table):
            found = term.get(key)
            return found or (Const(None, span) if term.complete else Unknown(span))
        if isinstance(term, Items) and key.isdecimal() and int(key[:9]) < len(term.items):
            return term.items[int(key[:9])]
        if isinstance(term, Parsed):
            return texts.part(term, key, span)
        return Unknown(span)

    # --- calls

    def on_call_expression(self, node: Node, scope: Scope) -> Term:
        module = self.names.resolve(node, scope)
        if module and module.kind == "module":
            return imported(module, self.span(node), self)
        callee = self.names.callee(node, scope)
        function = field(node, "function")
        local = self.names.function(function, scope)
        if local:
            result = self.returned(local, self._given(node, scope))
            if not isinstance(result, Unknown):
                return result
        known = (
            environ.read_call(callee, node, scope, self)
            or texts.function(callee, node, scope, self)
            or texts.method(node, scope, self)
        )
        if known is not None:
            return known
        named = self.names.resolve(function, scope)
        last = callee.rpartition(".")[2]
        if named and named.own and local is None and _TEXT_FUNCTION.search(last):
            return Raw(HOLE, self.span(node), (Hole(symbol=callee),))
        return self.invoke(callee, node, scope)

    def on_new_expression(self, node: Node, scope: Scope) -> Term:
        callee = self.names.callee(node, scope)
        return texts.function(callee, node, scope, self) or self.invoke(callee, node, scope)

    def invoke(self, callee: str, node: Node, scope: Scope) -> Invoke:
        """The call itself, with its arguments evaluated where a client may know it: what others
        are given says nothing about what they give."""
        if not self._wanted(callee):
            return Invoke(callee, (), (), False, self.span(node))
        tag = tagged(node)
        given = [tag[1]] if tag else arguments(node)
        args: list[Term] = []
        complete = True
        for one in given:
            if one.type == "spread_element":
                complete = False
                break  # the positions of what follows are not known
            args.append(self.evaluate(one, scope))
        return Invoke(callee, tuple(args), (), complete, self.span(node))

    def _given(self, node: Node, scope: Scope) -> list[Term] | None:
        given = arguments(node)
        if any(one.type == "spread_element" for one in given):
            return None
        return [self.evaluate(one, scope) for one in given]

    def returned(self, function: Scope, given: list[Term] | None = None) -> Term:
        """What a function of this module returns."""
        span = self.span(function.node)
        if function.generator:
            return Unknown(span)
        nothing: Term = Const(None, span)
        padded = [*given, *(nothing for _ in range(8 - len(given)))] if given is not None else []
        return self.memory.returned(
            id(function),
            dict(enumerate(padded)),
            lambda: [self.evaluate(value, scope) for value, scope in function.returns],
            span,
        )

    # --- literals

    def on_string(self, node: Node, scope: Scope) -> Term:
        self.memory.literals.add(node.id)
        return concat(
            [one for one in self.source.parts(node) if isinstance(one, Raw)], self.span(node)
        )

    def on_template_string(self, node: Node, scope: Scope) -> Term:
        self.memory.literals.add(node.id)
        pieces: list[Term] = [
            one if isinstance(one, Raw) else self.evaluate(one, scope)
            for one in self.source.parts(node)
        ]
        return appended(concat(pieces, self.span(node)), self.memory)

    def on_number(self, node: Node, scope: Scope) -> Term:
        return texts.numeral(self.source.code(node), self.span(node))

    def on_true(self, node: Node, scope: Scope) -> Term:
        return Const(node.type == "true", self.span(node))

    on_false = on_true

    def on_null(self, node: Node, scope: Scope) -> Term:
        return Const(None, self.span(node))

    on_undefined = on_null

    def on_object(self, node: Node, scope: Scope) -> Term:
        entries: dict[str, Term] = {}
        complete = True
        for child in children(node):
            kind = child.type
            if kind == "spread_element":
                inner = next(iter(children(child)), None)
                term = (
                    self.evaluate(inner, scope) if inner is not None else Unknown(self.span(child))
                )
                spread = texts.spread(Table((), True, self.span(child)), term)
                entries |= spread.entries
                complete = complete and spread.complete
                continue
            if kind == "shorthand_property_identifier":
                name, value = self.source.code(child), self.evaluate(child, scope)
            elif kind == "method_definition":
                name = self.source.key(field(child, "name")) or ""
                value = self._factory(child)
            else:
                name, value = self._pair(child, scope)
            if name:
                entries[name if is_name(name) else MASK] = value
            complete = complete and bool(name)
        return Table(tuple(entries.items()), complete, self.span(node))

    def _pair(self, node: Node, scope: Scope) -> tuple[str, Term]:
        """Name and value of a pair; without a name when that is computed."""
        key, value = field(node, "key"), field(node, "value")
        if node.type != "pair" or key is None or value is None:
            return "", Unknown(self.span(node))
        name = self.source.key(key)
        if name is None and children(key):
            term = self.evaluate(children(key)[0], scope)
            name = term.text if isinstance(term, Raw) and not term.holes else None
        function = self.names.function(value, scope) if unwrap(value).type in _NAMING else None
        if function is not None:
            return name or "", self._factory(function.node)
        return name or "", self.evaluate(value, scope)

    def _factory(self, node: Node) -> Term:
        """The table that a function given under some name returns: libraries ask it for options
        (`useFactory` of NestJS)."""
        function = self.module.scopes.get(node.id)
        if function is None or not any(unwrap(one).type in _TABLES for one, _ in function.returns):
            return Unknown(self.span(node))
        term = self.returned(function)
        return term if isinstance(term, Table) else Unknown(self.span(node))

    def on_array(self, node: Node, scope: Scope) -> Term:
        items = children(node)
        if is_broken(node) or any(one.type == "spread_element" for one in items):
            return Unknown(self.span(node))
        return Items(tuple(self.evaluate(one, scope) for one in items), self.span(node))

    # --- operators

    def on_binary_expression(self, node: Node, scope: Scope) -> Term:
        span = self.span(node)
        found = sides(node)
        if found and found[1] in ("??", "||"):
            left, right = self.evaluate(found[0], scope), self.evaluate(found[2], scope)
            return self.either(left, right, span)
        operands: list[Node] = []
        first = node
        while found and found[1] == "+":  # long sums nest as deep as they are long
            first, _, last = found
            operands.append(last)
            found = sides(first) if first.type == "binary_expression" else None
        operands.append(first)
        if first is node:
            return Unknown(span)
        terms = [self.evaluate(one, scope) for one in reversed(operands)]
        if not any(isinstance(term, Raw) for term in terms):
            return Unknown(span)
        return appended(concat(terms, span), self.memory)

    def either(self, first: Term, second: Term, span: Span) -> Term:
        """`first ?? second`."""
        if isinstance(first, Unknown) and isinstance(second, Invoke):
            return second  # `globalThis.db ?? new Client()`
        return either(first, second, span, self.seal)

    def on_ternary_expression(self, node: Node, scope: Scope) -> Term:
        span = self.span(node)
        names = ("condition", "consequence", "alternative")
        test, first, second = (field(node, name) for name in names)
        if test is None or first is None or second is None:
            return Unknown(span)
        terms = [self.evaluate(first, scope), self.evaluate(second, scope)]
        if self.source.code(unwrap(test)) == self.source.code(unwrap(first)):
            return self.either(terms[0], terms[1], span)
        return texts.extended(terms, self) or join(terms, span)

    def on_unary_expression(self, node: Node, scope: Scope) -> Term:
        span = self.span(node)
        operator, argument = field(node, "operator"), field(node, "argument")
        if operator is None or argument is None:
            return Unknown(span)
        if operator.type == "void":
            return Const(None, span)
        term = self.evaluate(argument, scope)
        if operator.type == "+":
            return number(term, span) or Unknown(span)
        if isinstance(term, Const) and operator.type == "!":
            return Const(not term.value, span)
        if isinstance(term, Const) and isinstance(term.value, int | float) and operator.type == "-":
            return Const(-term.value, span)
        return Unknown(span)

    def on_assignment_expression(self, node: Node, scope: Scope) -> Term:
        right = field(node, "right")
        return self.evaluate(right, scope) if right is not None else Unknown(self.span(node))
