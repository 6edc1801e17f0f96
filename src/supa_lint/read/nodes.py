"""The tree that all data formats become: nodes with places, and patterns that find them.

A pattern is keys joined by dots, where `*` stands for one level (a key, or a place in a list) and
`**` for any number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import NamedTuple

from supa_lint.model import MASK, Span
from supa_lint.raw import Raw


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, number, boolean or null as it is written. `span` takes its quotes in, `raw` does not;
    `plain` is no when there are any."""

    raw: Raw = field(repr=False)
    span: Span
    plain: bool

    @property
    def null(self) -> bool:
        return self.plain and self.raw.text in ("", "~", "null", "Null", "NULL")


class Entry(NamedTuple):
    """A child: its key (a number in a sequence), where that stands, and the node."""

    key: str
    span: Span
    node: Node


@dataclass(frozen=True)
class Branch:
    """A mapping. Keys may repeat: the last one counts."""

    entries: tuple[Entry, ...]
    span: Span

    @cached_property
    def by_key(self) -> Mapping[str, Entry]:
        return {entry.key: entry for entry in self.entries}


@dataclass(frozen=True)
class Listing:
    """A sequence."""

    items: tuple[Node, ...]
    span: Span

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(Entry(str(n), _head(item), item) for n, item in enumerate(self.items))

    @cached_property
    def by_key(self) -> Mapping[str, Entry]:
        return {entry.key: entry for entry in self.entries}


SPREAD = "**"
"""The key of what adds entries to a mapping that nobody knows."""

Node = Scalar | Branch | Listing
Path = tuple[str, ...]

_SECRET_KEY = re.compile(r"://|:.*@|^(?:eyJ|sb_secret_|sbp_)|.{101}", re.DOTALL)


def key_text(text: str) -> str:
    """A key as it may be shown: masked where it can't be a name, because it may hold a secret."""
    return MASK if _SECRET_KEY.search(text) else text


def _head(node: Node) -> Span:
    """Where a node without a key begins to tell what it is: at its own first key."""
    while not isinstance(node, Scalar) and node.entries:
        if isinstance(node, Branch):
            return node.entries[0].span
        node = node.items[0]
    return node.span


def scalars(node: Node) -> Iterator[Scalar]:
    """All scalars of a tree, without the keys."""
    if isinstance(node, Scalar):
        yield node
    else:
        for entry in node.entries:
            yield from scalars(entry.node)


# --- patterns -----------------------------------------------------------------------------------


class Match(NamedTuple):
    """A node that a pattern finds: the keys to it, where its key stands, and the node."""

    path: Path
    span: Span
    node: Node


@cache
def split(pattern: str) -> Path:
    """The parts of a pattern."""
    return tuple(pattern.split(".")) if pattern else ()


def find(node: Node, pattern: Path, path: Path = (), span: Span | None = None) -> Iterator[Match]:
    """The nodes that `pattern` finds from `node` down."""
    if not pattern:
        yield Match(path, span or _head(node), node)
        return
    head, rest = pattern[0], pattern[1:]
    if head == "**":
        yield from find(node, rest, path, span)
    if isinstance(node, Scalar):
        return
    if head in ("*", "**"):
        below = rest if head == "*" else pattern
        for entry in node.entries:
            yield from find(entry.node, below, (*path, entry.key), entry.span)
    elif head in node.by_key:
        entry = node.by_key[head]
        yield from find(entry.node, rest, (*path, head), entry.span)


def bind(pattern: Path, declared: Path, path: Path) -> Path:
    """`pattern` with the elements that `path` has for the beginning it shares with `declared`."""
    bound = list(pattern)
    for n, (mine, other) in enumerate(zip(pattern, declared, strict=False)):
        if mine != other or mine == "**":
            break
        bound[n] = path[n]
    return tuple(bound)
