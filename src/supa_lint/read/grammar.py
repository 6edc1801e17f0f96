"""tree-sitter's parsers: fast, with exact places, and at home with broken syntax."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Node


@cache
def _language(name: str) -> Language:
    from tree_sitter import Language

    return Language(import_module(f"tree_sitter_{name}").language())


def parse(language: str, data: bytes) -> Node:
    """The root of the syntax tree. Offsets of its nodes are those of `data`."""
    from tree_sitter import Parser

    return Parser(_language(language)).parse(data).root_node


def children(node: Node, comments: list[Node] | None = None) -> Iterator[Node]:
    """Named children, with the errors among them replaced by what they contain. Comments are left
    out, and added to `comments`."""
    stack = list(reversed(node.named_children))
    while stack:
        child = stack.pop()
        if child.type == "ERROR":
            stack += reversed(child.named_children)
        elif child.type != "comment":
            yield child
        elif comments is not None:
            comments.append(child)
