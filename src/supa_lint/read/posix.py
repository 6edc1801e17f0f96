"""Scripts of sh, bash and zsh, by tree-sitter."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from supa_lint.model import Hole, Span
from supa_lint.read import grammar
from supa_lint.read.pieces import DEEPEST, Piece, Source, join, unescape
from supa_lint.read.script import Assignment, Command, Script, Word, unknown
from supa_lint.sealing import Sealer

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

# What the grammar does not know: GitHub's expressions, and line ends of Windows; and what takes it
# quadratic time: more `<` than any redirection has, heredocs without a word. Each is replaced by as
# many bytes that it does know.
_FOREIGN = re.compile(rb"\$\{\{[^\n]{0,300}?\}\}|\r(?=\n)|<{4,}+|<<(?:[ \t\n]*+<<)++")
_GITHUB_ENV = re.compile(rb"\$\{\{\s*env\.(\w+)\s*\}\}")

_EXPANSION = re.compile(
    rb"\$(?:(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?P<operator>\}|:?[-=?]))"
)
_SPREAD = re.compile(rb'"?\$(?:[@*]|\{(?:\w+\[)?[@*]\]?\})"?')
_IN_WORD = re.compile(rb"\\\n|\\(?P<kept>[\x00-\x7f])?")
_IN_QUOTES = re.compile(rb"\\(?P<kept>[$`\"\\])|\\\n")
_IN_HEREDOC = re.compile(rb"\\(?P<kept>[$`\\])|\\\n")
_IN_TABBED_HEREDOC = re.compile(rb"^\t+|" + _IN_HEREDOC.pattern, re.MULTILINE)
_TABS = re.compile(rb"^\t+", re.MULTILINE)
_IN_C_QUOTES = re.compile(rb"\\(?P<kept>[\x00-\x7f])?")
# A line that takes variables from an env file that is not called .env.
_OTHER_ENV = re.compile(rb"(?<![\w.-])(?:\.env[.-][\w.-]++|[\w-]{1,60}+\.env\b(?!\.))")
_LOADING = re.compile(
    rb"(?:^|[\s;&|({])(?:\.|source|export|dotenvx?|env-cmd|--env-file)(?:[\s=]|$)"
)
_ENV = re.compile(rb"(?<![\w.-])\.env(?![\w.-])")
_NAME_OF_WORD = re.compile(rb"['\"]?[A-Za-z_]\w*+=")
_LONGEST_LINE = 500
_LETTERS = {b"n": "\n", b"t": "\t", b"r": "\r"}

_HOLES = {"simple_expansion", "expansion", "arithmetic_expansion"}
_HOLES |= {"command_substitution", "process_substitution", "array"}
_NAMED = {"variable_assignment", "variable_name", "word", "number", "raw_string"}


class _Place(NamedTuple):
    """Where a command stands: in which function, and where its input and output are."""

    function: str = ""
    stdin: Word | None = None
    output: Word | None = None


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
        foreign = (m for m in _FOREIGN.finditer(source.data) if m[0].startswith(b"$"))
        self._foreign = [(m.start(), m.end(), _GITHUB_ENV.fullmatch(m[0])) for m in foreign]
        self._foreign_starts = [start for start, _, _ in self._foreign]

    def script(self) -> Script:
        statements: list[Assignment | Command] = []
        comments, tests = [], []
        exports_any = False
        stack = [(grammar.parse("bash", self._data), _Place())]
        while stack:
            node, place = stack.pop()
            below = node.named_children
            inside = [(child, place._replace(stdin=None)) for child in below]
            if node.type == "comment":
                comments.append(self._span(node))
            elif node.type == "test_command":
                tests.append(self._span(node))
            elif node.type == "function_definition" and below:
                name = self._source.cut(below[0].start_byte, below[0].end_byte).text
                inside = [(child, _Place(name)) for child in below]
            elif node.type == "redirected_statement":
                inside = self._redirected(below, place)
            elif node.type == "pipeline":
                inside = self._piped(below, place)
            elif node.type == "variable_assignment":
                if assignment := self._assignment(node, place.function):
                    statements.append(assignment)
                inside = [(child, _Place(place.function)) for child in below]
            elif node.type == "for_statement" and below and below[0].type == "variable_name":
                # `for NAME in ...`, `select NAME in ...`
                at, span = self._span(below[0]), self._span(node)
                text = self._source.cut(below[0].start_byte, below[0].end_byte).text
                statements.append(Assignment(text, unknown(at), span, place.function))
            elif node.type == "declaration_command":
                exports_any |= not all(self._is_named(one) for one in below)
            elif node.type == "command":
                exports_any |= bool(below) and below[0].text == b"eval"
                statements += self._command(node, place)
                # The assignments before a command are its own; what is inside them counts.
                own = [n for n in below if n.type == "variable_assignment"]
                below = [n for child in own for n in child.named_children] + [
                    n for n in node.named_children if n.type != "variable_assignment"
                ]
                inside = [(child, _Place(place.function)) for child in below]
            stack += reversed(inside)
        # What stands in `.env` is known.
        exports_any = exports_any and _ENV.search(self._data) is None
        return Script(
            tuple(statements),
            tuple(comments),
            tuple(tests),
            exports_any=exports_any,
            loads=self._loads(),
        )

    def _loads(self) -> bool:
        """Whether variables come from an env file of another name than `.env`."""
        for match in _OTHER_ENV.finditer(self._data):
            start = max(0, match.start() - _LONGEST_LINE)
            if _LOADING.search(self._data[start : match.start()].rpartition(b"\n")[2]):
                return True
        return False

    def _is_named(self, node: Syntax) -> bool:
        """Whether a word after `export` is an option, or says which variable it sets."""
        named = _NAME_OF_WORD.match(self._data, node.start_byte, node.end_byte)
        return node.type in _NAMED or named is not None

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

    def _redirected(self, below: list[Syntax], place: _Place) -> list[tuple[Syntax, _Place]]:
        """The children of a statement with redirects, each with what it reads and writes."""
        heredoc = next((n for n in below if n.type == "heredoc_redirect"), None)
        redirects = [*below, *(heredoc.named_children if heredoc else ())]
        stdin, output = place.stdin, place.output
        for child in redirects:
            if child.type == "file_redirect":
                output = self._target(child) or output
            elif child.type == "herestring_redirect" and child.named_children:
                stdin = self._word(child.named_children[0])
        if heredoc is not None:
            stdin = self._heredoc(heredoc) or stdin
        own, rest = _Place(place.function, stdin, output), _Place(place.function)
        body = below[0] if below and not below[0].type.endswith("redirect") else None
        inside = [(child, own if child is body else rest) for child in below]
        if heredoc is not None and body is not None and _is_cat(body):
            # `cat <<EOF | program`: the program reads what stands there.
            piped = _Place(place.function, stdin, place.output)
            at = next(n for n, (child, _) in enumerate(inside) if child is heredoc)
            parts = [(n, piped if n.type == "pipeline" else rest) for n in heredoc.named_children]
            inside[at : at + 1] = parts
        return inside

    def _target(self, redirect: Syntax) -> Word | None:
        """The file that `> file` or `>> file` writes to."""
        operator, *rest = redirect.children
        if operator.type not in (">", ">>", "&>", "&>>", ">|") or not rest:
            return None
        return self._word(rest[-1])

    def _heredoc(self, node: Syntax) -> Word | None:
        """The text of a heredoc."""
        parts = {child.type: child for child in node.children}
        start, body = parts.get("heredoc_start"), parts.get("heredoc_body")
        if start is None or body is None:
            return None
        span = self._span(body)
        tabbed = "<<-" in parts
        if re.search(rb"['\"\\]", self._data[start.start_byte : start.end_byte]):
            pieces = self._literal(body.start_byte, body.end_byte, _TABS if tabbed else None)
        else:
            escapes = _IN_TABBED_HEREDOC if tabbed else _IN_HEREDOC
            pieces = self._between(body, body.start_byte, body.end_byte, escapes, 0)
        return Word(join(pieces, span), span)

    def _piped(self, below: list[Syntax], place: _Place) -> list[tuple[Syntax, _Place]]:
        """The commands of a pipeline, each with what the one before it says."""
        inside = []
        stdin = place.stdin
        for n, child in enumerate(below):
            output = place.output if n == len(below) - 1 else None
            inside.append((child, _Place(place.function, stdin, output)))
            stdin = self._said(child)
        return inside

    def _said(self, node: Syntax) -> Word | None:
        """What `echo text` says."""
        if node.type != "command" or not node.named_children:
            return None
        name, *words = node.named_children
        if name.type != "command_name" or self._word(name).text not in ("echo", "printf"):
            return None
        return self._word(words[-1]) if words else None

    def _command(self, node: Syntax, place: _Place) -> Iterator[Assignment | Command]:
        """A command. The grammar takes two assignments on a line of their own for part of the
        command on the next line: then they are statements."""
        words: list[Word] = []
        assignments: list[Assignment] = []
        function, stdin, output = place
        for child in node.named_children:
            if child.type == "variable_assignment":
                if assignment := self._assignment(child, function):
                    assignments.append(assignment)
                    end = child.end_byte
            elif child.type == "herestring_redirect" and child.named_children:
                stdin = self._word(child.named_children[0])
            elif not child.type.endswith("redirect") and child.type != "comment":
                if not words and assignments:
                    between = self._data[end : child.start_byte].replace(b"\\\n", b"")
                    if b"\n" in between:
                        yield from assignments
                        assignments = []
                inner = child.named_children if child.type == "command_name" else [child]
                words += (self._word(one) for one in inner)
        yield Command(tuple(words), self._span(node), tuple(assignments), function, stdin, output)

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


def _is_cat(node: Syntax) -> bool:
    return node.type == "command" and node.text == b"cat"


def _known(foreign: re.Match[bytes]) -> bytes:
    return (b"_" if foreign[0].startswith(b"$") else b" ") * len(foreign[0])


def _decoded(escape: re.Match[bytes]) -> str:
    kept = escape.groupdict().get("kept")
    if kept is None:
        return ""
    if escape.re is _IN_C_QUOTES:
        return _LETTERS.get(kept, kept.decode("utf-8", "replace"))
    return str(kept.decode("utf-8", "replace"))
