"""YAML, and JSON, which is read as YAML.

PyYAML's parser gives events; the tree is built from them here and not by its composer, because a
file may nest or alias without bounds. Nothing is constructed, so tags are harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from supa_lint.clients import Clients
from supa_lint.knowledge import Platforms
from supa_lint.model import HOLE, Facts, Hole, Mention, Note, Span
from supa_lint.raw import Raw, Segment
from supa_lint.read import text as plain
from supa_lint.read import tree
from supa_lint.read.nodes import Branch, Entry, Listing, Node, Scalar, key_text
from supa_lint.sealing import Sealer
from supa_lint.source import File

_DEEPEST = 100
# A file without aliases has fewer nodes than characters.
_NODES_BESIDES = 10_000

_ENDPOINT = re.compile(rb"(?i)supabase\.(?:co|com|in|net|red|green)\b")
_TEMPLATE = re.compile(rb"\{\{|\{%|<%")
# Statements of ERB make lines come and go; what they leave is read.
_STATEMENT = re.compile(r"^[^\S\n]*<%(?!=)[^\n]*%>[^\S\n]*$", re.MULTILINE)
_COMMENT = re.compile(rb"(?<![^\s])#[^\r\n]*")
_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATE_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_LINE = re.compile(r"[^\r\n\x85\u2028\u2029]+")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_BLOCK_HEADER = re.compile(r"[^\r\n\x85\u2028\u2029]*\s*")


def read(
    file: File,
    platforms: Platforms,
    clients: Clients | None = None,
) -> Facts:
    """The settings of all documents of a file. What is not YAML is read as plain text, with a note
    when that matters: templates are no mistake, and neither is a file without an endpoint."""
    if plain.is_utf16(file):
        return plain.read(file)
    composer = _Composer(file)
    try:
        roots = composer.documents(_events(file))
    except _NotYamlError as problem:
        facts = plain.read(file)
        if _TEMPLATE.search(file.data) or not _ENDPOINT.search(file.data):
            return facts
        return replace(facts, notes=(Note(file.path, f"{problem}: read as plain text"),))
    sealer = Sealer(file)
    comments = () if _is_json(file) else tuple(_comments(file, sealer))
    facts = tree.facts(file, roots, platforms, sealer, clients)
    mentions = {mention.dsn.span: mention for mention in (*facts.mentions, *comments)}
    note = Note(file.path, "repeats its aliases too often: some of them are left out")
    notes = facts.notes if composer.complete else (*facts.notes, note)
    return replace(facts, mentions=tuple(mentions.values()), notes=notes)


class _NotYamlError(Exception):
    """Says why in words of its own: those of PyYAML may quote the file."""


def _is_json(file: File) -> bool:
    return file.text.lstrip()[:1] in ("{", "[")


def _events(file: File) -> Iterator[Any]:
    """PyYAML's events for a file, their marks being indexes into `file.text`."""
    import yaml

    # One character for one: marks must stay right. PyYAML refuses control characters, JSON allows
    # tabs as indentation and writes an emoji as two escapes.
    source = _NOT_YAML.sub("\ufffd", plain.clean(file.text))
    source = _STATEMENT.sub(lambda statement: " " * len(statement[0]), source)
    if _is_json(file):
        source = _SURROGATE_ESCAPE.sub(r"\1\\ufffd", source.replace("\t", " "))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(source, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1})" if mark else ""
        raise _NotYamlError(f"is not valid YAML{where}") from None
    except (yaml.YAMLError, ValueError):
        raise _NotYamlError("is not valid YAML") from None


def _comments(file: File, sealer: Sealer) -> Iterator[Mention]:
    """DSNs in comments. (What looks like one inside a string is one of a script, or harmless.)"""
    for match in _COMMENT.finditer(file.data):
        if b"://" in match.group():
            yield from plain.mentions(file, sealer, match.start(), match.end(), comment=True)


@dataclass
class _Open:
    """A mapping or sequence while it is read. Sizes and heights count aliases as what they name."""

    anchor: str | None
    start: int
    is_mapping: bool
    nodes: list[Node] = field(default_factory=list)
    size: int = 1
    height: int = 1


class _Composer:
    """Builds trees from events. Aliases share nodes, but the whole stays linear in the file."""

    def __init__(self, file: File) -> None:
        self.complete = True
        self._file = file
        self._text = file.text
        self._offsets = plain.Offsets(file.text)
        self._spare = len(file.text) + _NODES_BESIDES
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int, int]] = {}

    def documents(self, events: Iterable[Any]) -> list[Node]:
        """The roots of all documents. Raises _NotYamlError."""
        import yaml

        roots = []
        for event in events:
            start, end = event.start_mark.index, event.end_mark.index
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors.clear()
                self._stack = [_Open(None, start, is_mapping=False)]
            elif isinstance(event, yaml.DocumentEndEvent):
                roots += self._stack[0].nodes
            elif isinstance(event, yaml.CollectionStartEvent):
                if len(self._stack) > _DEEPEST:
                    raise _NotYamlError(f"is nested deeper than {_DEEPEST} levels")
                is_mapping = isinstance(event, yaml.MappingStartEvent)
                self._stack.append(_Open(event.anchor, start, is_mapping))
            elif isinstance(event, yaml.CollectionEndEvent):
                done = self._stack.pop()
                node = self._collection(done, self._span(done.start, end))
                self._add(node, done.anchor, done.size, done.height)
            elif isinstance(event, yaml.ScalarEvent):
                self._add(self._scalar(event, start, end), event.anchor, 1, 1)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event.anchor, self._span(start, end))
        return roots

    def _add(self, node: Node, anchor: str | None, size: int, height: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (node, size, height)
        parent = self._stack[-1]
        parent.nodes.append(node)
        parent.size += size
        parent.height = max(parent.height, height + 1)

    def _alias(self, anchor: str | None, span: Span) -> None:
        unknown = Scalar(Raw(HOLE, span, (Hole(),)), span, plain=True)
        node, size, height = self._anchors.get(anchor or "", (unknown, 1, 1))
        if size > self._spare or len(self._stack) + height > _DEEPEST:
            node, size, height = unknown, 1, 1
            self.complete = False
        self._spare -= size
        self._add(node, None, size, height)

    def _collection(self, done: _Open, span: Span) -> Node:
        if not done.is_mapping:
            return Listing(tuple(done.nodes), span)
        entries: list[Entry] = []
        merged: list[Node] = []
        for key, value in zip(done.nodes[::2], done.nodes[1::2], strict=False):
            if isinstance(key, Scalar) and key.plain and key.raw.text == "<<":
                merged += value.items if isinstance(value, Listing) else [value]
            elif isinstance(key, Scalar):
                entries.append(Entry(key_text(key.raw.text), key.span, value))
            else:
                entries.append(Entry("", key.span, value))
        names = {entry.key for entry in entries}
        for branch in merged:
            if isinstance(branch, Branch):
                added = [entry for entry in branch.entries if entry.key not in names]
                entries += added
                names.update(entry.key for entry in added)
        return Branch(tuple(entries), span)

    def _scalar(self, event: Any, start: int, end: int) -> Scalar:
        span = self._span(start, end)
        if event.tag is not None and re.fullmatch(r"!(?!Sub$).+", event.tag):
            # `!Ref X`, `!vault ...`: what it stands for is known elsewhere.
            return Scalar(Raw(HOLE, span, (Hole(),)), span, plain=False)
        if event.tag or event.anchor:
            start = _matched(_PROPERTIES, self._text, start, end)
        if event.style in ("|", ">"):
            end = max(start, start + len(self._text[start:end].rstrip()))
            span = self._span(start, end)
            start = _matched(_BLOCK_HEADER, self._text, start, end)
        elif event.style:
            start, end = start + 1, end - 1
        return Scalar(self._raw(plain.clean(event.value), start, end), span, not event.style)

    def _raw(self, value: str, start: int, end: int) -> Raw:
        span = self._span(start, end)
        if self._text[start:end] == value:
            return plain.raw_at(self._file, span.start, span.end)
        return Raw(value, span, (), tuple(self._segments(value, start, end)))

    def _segments(self, value: str, start: int, end: int) -> list[Segment]:
        """Where the lines of a text that goes over several lines stand, or nothing when it was
        written with escapes. (YAML folds line breaks and takes indentation away.)"""
        segments: list[Segment] = []
        for line in _LINE.finditer(self._text, start, end):
            words = line.group().strip()
            if not words:
                continue
            at = segments[-1].end if segments else 0
            while value[at : at + 1].isspace():
                at += 1
            if not value.startswith(words, at):
                return []
            offset = self._byte(line.start() + line.group().index(words))
            segments.append(Segment(at, at + len(words), offset))
        return segments

    def _byte(self, index: int) -> int:
        return self._file.body + self._offsets(index)

    def _span(self, start: int, end: int) -> Span:
        return Span(self._file.path, self._byte(start), self._byte(end))


def _matched(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    """Where a match of `pattern` at `start` ends."""
    match = pattern.match(text, start, end)
    return match.end() if match else start
