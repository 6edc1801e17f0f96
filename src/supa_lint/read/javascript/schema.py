"""The variables that a checked environment has: `z.object({X: ...}).parse(process.env)`,
`createEnv({server: {X: ...}})`, `cleanEnv(process.env, {X: ...})`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from supa_lint.model import Span
from supa_lint.read.javascript.environ import ENVIRONMENT, is_variable
from supa_lint.read.javascript.evaluate import Evaluator
from supa_lint.read.javascript.scope import Scope
from supa_lint.read.javascript.syntax import arguments, field, named_pairs, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST = 8  # links of a chain that are looked through


def variables(node: Node, scope: Scope, evaluator: Evaluator) -> Iterator[tuple[str, Span]]:
    """The variables that an expression for the checked environment names, with their places."""
    named = evaluator.names.resolve(node, scope)
    if named is None or named.name != ENVIRONMENT:
        return
    call, scope = _defining(node, scope, evaluator)
    if call.type != "call_expression":
        return
    seen: set[str] = set()
    for table in _tables(call, scope, evaluator):
        for name, key, value in named_pairs(table, evaluator.source):
            inner = unwrap(value)
            groups = named_pairs(inner, evaluator.source) if inner.type == "object" else ()
            for found, where in [(name, key), *((one, at) for one, at, _ in groups)]:
                if is_variable(found) and found not in seen:
                    seen.add(found)
                    yield found, evaluator.span(where)


def _defining(node: Node, scope: Scope, evaluator: Evaluator) -> tuple[Node, Scope]:
    """The expression that a name of this module stands for."""
    node = unwrap(node)
    for _ in range(_MOST):
        while node.type == "member_expression":  # `safeParse(...).data`
            inner = field(node, "object")
            if inner is None:
                break
            node = unwrap(inner)
        name = evaluator.source.code(node) if node.type == "identifier" else ""
        owner = scope.owner(name) if name else None
        bindings = owner.bindings[name] if owner else []
        if len(bindings) != 1 or bindings[0].value is None:
            return node, scope
        node, scope = unwrap(bindings[0].value), bindings[0].scope
    return node, scope


def _tables(call: Node, scope: Scope, evaluator: Evaluator) -> Iterator[Node]:
    """The object literals that the call, or what it is a method of, is given."""
    for _ in range(_MOST):
        for one in arguments(call):
            found, _ = _defining(one, scope, evaluator)
            if found.type == "object":
                yield found
        receiver = field(call, "function", "object")
        if receiver is None:
            return
        call, scope = _defining(receiver, scope, evaluator)
        if call.type != "call_expression":
            return
