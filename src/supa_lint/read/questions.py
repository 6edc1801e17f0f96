"""What a condition asks about a tree: the facts behind `tree.<path>` of platform files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from supa_lint import conditions
from supa_lint.conditions import ABSENT, PRESENT, UNKNOWN, Fact
from supa_lint.model import HOLE, Tri
from supa_lint.read.nodes import Listing, Node, Path, Scalar, find

_BOOLEANS = dict.fromkeys(("true", "yes", "on"), "true")
_BOOLEANS |= dict.fromkeys(("false", "no", "off"), "false")


class Questions:
    """Answers conditions on one document."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._candidates: dict[Path, tuple[Fact, ...]] = {}

    def holds(self, when: Mapping[str, Any], pattern_of: Callable[[str], Path | None]) -> Tri:
        """`conditions.holds` on facts of the tree; `pattern_of` says where the fact of a name
        stands. A list is equal to what one of its items is."""
        verdicts = [self._verdict(pattern_of(name), _as_text(when[name])) for name in when]
        return False if False in verdicts else None if None in verdicts else True

    def _verdict(self, pattern: Path | None, wanted: object) -> Tri:
        if isinstance(wanted, Mapping) and "not" in wanted:
            inner = self._verdict(pattern, wanted["not"])
            return None if inner is None else not inner
        known = (UNKNOWN,) if pattern is None else self._facts_at(pattern)
        verdicts = [conditions.holds({"": wanted}, lambda _, fact=fact: fact) for fact in known]  # type: ignore[misc]
        return True if True in verdicts else None if None in verdicts else False

    def _facts_at(self, pattern: Path) -> tuple[Fact, ...]:
        """The values that `pattern` finds: texts, PRESENT, UNKNOWN, or just ABSENT."""
        if pattern not in self._candidates:
            values: dict[Fact, None] = {}
            for match in find(self._root, pattern):
                node = match.node
                items = node.items if isinstance(node, Listing) else (node,)
                flat = all(isinstance(item, Scalar) for item in items) and items
                for item in items if flat else (node,):
                    values[_fact(item)] = None
            self._candidates[pattern] = tuple(values) or (ABSENT,)
        return self._candidates[pattern]


def _fact(node: Node) -> Fact:
    if not isinstance(node, Scalar):
        return PRESENT
    text = node.raw.text
    if HOLE in text or "${" in text or "{{" in text:
        return UNKNOWN
    return _BOOLEANS.get(text.lower(), text) if node.plain else text


def _as_text(wanted: object) -> object:
    """What a condition wants, with numbers and booleans as a file spells them."""
    if isinstance(wanted, bool):
        return str(wanted).lower()
    if isinstance(wanted, int | float):
        return str(wanted)
    if isinstance(wanted, list):
        return [_as_text(one) for one in wanted]
    if isinstance(wanted, Mapping):
        return {key: _as_text(one) for key, one in wanted.items()}
    return wanted
