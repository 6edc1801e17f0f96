"""HCL (Terraform, OpenTofu, Terragrunt), by tree-sitter.

A block becomes nested mappings: `resource "aws_lambda_function" "api"` is
`resource.aws_lambda_function.api`. Expressions are read as far as they are texts; what depends on
something else is a hole, and a hole for `var.x` or `local.x` is filled from any file that says it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from supa_lint.clients import Clients
from supa_lint.knowledge import Platforms
from supa_lint.model import HOLE, Definition, Facts, Hole, Span
from supa_lint.raw import Raw
from supa_lint.read import grammar, jsonc, nodes, tree
from supa_lint.read import text as plain
from supa_lint.read.nodes import Branch, Entry, Listing, Node, Scalar
from supa_lint.read.pieces import (
    DEEPEST,
    Piece,
    Source,
    Table,
    assignments,
    join,
    unescape,
    with_rest,
)
from supa_lint.sealing import Sealer
from supa_lint.source import File

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[\x00-\x7f]?)|([$%])\1\{")
_LETTERS = {b"n": "\n", b"r": "\r", b"t": "\t"}
_VERB = re.compile(r"%(?P<percent>%)|%[-+ #0]*+(?:\[\d++\])?+\d*+(?:\.\d++)?+[a-zA-Z]")
_REFERENCE = re.compile(r"(?P<kind>var|local)\.(?P<name>[\w-]+)")
_ITEM_KEYS = ({"name", "value"}, {"key", "value"})

# Functions whose value is that of their first argument, as far as it matters here.
_SAME = {"jsonencode", "yamlencode", "tomap", "tolist", "toset", "tostring"}
_SAME |= {"sensitive", "nonsensitive", "trimspace", "chomp"}
# The arguments of functions that are patterns: which of them are no text of the program's own.
_PATTERNS = {
    "replace": slice(1, None),
    "trimprefix": slice(1, None),
    "trimsuffix": slice(1, None),
    "trim": slice(1, None),
    "startswith": slice(1, None),
    "endswith": slice(1, None),
    "strcontains": slice(1, None),
    "regex": slice(0, 1),
    "regexall": slice(0, 1),
    "split": slice(0, 1),
}


def read(file: File, platforms: Platforms, clients: Clients | None = None) -> Facts:
    """The settings of a file; the values of its variables and locals are definitions too.

    Raises grammar.TooSlowError.
    """
    if plain.is_utf16(file):
        return plain.read(file)
    source = Source.of(file)
    root = grammar.parse("hcl", source.data)
    sealer = Sealer(file)
    reader = _Reader(source)
    document = reader.document(root)
    facts = tree.facts(file, [document], platforms, sealer, clients)
    definitions = tuple(_definitions(file, document, sealer))
    comments, patterns = source.spans(reader.comments), source.spans(reader.patterns)
    return replace(with_rest(facts, file, sealer, comments, patterns), definitions=definitions)


def _definitions(file: File, document: Node, sealer: Sealer) -> Iterator[Definition]:
    """What `var.x` and `local.x` stand for, as far as this file says."""
    found = [(f"var:{m.path[1]}", m.node) for m in _at(document, "variable", "*", "default")]
    found += [(f"local:{m.path[1]}", m.node) for m in _at(document, "locals", "*")]
    if file.path.endswith((".tfvars", ".auto.tfvars")):
        found += [(f"var:{m.path[0]}", m.node) for m in _at(document, "*")]
    for name, node in found:
        if isinstance(node, Scalar):
            value = plain.seal(sealer, node.raw, name.partition(":")[2], "none")
            yield Definition(name, value, file.path)


def _at(document: Node, *pattern: str) -> Iterator[nodes.Match]:
    return nodes.find(document, pattern)


def _call(node: Syntax) -> tuple[str, list[Syntax]]:
    """Name and arguments of a function call."""
    name, *rest = grammar.children(node)
    arguments = [child for child in rest if child.type == "function_arguments"]
    inside = list(grammar.children(arguments[0])) if arguments else []
    text = name.text.decode("utf-8", "replace") if name.text else ""
    return text, [child for child in inside if child.type == "expression"]


class _Reader:
    def __init__(self, source: Source) -> None:
        self.comments: list[Syntax] = []
        self.patterns: list[Syntax] = []
        """The arguments of functions that are only looked for."""
        self._source = source

    def document(self, root: Syntax) -> Node:
        document = Table(self._source.raw.span)
        for child in [root] if root.type == "ERROR" else grammar.children(root, self.comments):
            self._body(child, document, 0)
        return document.node()

    # --- blocks

    def _body(self, body: Syntax, table: Table, depth: int) -> None:
        nodes = [child for child in grammar.children(body, self.comments) if depth < DEEPEST]
        blocks = Counter(self._type(child) for child in nodes if child.type == "block")
        for child in nodes:
            if child.type == "attribute":
                name, *values = grammar.children(child)
                if values:
                    table.put(*self._key(name), self._expression(values[-1], depth + 1))
            elif child.type == "block":
                self._block(child, table, depth, many=depth > 0 and blocks[self._type(child)] > 1)

    def _block(self, node: Syntax, table: Table, depth: int, *, many: bool) -> None:
        parts = list(grammar.children(node))
        names = [self._key(part) for part in parts if part.type in ("identifier", "string_lit")]
        *outer, (key, span) = names[:4]
        body = next((part for part in parts if part.type == "body"), None)
        for name, at in outer:
            table = table.table(name, at)
        listed = not outer and (many or (body is not None and self._is_item(body)))
        inner = table.item if listed else table.table
        below = inner(key, span)
        if body is not None:
            self._body(body, below, depth + len(names))

    def _type(self, block: Syntax) -> str:
        return next((self._key(part)[0] for part in grammar.children(block)), "")

    def _is_item(self, body: Syntax) -> bool:
        """Whether a block is one of several by nature: a name and its value."""
        attributes = [child for child in grammar.children(body) if child.type == "attribute"]
        names = {self._key(child)[0] for child in attributes if child.named_children}
        return any(keys <= names for keys in _ITEM_KEYS)

    def _key(self, node: Syntax) -> tuple[str, Span]:
        """The name that an identifier, a label or an attribute spells, and where it stands."""
        if node.type == "attribute":
            node = node.named_children[0]
        start, end = node.start_byte, node.end_byte
        text = self._source.cut(start, end).text
        return text.strip('"'), self._source.span(start, end)

    # --- expressions

    def _expression(self, node: Syntax, depth: int) -> Node:
        inside = list(grammar.children(node))
        if node.type != "expression" or len(inside) != 1 or depth > DEEPEST:
            return self._unknown(node)
        (inner,) = inside
        if inner.type == "expression":
            return self._expression(inner, depth + 1)
        if inner.type == "function_call":
            return self._function(inner, depth)
        if inner.type in ("literal_value", "template_expr", "collection_value"):
            inner = next(grammar.children(inner), inner)
        if inner.type == "object":
            return self._object(inner, depth)
        if inner.type == "tuple":
            items = [
                child
                for child in grammar.children(inner, self.comments)
                if child.type == "expression"
            ]
            nodes = (self._expression(item, depth + 1) for item in items)
            return Listing(tuple(nodes), self._span(inner))
        if inner.type in ("string_lit", "quoted_template"):
            return self._quoted(inner)
        if inner.type == "heredoc_template":
            return self._heredoc(inner)
        if inner.type in ("numeric_lit", "bool_lit", "null_lit"):
            raw = self._source.cut(inner.start_byte, inner.end_byte)
            return Scalar(raw, raw.span, plain=True)
        return self._unknown(inner)

    def _object(self, node: Syntax, depth: int) -> Branch:
        entries = []
        for element in grammar.children(node, self.comments):
            parts = list(grammar.children(element))
            if len(parts) == 2:
                name, at = self._object_key(parts[0], depth)
                if name:
                    value = self._expression(parts[1], depth + 1)
                    entries.append(Entry(nodes.key_text(name), at, value))
        return Branch(tuple(entries), self._span(node))

    def _object_key(self, node: Syntax, depth: int) -> tuple[str, Span]:
        key = self._expression(node, depth + 1)
        if isinstance(key, Scalar) and HOLE not in key.raw.text:
            return key.raw.text, key.span
        text, span = self._key(node)
        return text if text.isidentifier() else "", span

    def _function(self, node: Syntax, depth: int) -> Node:
        name, arguments = _call(node)
        if name in _SAME and arguments:
            return self._expression(arguments[0], depth + 1)
        if name == "merge":
            nodes = [self._expression(argument, depth + 1) for argument in arguments]
            branches = [n for n in nodes if isinstance(n, Branch)]
            return Branch(tuple(e for branch in branches for e in branch.entries), self._span(node))
        if name == "concat":
            nodes = [self._expression(argument, depth + 1) for argument in arguments]
            lists = [n for n in nodes if isinstance(n, Listing)]
            return Listing(tuple(i for items in lists for i in items.items), self._span(node))
        if name == "format" and arguments:
            nodes = [self._expression(argument, depth + 1) for argument in arguments]
            if isinstance(nodes[0], Scalar):
                pieces = _formatted(nodes[0].raw, nodes[1:])
                return Scalar(join(pieces, self._span(node)), self._span(node), plain=False)
        return self._unknown(node)

    # --- texts

    def _quoted(self, node: Syntax) -> Scalar:
        start, end = node.start_byte + 1, max(node.start_byte + 1, node.end_byte - 1)
        raw = join(self._template(node, start, end, _ESCAPE), self._source.span(start, end))
        return Scalar(raw, self._span(node), plain=False)

    def _heredoc(self, node: Syntax) -> Node:
        """A heredoc: JSON or the lines of an env file as what they are, else a text."""
        data, span = self._source.data, self._span(node)
        start = data.find(b"\n", node.start_byte, node.end_byte) + 1 or node.end_byte
        end = max(start, data.rfind(b"\n", start, node.end_byte) + 1)
        escapes = rb"([$%])\1\{"
        if data.startswith(b"<<-", node.start_byte):
            lines = re.findall(rb"^([^\S\n]*)\S", data[start:end], re.MULTILINE)
            escapes += rb"|^[^\S\n]{0,%d}" % min(map(len, lines), default=0)
        pattern = re.compile(escapes, re.MULTILINE)
        raw = join(self._template(node, start, end, pattern), self._source.span(start, end))
        inside = Source(raw)
        document = jsonc.parse(inside) if raw.text.lstrip()[:1] in ("{", "[") else None
        return document or assignments(inside) or Scalar(raw, span, plain=False)

    def _template(
        self, node: Syntax, start: int, end: int, escapes: re.Pattern[bytes]
    ) -> Iterator[Piece]:
        """The text of a template, with a hole for each interpolation and directive."""
        at = start
        for child in grammar.children(node):
            if child.type in ("template_interpolation", "template_directive"):
                yield from unescape(self._source, at, child.start_byte, escapes, _decoded)
                yield from self._hole(child)
                at = child.end_byte
        yield from unescape(self._source, at, end, escapes, _decoded)

    def _hole(self, node: Syntax) -> tuple[Hole, ...]:
        """What fills an interpolation, or any expression that is no text here."""
        self._collect_patterns(node)
        text = self._source.cut(node.start_byte, node.end_byte).text
        found = _REFERENCE.fullmatch(text.removeprefix("${").removesuffix("}").strip())
        return (Hole(symbol=f"{found['kind']}:{found['name']}") if found else Hole(),)

    def _collect_patterns(self, node: Syntax) -> None:
        stack = [node]
        while stack:
            inner = stack.pop()
            stack += inner.named_children
            if inner.type == "function_call":
                name, arguments = _call(inner)
                self.patterns += arguments[_PATTERNS.get(name, slice(0, 0))]

    def _unknown(self, node: Syntax) -> Scalar:
        span = self._span(node)
        return Scalar(Raw(HOLE, span, self._hole(node)), span, plain=False)

    def _span(self, node: Syntax) -> Span:
        return self._source.span(node.start_byte, node.end_byte)


def _decoded(escape: re.Match[bytes]) -> str:
    text = escape[0]
    if not text.startswith(b"\\"):
        return text[1:].decode()  # `$${` is `${`, and an indentation is nothing
    letter, digits = text[1:2], text[2:]
    if digits:
        code = int(digits, 16)
        return chr(code) if code < 0x110000 else "\ufffd"
    return _LETTERS.get(letter, letter.decode("utf-8", "replace"))


def _formatted(template: Raw, arguments: list[Node]) -> Iterator[Piece]:
    """`format(template, arguments...)`. An argument that is no text is a hole."""
    at = 0
    rest = iter(arguments)
    for match in _VERB.finditer(template.text):
        yield template.part(at, match.start())
        at = match.end()
        if match["percent"]:
            yield "%"
            continue
        argument = next(rest, None)
        yield argument.raw if isinstance(argument, Scalar) else Hole()
    yield template.part(at, len(template.text))
