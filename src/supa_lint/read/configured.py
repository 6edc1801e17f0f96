"""Tables of data files that configure a client (`spring.datasource`), as calls of it.

Where they stand is data of the client files:

configured:
  - {files: ['application*.yml'], at: spring.datasource, call: spring.datasource,
     interpolation: spring, partial: ['application-*']}

Each `*` of `at` becomes a further name of the call (`rails.database.production`). Where values are
connection strings by themselves (`spelling: npgsql`), each of that spelling is a call, with it as
the first argument.
An empty `at` is the whole document. With `argument: yes` the table is the call's only argument, as
it is where code gives it, and not its keywords.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from supa_lint.dsn.parts import role_of
from supa_lint.globs import matches
from supa_lint.model import HOLE, Call, Const, Expr, Hole, Span, Unknown, Value
from supa_lint.model import Mapping as Table
from supa_lint.read import text as plain
from supa_lint.read.nodes import SPREAD, Branch, Node, Path, Scalar, split
from supa_lint.sealing import Sealer

_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("true", "True", "yes", "on"), True),
    **dict.fromkeys(("false", "False", "no", "off"), False),
}
_NUMBER = re.compile(r"\d{1,9}")


class _Leaf(NamedTuple):
    """A value, the names to it (dotted keys cut into theirs), its path of keys, and its place."""

    names: Path
    path: Path
    key: Span
    node: Node


@dataclass(frozen=True, slots=True)
class Configured:
    """A call, and the paths of the values it is made of."""

    call: Call
    paths: frozenset[Path]


def read(
    path: str, root: Node, rows: Iterable[Mapping[str, Any]], sealer: Sealer, *, alone: bool
) -> Iterator[Configured]:
    """The calls of one document of the file at `path`; `alone` when it has no other document."""
    wanted = [row for row in rows if any(matches(path, glob) for glob in row["files"])]
    if not wanted:
        return
    leaves = list(_leaves(root, (), ()))
    open_at = {leaf.names[:-1] for leaf in leaves if leaf.names[-1] == SPREAD}
    for row in wanted:
        pattern = split(row["at"])
        tables: dict[Path, list[_Leaf]] = {}
        for leaf in leaves:
            if len(leaf.names) > len(pattern) and _fits(leaf.names, pattern):
                tables.setdefault(leaf.names[: len(pattern)], []).append(leaf)
        if "spelling" in row:
            yield from _values(leaves, pattern, row, sealer)
            continue
        lacking = not alone or any(matches(path, glob) for glob in row.get("partial", ()))
        for names, found in _without_anchors(tables):
            partial = lacking or any(names[:n] in open_at for n in range(len(names) + 1))
            entries = _entries([(leaf.names[len(pattern) :], leaf) for leaf in found], row, sealer)
            own = [name for name, part in zip(names, pattern, strict=True) if part == "*"]
            first = found[0]
            span = Span(path, first.key.start, max(first.key.end, first.node.span.end))
            args = (Table(entries, not partial, span),) if row.get("argument") else ()
            keywords = () if args else entries
            call = Call(".".join((row["call"], *own)), args, keywords, not partial, span)
            yield Configured(call, frozenset(leaf.path for leaf in found))


def _values(
    leaves: Iterable[_Leaf], pattern: Path, row: Mapping[str, Any], sealer: Sealer
) -> Iterator[Configured]:
    """The connection strings that stand right there. Each stays a setting, too, which the call
    refers to by its name: another file may set it for another environment."""
    for leaf in leaves:
        if len(leaf.names) != len(pattern) or not _fits(leaf.names, pattern):
            continue
        name = leaf.names[-1]
        value = _expr(leaf, name, row, sealer)
        if isinstance(value, Value) and value.dsn and value.dsn.spelling == row["spelling"]:
            own = [name for name, part in zip(leaf.names, pattern, strict=True) if part == "*"]
            span = Span(leaf.key.path, leaf.key.start, max(leaf.key.end, leaf.node.span.end))
            given = Value(HOLE, value.span, (Hole(variable=name),))
            # What else is configured stands elsewhere.
            call = Call(".".join((row["call"], *own)), (given,), (), complete=False, span=span)
            yield Configured(call, frozenset())


def _leaves(node: Node, names: Path, path: Path) -> Iterator[_Leaf]:
    if isinstance(node, Scalar):
        return
    for entry in node.entries:
        prefix = ".".join(names) + "."
        # A properties file keeps the whole key at its last level.
        key = entry.key.removeprefix(prefix) if names else entry.key
        below, at = (*names, *key.split(".")), (*path, entry.key)
        if isinstance(entry.node, Branch):
            yield from _leaves(entry.node, below, at)
        else:
            yield _Leaf(below, at, entry.span, entry.node)


def _fits(names: Path, pattern: Path) -> bool:
    return all(part in ("*", name) for name, part in zip(names, pattern, strict=False))


def _without_anchors(tables: Mapping[Path, Sequence[_Leaf]]) -> Iterator[tuple[Path, list[_Leaf]]]:
    """The tables but for those that others take over (`<<: *default`): they stand for nothing by
    themselves. An anchor comes before its aliases."""
    owner: dict[Span, Path] = {}
    taken_over = set()
    for names, leaves in tables.items():
        for leaf in leaves:
            if owner.setdefault(leaf.node.span, names) != names:
                taken_over.add(owner[leaf.node.span])
    for names, leaves in tables.items():
        if names not in taken_over:
            yield names, list(leaves)


def _entries(
    leaves: Sequence[tuple[Path, _Leaf]], row: Mapping[str, Any], sealer: Sealer
) -> tuple[tuple[str, Expr], ...]:
    """The keywords that leaves make, by the names that are left of theirs."""
    groups: dict[str, list[tuple[Path, _Leaf]]] = {}
    for names, leaf in leaves:
        if names[0] != SPREAD:
            groups.setdefault(names[0], []).append((names[1:], leaf))
    entries: list[tuple[str, Expr]] = []
    for name, inside in groups.items():
        deeper = [(names, leaf) for names, leaf in inside if names]
        if deeper:
            span = deeper[0][1].key
            complete = all(names != (SPREAD,) for names, _ in deeper)
            entries.append((name, Table(_entries(deeper, row, sealer), complete, span)))
        entries += ((name, _expr(leaf, name, row, sealer)) for names, leaf in inside if not names)
    return tuple(entries)


def _expr(leaf: _Leaf, name: str, row: Mapping[str, Any], sealer: Sealer) -> Expr:
    node = leaf.node
    if not isinstance(node, Scalar):
        return Unknown(node.span)
    text = node.raw.text
    if node.plain and role_of(name) != "password":
        if node.null:
            return Const(None, node.span)
        if text in _WORDS:
            return Const(_WORDS[text], node.span)
        if _NUMBER.fullmatch(text):
            return Const(int(text), node.span)
    return plain.seal(sealer, node.raw, name, row.get("interpolation", "unknown"))
