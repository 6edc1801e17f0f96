"""Bicep, as the ARM template that it stands for.

    param url string = '...'
    resource site 'Microsoft.Web/sites@2023-12-01' = { kind: 'app', properties: { ... } }

is `parameters.url.defaultValue`, and an item of `resources` with its `type`. What an expression
makes is a hole; the name of a parameter or a variable is one that any file may fill.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from supa_lint.clients import Clients
from supa_lint.knowledge import Platforms
from supa_lint.model import HOLE, Definition, Facts, Hole, Span
from supa_lint.raw import Raw
from supa_lint.read import text as plain
from supa_lint.read import tree
from supa_lint.read.nodes import Branch, Entry, Listing, Node, Scalar, key_text
from supa_lint.read.pieces import DEEPEST, Piece, Source, join, unescape, with_rest
from supa_lint.sealing import Sealer
from supa_lint.source import File

# What stands inside `${}` may have texts and braces of its own.
_INSIDE = rb"(?:[^{}'\n]|'[^'\n]{0,200}+'|\{[^{}\n]{0,200}+\}){0,300}+"
_TOKEN = re.compile(
    rb"[^\S\n]++|(?P<comment>//[^\n]*+|/\*.*?(?:\*/|\Z))"
    rb"|(?P<block>'''.*?(?:'''+|\Z))"
    rb"|(?P<text>'(?:[^'\\\n$]|\\.|\$(?:\{" + _INSIDE + rb"\})?+)*+'?+)"
    rb"|(?P<line>\n)|(?P<name>[A-Za-z_]\w*+)|(?P<number>\d[\w.]*+)|(?P<sign>.)",
    re.DOTALL,
)
_PARTS = re.compile(
    rb"\\(?:u\{(?P<code>[0-9a-fA-F]{1,6})\}|(?P<escaped>.))"
    rb"|\$\{(?P<inside>" + _INSIDE + rb")\}",
    re.DOTALL,
)
_NOTHING = re.compile(rb"(?!)")
_LETTERS = {b"n": "\n", b"r": "\r", b"t": "\t"}
_IDENTIFIER = re.compile(rb"\s*+(?P<name>[A-Za-z_]\w*+)\s*+")
_WORDS = (b"true", b"false", b"null")
_OPENING, _CLOSING = (b"{", b"[", b"("), (b"}", b"]", b")")
_SYMBOL = "bicep:"


def read(file: File, platforms: Platforms, clients: Clients | None = None) -> Facts:
    """The settings of a file; the values of its parameters and variables are definitions too."""
    if plain.is_utf16(file):
        return plain.read(file)
    sealer = Sealer(file)
    reader = _Reader(Source.of(file))
    document = reader.document()
    facts = tree.facts(file, [document], platforms, sealer, clients)
    definitions = (
        Definition(_SYMBOL + name, plain.seal(sealer, node.raw, name, "none"), file.path)
        for name, node in reader.named
    )
    facts = replace(facts, definitions=tuple(definitions))
    return with_rest(facts, file, sealer, reader.comments)


class _Reader:
    def __init__(self, source: Source) -> None:
        self.comments: list[Span] = []
        self.named: list[tuple[str, Scalar]] = []
        """Parameters and variables that are texts."""
        self._source = source
        self._tokens: list[re.Match[bytes]] = []
        for match in _TOKEN.finditer(source.data):
            if match["comment"]:
                self.comments.append(source.span(*match.span()))
            elif match.lastgroup:
                self._tokens.append(match)
        self._at = 0

    def document(self) -> Branch:
        values: list[Entry] = []
        resources: list[Node] = []
        while self._at < len(self._tokens):
            word = self._peek()
            if word in (b"param", b"var"):
                values += self._value_of(word)
            elif word == b"resource":
                resources += self._resource()
            self._skip()
            self._at += 1
        span = self._source.raw.span
        listed = Entry("resources", span, Listing(tuple(resources), span))
        return Branch((Entry("parameters", span, Branch(tuple(values), span)), listed), span)

    # --- statements

    def _value_of(self, word: bytes) -> Iterator[Entry]:
        """`param name type = value`, `var name = value`."""
        self._at += 1
        token = self._token()
        if token is None or not token["name"]:
            return
        while self._peek() not in (b"=", b"\n", b"", b"{"):
            self._at += 1
        if self._peek() != b"=":
            return
        self._at += 1
        node = self._value(0)
        name, span = token[0].decode(), self._source.span(*token.span())
        if isinstance(node, Scalar):
            self.named.append((name, node))
        if word == b"param":
            node = Branch((Entry("defaultValue", span, node),), node.span)
        yield Entry(key_text(name), span, node)

    def _resource(self) -> Iterator[Node]:
        """`resource name 'type@version' = { ... }`, also behind `existing`, `if` and `for`."""
        start = self._at
        kind = next((t for t in self._tokens[start + 1 : start + 3] if t["text"]), None)
        while self._peek() not in (b"{", b"", b"param", b"var", b"module", b"output"):
            self._at += 1
            if self._at > start + 1 and self._peek() == b"resource":
                return
        if kind is None or self._peek() != b"{":
            return
        body = self._value(0)
        if isinstance(body, Branch):
            raw = self._text(kind).raw
            named = raw.part(0, len(raw.text.partition("@")[0]))
            entry = Entry("type", named.span, Scalar(named, named.span, plain=False))
            yield replace(body, entries=(entry, *body.entries))

    # --- values

    def _value(self, depth: int) -> Node:
        """An expression, up to what ends it: a line, a comma, a closing bracket."""
        first = self._at
        node = self._primary(depth)
        if node is not None and self._ends():
            return node
        self._at = first
        self._skip()
        return self._unknown(first, max(first, self._at - 1))

    def _primary(self, depth: int) -> Node | None:
        token = self._token()
        if token is None or depth > DEEPEST:
            return None
        self._at += 1
        if token[0] == b"{":
            return self._object(token, depth)
        if token[0] == b"[":
            return self._array(token, depth)
        if token["text"] or token["block"]:
            return self._text(token)
        raw = self._source.cut(*token.span())
        if token["number"] or token[0] in _WORDS:
            return Scalar(raw, raw.span, plain=True)
        if token["name"]:
            hole = Hole(symbol=_SYMBOL + raw.text)
            return Scalar(Raw(HOLE, raw.span, (hole,)), raw.span, plain=False)
        return None

    def _object(self, opened: re.Match[bytes], depth: int) -> Branch:
        entries = []
        while self._peek() not in (b"", *_CLOSING):
            token = self._tokens[self._at]
            self._at += 1
            if (token["name"] or token["text"]) and self._peek() == b":":
                self._at += 1
                key = token[0].decode("utf-8", "replace").strip("'")
                value = self._value(depth + 1)
                entries.append(Entry(key_text(key), self._source.span(*token.span()), value))
            elif token[0] not in (b"\n", b","):
                self._at -= 1
                self._skip()
        return Branch(tuple(entries), self._close(opened))

    def _array(self, opened: re.Match[bytes], depth: int) -> Listing:
        items = []
        while self._peek() not in (b"", *_CLOSING):
            if self._peek() in (b"\n", b","):
                self._at += 1
            else:
                items.append(self._value(depth + 1))
        return Listing(tuple(items), self._close(opened))

    def _text(self, token: re.Match[bytes]) -> Scalar:
        quote = b"'''" if token["block"] else b"'"
        start = token.start() + len(quote)
        closed = token.end() - start >= len(quote) and token[0].endswith(quote)
        end = token.end() - len(quote) * closed
        parts = _NOTHING if token["block"] else _PARTS
        pieces = unescape(self._source, start, end, parts, _decoded)
        raw = join(pieces, self._source.span(start, end))
        return Scalar(raw, self._source.span(*token.span()), plain=False)

    # --- tokens

    def _token(self) -> re.Match[bytes] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _peek(self) -> bytes:
        token = self._token()
        return token[0] if token is not None else b""

    def _ends(self) -> bool:
        return self._peek() in (b"\n", b",", b"", *_CLOSING)

    def _skip(self) -> None:
        """Go to where the expression ends."""
        deep = 0
        while self._at < len(self._tokens):
            text = self._peek()
            if deep == 0 and self._ends():
                return
            deep += (text in _OPENING) - (text in _CLOSING)
            self._at += 1

    def _close(self, opened: re.Match[bytes]) -> Span:
        """Go behind the closing bracket; the place from the opening one."""
        last = self._tokens[min(self._at, len(self._tokens) - 1)]
        self._at += 1
        return self._source.span(opened.start(), max(opened.end(), last.end()))

    def _unknown(self, first: int, last: int) -> Scalar:
        if first >= len(self._tokens):
            end = len(self._source.data)
            span = self._source.span(end, end)
        else:
            last = min(last, len(self._tokens) - 1)
            span = self._source.span(self._tokens[first].start(), self._tokens[last].end())
        return Scalar(Raw(HOLE, span, (Hole(),)), span, plain=False)


def _decoded(match: re.Match[bytes]) -> Piece:
    if match["inside"] is not None:
        name = _IDENTIFIER.fullmatch(match["inside"])
        return Hole(symbol=_SYMBOL + name["name"].decode()) if name else Hole()
    if match["code"]:
        code = int(match["code"], 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
    return _LETTERS.get(match["escaped"], match["escaped"].decode("utf-8", "replace"))
