"""Options that calls elsewhere add to a client: configuration in several files.

    calls:
      - to: ['Config.**.Repo']
        adds-up: yes

Calls of one name add to each other, wherever they stand in a package.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Final

from supa_lint.arguments import expression_fact
from supa_lint.clients import Use
from supa_lint.model import Call, Expr, Symbol, Unknown

ANY: Final = "Config.*"
"""A call that may add anything to any other. Its argument is the file that says what it adds."""

_IF = "if"
"""Stands around a call that something decides about which is not known."""

_MOST = 50  # calls that may add to one; what more of them say is unknown


class Additions:
    """The calls of a project that may add options to others."""

    def __init__(
        self, calls: Iterable[Call], sees: Callable[[str, str], bool], paths: Collection[str]
    ) -> None:
        """`sees` tells whether the code of one file belongs to that of another; `paths` are the
        files there are."""
        self._sees = sees
        self._calls: dict[str, list[Call]] = {}
        for call in calls:
            # What a file adds that is there is seen in that file.
            seen = (one.name in paths for one in call.args if isinstance(one, Symbol))
            if call.callee != ANY or not any(seen):
                self._calls.setdefault(call.callee, []).append(call)

    def to(self, use: Use) -> Use:
        """The use with what other calls add to it."""
        if not use.data.get("adds-up"):
            return use
        around = (*self._calls.get(use.call.callee, ()), *self._calls.get(ANY, ()))
        if len(around) > _MOST:
            return replace(use, call=replace(use.call, complete=False))
        others = (one for one in around if one is not use.call and self._together(use.call, one))
        return replace(use, call=_sum(use, others))

    def _together(self, call: Call, other: Call) -> bool:
        """Whether two calls may both count: they do not stand within different things."""
        mine, theirs = ({word for word in one.within if word != _IF} for one in (call, other))
        if mine and theirs and not mine & theirs:
            return False
        here, there = call.span.path, other.span.path
        return self._sees(here, there) or self._sees(there, here)


def _sum(use: Use, others: Iterable[Call]) -> Call:
    """The call with what the others say besides. What two say differently is unknown; where it
    connects to it says itself."""
    call = use.call
    parts = {role: _listed(names) for role, names in use.data.get("parts", {}).items()}
    places = {*use.data.get("dsn", ()), *parts.get("host", ())}
    own = {name for names in parts.values() for name in names if call.keyword(name) is not None}
    said = dict(call.keywords)
    complete = call.complete
    for other in others:
        complete = complete and other.complete
        for key, value in other.keywords:
            if key not in places | own:
                said[key] = _agreed(said.get(key), value, certain=_IF not in other.within)
    return replace(call, keywords=tuple(said.items()), complete=complete)


def _agreed(one: Expr | None, other: Expr, *, certain: bool) -> Expr:
    """What two calls say of an option, or one of them alone."""
    if one is None:
        return other if certain else Unknown(other.span)
    first, second = expression_fact(one), expression_fact(other)
    same = isinstance(first, str | bool | int) and type(first) is type(second) and first == second
    return one if same else Unknown(one.span)


def _listed(names: object) -> list[str]:
    return [str(name) for name in names] if isinstance(names, list | tuple) else [str(names)]
