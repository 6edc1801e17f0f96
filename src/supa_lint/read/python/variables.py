"""What a variable is worth, by all the places that bind, rewrite or change it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from supa_lint.model import HOLE, Hole, Span, Symbol, Unknown
from supa_lint.raw import Raw
from supa_lint.read.code import variables
from supa_lint.read.code.environment import either
from supa_lint.read.code.rewriting import rewritten, touched_by_appending
from supa_lint.read.code.tables import put
from supa_lint.read.code.terms import Invoke, Parsed, Table, Term, as_text, join, something
from supa_lint.read.python.scope import Binding, Mutation, Scope

if TYPE_CHECKING:
    from supa_lint.read.python.evaluate import Evaluator

_CONFIG_NAME = re.compile(
    r"(^|[._])(settings|config|conf|constants|secrets|credentials|env|environment)\.|"
    r"(url|uri|dsn|host|port|user(name)?|pass(word|wd)?|pwd|database|db_?name|conn(ection)?_?str(ing)?)$",
    re.IGNORECASE,
)


class Variables:
    """Resolves the variables of one module."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def resolve(self, name: str, owner: Scope, bindings: list[Binding], span: Span) -> Term:
        """What `name` of `owner` means, by all that its bindings say."""
        memory, mutations = self._evaluator.memory, owner.mutations.get(name, ())
        return variables.resolve(name, owner, bindings, mutations, self, memory, span)

    def follows(self, binding: Binding, name: str) -> bool:
        if binding.kind == "augmented":
            return True
        return binding.value is not None and self._evaluator.names.mentions(binding.value, name)

    def first(self, name: str, owner: Scope, bindings: Sequence[Binding], span: Span) -> Term:
        values = [one for one in bindings if one.kind != "other" or not one.annotation]
        if not values:
            return Unknown(span)
        terms = [self._bound(name, owner, one, span) for one in values]
        for index in range(1, len(values)):
            if values[index].test and _asks_for(values[index].test, name):
                # `if not url: url = "..."` gives a default.
                before = join(terms[:index], span)
                return either(before, join(terms[index:], span), span, self._evaluator.seal)
        real = something(terms)
        if len(real) == 1 and isinstance(real[0], Raw):
            text = real[0].text  # `URL = None`, and a function that sets it
            if HOLE in text or "://" in text:
                return real[0]
        return join(terms, span)

    def _bound(self, name: str, owner: Scope, binding: Binding, span: Span) -> Term:
        if binding.kind == "import":
            return imported(binding.target, span)
        if binding.kind in ("function", "class"):
            return Symbol(self._evaluator.names.qualified(owner, name), span)
        if binding.kind == "parameter":
            return self._evaluator.memory.arguments.get((id(owner), name), Unknown(span))
        if binding.value is None:
            return Unknown(span)
        term = self._evaluator.evaluate(binding.value, binding.scope)
        if binding.kind == "with" and not isinstance(term, Invoke):
            return Unknown(span)
        return term

    def value(self, binding: Binding) -> Term | None:
        value, scope = binding.value, binding.scope
        return None if value is None else self._evaluator.evaluate(value, scope)

    def rewritten(self, before: Term, after: Term, binding: Binding) -> Term:
        if isinstance(before, Table):
            known = isinstance(after, Table) and not binding.guard and binding.kind == "value"
            return after if known else replace(before, complete=False)
        if not isinstance(before, Raw | Parsed):
            return Unknown(before.span)
        text, memory = as_text(before), self._evaluator.memory
        if binding.kind == "augmented":
            return memory.rewrite(text, touched_by_appending(as_text(after).text))
        certain = not binding.guard or _is_about_scheme(binding.test)
        changed = rewritten(text, after, memory, certain=certain)
        parsed = isinstance(after, Parsed | Raw) and Parsed in (type(before), type(after))
        return Parsed(changed) if parsed else changed

    def mutated(
        self,
        term: Term,
        mutations: Sequence[Mutation],
        made_at: Binding | None,
        *,
        whole: bool = True,
    ) -> Term:
        """A dict after later `d["a"]["b"] = ...`. What may or may not happen makes it incomplete.
        With `whole` no, `d["a"] = ...` that may not happen counts as not happening."""
        other: list[Mutation] = []
        for mutation in mutations:
            if not isinstance(term, Table):
                return term
            certain = made_at is not None and certainly_after(mutation, made_at)
            if not whole and any(_inside(mutation, one) for one in other):
                continue  # it changes what that other one has set
            if not certain and not whole and len(mutation.keys) <= 1 and mutation.kind == "set":
                other.append(mutation)
                continue
            value = self._mutation_value(mutation) if certain else None
            term = put(term, mutation.keys, value, mutation.kind, overlay=True)
        return term

    def _mutation_value(self, mutation: Mutation) -> Term | None:
        if mutation.kind == "set" and mutation.value is not None:
            return self._evaluator.evaluate(mutation.value, mutation.scope)
        if mutation.kind == "update" and isinstance(mutation.value, ast.Call):
            return self._evaluator.table(mutation.value, mutation.scope)
        return None


def certainly_after(mutation: Mutation, binding: Binding) -> bool:
    """Whether a mutation happens whenever its name was bound there, and after it."""
    at, made = mutation.node, binding.node
    if not isinstance(at, ast.stmt | ast.expr) or not isinstance(made, ast.stmt | ast.expr):
        return False
    return (
        mutation.scope is binding.scope
        and mutation.kind != "opaque"
        and binding.guard[: len(mutation.guard)] == mutation.guard
        and (at.lineno, at.col_offset) > (made.lineno, made.col_offset)
    )


def _inside(mutation: Mutation, other: Mutation) -> bool:
    """Whether a mutation changes what `other`, in the same branch, has set before."""
    return (
        mutation.keys[: len(other.keys)] == other.keys
        and mutation.guard[: len(other.guard)] == other.guard
    )


def imported(name: str, span: Span) -> Term:
    """A name of another module: a text that is defined there, or just a name."""
    last = name.rpartition(".")[2]
    camel = last[:1].isupper() and not last.isupper()
    root = name.partition(".")[0]
    own = "." in name and root not in sys.stdlib_module_names
    if own and not camel and _CONFIG_NAME.search(name):
        return Raw(HOLE, span, (Hole(symbol=name),))
    return Symbol(name, span)


def _asks_for(test: ast.expr | None, name: str) -> bool:
    """Whether a condition holds when `name` is empty: `not x`, `x is None`, `x == ""`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return ast.unparse(test.operand) == name
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        right = test.comparators[0]
        empty = isinstance(right, ast.Constant) and not right.value
        same = isinstance(test.ops[0], ast.Is | ast.Eq)
        return empty and same and ast.unparse(test.left) == name
    return False


def _is_about_scheme(test: ast.expr | None) -> bool:
    """Whether an `if` only asks for the scheme that its body replaces: then it decides nothing."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return _is_about_scheme(test.values[-1])
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute):
        return test.func.attr == "startswith" and any(map(_is_scheme, test.args))
    return (
        isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.In) and _is_scheme(test.left)
    )


def _is_scheme(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith("postgres")
        and "://" in node.value
    )
