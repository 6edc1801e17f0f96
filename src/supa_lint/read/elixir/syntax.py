"""Nodes of tree-sitter's Elixir grammar, where even `if`, `def` and `config` are calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from supa_lint.model import Span
from supa_lint.raw import Raw
from supa_lint.read import grammar, pieces

if TYPE_CHECKING:
    from tree_sitter import Node

_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "s": " ", "0": "\0"}
_CODE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\})")
_HEADS = frozenset({"def", "defp", "defmacro", "defmacrop"})


class Branch(NamedTuple):
    """A block of a call: `do`, `else`, `rescue` ..."""

    name: str
    nodes: list[Node]


class Source:
    """The text of a file, and what its nodes spell."""

    def __init__(self, source: pieces.Source) -> None:
        self._source = source

    def text(self, node: Node | None) -> str:
        """What stands there; nothing for no node."""
        return self.cut(node).text if node is not None else ""

    def cut(self, node: Node) -> Raw:
        return self._source.cut(node.start_byte, node.end_byte)

    def span(self, node: Node) -> Span:
        return self._source.span(node.start_byte, node.end_byte)

    def inside(self, node: Node) -> Span:
        """The place of what stands between the quotes of a text."""
        inner = node.named_children
        if not inner:
            return self._source.span(node.start_byte, node.start_byte)
        return self._source.span(inner[0].start_byte, inner[-1].end_byte)

    def escape(self, node: Node) -> Raw:
        """What an escape sequence stands for."""
        text = self.text(node)
        code = _CODE.fullmatch(text)
        number = int("".join(one or "" for one in code.groups()), 16) if code else -1
        if 0 <= number < 0x110000 and not 0xD800 <= number < 0xE000:
            decoded = chr(number)
        else:
            decoded = _LETTERS.get(text[1:2], text[1:2])
        return pieces.join([decoded], self.span(node))

    def name(self, call: Node) -> str:
        """What is called, dotted: `config`, `System.get_env`; nothing where that is computed."""
        target = field(call, "target")
        if target is None:
            return ""
        if target.type == "identifier":
            return self.text(target)
        left, right = field(target, "left"), field(target, "right")
        if target.type != "dot" or left is None or left.type not in ("alias", "atom"):
            return ""
        return f"{self.text(left)}.{self.text(right)}" if right is not None else ""

    def key(self, pair: Node) -> str:
        """The name in `name: value` and `"name": value`."""
        key = field(pair, "key")
        if key is not None and key.type == "quoted_keyword":
            key = next(iter(key.named_children), None)
        return self.text(key).rstrip().removesuffix(":")

    def branches(self, call: Node) -> Iterator[Branch]:
        """The blocks of a call, in either spelling: `do ... else ... end`, `do: ..., else: ...`."""
        for child in grammar.children(call):
            if child.type == "do_block":
                inner = list(grammar.children(child))
                yield Branch("do", [one for one in inner if not one.type.endswith("_block")])
                for one in inner:
                    if one.type.endswith("_block"):
                        name = one.type.removesuffix("_block")
                        yield Branch(name, list(grammar.children(one)))
        for pair in pairs(arguments(call)[-1:]):
            value = field(pair, "value")
            if value is not None and self.key(pair) in ("do", "else"):
                yield Branch(self.key(pair), [value])

    def head(self, call: Node) -> Node | None:
        """The name and the parameters of the function that `def` defines."""
        if self.name(call) not in _HEADS:
            return None
        head = next(iter(arguments(call)), None)
        if head is not None and head.type == "binary_operator":  # `init(a) when a`
            head = field(head, "left")
        return head


def field(node: Node, name: str) -> Node | None:
    """A part of a node."""
    return node.child_by_field_name(name)


def operator(node: Node) -> str:
    """The sign of a binary or unary operator."""
    sign = field(node, "operator")
    return sign.type if sign is not None else ""


def arguments(call: Node) -> list[Node]:
    """What a call is given; `a: 1, b: 2` at the end is one node, `keywords`."""
    for child in grammar.children(call):
        if child.type == "arguments":
            return list(grammar.children(child))
    return []


def pairs(nodes: list[Node]) -> Iterator[Node]:
    """Each `name: value` of those nodes that are keywords."""
    for node in nodes:
        if node.type == "keywords":
            yield from (one for one in grammar.children(node) if one.type == "pair")


def identifiers(node: Node) -> Iterator[Node]:
    """The names in a pattern."""
    stack = [node]
    while stack:
        one = stack.pop()
        if one.type == "identifier":
            yield one
        stack += one.named_children
