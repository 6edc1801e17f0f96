"""JSON, with the comments and trailing commas that many tools allow, by tree-sitter."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from supa_lint.clients import Clients
from supa_lint.knowledge import Platforms
from supa_lint.model import Facts
from supa_lint.read import grammar, tree
from supa_lint.read import text as plain
from supa_lint.read.nodes import Branch, Entry, Listing, Node, Scalar, key_text
from supa_lint.read.pieces import DEEPEST, Source, join, unescape, unknown, with_rest
from supa_lint.sealing import Sealer
from supa_lint.source import File

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

# An emoji is written as two escapes.
_ESCAPE = re.compile(rb"(?:\\u[dD][89abAB]\w{2}\\u[dD][c-fC-F]\w{2})|\\u\w{4}|\\[\x00-\x7f]?")


def read(
    file: File,
    platforms: Platforms,
    clients: Clients | None = None,
) -> Facts:
    """The settings of a file. What is broken in it is read as plain text.

    Raises grammar.TooSlowError.
    """
    if plain.is_utf16(file):
        return plain.read(file)
    sealer = Sealer(file)
    source = Source.of(file)
    root = grammar.parse("json", source.data)
    reader = _Reader(source)
    facts = tree.facts(file, [reader.document(root)], platforms, sealer, clients)
    return with_rest(facts, file, sealer, source.spans(reader.comments))


def parse(source: Source, *, broken: bool = False) -> Node | None:
    """The document that a text spells, or None when it is not JSON. With `broken`, what can be
    read of it (a trailing comma is an error, too)."""
    try:
        root = grammar.parse("json", source.data)
    except grammar.TooSlowError:
        return None
    return None if root.has_error and not broken else _Reader(source).document(root)


class _Reader:
    def __init__(self, source: Source) -> None:
        self.comments: list[Syntax] = []
        self._source = source

    def document(self, root: Syntax) -> Node:
        """The value that a file holds; a list when it holds several (one a line)."""
        values = list(grammar.children(root, self.comments))
        if root.type == "ERROR" or any(value.type == "pair" for value in values):
            # Not even its outermost braces match: what pairs there are belong together.
            return self.branch(root, 0)
        if len(values) == 1:
            return self.value(values[0], 0)
        return Listing(tuple(self.value(value, 1) for value in values), self._source.raw.span)

    def value(self, node: Syntax, depth: int) -> Node:
        start, end = node.start_byte, node.end_byte
        span = self._source.span(start, end)
        if depth > DEEPEST:
            return unknown(span)
        if node.type == "object":
            return self.branch(node, depth)
        if node.type == "array":
            items = (
                self.value(child, depth + 1) for child in grammar.children(node, self.comments)
            )
            return Listing(tuple(items), span)
        if node.type == "string":
            start, end = start + 1, max(start + 1, end - 1)
            pieces = unescape(self._source, start, end, _ESCAPE, _decoded)
            return Scalar(join(pieces, self._source.span(start, end)), span, plain=False)
        return Scalar(self._source.cut(start, end), span, plain=True)

    def branch(self, node: Syntax, depth: int) -> Branch:
        entries = []
        for pair in grammar.children(node, self.comments):
            parts = list(grammar.children(pair, self.comments)) if pair.type == "pair" else []
            if len(parts) < 2:
                continue
            key, value = self.value(parts[0], depth), parts[-1]
            name = key_text(key.raw.text) if isinstance(key, Scalar) else ""
            entries.append(Entry(name, key.span, self.value(value, depth + 1)))
        return Branch(tuple(entries), self._source.span(node.start_byte, node.end_byte))


def _decoded(escape: re.Match[bytes]) -> str:
    try:
        text = json.loads(b'"' + escape[0] + b'"')
    except ValueError:
        return "\ufffd"
    return str(text)
