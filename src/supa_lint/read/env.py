"""`.env` files, with python-dotenv's own semantics.

Its parser says what a line means; where the value stands is found inside the line it returns.
"""

from __future__ import annotations

import re
from io import StringIO
from typing import NamedTuple

from supa_lint.model import Facts, Mention, Note, Setting, Span
from supa_lint.raw import Raw
from supa_lint.read import text as plain
from supa_lint.sealing import Sealer
from supa_lint.source import File

_BINDING = re.compile(
    r"\s*(?:export[^\S\r\n]+)?(?P<key>'[^']+'|[^=#\s]+)[^\S\r\n]*(?P<equals>=)[^\S\r\n]*"
)
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*+'|\"(?:\\.|[^\"\\])*+\"", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")
# python-dotenv takes quadratic time for a long run of blanks.
_TOO_MANY_BLANKS = re.compile(r"[^\S\r\n]{256}")


def read(file: File) -> Facts:
    """The variables that a `.env` file sets; the last one of a name counts.

    `Setting.span` goes from the name to the end of the value, its closing quote included: a value
    that ends before its setting stands in quotes. DSNs in comments, in lines that are no assignment
    and in an earlier assignment of the same name are mentions.
    """
    if plain.is_utf16(file):
        return plain.read(file)
    if _TOO_MANY_BLANKS.search(file.text):
        note = Note(file.path, "has 256 blanks in a row: read as plain text")
        found = plain.read(file)
        return Facts(file.path, mentions=found.mentions, secrets=found.secrets, notes=(note,))
    from dotenv.parser import parse_stream

    reader = _Reader(file)
    for binding in parse_stream(StringIO(file.text)):
        reader.binding(binding.original.string, binding.key, binding.value, error=binding.error)
    return reader.facts()


class _Place(NamedTuple):
    """Where a value stands in its line: between the quotes, and with them."""

    start: int
    end: int
    outer_end: int


class _Reader:
    def __init__(self, file: File) -> None:
        self._file = file
        self._sealer = Sealer(file)
        self._offsets = plain.Offsets(file.text)
        # python-dotenv skips a second BOM without counting it.
        self._at = 1 if file.text.startswith("\ufeff") else 0
        self._settings: dict[str, Setting] = {}
        self._mentions: list[Mention] = []

    def facts(self) -> Facts:
        return Facts(
            self._file.path,
            settings=tuple(self._settings.values()),
            mentions=tuple(self._mentions),
            secrets=tuple(self._sealer.secrets),
        )

    def binding(self, original: str, key: str | None, value: str | None, *, error: bool) -> None:
        """One binding of python-dotenv: `original` are all the characters it stands for."""
        begin = self._at
        end = self._at = begin + len(original)
        if key is None or value is None or error or not _NAME.fullmatch(key):
            self._mention(begin, end)
            return
        match = _BINDING.match(original)
        if match is None:  # pragma: no cover  (a python-dotenv that reads keys in another way)
            self._mention(begin, end)
            return
        place = _place(original, value, match)
        raw = self._raw(value, begin, place)
        sealed = plain.seal(self._sealer, raw, key, "dotenv")
        name_at = begin + match.start("key")
        setting = Setting(key, sealed, self._span(name_at, begin + place.outer_end))
        if sealed.dsn is None and not any(hole.default for hole in sealed.holes):
            self._mentions += plain.mentions_in(self._sealer, raw)
        self._mention(begin + place.outer_end, end, comment=True)
        earlier = self._settings.pop(key, None)
        if earlier is not None and earlier.value.dsn is not None:
            self._mentions.append(Mention(earlier.value.dsn))
        self._settings[key] = setting

    def _raw(self, value: str, begin: int, place: _Place) -> Raw:
        raw = plain.raw_at(
            self._file, self._byte(begin + place.start), self._byte(begin + place.end)
        )
        value = plain.clean(value)
        # Escapes make the value differ from what is written: then no character has a place.
        return raw if raw.text == value else Raw(value, raw.span)

    def _mention(self, start: int, end: int, *, comment: bool | None = None) -> None:
        self._mentions += plain.mentions(
            self._file, self._sealer, self._byte(start), self._byte(end), comment
        )

    def _byte(self, index: int) -> int:
        return self._file.body + self._offsets(index)

    def _span(self, start: int, end: int) -> Span:
        return Span(self._file.path, self._byte(start), self._byte(end))


def _place(original: str, value: str, match: re.Match[str]) -> _Place:
    """Where `value` stands in the line `original`, of which `match` is the part before it."""
    quoted = _QUOTED.match(original, match.end())
    if quoted:
        return _Place(quoted.start() + 1, quoted.end() - 1, quoted.end())
    # An empty value stands right after the `=`, whatever follows.
    start = match.end() if value else match.end("equals")
    end = start + len(value)
    return _Place(start, end, end)
