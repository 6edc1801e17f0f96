"""tree-sitter's parsers: fast, with exact places, and at home with broken syntax."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from time import thread_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Node

_CHUNK = 65536
_SECONDS = 2.0  # of CPU time: about 5 MB of a text that is right
_LEAST_SECONDS = 0.1
_SECONDS_FOR_A_MB = 4.0  # ten times what is right takes: a file may hold many scripts


@cache
def _language(name: str) -> Language:
    from tree_sitter import Language

    return Language(import_module(f"tree_sitter_{name}").language())


class TooSlowError(Exception):
    """The text takes too long: some broken texts take tree-sitter quadratic time."""

    def __str__(self) -> str:
        return "takes too long to parse: read as plain text"


def parse(language: str, data: bytes) -> Node:
    """The root of the syntax tree. Offsets of its nodes are those of `data`.

    Raises TooSlowError.
    """
    from tree_sitter import Parser

    # Scanners of grammars take a NUL for the end and come back to it for ever.
    data = data.replace(b"\0", b" ")

    def read(at: int, _: object) -> bytes:
        return data[at : at + _CHUNK]

    parser = Parser(_language(language))
    most = min(_SECONDS, _LEAST_SECONDS + _SECONDS_FOR_A_MB * len(data) / 1_000_000)
    end = thread_time() + most
    try:
        tree = parser.parse(read, progress_callback=lambda *_: thread_time() > end)
    except ValueError:
        raise TooSlowError from None
    return tree.root_node


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
