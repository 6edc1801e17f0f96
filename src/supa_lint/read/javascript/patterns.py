"""What stands on the left of an assignment: members of something, and destructuring patterns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from supa_lint.read.javascript.syntax import Source, children, field, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node


def access(node: Node, source: Source) -> tuple[Node, tuple[str, ...], bool]:
    """The expression at the root of `a.b["c"]`, the keys, and whether all keys are known."""
    keys: list[str] = []
    exact = True
    node = unwrap(node)
    while node.type in ("member_expression", "subscript_expression"):
        inner = field(node, "object")
        if inner is None:
            break
        if node.type == "member_expression":
            key = source.key(field(node, "property"))
        else:
            index = field(node, "index")
            key = None if index is None else source.string(unwrap(index))
        exact = exact and key is not None
        keys.insert(0, key or "")
        node = unwrap(inner)
    return node, tuple(keys), exact


def names(
    node: Node, source: Source, keys: tuple[str, ...] = (), default: Node | None = None
) -> Iterator[tuple[str, Node, tuple[str, ...] | None, Node | None]]:
    """Each name of a pattern, its node, the keys it takes (None for a rest) and its default."""
    kind = node.type
    if kind in ("identifier", "shorthand_property_identifier_pattern"):
        name = source.code(node)
        yield name, node, (*keys, name) if kind != "identifier" else keys, default
    elif kind in ("object_assignment_pattern", "assignment_pattern"):
        left, right = field(node, "left"), field(node, "right")
        if left is not None:
            yield from names(left, source, keys, right)
    elif kind == "pair_pattern":
        key, value = source.key(field(node, "key")), field(node, "value")
        if value is not None:
            yield from names(value, source, (*keys, key or ""))
    elif kind == "object_pattern":
        for child in children(node):
            yield from names(child, source, keys)
    elif kind == "array_pattern":
        for index, child in enumerate(children(node)):
            yield from names(child, source, (*keys, str(index)))
    elif kind == "rest_pattern":
        for child in children(node):
            for name, inner, _, _ in names(child, source):
                yield name, inner, None, None
