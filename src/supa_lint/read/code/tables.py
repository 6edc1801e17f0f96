"""Dicts and objects that grow: `{**a, **b}`, `d["x"]["y"] = z`, `d.update(...)`."""

from __future__ import annotations

from dataclasses import replace

from supa_lint.model import Unknown
from supa_lint.read.code.terms import Overlaid, Table, Term


def merge(table: Table, other: Term) -> Table:
    """`{**table, **other}`."""
    if not isinstance(other, Table):
        return replace(table, complete=False)
    for key, value in other.entries:
        table = table.put(key, value)
    return replace(table, complete=table.complete and other.complete)


def put(
    table: Table, keys: tuple[str, ...], value: Term | None, kind: str, *, overlay: bool = False
) -> Table:
    """The table with `value` set at `keys`, or (`value` None) perhaps something set there.

    `kind` is `set`, `update`, `given` where anything may be added at any depth, or anything else
    for a change nobody knows. With `overlay` keys may
    be set inside what a call gives.
    """
    if not keys:
        if kind == "update" and isinstance(value, Table):
            return merge(table, value)
        return _opened(table) if kind == "given" else replace(table, complete=False)
    key, *rest = keys
    if rest or kind != "set":
        inner = table.get(key)
        if isinstance(inner, Table):
            return table.put(key, put(inner, tuple(rest), value, kind, overlay=overlay))
        if kind == "given":
            return table  # a function can't change a text that it is given
        if inner is None or not overlay:
            return replace(table, complete=False)
        over = (
            inner if isinstance(inner, Overlaid) else Overlaid(inner, Table((), True, inner.span))
        )
        changed = put(over.table, tuple(rest), value, kind, overlay=True)
        return table.put(key, replace(over, table=changed))
    if value is None:
        return replace(table.put(key, Unknown(table.span)), complete=False)
    return table.put(key, value)


def _opened(table: Table) -> Table:
    """The table when keys may be added to it, and to those in it."""
    entries = tuple(
        (key, _opened(value) if isinstance(value, Table) else value) for key, value in table.entries
    )
    return replace(table, entries=entries, complete=False)
