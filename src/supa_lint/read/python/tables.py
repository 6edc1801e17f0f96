"""Dicts that grow: `{**a, **b}`, `d["x"]["y"] = z`, `d.update(...)`."""

from __future__ import annotations

import ast
from dataclasses import replace

from supa_lint.model import Unknown
from supa_lint.read.python.scope import Binding, Mutation
from supa_lint.read.terms import Overlaid, Table, Term


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


def inside(mutation: Mutation, other: Mutation) -> bool:
    """Whether a mutation changes what `other`, in the same branch, has set before."""
    return (
        mutation.keys[: len(other.keys)] == other.keys
        and mutation.guard[: len(other.guard)] == other.guard
    )


def merge(table: Table, other: Term) -> Table:
    """`{**table, **other}`."""
    if not isinstance(other, Table):
        return replace(table, complete=False)
    for key, value in other.entries:
        table = table.put(key, value)
    return replace(table, complete=table.complete and other.complete)


def put(table: Table, keys: tuple[str, ...], value: Term | None, kind: str) -> Table:
    """The table with `value` set at `keys`, or (`value` None) perhaps something set there."""
    if not keys:
        if kind == "update" and isinstance(value, Table):
            return merge(table, value)
        return replace(table, complete=False)
    key, *rest = keys
    if rest or kind != "set":
        inner = table.get(key)
        if inner is None:
            return replace(table, complete=False)
        if isinstance(inner, Table):
            return table.put(key, put(inner, tuple(rest), value, kind))
        over = (
            inner if isinstance(inner, Overlaid) else Overlaid(inner, Table((), True, inner.span))
        )
        return table.put(key, replace(over, table=put(over.table, tuple(rest), value, kind)))
    if value is None:
        return replace(table.put(key, Unknown(table.span)), complete=False)
    return table.put(key, value)
