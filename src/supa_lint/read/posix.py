"""Scripts of sh, bash and zsh, by tree-sitter."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from supa_lint.model import Hole, Span
from supa_lint.read import grammar
from supa_lint.read.pieces import DEEPEST, Piece, Source, join, unescape
from supa_lint.read.script import Assignment, Command, Script, Word, unknown
from supa_lint.sealing import Sealer

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

# What the grammar does not know: GitHub's expressions, and line ends of Windows. Each is replaced
# by as many bytes that it does know.
_FOREIGN = re.compile(rb"\$\{\{[^\n]{0,300}?\}\}|\r(?=\n)")
_GITHUB_ENV = re.compile(rb"\$\{\{\s*env\.(\w+)\s*\}\}")

_EXPANSION = re.compile(
    rb"\$(?:(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?P<operator>\}|:?[-=?]))"
)
_SPREAD = re.compile(rb'"?\$(?:[@*]|\{(?:\w+\[)?[@*]\]?\})"?')
_IN_WORD = re.compile(rb"\\\n|\\(?P<kept>[\x00-\x7f])?")
_IN_QUOTES = re.compile(rb"\\(?P<kept>[$`\"\\])|\\\n")
_IN_C_QUOTES = re.compile(rb"\\(?P<kept>[\x00-\x7f])?")
_LETTERS = {b"n": "\n", b"t": "\t", b"r": "\r"}

_HOLES = {"simple_expansion", "expansion", "arithmetic_expansion"}
_HOLES |= {"command_substitution", "process_substitution", "array"}


def parse(source: Source, sealer: Sealer) -> Script:
    """The statements of a script. Defaults of its variables are sealed with `sealer`."""
    try:
        return _Parser(source, sealer).script()
    except grammar.TooSlowError as problem:
        return Script((), note=str(problem))


class _Parser:
    def __init__(self, source: Source, sealer: Sealer) -> None:
        self._source = source
        self._sealer = sealer
        self._data = _FOREIGN.sub(_known, source.data)
        foreign = (m for m in _FOREIGN.finditer(source.data) if m[0] != b"\r")
        self._foreign = [(m.start(), m.end(), _GITHUB_ENV.fullmatch(m[0])) for m in foreign]
        self._foreign_starts = [start for start, _, _ in self._foreign]

    def script(self) -> Script:
        statements: list[Assignment | Command] = []
        comments, tests = [], []
        stack = [(grammar.parse("bash", self._data), "")]
        while stack:
            node, function = stack.pop()
            below = node.named_children
            if node.type == "comment":
                comments.append(self._span(node))
            elif node.type == "test_command":
                tests.append(self._span(node))
            elif node.type == "function_definition" and below:
                function = self._source.cut(below[0].start_byte, below[0].end_byte).text
            elif node.type == "variable_assignment":
                if assignment := self._assignment(node, function):
                    statements.append(assignment)
            elif node.type == "command":
                statements += self._command(node, function)
                # The assignments before a command are its own; what is inside them counts.
                own = [n for n in below if n.type == "variable_assignment"]
                inside = [n for child in own for n in child.named_children]
                below = [*inside, *(n for n in below if n.type != "variable_assignment")]
            stack += ((child, function) for child in reversed(below))
        return Script(tuple(statements), tuple(comments), tuple(tests))

    def _span(self, node: Syntax) -> Span:
        return self._source.span(node.start_byte, node.end_byte)

    def _assignment(self, node: Syntax, function: str) -> Assignment | None:
        """`NAME=value`, or None when it sets an element of an array."""
        name, *values = node.named_children
        if name.type != "variable_name":
            return None
        text = self._source.cut(name.start_byte, name.end_byte).text
        if self._data.startswith(b"+=", name.end_byte):
            value = unknown(self._span(node))
        elif values:
            value = self._word(values[-1])
        else:
            empty = self._source.cut(node.end_byte, node.end_byte)
            value = Word(empty, empty.span)
        return Assignment(text, value, self._span(node), function)

    def _command(self, node: Syntax, function: str) -> Iterator[Assignment | Command]:
        """A command. The grammar takes two assignments on a line of their own for part of the
        command on the next line: then they are statements."""
        words: list[Word] = []
        assignments: list[Assignment] = []
        for child in node.named_children:
            if child.type == "variable_assignment":
                if assignment := self._assignment(child, function):
                    assignments.append(assignment)
                    end = child.end_byte
            elif not child.type.endswith("redirect") and child.type != "comment":
                if not words and assignments:
                    between = self._data[end : child.start_byte].replace(b"\\\n", b"")
                    if b"\n" in between:
                        yield from assignments
                        assignments = []
                inner = child.named_children if child.type == "command_name" else [child]
                words += (self._word(one) for one in inner)
        stdin = self._stdin(node)
        yield Command(tuple(words), self._span(node), tuple(assignments), function, stdin)

    def _stdin(self, node: Syntax) -> Word | None:
        """What `program <<< text` and `echo text | program` give the program to read."""
        for one in node.named_children:
            if one.type == "herestring_redirect" and one.named_children:
                return self._word(one.named_children[0])
        parent = node.parent
        if parent is None or parent.type != "pipeline":
            return None
        before = [one for one in parent.named_children if one.end_byte <= node.start_byte]
        if not before or before[-1].type != "command" or not before[-1].named_children:
            return None
        name, *words = before[-1].named_children
        if name.type != "command_name" or self._word(name).text not in ("echo", "printf"):
            return None
        return self._word(words[-1]) if words else None

    # --- words

    def _word(self, node: Syntax) -> Word:
        start, end = node.start_byte, node.end_byte
        span = self._source.span(start, end)
        spread = _SPREAD.fullmatch(self._data, start, end) is not None
        inner = span
        if node.type in ("string", "raw_string"):
            inner = self._source.span(start + 1, max(start + 1, end - 1))
        return Word(join(self._pieces(node, 0), inner), span, spread)

    def _pieces(self, node: Syntax, depth: int) -> Iterator[Piece]:
        start, end = node.start_byte, node.end_byte
        if node.type in _HOLES or depth > DEEPEST:
            yield self._hole(node, depth)
        elif node.type == "raw_string":
            yield from self._literal(start + 1, max(start + 1, end - 1), None)
        elif node.type == "ansi_c_string":
            yield from self._literal(start + 2, max(start + 2, end - 1), _IN_C_QUOTES)
        elif node.type == "string":
            yield from self._between(node, start + 1, max(start + 1, end - 1), _IN_QUOTES, depth)
        elif node.type in ("concatenation", "translated_string"):
            for child in node.named_children:
                yield from self._pieces(child, depth + 1)
        else:
            yield from self._between(node, start, end, _IN_WORD, depth)

    def _between(
        self, node: Syntax, start: int, end: int, escapes: re.Pattern[bytes], depth: int
    ) -> Iterator[Piece]:
        """A text with the expansions among the children of `node`."""
        at = start
        for child in node.named_children:
            if child.type in _HOLES:
                yield from self._literal(at, child.start_byte, escapes)
                yield self._hole(child, depth)
                at = child.end_byte
        yield from self._literal(at, end, escapes)

    def _literal(self, start: int, end: int, escapes: re.Pattern[bytes] | None) -> Iterator[Piece]:
        at = start
        first = bisect_left(self._foreign_starts, start)
        for n in range(first, len(self._foreign)):
            begin, stop, env = self._foreign[n]
            if begin >= end:
                break
            yield from self._plain(at, begin, escapes)
            yield Hole(variable=env[1].decode()) if env else Hole()
            at = min(stop, end)
        yield from self._plain(at, end, escapes)

    def _plain(self, start: int, end: int, escapes: re.Pattern[bytes] | None) -> Iterator[Piece]:
        if escapes is None:
            yield self._source.cut(start, end)
        else:
            yield from unescape(self._source, start, end, escapes, _decoded)

    def _hole(self, node: Syntax, depth: int) -> Hole:
        """What an expansion stands for: a variable, with its default if it has one."""
        start, end = node.start_byte, node.end_byte
        match = _EXPANSION.match(self._data, start, end)
        if match is None or node.type not in ("simple_expansion", "expansion"):
            return Hole()
        if match["name"]:
            return Hole(variable=match["name"].decode())
        name = match["braced"].decode()
        if match["operator"] == b"}" or match["operator"].endswith(b"?"):
            return Hole(variable=name)
        span = self._source.span(match.end(), end - 1)
        raw = join(self._default(node, match.end(), depth), span)
        return Hole(name, default=self._sealer.seal(raw, name))

    def _default(self, node: Syntax, start: int, depth: int) -> Iterator[Piece]:
        """The text of an expansion from `start` to its closing brace."""
        at, end = start, node.end_byte - 1
        for child in node.named_children:
            if child.start_byte >= start:
                yield from self._literal(at, child.start_byte, _IN_WORD)
                yield from self._pieces(child, depth + 1)
                at = child.end_byte
        yield from self._literal(at, end, _IN_WORD)


def _known(foreign: re.Match[bytes]) -> bytes:
    return b" " if foreign[0] == b"\r" else b"_" * len(foreign[0])


def _decoded(escape: re.Match[bytes]) -> str:
    kept = escape.groupdict().get("kept")
    if kept is None:
        return ""
    if escape.re is _IN_C_QUOTES:
        return _LETTERS.get(kept, kept.decode("utf-8", "replace"))
    return str(kept.decode("utf-8", "replace"))
