"""Keyword strings: libpq's `host=... port=6543 user=...` (PgBouncer doubles the quotes inside a
value, libpq takes a backslash) and Npgsql's `Host=...;Port=6543;...`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from supa_lint.dsn.words import describe_password
from supa_lint.model import MASK, Dsn, Param, Password, PasswordKind, Text
from supa_lint.raw import Raw

_LIBPQ = re.compile(
    r"\s*(?P<key>[A-Za-z_]+)\s*=\s*(?:'(?P<quoted>(?:[^'\\]|\\.|'')*)'|(?P<plain>[^\s']*))"
)
_NPGSQL = re.compile(
    r"\s*(?P<key>[A-Za-z][A-Za-z_]*+(?: ++[A-Za-z_]++)*+)\s*+=\s*"
    r"(?:(?:'(?P<single>(?:[^']|'')*+)'|\"(?P<double>(?:[^\"]|\"\")*+)\")\s*+(?:;|$)"
    r"|(?P<plain>[^;]*)(?:;|$))"
)
_VALUES = ("quoted", "single", "double")

_SEVERAL = re.compile(r"=[^;=]*\s\w+\s*=")  # in one piece: libpq's, with a `;` in a value
_HOST = re.compile(r"[^\s=]*")

_VALUE = r"""=[^\s;"'`\\]{0,300}"""
_FIND = re.compile(
    rf"(?<![\w;])(?:host|server|port|user(?:name|\ ?id)?|uid|password|pwd|database|db){_VALUE}"
    rf"(?:;\ ?[a-z][a-z ]{{1,30}}{_VALUE}){{2,30}};?"
    rf"|(?<!\w)(?:host|hostaddr|port|user|password|dbname){_VALUE}"
    rf"(?:\ [a-z_]{{1,30}}{_VALUE}){{2,30}}",
    re.IGNORECASE,
)

_NAMES = {
    "host": "host",
    "hostaddr": "host",
    "server": "host",
    "port": "port",
    "user": "user",
    "user id": "user",
    "username": "user",
    "userid": "user",
    "uid": "user",
    "password": "password",
    "pwd": "password",
    "dbname": "database",
    "database": "database",
    "db": "database",
}


@dataclass(frozen=True, slots=True)
class _Pair:
    key: str
    key_at: tuple[int, int]
    value_at: tuple[int, int]


def parse(raw: Raw) -> Dsn | None:
    """The keyword string that the whole of `raw` spells, or None."""
    if "=" not in raw.text or "://" in raw.text:
        return None
    if ";" in raw.text and not _SEVERAL.search(raw.text):
        return _build(raw, _pairs(raw.text, _NPGSQL), "npgsql")
    return _build(raw, _pairs(raw.text, _LIBPQ), "keywords")


def find(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of the keyword strings in free text that may name a host of Supabase."""
    if "supabase." in text:
        for match in _FIND.finditer(text):
            if "supabase." in match[0]:
                yield match.span()


def _pairs(text: str, pattern: re.Pattern[str]) -> list[_Pair]:
    """All pairs, or none at all when anything else stands between them."""
    pairs, at = [], 0
    end = len(text.rstrip())
    while at < end:
        match = pattern.match(text, at)
        if match is None or match.end() == at:
            return []
        given = match.groupdict()
        group = next((name for name in _VALUES if given.get(name) is not None), "plain")
        pairs.append(_Pair(match.group("key"), match.span("key"), match.span(group)))
        at = match.end()
    return pairs


def _build(raw: Raw, pairs: list[_Pair], spelling: str) -> Dsn | None:
    parts: dict[str, Text] = {}
    params: list[Param] = []
    password = Password(PasswordKind.ABSENT)
    for pair in pairs:
        name = _NAMES.get(pair.key.lower())
        start, end = pair.value_at
        if name == "password":
            given = raw.part(start, end)
            password = describe_password(given.text.strip(), given.span, given.holes)
        elif name:
            parts[name] = raw.cut(start, end)
        else:
            secret = "pass" in pair.key.lower()
            value = Text(MASK, raw.span_of(start, end)) if secret else raw.cut(start, end)
            params.append(Param(pair.key, value, raw.span_of(*pair.key_at)))
    if "host" not in parts or len(pairs) < 2 or not _HOST.fullmatch(parts["host"].text):
        return None
    return Dsn(
        spelling=spelling,
        span=raw.span_of(0, len(raw.text.rstrip())),
        user=parts.get("user"),
        password=password,
        host=parts["host"],
        port=parts.get("port"),
        database=parts.get("database"),
        params=tuple(params),
        rewritten=raw.rewritten,
    )
