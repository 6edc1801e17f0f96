"""INI files and their kin: `alembic.ini`, `pgbouncer.ini`, `pg_service.conf`, systemd units, Java's
`.properties`, and `.pgpass`."""

from __future__ import annotations

import re

from supa_lint.clients import Clients
from supa_lint.knowledge import Platforms
from supa_lint.model import Facts, Hole, Span
from supa_lint.raw import Raw
from supa_lint.read import text as plain
from supa_lint.read import tree
from supa_lint.read.nodes import Branch, Entry, Listing, Node, Scalar, key_text
from supa_lint.read.pieces import (
    Piece,
    Source,
    Table,
    assignments,
    join,
    unescape,
    unknown,
    with_rest,
)
from supa_lint.sealing import Sealer
from supa_lint.source import File

_SECTION = re.compile(rb"[^\S\n]*\[(?P<section>[^\]\n]*)\][^\n]*")
_OPTION = re.compile(
    rb"[^\S\n]*+(?P<key>[^\s=:#;\[][^=:\n]{0,200}+)[=:](?P<value>[^\n]*(?:\n[^\S\n]++[^\s][^\n]*)*)"
)
_LINE = re.compile(rb"[^\n]*\n?")
# A variable of configparser's, or its escape.
_PERCENT = re.compile(rb"%%|%\([^()\n]{0,100}\)s")
_ENVIRONMENT = re.compile(
    rb"\"(?P<whole>[A-Za-z_]\w*+)=(?P<inside>[^\"\n]*)\""
    rb"|(?<!\w)(?P<name>[A-Za-z_]\w*+)=(?:\"(?P<quoted>[^\"\n]*)\"|(?P<value>[^\s,\"]*))"
)

_PROPERTY = re.compile(
    rb"[^\S\n]*(?P<key>(?:[^\s=:#!\\]|\\.)(?:[^\s=:\\]|\\.)*+)[^\S\n]*[=:]?[^\S\n]*"
    rb"(?P<value>(?:[^\\\n]|\\\r?\n|\\.)*+)"
)
_PROPERTY_ESCAPE = re.compile(
    rb"\\(?:u(?P<code>[0-9a-fA-F]{4})|(?P<line>\r?\n[^\S\n]*)|(?P<letter>[\x00-\x7f])?)"
    rb"|\$\{(?P<name>[\w.-]{1,100})(?::(?P<default>(?:[^{}\n]|\{[^{}\n]*\})*+))?\}"
)
_LETTERS = {b"n": "\n", b"t": "\t", b"r": "\r", b"f": "\f"}
_LONGEST = 16  # parts of a key
_DEEPEST = 4  # defaults inside defaults
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_]\w*")

_PASSWORD_LINE = re.compile(rb"(?!\s*#)(?:(?:[^:\\\n]|\\.)*+:){4}(?:[^\\\n]|\\.)*+")
_PASSWORD_FIELD = re.compile(rb"(?:[^:\\\n]|\\.)*+")
_PASSWORD_FIELDS = ("host", "port", "database", "user", "password")
_BACKSLASH = re.compile(rb"\\(?P<kept>[\x00-\x7f])?")


def read(file: File, platforms: Platforms, clients: Clients | None = None) -> Facts:
    """The settings of a file, those of one section in one container."""
    if plain.is_utf16(file):
        return plain.read(file)
    source = Source.of(file)
    sealer = Sealer(file)
    name = file.path.rpartition("/")[2].lower()
    if name.endswith((".pgpass", "pgpass.conf")):
        root = _passwords(source)
    elif name.endswith(".properties"):
        root = _properties(source, sealer)
    else:
        root = _sections(source)
    return with_rest(tree.facts(file, [root], platforms, sealer, clients), file, sealer)


# --- sections -----------------------------------------------------------------------------------


def _sections(source: Source) -> Node:
    """A mapping of the sections, with the options before the first one beside them."""
    outside: list[Entry] = []
    entries = outside
    sections: list[tuple[str, Span, list[Entry]]] = []
    at = 0
    while at < len(source.data):
        if section := _SECTION.match(source.data, at):
            entries = []
            raw = source.cut(*section.span("section"))
            sections.append((key_text(raw.text.strip()), raw.span, entries))
        elif option := _OPTION.match(source.data, at):
            entries.append(_option(source, option))
        found = section or option
        line = _LINE.match(source.data, found.end() if found else at)
        at = line.end() if line else len(source.data)
    inside = (Entry(name, span, Branch(tuple(own), span)) for name, span, own in sections)
    return Branch((*outside, *inside), source.raw.span)


def _option(source: Source, match: re.Match[bytes]) -> Entry:
    start, end = _stripped(source, *match.span("key"))
    key = source.cut(start, end)
    start, end = _stripped(source, *match.span("value"))
    span = source.span(start, end)
    if key.text.lower() == "environment" and (variables := _environment(source, start, end)):
        return Entry(key_text(key.text), key.span, variables)
    if b"\n" in source.data[start:end]:
        node = assignments(Source(source.cut(start, end)))
        if node is not None:
            return Entry(key_text(key.text), key.span, node)
    raw = join(unescape(source, start, end, _PERCENT, _configured), span)
    return Entry(key_text(key.text), key.span, Scalar(raw, span, plain=True))


def _configured(match: re.Match[bytes]) -> Piece:
    return "%" if match[0] == b"%%" else Hole()


def _environment(source: Source, start: int, end: int) -> Branch | None:
    """The variables of systemd's and supervisor's `environment`: `NAME=value`, quoted or not."""
    entries = []
    for match in _ENVIRONMENT.finditer(source.data, start, end):
        kind = next(name for name in ("inside", "quoted", "value") if match[name] is not None)
        name = "whole" if kind == "inside" else "name"
        raw = source.cut(*match.span(kind))
        node = Scalar(raw, raw.span, plain=kind == "value")
        entries.append(Entry(match[name].decode(), source.span(*match.span(name)), node))
    return Branch(tuple(entries), source.span(start, end)) if entries else None


def _stripped(source: Source, start: int, end: int) -> tuple[int, int]:
    """The stretch without the blanks around it. An empty one stands at its beginning."""
    text = source.data[start:end]
    before, size = len(text) - len(text.lstrip()), len(text.strip())
    return (start + before, start + before + size) if size else (start, start)


# --- .properties --------------------------------------------------------------------------------


def _properties(source: Source, sealer: Sealer) -> Node:
    """A mapping by the prefixes of the keys; the last level has the whole key, as people know it
    (`spring.datasource` holds `spring.datasource.url`)."""
    root = Table(source.raw.span)
    at = 0
    while at < len(source.data):
        match = _PROPERTY.match(source.data, at)
        if match:
            start, end = _stripped(source, *match.span("value"))
            raw = _property(source, start, end, sealer)
            key = source.cut(*match.span("key"))
            table = root
            for part in key.text.split(".")[:-1][:_LONGEST]:
                table = table.table(part, key.span)
            table.put(key.text, key.span, Scalar(raw, source.span(start, end), plain=True))
        line = _LINE.match(source.data, match.end() if match else at)
        at = line.end() if line else len(source.data)
    return root.node()


def _property(source: Source, start: int, end: int, sealer: Sealer, depth: int = 0) -> Raw:
    def decoded(match: re.Match[bytes]) -> Piece:
        if match["name"]:
            name = match["name"].decode()
            default = None
            if match["default"] is not None and depth < _DEEPEST:
                raw = _property(source, *match.span("default"), sealer, depth + 1)
                default = sealer.seal(raw, name)
            variable = name if _ENVIRONMENT_NAME.fullmatch(name) else None
            return Hole(variable, default=default)
        if match["code"]:
            return chr(int(match["code"], 16))
        if match["line"]:
            return ""
        letter = match["letter"] or b""
        return _LETTERS.get(letter, letter.decode())

    pieces = unescape(source, start, end, _PROPERTY_ESCAPE, decoded)
    return join(pieces, source.span(start, end))


# --- .pgpass ------------------------------------------------------------------------------------


def _passwords(source: Source) -> Node:
    """A list of the lines `host:port:database:user:password`."""
    lines: list[Node] = []
    for line in _LINE.finditer(source.data):
        start, end = _stripped(source, *line.span())
        if not _PASSWORD_LINE.fullmatch(source.data, start, end):
            continue
        if source.data.find(b"://", start, end) >= 0:
            continue  # a URL has colons, too, but its password is no field
        entries = []
        for name in _PASSWORD_FIELDS:
            match = _PASSWORD_FIELD.match(source.data, start, end)
            stop = match.end() if match else start
            span = source.span(start, stop)
            pieces = unescape(source, start, stop, _BACKSLASH, _kept)
            entries.append(Entry(name, span, Scalar(join(pieces, span), span, plain=False)))
            start = stop + 1
        # Whoever connects with it says elsewhere whether it asks for TLS.
        here = source.span(start - 1, start - 1)
        entries.append(Entry("sslmode", here, unknown(here)))
        lines.append(Branch(tuple(entries), source.span(*line.span())))
    return Listing(tuple(lines), source.raw.span)


def _kept(match: re.Match[bytes]) -> str:
    return (match["kept"] or b"").decode()
