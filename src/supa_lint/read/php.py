"""PHP files that return a table (`config/database.php`), where a client file names them.

    return ['connections' => ['pgsql' => ['host' => env('DB_HOST', '127.0.0.1'), ...]]];

The table is read as far as it is made of texts, numbers, constants and `env()`; what any other
expression makes is unknown. All else in the file is read as in any language without a reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from supa_lint.clients import Clients
from supa_lint.model import HOLE, Facts, Hole, Span, dsns_in
from supa_lint.raw import Raw
from supa_lint.read import configured, heredoc, literals
from supa_lint.read import text as plain
from supa_lint.read.nodes import SPREAD, Branch, Entry, Node, Scalar, key_text
from supa_lint.read.pieces import DEEPEST, Source, join, unescape, unknown
from supa_lint.sealing import Sealer
from supa_lint.source import File

_TOKEN = re.compile(
    rb"(?P<heredoc>" + heredoc.OPENING + rb")"
    rb"|\s++|//[^\n]*+|\#(?!\[)[^\n]*+|/\*.*?(?:\*/|\Z)"
    rb"|(?P<text>'(?:[^'\\]|\\.)*+'?+|\"(?:[^\"\\]|\\.)*+\"?+)"  # not closed: up to the end
    rb"|(?P<arrow>=>)|(?P<number>\d[\w.]*+)|(?P<name>\\?[A-Za-z_][\w\\]*+(?:::\w++)?+)|(?P<sign>.)",
    re.DOTALL,
)
_SINGLE = re.compile(rb"\\(?P<kept>[\\'])")
_DOUBLE = re.compile(rb"\\(?P<kept>[\\\"$])")
_VARIABLE = re.compile(r"[A-Za-z_]\w{0,79}")
_WORDS = (b"true", b"false", b"null")
_CLOSING = (b"]", b")")
_ENDS = (b",", b";", b"=>", b"", *_CLOSING)
_OPENING = (b"[", b"(", b"{")


def read(file: File, clients: Clients) -> Facts:
    """What the file says, and the clients that its table configures."""
    facts = literals.read(file)
    if plain.is_utf16(file):
        return facts
    sealer = Sealer(file)
    table = _Reader(Source.of(file), sealer).table()
    if table is None:
        return facts
    found = list(configured.read(file.path, table, clients.configured, sealer, alone=True))
    calls = [one.call for one in found]
    given = {dsn.span for dsn in dsns_in(calls)}
    return replace(
        facts,
        # What a client is given is no constant of the program.
        settings=tuple(s for s in facts.settings if not (s.value.dsn and s.value.span in given)),
        mentions=tuple(mention for mention in facts.mentions if mention.dsn.span not in given),
        calls=tuple(calls),
        secrets=tuple(dict.fromkeys((*facts.secrets, *sealer.secrets))),
    )


class _Reader:
    def __init__(self, source: Source, sealer: Sealer) -> None:
        self._source = source
        self._sealer = sealer
        self._heredocs: dict[int, int] = {}
        """Where the texts end, by where they begin."""
        self._tokens = list(self._scan())
        self._at = 0

    def _scan(self) -> Iterator[re.Match[bytes]]:
        """The tokens, each with its kind; blanks and comments have none."""
        heredocs = heredoc.Heredocs(self._source.data)
        at = 0
        while token := _TOKEN.match(self._source.data, at):
            at = token.end()
            if token["heredoc"]:
                end, closed = heredocs.end(token)
                at = closed if end >= 0 else at
                self._heredocs[token.start()] = end
            if token.lastgroup:
                yield token

    def table(self) -> Branch | None:
        """The first array that the file returns, and not a function in it."""
        deep = 0
        for n, token in enumerate(self._tokens):
            deep += (token[0] == b"{") - (token[0] == b"}")
            if token["name"] == b"return" and deep == 0:
                self._at = n + 1
                node = self._value(0)
                if isinstance(node, Branch):
                    return node
        return None

    def _peek(self) -> bytes:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else b""

    def _value(self, depth: int) -> Node:
        """An expression, up to what ends it: a comma, a closing bracket, an arrow."""
        first = self._at
        node = None if self._peek() in _ENDS else self._primary(depth)
        if node is None:
            self._at = first
        elif self._peek() in _ENDS:
            return node
        deep = 0
        while self._at < len(self._tokens):
            text = self._peek()
            if deep == 0 and text in _ENDS:
                break
            deep += (text in _OPENING) - (text in (*_CLOSING, b"}"))
            self._at += 1
        return unknown(self._span(first, max(first, self._at - 1)))

    def _primary(self, depth: int) -> Node | None:
        if self._at >= len(self._tokens) or depth > DEEPEST:
            return None
        token = self._tokens[self._at]
        text = token[0]
        if text == b"[" or (text.lower() == b"array" and self._after() == b"("):
            self._at += 1 + (text != b"[")
            return self._array(token, depth)
        if text == b"env" and self._after() == b"(":
            return self._environment()
        self._at += 1
        if token["text"]:
            return self._text(token)
        if token["heredoc"]:
            return self._heredoc(token)
        return self._number(token)

    def _after(self) -> bytes:
        follows = self._tokens[self._at + 1 : self._at + 2]
        return follows[0][0] if follows else b""

    def _array(self, opened: re.Match[bytes], depth: int) -> Branch:
        entries = []
        while self._peek() not in (b"", b";", *_CLOSING):
            before = self._at
            token = self._tokens[before]
            constant = token["name"] is not None and self._after() == b"=>"
            value: Node = unknown(self._span(before, before))
            if constant:
                self._at += 1
            else:
                value = self._value(depth + 1)
            if self._peek() == b"=>":
                self._at += 1
                name, at = self._key(value, token, constant=constant)
                value = self._value(depth + 1)
                # A key that is not known may be any.
                entries.append(Entry(key_text(name) if name else SPREAD, at, value))
            elif token[0] == b".":  # `...$others`
                entries.append(Entry(SPREAD, value.span, value))
            if self._peek() == b"," or self._at == before:
                self._at += 1
        end = min(self._at, len(self._tokens) - 1)
        self._at += 1
        span = self._source.span(opened.start(), self._tokens[end].end())
        return Branch(tuple(entries), span)

    def _key(self, node: Node, token: re.Match[bytes], *, constant: bool) -> tuple[str, Span]:
        if constant:
            return token[0].decode("utf-8", "replace").lstrip("\\"), self._source.span(
                *token.span()
            )
        if isinstance(node, Scalar) and HOLE not in node.raw.text:
            return node.raw.text, node.span
        return "", node.span

    def _text(self, token: re.Match[bytes]) -> Scalar:
        closed = len(token[0]) > 1 and token[0][-1:] == token[0][:1]
        start, end = token.start() + 1, token.end() - closed
        span = self._source.span(*token.span())
        single = token[0][:1] == b"'"
        if not single and b"$" in token[0]:
            return unknown(span)
        escapes = _SINGLE if single else _DOUBLE
        pieces = unescape(self._source, start, end, escapes, lambda m: m["kept"].decode())
        return Scalar(join(pieces, self._source.span(start, end)), span, plain=False)

    def _heredoc(self, token: re.Match[bytes]) -> Scalar | None:
        end = self._heredocs[token.start()]
        if end < 0:
            return None
        span = self._source.span(token.start(), end)
        if token["mark"] != b"'" and re.search(rb"[$\\]", self._source.data[token.end() : end]):
            return unknown(span)
        return Scalar(self._source.cut(token.end(), end), span, plain=False)

    def _environment(self) -> Node | None:
        """`env('NAME', default)`."""
        first = self._at
        self._at += 2
        name = self._tokens[self._at] if self._at < len(self._tokens) else None
        if name is None or not name["text"] or self._after() not in (b",", b")"):
            return None
        variable = self._text(name).raw.text
        self._at += 1
        rest = self._at
        deep = 0
        while self._peek() and not (deep == 0 and self._peek() == b")"):
            deep += (self._peek() in _OPENING) - (self._peek() in (*_CLOSING, b"}"))
            self._at += 1
        if not self._peek():
            return None
        span = self._span(first, self._at)
        default = [token for token in self._tokens[rest : self._at] if token[0] != b","]
        self._at += 1
        hole = Hole(variable=variable if _VARIABLE.fullmatch(variable) else None)
        if default and default[0][0].lower() != b"null":
            node = self._text(default[0]) if default[0]["text"] else self._number(default[0])
            if len(default) > 1 or node is None:
                node = unknown(span)
            hole = replace(hole, default=self._sealer.seal(node.raw, variable))
        return Scalar(Raw(HOLE, span, (hole,)), span, plain=False)

    def _number(self, token: re.Match[bytes]) -> Scalar | None:
        """A number, yes, no or null."""
        if not token["number"] and token[0].lower() not in _WORDS:
            return None
        raw = self._source.cut(*token.span())
        return Scalar(replace(raw, text=raw.text.lower()), raw.span, plain=True)

    def _span(self, first: int, last: int) -> Span:
        if first >= len(self._tokens):
            return self._source.span(len(self._source.data), len(self._source.data))
        last = min(last, len(self._tokens) - 1)
        return self._source.span(self._tokens[first].start(), self._tokens[last].end())
