"""XML: connection strings in the attributes and texts that configure a program.

    <add name="Default" connectionString="Host=...;Port=6543" />
    <property name="hibernate.connection.url">jdbc:postgresql://...</property>

A name and a value that stand together are a setting; which program reads it is not known. DSNs
elsewhere (an editor's data sources, prose) are mentions. It is scanned, not parsed: no entity is
ever expanded but the five of XML itself and character references.
"""

from __future__ import annotations

import re

from supa_lint.model import Facts, Setting
from supa_lint.read import text as plain
from supa_lint.read.nodes import key_text
from supa_lint.read.pieces import Source, join, unescape, with_rest
from supa_lint.sealing import Sealer
from supa_lint.source import File

_TOKEN = re.compile(
    rb"<!--|(?P<cdata><!\[CDATA\[)|<(?P<tag>[A-Za-z_][\w:.-]*+)(?P<attributes>(?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+)>"
)
_ATTRIBUTE = re.compile(
    rb"(?<![\w:.-])(?P<key>[A-Za-z_][\w:.-]*+)\s*+=\s*+(?:\"(?P<double>[^\"<]*+)\"|'(?P<single>[^'<]*+)')"
)
_TEXT = re.compile(rb"[^<]*+")
_CDATA = re.compile(rb"\s*+<!\[CDATA\[(?P<text>.*?)\]\]>", re.DOTALL)
_ENTITY = re.compile(
    rb"&(?:(?P<name>amp|lt|gt|quot|apos)|\#(?:x(?P<hex>[0-9A-Fa-f]{1,6})|(?P<code>\d{1,7})));"
)
_ENTITIES = {b"amp": "&", b"lt": "<", b"gt": ">", b"quot": '"', b"apos": "'"}
_WORTH = re.compile(rb"(?i)://|(?:host|server)\s*=")
_NAMES = (b"name", b"key")
_VALUES = (b"connectionString", b"value")


def read(file: File) -> Facts:
    """The connection strings of a file, each a setting."""
    if plain.is_utf16(file):
        return plain.read(file)
    sealer = Sealer(file)
    source = Source.of(file)
    settings: list[Setting] = []
    comments = []
    at = 0
    while match := _TOKEN.search(source.data, at):
        at = match.end()
        if match["cdata"]:
            end = source.data.find(b"]]>", at)
            at = len(source.data) if end < 0 else end + 3
            continue
        if match["tag"] is None:
            end = source.data.find(b"-->", at)
            at = len(source.data) if end < 0 else end + 3
            comments.append(source.span(match.start(), at))
            continue
        given = {one["key"]: one for one in _ATTRIBUTE.finditer(match["attributes"])}
        name = next((given[key] for key in _NAMES if key in given), None)
        if name is None:
            continue
        offset = match.start("attributes")
        value = next((given[key] for key in _VALUES if key in given), None)
        literal = _CDATA.match(source.data, at) if value is None else None
        if value is not None:
            span = _inside(value)
            start, end = span[0] + offset, span[1] + offset
        elif literal is not None:
            start, end = _stripped(source.data, *literal.span("text"))
        else:
            text = _TEXT.match(source.data, at)
            start, end = _stripped(source.data, at, text.end() if text else at)
        if not _WORTH.search(source.data, start, end):
            continue
        raw = source.cut(start, end)
        if literal is None:
            raw = join(unescape(source, start, end, _ENTITY, _decoded), raw.span)
        begin, stop = (edge + offset for edge in _inside(name))
        written = source.cut(begin, stop).text
        sealed = sealer.seal(raw, written)
        if sealed.dsn is not None:
            whole = source.span(min(begin, start), max(stop, end))
            settings.append(Setting(key_text(written), sealed, whole, exported=False))
    return with_rest(Facts(file.path, settings=tuple(settings)), file, sealer, comments)


def _inside(attribute: re.Match[bytes]) -> tuple[int, int]:
    return attribute.span("double" if attribute["double"] is not None else "single")


def _stripped(data: bytes, start: int, end: int) -> tuple[int, int]:
    text = data[start:end]
    begin = start + len(text) - len(text.lstrip())
    return begin, max(begin, start + len(text.rstrip()))


def _decoded(entity: re.Match[bytes]) -> str:
    if entity["name"]:
        return _ENTITIES[entity["name"]]
    code = int(entity["hex"], 16) if entity["hex"] else int(entity["code"])
    return chr(code) if code < 0x110000 else "\ufffd"
