"""Three-valued logic: what is unknown never decides."""

from __future__ import annotations

from typing import Any

import pytest

from supa_lint.conditions import ABSENT, PRESENT, UNKNOWN, decide, holds
from supa_lint.model import Tri

FACTS: dict[str, Any] = {
    "mode": "transaction",
    "size": 0,
    "off": False,
    "gone": ABSENT,
    "there": PRESENT,
    "foggy": UNKNOWN,
    "version.asyncpg": "==0.30.0",
}


def lookup(name: str) -> Any:
    return FACTS[name]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, True),
        ({"mode": "transaction"}, True),
        ({"mode": "session"}, False),
        ({"mode": ["session", "transaction"]}, True),
        ({"mode": {"not": "session"}}, True),
        ({"mode": {"not": "transaction"}}, False),
        ({"mode": {"matches": "^trans"}}, True),
        ({"mode": {"matches": "^sess"}}, False),
        ({"mode": "present"}, True),
        ({"gone": "absent"}, True),
        ({"gone": "present"}, False),
        ({"gone": "transaction"}, False),
        ({"gone": {"not": "x"}}, True),
        ({"gone": {"matches": "x"}}, False),
        ({"there": "present"}, True),
        ({"there": "x"}, None),
        ({"there": {"not": "x"}}, None),
        ({"foggy": "x"}, None),
        ({"foggy": "present"}, None),
        ({"foggy": "absent"}, None),
        ({"foggy": {"not": "x"}}, None),
        ({"size": 0}, True),
        ({"size": False}, False),  # 0 is a number here, not a no
        ({"off": 0}, False),
        ({"off": False}, True),
        ({"version.asyncpg": "<0.31"}, True),
        ({"version.asyncpg": ">=0.31"}, False),
        ({"foggy": "x", "mode": "session"}, False),
        ({"foggy": "x", "mode": "transaction"}, None),
    ],
)
def test_holds(when: dict[str, Any], expected: Tri) -> None:
    assert holds(when, lookup) is expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"is": True}], True),
        ([{"when": {"mode": "session"}, "is": False}, {"is": True}], True),
        ([{"when": {"mode": "transaction"}, "is": False}, {"is": True}], False),
        ([{"when": {"foggy": "x"}, "is": False}, {"is": True}], UNKNOWN),
        ([{"when": {"foggy": "x"}, "is": True}, {"is": True}], True),
        ([{"when": {"mode": "session"}, "is": True}], UNKNOWN),
        ([{"is": "unknown"}], UNKNOWN),
        ([], UNKNOWN),
        ("opt-in", "opt-in"),
    ],
)
def test_decide(rows: Any, expected: Any) -> None:
    assert decide(rows, lookup).value == expected or decide(rows, lookup).value is expected


def test_decision_says_which_entry_decided() -> None:
    rows = [{"when": {"mode": "transaction"}, "is": True, "because": "it is"}]
    assert decide(rows, lookup).entry["because"] == "it is"
