"""How the time of a regular expression grows with a text: the check that none of them can be made
to hang.

Python's `re` tries every way in which an expression may match a text. Where two loops can take the
same characters there are many ways: their number grows with the text, as a power of its length or
exponentially. `attacks` finds those places in the automaton of the expression (Weber and Seidl,
"On the degree of ambiguity of finite automata", 1991), and makes texts for them.

It errs on the side of caution: what an anchor, a lookaround or a backreference forbids is taken to
be possible. A counted loop (`{1,100}`) only multiplies the time; but one of more than a few hundred
rounds, or of several inside another, counts as a loop without an end. The atomic `(?>...)` and
`*+` are understood.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

_MANY = 300
"""Rounds of a counted loop from which on it counts as one without an end."""
_SEVERAL = 10
"""The same for a loop inside another, or around one: their rounds multiply."""
_LARGEST = 3_000
"""States of an automaton that is still looked at."""
_MOST_STEPS = 1_000_000
_ORDINARY = "aZ09_- .:/@\"'\n\t\x00\x1f\x7f\u00e9\u2028\u4e2d"

_parser: Any = import_module("re._parser")


class TooLargeError(Exception):
    """The expression is too large to be judged."""


@dataclass(frozen=True)
class Attack:
    """A text that may take long: `before`, then `again` as often as one likes, then whatever makes
    the match fail. `degree` is the power of the length with which the time may grow, or None where
    it doubles with each repetition."""

    before: str
    again: str
    degree: int | None

    def text(self, length: int, after: str = "") -> str:
        return self.before + self.again * (length // len(self.again)) + after


def attacks(pattern: str | bytes, flags: int = 0, *, scans: bool = True) -> list[Attack]:
    """The ways to make an expression slow that can't be ruled out, the worst first.

    `scans` says that it is searched for at each place of a text, and not only at its start.
    Raises `re.error` as `re.compile` does, and `TooLargeError`.
    """
    if isinstance(pattern, bytes):
        pattern = pattern.decode("latin-1")
        flags |= re.ASCII
    tree = _parser.parse(pattern, flags & ~re.DEBUG)
    flags = tree.state.flags
    alphabet = _Alphabet(tree, flags)
    found: list[Attack] = []
    parts = [(tree, flags, scans and not _is_anchored(tree, flags))]
    while parts:
        part, own, scanned = parts.pop()
        automaton = _Automaton(part, own, alphabet, scanned)
        # What is atomic forgets its ways when it is left, but goes through them all inside.
        parts += [(inner, inner_flags, False) for inner, inner_flags in automaton.atomic]
        found += automaton.attacks()
    return sorted(found, key=lambda attack: -(attack.degree or sys.maxsize))


def _is_anchored(tree: Any, flags: int) -> bool:
    if not len(tree):
        return False
    op, argument = tree[0]
    place = str(argument)
    start = place == "AT_BEGINNING_STRING" or (place == "AT_BEGINNING" and not flags & re.MULTILINE)
    return str(op) == "AT" and start


# --- characters ---------------------------------------------------------------------------------

_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "DIGIT": str.isdecimal,
    "SPACE": str.isspace,
    "WORD": lambda char: char.isalnum() or char == "_",
}


class _Alphabet:
    """One character for each set of characters that the expression treats alike."""

    def __init__(self, tree: Any, flags: int) -> None:
        chars = set(_ORDINARY)
        for code in _codes(tree):
            near = [chr(one) for one in (code - 1, code, code + 1) if 0 <= one <= sys.maxunicode]
            chars.update(one for char in near for one in (char, char.lower(), char.upper()[:1]))
        self.chars = sorted(chars)
        self._masks: dict[tuple[str, int], int] = {}

    def mask(self, op: str, argument: Any, flags: int) -> int:
        """The characters that an item of the expression takes, a bit for each."""
        key = (f"{op} {argument}", flags)
        if key not in self._masks:
            taken = (_takes(op, argument, char, flags) for char in self.chars)
            self._masks[key] = sum(1 << bit for bit, takes in enumerate(taken) if takes)
        return self._masks[key]

    def char(self, mask: int) -> str:
        """A character of a mask: an ordinary one if there is one."""
        bits = [bit for bit in range(len(self.chars)) if mask >> bit & 1]
        chars = [self.chars[bit] for bit in bits]
        return min(chars, key=lambda char: (not char.isalnum(), not char.isascii(), char))


def _codes(tree: Any) -> Iterator[int]:
    """The characters that an expression names."""
    if isinstance(tree, int):
        return
    if isinstance(tree, tuple) and len(tree) == 2 and str(tree[0]) in ("LITERAL", "NOT_LITERAL"):
        yield tree[1]
    elif isinstance(tree, tuple) and len(tree) == 2 and str(tree[0]) == "RANGE":
        yield from tree[1]
    elif isinstance(tree, tuple | list) or hasattr(tree, "data"):
        for inner in tree:
            yield from _codes(inner)


def _takes(op: str, argument: Any, char: str, flags: int) -> bool:
    if flags & re.IGNORECASE and op != "ANY":
        twins = {char, char.lower(), char.upper()[:1], char.swapcase()[:1]}
        if op == "NOT_LITERAL" or (op == "IN" and str(argument[0][0]) == "NEGATE"):
            return all(_takes(op, argument, twin, flags & ~re.IGNORECASE) for twin in twins)
        return any(_takes(op, argument, twin, flags & ~re.IGNORECASE) for twin in twins)
    if op == "ANY":
        return bool(flags & re.DOTALL) or char != "\n"
    if op == "LITERAL":
        return bool(ord(char) == argument)
    if op == "NOT_LITERAL":
        return bool(ord(char) != argument)
    if op == "RANGE":
        return bool(argument[0] <= ord(char) <= argument[1])
    if op == "CATEGORY":
        *_, negated, name = ["", *str(argument).removeprefix("CATEGORY_").split("_")]
        known: bool = _CATEGORIES[name](char) and (char.isascii() or not flags & re.ASCII)
        return known != (negated == "NOT")
    first, *rest = argument
    if str(first[0]) == "NEGATE":
        return not any(_takes(str(o), a, char, flags) for o, a in rest)
    return any(_takes(str(o), a, char, flags) for o, a in argument)


# --- the automaton ------------------------------------------------------------------------------


def _has_loop(tree: Any) -> bool:
    """Whether a loop of several rounds is among the items, whose number is not fixed."""
    if isinstance(tree, tuple) and len(tree) == 2 and str(tree[0]).endswith("_REPEAT"):
        least, most, inner = tree[1]
        return bool(most >= _SEVERAL and least != most) or _has_loop(inner)
    if isinstance(tree, tuple | list) or hasattr(tree, "data"):
        return any(_has_loop(inner) for inner in tree)
    return False


class _Automaton:
    """The places of an expression, and from which of them the next character leads where.

    A state stands for one item that takes a character. Which atomic parts it lies in is in
    `_inside`: once such a part is left, none of its other ways is tried.
    """

    def __init__(self, tree: Any, flags: int, alphabet: _Alphabet, scans: bool) -> None:
        self.atomic: list[tuple[Any, int]] = []
        self._alphabet = alphabet
        self._steps = 0
        self._rounds = 0  # counted loops around the item that is added
        self._free: list[list[int]] = []  # where one gets without taking a character
        self._taking: dict[int, tuple[int, int]] = {}  # what a node takes, and where it leads then
        self._inside: list[frozenset[int]] = []
        self._regions: frozenset[int] = frozenset()
        start = self._node()
        if scans:
            loop = self._take((1 << len(alphabet.chars)) - 1, start)
            self._free[start].append(loop)
        self._start = start
        self._build(tree, flags, start)

    def _node(self) -> int:
        self._free.append([])
        self._inside.append(self._regions)
        if len(self._free) > 4 * _LARGEST:
            raise TooLargeError
        return len(self._free) - 1

    def _take(self, mask: int, to: int | None = None) -> int:
        node = self._node()
        self._taking[node] = (mask, self._node() if to is None else to)
        return node

    def _build(self, tree: Iterable[tuple[Any, Any]], flags: int, at: int) -> int:
        """Adds what `tree` matches after the node `at`, and gives the node behind it."""
        for op, argument in tree:
            at = self._item(str(op), argument, flags, at)
        return at

    def _item(self, op: str, argument: Any, flags: int, at: int) -> int:
        if op in ("LITERAL", "NOT_LITERAL", "ANY", "IN", "RANGE", "CATEGORY"):
            node = self._take(self._alphabet.mask(op, argument, flags))
            self._free[at].append(node)
            return self._taking[node][1]
        if op == "BRANCH":
            ends = [self._build(branch, flags, self._after(at)) for branch in argument[1]]
            return self._joined(ends)
        if op == "SUBPATTERN":
            _, add, remove, inner = argument
            return self._build(inner, (flags | add) & ~remove, at)
        if op in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = argument
            return self._loop(least, most, inner, flags, at)
        if op in ("POSSESSIVE_REPEAT", "ATOMIC_GROUP"):
            return self._atomic(op, argument, flags, at)
        if op in ("ASSERT", "ASSERT_NOT"):
            if argument[0] > 0:  # what stands before is of a fixed width
                self._build(argument[1], flags, self._after(at))
            return self._after(at)
        if op == "GROUPREF":
            return self._loop(0, _MANY, [("ANY", None)], flags | re.DOTALL, at)
        if op == "GROUPREF_EXISTS":
            ways = [one for one in argument[1:] if one is not None]
            ends = [self._build(way, flags, self._after(at)) for way in ways]
            return self._joined([*ends, at])
        return self._after(at)  # an anchor

    def _after(self, at: int) -> int:
        node = self._node()
        self._free[at].append(node)
        return node

    def _joined(self, ends: Sequence[int]) -> int:
        node = self._node()
        for end in ends:
            self._free[end].append(node)
        return node

    def _loop(self, least: int, most: int, tree: Any, flags: int, at: int) -> int:
        several = most >= _SEVERAL
        endless = most >= _MANY or (several and (self._rounds > 0 or _has_loop(tree)))
        self._rounds += several
        for _ in range(min(least, 2)):
            at = self._build(tree, flags, at)
        at = self._more(endless, most - least, tree, flags, at)
        self._rounds -= several
        return at

    def _more(self, endless: bool, rounds: int, tree: Any, flags: int, at: int) -> int:
        """Adds rounds that may be or not be."""
        if endless:
            entry = self._node()
            end = self._build(tree, flags, entry)
            behind = self._node()
            for before in (at, end):  # each a way of its own, for a loop inside a loop
                self._free[self._after(before)] += [entry, behind]
            return behind
        ends = [at]
        for _ in range(min(rounds, 2)):
            at = self._build(tree, flags, self._after(at))
            ends.append(at)
        return self._joined(ends)

    def _atomic(self, op: str, argument: Any, flags: int, at: int) -> int:
        least, most, inner = (1, 1, argument) if op == "ATOMIC_GROUP" else argument
        self.atomic.append((inner, flags))
        outside = self._regions
        self._regions = outside | {len(self._free)}
        entry = self._after(at)
        end = self._loop(least, most, inner, flags, entry)
        self._regions = outside
        return self._after(end)

    # --- states

    @cached_property
    def _follow(self) -> dict[int, dict[int, int]]:
        """For each state, the next ones, with the number of ways there (two stand for more)."""
        if len(self._taking) > _LARGEST:
            raise TooLargeError
        return {state: self._reached(to) for state, (_, to) in self._taking.items()}

    def _reached(self, node: int) -> dict[int, int]:
        found: dict[int, int] = {}
        seen: dict[int, int] = {}
        stack = [(node, frozenset[int]())]
        while stack:
            at, path = stack.pop()
            if at in path or seen.get(at, 0) > 1:
                continue
            seen[at] = seen.get(at, 0) + 1
            if at in self._taking:
                found[at] = min(2, found.get(at, 0) + 1)
            stack += [(to, path | {at}) for to in self._free[at]]
        return found

    def _components(self) -> list[set[int]]:
        """The loops: states that lead to each other."""
        follow = self._follow
        index: dict[int, int] = {}
        low: dict[int, int] = {}
        open_: list[int] = []
        is_open: set[int] = set()
        found = []
        for root in follow:
            if root in index:
                continue
            work = [(root, iter(follow[root]))]
            index[root] = low[root] = len(index)
            open_.append(root)
            is_open.add(root)
            while work:
                node, rest = work[-1]
                for to in rest:
                    if to not in index:
                        index[to] = low[to] = len(index)
                        open_.append(to)
                        is_open.add(to)
                        work.append((to, iter(follow[to])))
                        break
                    if to in is_open:
                        low[node] = min(low[node], index[to])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[node])
                    if low[node] == index[node]:
                        group = set()
                        while node not in group:
                            one = open_.pop()
                            is_open.discard(one)
                            group.add(one)
                        if len(group) > 1 or node in follow[node]:
                            found.append(group)
        return found

    # --- attacks

    def attacks(self) -> Iterator[Attack]:
        loops = self._components()
        for loop in loops:
            again = self._two_ways_round(loop)
            if again is not None:
                yield Attack(self._way_to(min(loop)) or "", again, None)
        pairs: dict[tuple[int, int], str] = {}
        for one, first in enumerate(loops):
            behind = self._behind(first)
            for two, second in enumerate(loops):
                if one != two and second <= behind:
                    again = self._from_loop_to_loop(first, second)
                    if again is not None:
                        pairs[one, two] = again
        degrees: dict[int, int] = {}

        def degree(loop: int) -> int:
            if loop not in degrees:
                after = [degree(two) for one, two in pairs if one == loop]
                degrees[loop] = 1 + max(after, default=0)
            return degrees[loop]

        for (one, _), again in pairs.items():
            before = self._way_to(min(loops[one]))
            yield Attack(before or "", again, degree(one))

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise TooLargeError

    def _behind(self, states: set[int]) -> set[int]:
        found, stack = set(states), list(states)
        while stack:
            for to in self._follow[stack.pop()]:
                if to not in found:
                    found.add(to)
                    stack.append(to)
        return found

    def _mask(self, *states: int) -> int:
        mask = -1
        for state in states:
            mask &= self._taking[state][0]
        return mask

    def _is_cut(self, first: int, second: int) -> bool:
        """Whether the way through `first` is forgotten once one is at `second`."""
        return bool(self._inside[first]) and bool(self._inside[first] - self._inside[second])

    def _are_together(self, first: int, second: int) -> bool:
        """Whether both lie in one atomic part, which is judged on its own."""
        return bool(self._inside[first] & self._inside[second])

    def _two_ways_round(self, loop: set[int]) -> str | None:
        """A text that leads round a loop in two ways, if there is one."""
        if frozenset.intersection(*(self._inside[state] for state in loop)):
            return None  # judged on its own
        for state in sorted(loop):
            seen = {(state, state, False): ""}
            queue = deque(seen)
            while queue:
                at = queue.popleft()
                a, b, apart = at
                word = seen[at]
                mask = self._mask(a, b)
                if not mask:
                    continue
                word += self._alphabet.char(mask)
                for c, ways in self._follow[a].items():
                    for d in self._follow[b]:
                        if c not in loop or d not in loop:
                            continue
                        two = apart or c != d or ways > 1
                        if (c, d, two) == (state, state, True):
                            return word
                        if self._mask(c, d) and (c, d, two) not in seen:
                            self._step()
                            seen[c, d, two] = word
                            queue.append((c, d, two))
        return None

    def _from_loop_to_loop(self, first: set[int], second: set[int]) -> str | None:
        """A text that leads round `first`, round `second`, and from one to the other."""
        for p in sorted(first):
            for q in sorted(second):
                if self._is_cut(p, q) or self._are_together(p, q):
                    continue
                word = self._around_and_over(p, q, first, second)
                if word is not None:
                    return word
        return None

    def _around_and_over(self, p: int, q: int, first: set[int], second: set[int]) -> str | None:
        if not self._mask(p, q):
            return None
        between = self._behind(first)
        seen = {(p, p, q): ""}
        queue = deque(seen)
        while queue:
            at = queue.popleft()
            mask = self._mask(*at)
            if not mask:
                continue
            word = seen[at] + self._alphabet.char(mask)
            a, b, c = (self._follow[state] for state in at)
            for x in a.keys() & first:
                for z in c.keys() & second:
                    if not self._mask(x, z):
                        continue
                    for y in b.keys() & between:
                        if (x, y, z) == (p, q, q):
                            return word
                        if (x, y, z) not in seen and self._mask(x, y, z):
                            self._step()
                            seen[x, y, z] = word
                            queue.append((x, y, z))
        return None

    def _way_to(self, state: int) -> str | None:
        """A shortest text after which the expression may stand before `state`."""
        seen = dict.fromkeys(self._reached(self._start), "")
        queue = deque(seen)
        while queue:
            at = queue.popleft()
            if at == state:
                return seen[at]
            mask = self._taking[at][0]
            for to in self._follow[at] if mask else ():
                if to not in seen:
                    seen[to] = seen[at] + self._alphabet.char(mask)
                    queue.append(to)
        return None
