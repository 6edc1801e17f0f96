"""Nodes of the syntax tree: where they stand, what is meant inside brackets and casts, and what
their literals spell."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from supa_lint.model import Package, Span
from supa_lint.raw import Raw, Segment
from supa_lint.read.imports import Imports, Specifier
from supa_lint.read.node_packages import imported_package
from supa_lint.read.text import clean
from supa_lint.source import File

if TYPE_CHECKING:
    from tree_sitter import Node

FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    }
)
CLASSES = frozenset({"class_declaration", "abstract_class_declaration", "class"})

URL = re.compile(rb"://")
"""What each DSN worth a mention has."""

_FIRST = {
    "parenthesized_expression",
    "as_expression",
    "satisfies_expression",
    "non_null_expression",
    "await_expression",
    "instantiation_expression",
}
_LAST = {"type_assertion", "sequence_expression"}
_KEYS = {
    "property_identifier",
    "private_property_identifier",
    "shorthand_property_identifier",
    "shorthand_property_identifier_pattern",
    "identifier",
    "number",
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_CODE_POINT = re.compile(r"\\(?:u\{(?P<braced>[0-9a-fA-F]{1,8})\}|[ux](?P<plain>[0-9a-fA-F]{2,4}))")


_NAME = re.compile(r"[#A-Za-z_$][\w$.\-]{0,79}", re.ASCII)


def is_name(text: str) -> bool:
    """Whether a text may leave the reader as the name of a variable or key: it is no secret."""
    return _NAME.fullmatch(text) is not None


def children(node: Node) -> list[Node]:
    """The named children that are no comments."""
    return [child for child in node.named_children if child.type != "comment"]


def unwrap(node: Node) -> Node:
    """The expression inside brackets, casts, `await` and `(0, x)`."""
    while True:
        if node.type in _FIRST:
            inner = children(node)[:1]
        elif node.type in _LAST:
            inner = children(node)[-1:]
        else:
            return node
        if not inner:
            return node
        node = inner[0]


def field(node: Node | None, name: str, inner: str = "") -> Node | None:
    """What stands in a field of a node, or (`inner`) in a field of that."""
    found = None if node is None else node.child_by_field_name(name)
    return found.child_by_field_name(inner) if inner and found is not None else found


def is_broken(node: Node) -> bool:
    """Whether the parser left something out between the parts of a node: what stands beside the
    gap may be a piece of a text."""
    return node.has_error and any(child.is_error for child in node.children)


def sides(node: Node) -> tuple[Node, str, Node] | None:
    """What stands left of an operator or an assignment, the operator, and what stands right."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None or is_broken(node):
        return None
    operator = node.child_by_field_name("operator")
    return left, operator.type if operator is not None else "", right


def arguments(node: Node) -> list[Node]:
    """The arguments of a call; none for a tagged template."""
    given = node.child_by_field_name("arguments")
    return children(given) if given is not None and given.type == "arguments" else []


def types(annotation: Node | None) -> Iterator[Node]:
    """The types of an annotation, those of a union one by one."""
    nodes = [] if annotation is None else children(annotation)
    while nodes:
        node = nodes.pop()
        if node.type in ("union_type", "parenthesized_type"):
            nodes += children(node)
        elif node.type == "generic_type":
            nodes += children(node)[:1]
        else:
            yield node


def tagged(node: Node) -> tuple[Node, Node] | None:
    """Tag and template of a tagged template."""
    function = node.child_by_field_name("function")
    template = node.child_by_field_name("arguments")
    if function is None or template is None or template.type != "template_string":
        return None
    return function, template


class Source:
    """The text of one file, under the nodes of its tree."""

    def __init__(self, file: File, imports: Imports | None = None) -> None:
        self.file = file
        self._imports = imports or Imports()
        self.packages: dict[str, Package] = {}
        """The packages that imports name with a version, by name: the first one counts."""
        self.data = file.data[file.body :]
        """What was parsed: nodes count their bytes from here."""
        self._found: dict[re.Pattern[bytes], list[int]] = {}

    def span(self, first: Node, last: Node | None = None) -> Span:
        """The span of a node, or from the start of one node to the end of another."""
        body = self.file.body
        end = (last or first).end_byte
        return Span(self.file.path, body + first.start_byte, body + max(end, first.start_byte))

    def holds(self, node: Node, pattern: re.Pattern[bytes]) -> bool:
        """Whether a match of a short pattern begins in a node. The file is searched only once."""
        if pattern not in self._found:
            self._found[pattern] = [match.start() for match in pattern.finditer(self.data)]
        found = self._found[pattern]
        return bisect_left(found, node.start_byte) < bisect_left(found, node.end_byte)

    def code(self, node: Node | None) -> str:
        """A node as it is written; nothing without one."""
        if node is None:
            return ""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def key(self, node: Node | None) -> str | None:
        """The name that a property's name node spells; None for a computed one."""
        if node is None:
            return None
        if node.type == "computed_property_name":
            inner = children(node)[:1]
            return self.string(inner[0]) if inner else None
        return self.code(node) if node.type in _KEYS else self.string(node)

    def module(self, node: Node | None) -> Specifier | None:
        """The module that the text of an import names; None for what is no text."""
        text = self.string(node)
        if node is None or text is None:
            return None
        found = self._imports.meant(text, self.file.path)
        if found.version and found.package not in self.packages:
            package = imported_package(found, self.span(node))
            self.packages[found.package] = package
        return found

    def string(self, node: Node | None) -> str | None:
        """The text of a string literal, or of a template without substitutions."""
        if node is None or node.type not in ("string", "template_string"):
            return None
        pieces = self.parts(node)
        if len(pieces) != 1 or not isinstance(pieces[0], Raw):
            return None
        return pieces[0].text

    def parts(self, node: Node) -> list[Raw | Node]:
        """The literal texts and the substituted expressions of a string, in order; never none."""
        span = self.span(node)
        result: list[Raw | Node] = []
        text, segments = "", list[Segment]()
        for child in node.named_children:
            if child.type == "template_substitution":
                if text:
                    result.append(Raw(text, span, segments=tuple(segments)))
                text, segments = "", []
                result.append(next(iter(children(child)), child))
                continue
            piece, exact = self._piece(child)
            if exact and piece:
                offset = self.file.body + child.start_byte
                segments.append(Segment(len(text), len(text) + len(piece), offset))
            text += piece
        if text or not result:
            result.append(Raw(text, span, segments=tuple(segments)))
        return result

    def _piece(self, node: Node) -> tuple[str, bool]:
        """What a stretch of a literal spells, and whether it stands unchanged in the file."""
        found = self.data[node.start_byte : node.end_byte].decode("utf-8", "surrogateescape")
        if node.type != "escape_sequence":
            text = clean(found)
            return text, text == found and "\r" not in text
        point = _CODE_POINT.fullmatch(found)
        if point:
            code = int(point["braced"] or point["plain"], 16)
            return clean(chr(code) if code < 0x110000 else "\ufffd"), False
        if found[1:2] in ("\n", "\r", "\u2028", "\u2029", ""):  # the line goes on
            return "", False
        return clean(_ESCAPES.get(found[1:], found[1:])), False


def named_pairs(node: Node, source: Source) -> Iterator[tuple[str, Node, Node]]:
    """Name, name node and value node of the plain `key: value` pairs of an object literal."""
    for child in node.named_children:
        if child.type == "pair":
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            name = source.key(key)
            if key is not None and value is not None and name is not None:
                yield name, key, value
