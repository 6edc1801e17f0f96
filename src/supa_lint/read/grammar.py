"""tree-sitter's parsers: fast, with exact places, and at home with broken syntax."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from time import monotonic, thread_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Tree

_CHUNK = 65536
_SECONDS = 2.0  # of CPU time: about 5 MB of a text that is right
_LEAST_SECONDS = 0.1
_SECONDS_FOR_A_MB = 4.0  # ten times what is right takes: a file may hold many scripts
# The scanner for bash asks isdigit() of what stands after `{`. With a character outside of ASCII
# it reads outside of a table, and may take the whole process down (tree-sitter-bash 0.25.1).
_ASCII = bytes(range(128)) + b"." * 128


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
    # Scanners of grammars take a NUL for the end and come back to it for ever.
    data = data.replace(b"\0", b" ")
    if language == "bash":
        data = data.translate(_ASCII)
    most = min(_SECONDS, _LEAST_SECONDS + _SECONDS_FOR_A_MB * len(data) / 1_000_000)
    return parse_within(most, _language(language), data).root_node


def parse_within(seconds: float, language: Language, data: bytes) -> Tree:
    """The syntax tree, if the processor needs no longer for it. Raises TooSlowError."""
    from tree_sitter import Parser

    soonest, end = monotonic() + seconds, thread_time() + seconds

    def read(at: int, _: object) -> bytes:
        return data[at : at + _CHUNK]

    def too_slow(*_: object) -> bool:
        # To ask for the time of the thread is slow itself; it is never later than the clock's.
        return monotonic() > soonest and thread_time() > end

    try:
        return Parser(language).parse(read, progress_callback=too_slow)
    except ValueError:
        raise TooSlowError from None


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
