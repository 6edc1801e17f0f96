"""Conditions of the knowledge files, in three-valued logic.

A condition is a table of fact names and what each must be; all must hold:

    when:
      endpoint.mode: transaction          # equal
      endpoint.kind: [direct, dedicated-pooler]   # one of
      option.poolclass: {not: x}          # anything else (also absent)
      option.prepare_threshold: present   # or `absent`
      param.sslmode: {matches: '^verify-'}
      client.switched: [no, unknown]        # `unknown` asks for just that
      any: [{setting.purpose: migration}, {client.migrates: yes}]   # one of these tables
      version.asyncpg: '>=0.31'           # every version that may be installed

A fact that is `UNKNOWN` makes its condition unknown; a table with a *no* is no, else with an
unknown is unknown, else yes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from supa_lint.model import Tri


class _Marker:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name

    def __bool__(self) -> bool:
        raise TypeError(f"{self._name} is neither true nor false")


_LONGEST: Final = 500
"""Characters of a fact that an expression is searched in: what is longer names nothing, and may
have been written to make the search slow."""

UNKNOWN: Final = _Marker("UNKNOWN")
"""A fact that nobody can know from the files."""

ABSENT: Final = _Marker("ABSENT")
"""A fact that is known not to be there."""

PRESENT: Final = _Marker("PRESENT")
"""A fact that is there, with a value that is not known."""

Fact = Any
Lookup = Callable[[str], Fact]
When = Mapping[str, Any]


class Decision(NamedTuple):
    """What a decision list says: a value (or UNKNOWN), and the entry that said it."""

    value: Fact
    entry: Mapping[str, Any]


def holds(when: When, lookup: Lookup) -> Tri:
    """Whether all conditions of `when` hold."""
    result: Tri = True
    for name, wanted in when.items():
        one = _any(wanted, lookup) if name == "any" else _holds(name, wanted, lookup(name))
        if one is False:
            return False
        if one is None:
            result = None
    return result


def _any(tables: Sequence[When], lookup: Lookup) -> Tri:
    """Whether one of several tables holds."""
    verdicts = [holds(table, lookup) for table in tables]
    return True if True in verdicts else None if None in verdicts else False


def decide(rows: Sequence[Mapping[str, Any]] | Any, lookup: Lookup) -> Decision:
    """The first entry whose `when` holds decides. An entry that may hold makes the answer unknown,
    unless every entry that may hold says the same."""
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        return Decision(rows, {})
    possible: list[Decision] = []
    for row in rows:
        verdict = holds(row.get("when", {}), lookup)
        if verdict is False:
            continue
        possible.append(Decision(row["is"], row))
        if verdict:
            break
    if not possible:
        return Decision(UNKNOWN, {})
    first = possible[0]
    if any(other.value != first.value for other in possible[1:]):
        return Decision(UNKNOWN, {})
    return Decision(UNKNOWN if first.value == "unknown" else first.value, first.entry)


def _holds(name: str, wanted: Any, fact: Fact) -> Tri:
    if fact is UNKNOWN:
        asked = wanted == "unknown" or (isinstance(wanted, list) and "unknown" in wanted)
        return True if asked else None
    if wanted in ("present", "absent"):
        return bool((fact is not ABSENT) == (wanted == "present"))
    if isinstance(wanted, Mapping):
        if "not" in wanted:
            inner = _holds(name, wanted["not"], fact)
            return None if inner is None else not inner
        if fact is ABSENT:
            return False
        if fact is PRESENT or not isinstance(fact, str) or len(fact) > _LONGEST:
            return None
        return re.search(wanted["matches"], fact) is not None
    if isinstance(wanted, list):
        verdicts = [_holds(name, one, fact) for one in wanted]
        return True if True in verdicts else None if None in verdicts else False
    if fact is ABSENT:
        return False
    if fact is PRESENT:
        return None
    if name.startswith("version."):
        from supa_lint.versions import all_match

        return all_match(str(fact), str(wanted))
    return type(fact) is type(wanted) and bool(fact == wanted)
