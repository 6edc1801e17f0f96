"""Prisma schemas: the `datasource` and the generators of a `*.prisma` file.

A datasource for PostgreSQL is a call of `prisma.datasource`, with the fields of the block and the
`engineType` and `previewFeatures` of the client's generator as keywords; each generator is a call
of `prisma.generator`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from supa_lint.model import (
    HOLE,
    Call,
    Const,
    Expr,
    Facts,
    Hole,
    Listing,
    Mention,
    Read,
    Setting,
    Span,
    Symbol,
    Unknown,
    Value,
)
from supa_lint.read import text
from supa_lint.sealing import Sealer
from supa_lint.source import File

_TOKEN = re.compile(
    r"""
      (?P<comment>//[^\r\n]*)
    | (?P<string>"(?:[^"\\\r\n]|\\.)*+")
    | (?P<unclosed>"[^\r\n]*)
    | (?P<word>[A-Za-z_][\w.]*)
    | (?P<end>[\r\n]+)
    | (?P<sign>[={}()\[\],])
    """,
    re.VERBOSE,
)
_POSTGRES = frozenset({"postgresql", "postgres"})
_CLIENTS = frozenset({"prisma-client-js", "prisma-client"})
_DATASOURCE = ("provider", "url", "directUrl", "shadowDatabaseUrl", "relationMode")
_GENERATOR = ("provider", "engineType", "previewFeatures")
_WORD = re.compile(r"[A-Za-z][A-Za-z-]{0,39}")
_URLS = ("url", "directUrl", "shadowDatabaseUrl")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Block:
    """`datasource db { ... }`: each field with its name and the tokens of its value."""

    kind: str
    name: str
    fields: tuple[tuple[_Token, tuple[_Token, ...]], ...]
    start: int
    end: int


def read(file: File) -> Facts:
    """The facts of a Prisma schema."""
    if text.is_utf16(file):
        return text.read(file)
    return _Schema(file).facts()


class _Schema:
    def __init__(self, file: File) -> None:
        self.file = file
        self.sealer = Sealer(file)
        self.source = text.clean(file.text)
        self.offsets = text.Offsets(file.text)
        self.tokens = [
            _Token(found.lastgroup or "", found.group(), *found.span())
            for found in _TOKEN.finditer(self.source)
        ]

    def facts(self) -> Facts:
        blocks = list(self._blocks())
        calls: list[Call] = []
        reads: list[Read] = []
        settings: list[Setting] = []
        generators = [one for one in blocks if one.kind == "generator"]
        for block in blocks:
            names = _DATASOURCE if block.kind == "datasource" else _GENERATOR
            fields = self._fields(block, names)
            if block.kind == "datasource":
                reads += self._reads(fields)
                settings += self._settings(block, fields)
                if not _is_one_of(fields.get("provider"), _POSTGRES):
                    continue
                fields |= self._of_client(generators)
            keywords = tuple(fields.items())
            span = self._span(block.start, block.end)
            calls.append(Call(f"prisma.{block.kind}", (), keywords, True, span))
        mentions = tuple(self._mentions(settings))
        return Facts(
            self.file.path,
            settings=tuple(settings),
            calls=tuple(calls),
            reads=tuple(reads),
            mentions=mentions,
            secrets=tuple(dict.fromkeys(self.sealer.secrets)),
        )

    def _span(self, start: int, end: int) -> Span:
        body = self.file.body
        return Span(self.file.path, body + self.offsets(start), body + self.offsets(end))

    # --- blocks

    def _blocks(self) -> Iterator[_Block]:
        """The datasource and generator blocks, closed or not."""
        opened: list[_Token] = []
        inside: list[_Token] = []
        for token in self.tokens:
            if token.kind == "comment":
                continue
            if len(opened) == 3:
                inside.append(token)
                if token.text == "}":
                    yield _block(opened, inside)
                    opened, inside = [], []
            elif len(opened) == 2:
                opened = [*opened, token] if token.text == "{" else []
            elif len(opened) == 1:
                opened = [*opened, token] if token.kind == "word" else []
            elif token.text in ("datasource", "generator"):
                opened = [token]
        if len(opened) == 3:
            yield _block(opened, inside)

    def _fields(self, block: _Block, names: tuple[str, ...]) -> dict[str, Expr]:
        return {
            key.text: self._value(key.text, tokens)
            for key, tokens in block.fields
            if key.text in names
        }

    def _of_client(self, generators: list[_Block]) -> dict[str, Expr]:
        """What the first generator of a client says about its engine."""
        for block in generators:
            fields = self._fields(block, _GENERATOR)
            if _is_one_of(fields.get("provider"), _CLIENTS):
                return {name: fields[name] for name in _GENERATOR[1:] if name in fields}
        return {}

    # --- values

    def _value(self, name: str, tokens: tuple[_Token, ...]) -> Expr:
        span = self._span(tokens[0].start, tokens[-1].end)
        first = tokens[0]
        if first.kind == "string" and len(tokens) == 1:
            return self._string(name, first)
        if first.text == "env" and len(tokens) > 2 and tokens[2].kind == "string":
            variable = tokens[2].text[1:-1]
            known = variable if re.fullmatch(r"\w{1,80}", variable, re.ASCII) else None
            return Value(HOLE, span, (Hole(variable=known),))
        if first.text == "[":
            strings = (one for one in tokens if one.kind == "string")
            return Listing(tuple(self._string(name, one) for one in strings), span)
        if first.text in ("true", "false"):
            return Const(first.text == "true", span)
        return Symbol(first.text, span) if first.kind == "word" else Unknown(span)

    def _string(self, name: str, token: _Token) -> Value:
        body = self.file.body
        start, end = body + self.offsets(token.start + 1), body + self.offsets(token.end - 1)
        raw = text.raw_at(self.file, start, end)
        # Apart from the URLs there is nothing but words that Prisma knows.
        if name not in _URLS and _WORD.fullmatch(raw.text):
            return Value(raw.text, raw.span)
        return self.sealer.seal(raw, name)

    def _reads(self, fields: dict[str, Expr]) -> Iterator[Read]:
        for value in fields.values():
            if isinstance(value, Value) and value.hole and value.hole.variable:
                yield Read(value.hole.variable, value.span)

    def _settings(self, block: _Block, fields: dict[str, Expr]) -> Iterator[Setting]:
        """The URLs that are written in the schema itself."""
        keys = {key.text: key for key, _ in block.fields}
        for name in _URLS:
            key, value = keys.get(name), fields.get(name)
            if key is not None and isinstance(value, Value) and value.dsn is not None:
                start = self._span(key.start, key.end).start
                span = Span(self.file.path, start, value.span.end + 1)
                container = f"{block.kind} {block.name}"
                yield Setting(key.text, value, span, container, exported=False)

    def _mentions(self, settings: list[Setting]) -> Iterator[Mention]:
        """The DSNs in comments, and in strings of other places."""
        claimed = {one.value.dsn.span for one in settings if one.value.dsn}
        comments = [self._span(one.start, one.end) for one in self.tokens if one.kind == "comment"]
        starts = [span.start for span in comments]
        for mention in text.mentions(self.file, self.sealer, self.file.body, len(self.file.data)):
            at = mention.dsn.span.start
            before = bisect_right(starts, at) - 1
            if mention.dsn.span not in claimed:
                yield Mention(mention.dsn, before >= 0 and at < comments[before].end)


def _block(opened: list[_Token], inside: list[_Token]) -> _Block:
    kind, name, opening = opened
    end = (inside or [opening])[-1].end
    return _Block(kind.text, name.text, tuple(_lines(inside)), kind.start, end)


def _lines(tokens: list[_Token]) -> Iterator[tuple[_Token, tuple[_Token, ...]]]:
    """The fields of a block: a name, `=`, and a value that may go on inside brackets."""
    line: list[_Token] = []
    depth = 0
    for token in [*tokens, _Token("end", "", 0, 0)]:
        depth += (token.text in "([" and token.kind == "sign") - (
            token.text in ")]" and token.kind == "sign"
        )
        if token.kind == "end":
            if depth <= 0 or not token.text:
                if len(line) > 2 and line[0].kind == "word" and line[1].text == "=":
                    yield line[0], tuple(line[2:])
                line, depth = [], 0
            continue
        line.append(token)


def _is_one_of(expr: Expr | None, words: frozenset[str]) -> bool:
    items = expr.items if isinstance(expr, Listing) else (expr,)
    return any(isinstance(one, Value) and one.text in words for one in items)
