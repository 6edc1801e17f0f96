"""Dockerfiles: their variables, and the commands they run.

The syntax is lines, so no parser is needed: an instruction goes on while a line ends in a
backslash, and comments between such lines do not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from supa_lint.knowledge import PlatformSpec
from supa_lint.model import Facts, Hole, Setting, Value
from supa_lint.raw import Raw
from supa_lint.read import jsonc, posix, shell
from supa_lint.read import text as plain
from supa_lint.read.nodes import Listing, Scalar
from supa_lint.read.pieces import Piece, Source, join, unescape, with_rest
from supa_lint.sealing import Sealer
from supa_lint.source import File

_DIRECTIVE = re.compile(rb"#\s*escape\s*=\s*`", re.IGNORECASE)
_LINE = re.compile(rb"[^\n]*\n?")
_SKIPPED = re.compile(rb"\s*(?:#|$)")
_INSTRUCTION = re.compile(rb"\s*(?:ONBUILD\s+)?(?P<name>[A-Za-z]+)[^\S\n]+", re.IGNORECASE)
_HEREDOC = re.compile(rb"<<-?[\"']?(?P<word>[A-Za-z_]\w*)[\"']?")
_HEALTHCHECK = re.compile(rb"(?:--\S+\s+|\\\r?\n\s*)*+CMD\s+", re.IGNORECASE)
_FLAGS = re.compile(rb"(?:--[a-z]+=\S+\s+|[\\`]\r?\n\s*)*+")
_PAIR = re.compile(
    rb"(?<!\w)(?P<name>[A-Za-z_]\w*+)=(?P<value>(?:\"(?:[^\"\\]|\\.)*+\"|'[^']*'|\\.|[^\s\"'\\])*+)",
    re.DOTALL,
)
_NAME = re.compile(rb"(?P<name>[A-Za-z_]\w*)[^\S\n]+(?P<value>\S[^\n]*)")
_EXPANSION = re.compile(
    rb"\\(?P<escaped>[\x00-\x7f])?|'(?P<raw>[^']*)'|\""
    rb"|\$(?:(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*+)(?P<default>:?-[^{}]*+)?[^{}]*+\})",
    re.DOTALL,
)


def read(
    file: File,
    platforms: Mapping[str, PlatformSpec],
    wanted: Callable[[str], bool] = lambda callee: True,
) -> Facts:
    """The variables of `ENV` and `ARG`, and the facts of the commands that are run."""
    if plain.is_utf16(file):
        return plain.read(file)
    reader = _Reader(file, platforms, wanted)
    source = Source.of(file)
    for number, instruction in enumerate(_instructions(source), 1):
        reader.add(instruction, number)
    commands = reader.commands
    facts = commands.facts()
    facts = replace(facts, settings=(*reader.settings, *facts.settings))
    return with_rest(facts, file, reader.sealer, commands.comments, commands.ignored)


class _Instruction(NamedTuple):
    name: str
    text: Source
    """What stands after the name, without the comments in it."""


def _instructions(source: Source) -> Iterator[_Instruction]:
    data = source.data
    escape = b"`" if _DIRECTIVE.match(data) else b"\\"
    lines = (match.span() for match in _LINE.finditer(data) if match[0])
    words = {line.strip() for line in data.splitlines()}
    for start, end in lines:
        match = _INSTRUCTION.match(data, start, end)
        if match is None:
            continue
        pieces = [source.cut(match.end(), end)]
        while data[start:end].rstrip().endswith(escape):
            start, end = next(lines, (end, end))
            if start == end:
                break
            while _SKIPPED.match(data[start:end]) and start < end:
                start, end = next(lines, (end, end))
            pieces.append(source.cut(start, end))
        heredoc = _HEREDOC.search(data, match.end(), end)
        if heredoc and heredoc["word"] in words:
            for start, end in lines:
                pieces.append(source.cut(start, end))
                if data[start:end].strip() == heredoc["word"]:
                    break
        span = source.span(match.end(), end)
        yield _Instruction(match["name"].decode().upper(), Source(join(pieces, span)))


class _Reader:
    """Collects the facts of a Dockerfile's instructions."""

    def __init__(
        self, file: File, platforms: Mapping[str, PlatformSpec], wanted: Callable[[str], bool]
    ) -> None:
        self.sealer = Sealer(file)
        self.settings: list[Setting] = []
        self.commands = shell.Reader(self.sealer, platforms, wanted)
        self._arguments: dict[str, Value] = {}
        self._times: dict[str, int] = {}

    def add(self, instruction: _Instruction, number: int) -> None:
        name, text = instruction
        if name == "ENV":
            self._variables(text, exported=True)
        elif name == "ARG":
            self._variables(text, exported=False)
        elif name in ("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"):
            self._command(text, f"{name}.{number}")

    def _variables(self, text: Source, *, exported: bool) -> None:
        pairs = list(_PAIR.finditer(text.data))
        if not pairs or text.data[: pairs[0].start()].strip(b" \t\r\n\\"):
            only = _NAME.match(text.data)
            pairs = [only] if only and exported else []
        for pair in pairs:
            name = pair["name"].decode()
            start, end = pair.span("value")
            end -= len(pair["value"]) - len(pair["value"].rstrip())
            span = text.span(pair.start(), end)
            value = self.sealer.seal(self._raw(text, start, end), name)
            if not exported:
                self._arguments[name] = value
            elif value.hole and value.hole.variable in self._arguments:
                # `ENV X=$X`: the build's argument is what it is when nothing else is given.
                default = self._arguments[value.hole.variable]
                value = replace(value, holes=(replace(value.hole, default=default),))
            times = self._times[name] = self._times.get(name, 0) + exported
            container = f"#{times}" if times > 1 else ""
            self.settings.append(Setting(name, value, span, container, exported=exported))

    def _raw(self, text: Source, start: int, end: int) -> Raw:
        quoted = text.data[start : start + 1] in (b'"', b"'") and end - start > 1
        quoted = quoted and text.data[start] == text.data[end - 1]
        span = text.span(start + quoted, end - quoted) if quoted else text.span(start, end)
        return join(unescape(text, start, end, _EXPANSION, lambda m: self._expanded(text, m)), span)

    def _expanded(self, text: Source, match: re.Match[bytes]) -> Piece:
        if match["raw"] is not None:
            return text.cut(*match.span("raw"))
        if match["escaped"]:
            return match["escaped"].decode().strip("\n")
        name = match["name"] or match["braced"]
        if not name:
            return ""
        if not match["default"]:
            return Hole(variable=name.decode())
        start, end = match.span("default")
        raw = text.cut(start + len(match["default"]) - len(match["default"].lstrip(b":-")), end)
        return Hole(name.decode(), default=self.sealer.seal(raw, name.decode()))

    def _command(self, text: Source, container: str) -> None:
        """`RUN` and its kin: a script, a here-document that is one, or a list of arguments."""
        data = text.data
        before = _HEALTHCHECK.match(data) or _FLAGS.match(data)
        start = before.end() if before else 0
        if _HEREDOC.match(data, start):
            first, last = data.find(b"\n", start) + 1, data.rstrip().rfind(b"\n") + 1
            script = text.cut(first, last) if 0 < first < last else text.cut(start, start)
        else:
            script = text.cut(start, len(data))
        listed = jsonc.parse(Source(script)) if data.startswith(b"[", start) else None
        if isinstance(listed, Listing):
            raws = [item.raw for item in listed.items if isinstance(item, Scalar)]
            self.commands.run(raws, container)
        else:
            self.commands.add(posix.parse(Source(script), self.sealer), container)
