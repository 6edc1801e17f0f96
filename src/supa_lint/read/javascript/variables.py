"""What a variable is worth, by all the places that bind, rewrite or change it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from supa_lint.model import HOLE, Const, Hole, Span, Symbol, Unknown
from supa_lint.raw import Raw
from supa_lint.read.code import variables
from supa_lint.read.code.environment import with_default
from supa_lint.read.code.rewriting import ANY, rewritten, touched_by_appending
from supa_lint.read.code.tables import put
from supa_lint.read.code.terms import Parsed, Table, Term, as_text, join, something
from supa_lint.read.javascript import environ, texts
from supa_lint.read.javascript.names import Named
from supa_lint.read.javascript.scope import Binding, Mutation, Scope
from supa_lint.read.javascript.syntax import field

if TYPE_CHECKING:
    from tree_sitter import Node

    from supa_lint.read.javascript.evaluate import Evaluator

_CONFIG_NAME = re.compile(
    r"(?:^|[./])_?(?:env|config|conf|cfg|settings|constants|secrets)\.", re.IGNORECASE
)


_MOST_CHANGES = 200


class Variables:
    """Resolves the variables of one module."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def resolve(self, name: str, owner: Scope, span: Span) -> Term:
        """What `name` of `owner` means, by all that its bindings say."""
        bindings, mutations = owner.bindings.get(name, ()), owner.mutations.get(name, ())
        memory = self._evaluator.memory
        return variables.resolve(name, owner, bindings, mutations, self, memory, span)

    def follows(self, binding: Binding, name: str) -> bool:
        if binding.kind == "augmented":
            return True
        if binding.kind != "value" or binding.value is None or binding.node is binding.value:
            return False
        assigned = binding.node.type == "assignment_expression"
        return assigned and self._evaluator.mentions(binding.value, name)

    def first(self, name: str, owner: Scope, bindings: Sequence[Binding], span: Span) -> Term:
        values = [
            one for one in bindings if one.value is not None or one.kind not in ("value", "other")
        ]
        if not values or any(one.kind == "other" for one in bindings):
            return Unknown(span)
        terms = [self._bound(name, owner, one, span) for one in values]
        real = something(terms)
        return real[0] if len(real) == 1 else join(terms, span)

    def _bound(self, name: str, owner: Scope, binding: Binding, span: Span) -> Term:
        evaluator = self._evaluator
        if binding.kind in ("import", "class", "function"):
            named = evaluator.names.variable(name, owner)
            return imported(named, span, evaluator) if named else Unknown(span)
        if binding.kind == "parameter":
            given = evaluator.memory.arguments.get((id(binding.scope), binding.position))
            if given is None:
                return Unknown(span)
            return self._taken(given, binding, span)
        if binding.value is None:
            return Unknown(span)
        if binding.keys:
            named = evaluator.names.resolve(binding.value, binding.scope)
            if named and named.name in environ.MAPPINGS and len(binding.keys) == 1:
                where = evaluator.span(binding.node) if span.end <= span.start else span
                default = binding.default and evaluator.evaluate(binding.default, binding.scope)
                return environ.read(binding.keys[0], default, where, evaluator.seal)
        term = self._taken(evaluator.evaluate(binding.value, binding.scope), binding, span)
        if isinstance(term, Unknown) and binding.keys:  # `const { url } = require("./config")`
            named = evaluator.names.variable(name, owner)
            return imported(named, span, evaluator) if named and named.own else term
        return term

    def _taken(self, term: Term, binding: Binding, span: Span) -> Term:
        """What a pattern takes out of a value."""
        evaluator = self._evaluator
        for key in binding.keys:
            term = evaluator.take(term, key, span)
        if binding.default is None:
            return term
        default = evaluator.evaluate(binding.default, binding.scope)
        if isinstance(term, Const) and term.value is None:
            return default
        if isinstance(term, Raw) and term.text == HOLE:
            return with_default(term, default, evaluator.seal)
        return term

    def value(self, binding: Binding) -> Term | None:
        value, scope = binding.value, binding.scope
        return None if value is None else self._evaluator.evaluate(value, scope)

    def rewritten(self, before: Term, after: Term, binding: Binding) -> Term:
        if binding.kind == "augmented":
            return self._augmented(before, after, binding.node)
        if isinstance(before, Table):
            return replace(before, complete=False)
        if not isinstance(before, Raw | Parsed):
            return Unknown(before.span)
        changed = rewritten(as_text(before), after, self._evaluator.memory)
        parsed = isinstance(before, Parsed) and isinstance(after, Raw | Parsed)
        return Parsed(changed) if parsed else changed

    def _augmented(self, term: Term, after: Term, node: Node) -> Term:
        operator = field(node, "operator")
        if operator is not None and operator.type in ("??=", "||="):
            return self._evaluator.either(term, after, term.span)
        if not isinstance(term, Raw):
            return Unknown(term.span)
        return self._evaluator.memory.rewrite(term, touched_by_appending(as_text(after).text))

    def mutated(self, term: Term, mutations: Sequence[Mutation], made_at: Binding | None) -> Term:
        symbol = isinstance(term, Symbol) or (
            isinstance(term, Raw) and term.text == HOLE and term.holes[0].symbol
        )
        if symbol and any(mutation.kind not in ("params", "given") for mutation in mutations):
            return Unknown(term.span)  # a table of another module is not what it was there
        for mutation in mutations[:_MOST_CHANGES]:
            if mutation.kind == "given" and self._evaluator.asks(mutation.node, mutation.scope):
                continue  # a client leaves its options alone
            term = self._mutated(term, mutation, made_at)
        if isinstance(term, Table) and len(mutations) > _MOST_CHANGES:
            return replace(term, complete=False)
        return term

    def _mutated(self, term: Term, mutation: Mutation, made_at: Binding | None) -> Term:
        """A value after code changes something inside it."""
        if isinstance(term, Parsed):
            parts = texts.changed(mutation.keys[0]) if mutation.keys else ANY
            return Parsed(self._evaluator.memory.rewrite(term.raw, parts))
        if not isinstance(term, Table):
            return term
        # What stands in another block may or may not happen, or happen before.
        certain = (
            made_at is not None
            and mutation.scope is made_at.scope
            and mutation.node.start_byte > made_at.node.start_byte
            and mutation.kind in ("set", "update")
            and mutation.value is not None
        )
        value = None
        if certain and mutation.value is not None:
            value = self._evaluator.evaluate(mutation.value, mutation.scope)
        return put(term, mutation.keys, value, mutation.kind)


def imported(named: Named, span: Span, evaluator: Evaluator) -> Term:
    """A name of another module: a text that is defined there, or just a name."""
    holder, _, last = named.name.rpartition(".")
    if holder in environ.MAPPINGS:
        return environ.read(last, None, span, evaluator.seal)
    elsewhere = named.own and named.scope is None
    lower = not (last[:1].isupper() and not last.isupper())
    if named.kind == "module":
        return Symbol(f"{named.name}.default", span)
    if "." in named.name and named.kind == "name" and lower:
        config = _CONFIG_NAME.search(f"{holder}.") is not None and environ.is_variable(last)
        if elsewhere or config:
            return Raw(HOLE, span, (Hole(symbol=named.name),))
    return Symbol(named.name, span)
