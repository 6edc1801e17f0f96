"""TOML, by tree-sitter: `fly.toml`, `netlify.toml`, `wrangler.toml` and their like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from supa_lint.clients import Clients
from supa_lint.knowledge import Platforms
from supa_lint.model import HOLE, Facts, Hole, Span
from supa_lint.raw import Raw
from supa_lint.read import grammar, tree
from supa_lint.read import text as plain
from supa_lint.read.nodes import Listing, Node, Scalar
from supa_lint.read.pieces import DEEPEST, Source, Table, join, unescape, unknown, with_rest
from supa_lint.sealing import Sealer
from supa_lint.source import File

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

_KEY = re.compile(rb"\"(?:[^\"\\\n]|\\.)*+(?:\"|$)|'[^'\n]*+(?:'|$)|[^\s.\"'\[\]=]+")
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[^\S\n]*\n\s*|[\x00-\x7f]?)")
_LETTERS = {b"b": "\b", b"t": "\t", b"n": "\n", b"f": "\f", b"r": "\r", b"e": "\x1b"}
_QUOTES = (b'"""', b"'''", b'"', b"'")
_LONGEST = 16  # parts of a dotted key
# How Supabase's config.toml reads a variable.
_ENV = re.compile(r"env\((\w+)\)")


def read(file: File, platforms: Platforms, clients: Clients | None = None) -> Facts:
    """The settings of a file. What is broken in it is read as plain text.

    Raises grammar.TooSlowError.
    """
    if plain.is_utf16(file):
        return plain.read(file)
    sealer = Sealer(file)
    source = Source.of(file)
    root = grammar.parse("toml", source.data)
    reader = _Reader(source)
    facts = tree.facts(file, [reader.document(root)], platforms, sealer, clients)
    return with_rest(facts, file, sealer, source.spans(reader.comments))


class _Reader:
    def __init__(self, source: Source) -> None:
        self.comments: list[Syntax] = []
        self._source = source

    def document(self, root: Syntax) -> Node:
        document = Table(self._source.raw.span)
        for child in grammar.children(root, self.comments):
            if child.type == "pair":
                self._pair(child, document)
            elif child.type in ("table", "table_array_element"):
                self._table(child, document)
        return document.node()

    def _table(self, node: Syntax, document: Table) -> None:
        """`[a.b]` or `[[a.b]]`, and the pairs below it."""
        header, *rest = grammar.children(node, self.comments)
        *outer, (key, span) = self._keys(header)
        table = document
        for name, at in outer:
            table = table.table(name, at)
        inner = table.item if node.type == "table_array_element" else table.table
        table = inner(key, span)
        for child in rest:
            if child.type == "pair":
                self._pair(child, table)

    def _pair(self, node: Syntax, table: Table, depth: int = 0) -> None:
        name, *values = grammar.children(node, self.comments)
        if not values:
            return
        *outer, (key, span) = self._keys(name)
        for inner, at in outer:
            table = table.table(inner, at)
        table.put(key, span, self._value(values[-1], depth + len(outer) + 1))

    def _keys(self, node: Syntax) -> list[tuple[str, Span]]:
        """The parts of a key, which may be dotted, and where they stand. There is at least one."""
        keys = []
        for match in _KEY.finditer(self._source.data, node.start_byte, node.end_byte):
            start, end = match.span()
            span = self._source.span(start, end)
            if match[0][:1] == b'"':
                pieces = unescape(self._source, start + 1, end - 1, _ESCAPE, _decoded)
                keys.append((join(pieces, span).text, span))
            else:
                keys.append((plain.clean(match[0].decode("utf-8", "replace")).strip("'"), span))
        return keys[:_LONGEST] or [("", self._source.span(node.start_byte, node.end_byte))]

    def _value(self, node: Syntax, depth: int) -> Node:
        start, end = node.start_byte, node.end_byte
        span = self._source.span(start, end)
        if depth > DEEPEST:
            return unknown(span)
        if node.type == "array":
            items = (
                self._value(child, depth + 1) for child in grammar.children(node, self.comments)
            )
            return Listing(tuple(items), span)
        if node.type == "inline_table":
            table = Table(span)
            for child in grammar.children(node, self.comments):
                if child.type == "pair":
                    self._pair(child, table, depth)
            return table.node()
        if node.type == "string":
            return Scalar(self._string(start, end), span, plain=False)
        return Scalar(self._source.cut(start, end), span, plain=True)

    def _string(self, start: int, end: int) -> Raw:
        quote = next(q for q in (*_QUOTES, b"") if self._source.data.startswith(q, start))
        start, end = start + len(quote), max(start + len(quote), end - len(quote))
        if len(quote) == 3:
            # A line break right after the opening quotes does not count.
            start += {b"\n": 1, b"\r": 2}.get(self._source.data[start : start + 1], 0)
        if quote[:1] == b"'":
            raw = self._source.cut(start, end)
        else:
            pieces = unescape(self._source, start, end, _ESCAPE, _decoded)
            raw = join(pieces, self._source.span(start, end))
        reads = _ENV.fullmatch(raw.text)
        return Raw(HOLE, raw.span, (Hole(variable=reads[1]),)) if reads else raw


def _decoded(escape: re.Match[bytes]) -> str:
    letter, digits = escape[0][1:2], escape[0][2:]
    if letter in b"uU" and digits:
        code = int(digits, 16)
        return chr(code) if code < 0x110000 else "\ufffd"
    if letter.isspace():
        return ""
    return _LETTERS.get(letter, letter.decode("utf-8", "replace"))
