"""What the arguments of a call say: the expressions of code as facts that conditions compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from supa_lint.conditions import ABSENT, PRESENT, UNKNOWN, Fact, holds
from supa_lint.model import HOLE, MASK, Call, Const, Expr, Listing, Symbol, Text, Value
from supa_lint.model import Mapping as Table


def argument(call: Call, path: int | str) -> Expr | None:
    """An argument by position, by keyword, or by a path of keys and positions below one."""
    if isinstance(path, int):
        return call.args[path] if path < len(call.args) else None
    first, *keys = path.split(".")
    found: Expr | None = call.keyword(first)
    if first.isdecimal():
        found = argument(call, int(first))
    for key in keys:
        found = _inside(found, key)
    return found


def _inside(expr: Expr | None, key: str) -> Expr | None:
    """What a table has at a key, or a list at a position."""
    if isinstance(expr, Listing) and key.isdecimal():
        return expr.items[int(key)] if int(key) < len(expr.items) else None
    return expr.get(key) if isinstance(expr, Table) else None


def first_given(call: Call, paths: int | str | Sequence[int | str]) -> Expr | None:
    """The first argument given of those that `paths` name."""
    listed = [paths] if isinstance(paths, int | str) else paths
    return next((e for e in (argument(call, path) for path in listed) if e is not None), None)


def expression_fact(expr: Expr) -> Fact:
    """An expression of code as a fact that conditions compare."""
    if isinstance(expr, Const):
        return "none" if expr.value is None else expr.value
    if isinstance(expr, Symbol):
        return expr.name
    if isinstance(expr, Value):
        return expr.text if HOLE not in expr.text and expr.text != MASK else PRESENT
    return PRESENT


def text_fact(text: Text | None) -> Fact:
    if text is None:
        return ABSENT
    return text.text if text.known and text.text != MASK else UNKNOWN


def is_known(call: Call, path: str, dsn: Expr | None = None) -> bool:
    """Whether an argument that isn't seen is certainly not given. `dsn` is the argument that the
    call is known to connect with."""
    if not call.complete:
        return False
    first, *keys = path.split(".")
    found = argument(call, first)
    for key in keys:
        if found is None:
            return True
        if isinstance(found, Value | Const):
            # A text has no keys, but a name that stands for a value may stand for a table.
            return found is dsn or isinstance(found, Const) or found.hole is None
        if not isinstance(found, Table):
            return False
        if found.get(key) is None:
            return found.complete
        found = found.get(key)
    return True


def fit(call: Call, wanted: Mapping[str, Any]) -> bool:
    """Whether a call's arguments are known to be as a `uses` row wants them."""

    def given(path: str) -> Fact:
        expr = argument(call, int(path) if path.isdecimal() else path)
        return ABSENT if expr is None else expression_fact(expr)

    return holds({str(path): want for path, want in wanted.items()}, given) is True
