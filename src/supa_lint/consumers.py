"""Which files of code may use the connections that other files name.

Parsing code is most of the work of a run, and most code has nothing to do with a database. A file
is worth it when its bytes hold all the words of some client's call (`psycopg2`, `connect`), or the
name of a variable that may say where a database is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from supa_lint.clients import LANGUAGES, OF_FILE
from supa_lint.dsn.endpoint import Endpoints
from supa_lint.dsn.parts import group
from supa_lint.knowledge import ClientSpec, Knowledge
from supa_lint.model import Dsn, Facts, Hole, Setting
from supa_lint.source import File

_OF_READERS = frozenset({"default", "prisma", "shell", "tag"})
"""Names in calls that readers put there: no code need hold them."""

_DISTINCT = 6
"""Letters that a name has at least whose other spellings are looked for too."""

Words = tuple[bytes, ...]


@dataclass(frozen=True)
class Consumers:
    """What code holds that uses a connection.

    `names` are spellings of variables (and what reads variables without naming them), `calls` the
    words of each call of a client, by language: under its first word, what else it is made of.
    """

    names: Words
    calls: Mapping[str, Mapping[bytes, frozenset[bytes]]]

    @property
    def words(self) -> Words:
        """Of these words every such file holds one at least.

        Of a call it is the name of the package, rather than several of its functions: there are
        packages called `pg` and many files that speak of a query.
        """
        calls = [
            first if len(others) > 1 else max(first, *others, key=len)
            for row in self.calls.values()
            for first, others in row.items()
        ]
        return _shortest([*self.names, *calls])

    def fits(self, file: File) -> bool:
        """Whether the file may use a connection."""
        data = file.data
        if any(name in data for name in self.names):
            return True
        calls = self.calls.get(LANGUAGES.get(file.path.rpartition(".")[2].lower(), ""), {})
        return any(
            first in data and any(other in data for other in others)
            for first, others in calls.items()
        )


def consumers(facts: Iterable[Facts], stated: Collection[str], knowledge: Knowledge) -> Consumers:
    """What to look for, given what other files say. `stated` are variables that are set elsewhere
    to a database."""
    variables = _variables(facts, Endpoints(knowledge.endpoints)) | {*stated}
    names = {spelling for name in variables for spelling in _spellings(name)}
    calls: dict[str, dict[bytes, set[bytes]]] = {}
    imports = knowledge.names["imports"].items()
    readable = [c for c in knowledge.clients.values() if c.data["language"] in LANGUAGES.values()]
    for spec in readable:
        for callee in _callees(spec):
            if callee.startswith(OF_FILE):
                continue
            pieces = [
                piece for piece in re.split(r"\.|\*+", callee) if piece not in ("", *_OF_READERS)
            ]
            if pieces:
                rows = calls.setdefault(spec.data["language"], {})
                urls = (url for url, name in imports if name and name[:-1] == pieces[0])
                last = pieces[-1] if len(pieces) > 1 else ""
                for first in (pieces[0], *urls):
                    rows.setdefault(first.encode(), set()).add((last or first).encode())
    return Consumers(
        _shortest(name.encode() for name in (*names, *knowledge.names["reads"])),
        {
            language: {first: frozenset(others) for first, others in rows.items()}
            for language, rows in calls.items()
        },
    )


def _variables(facts: Iterable[Facts], endpoints: Endpoints) -> set[str]:
    """The variables that may hold a DSN or a part of one, and those that are set to them. What is
    known to reach some other database is left alone."""

    def matters(dsn: Dsn | None) -> bool:
        return dsn is not None and endpoints.classify(dsn).kind != "other"

    settings = [setting for one in facts for setting in one.settings if setting.exported]
    found = {setting.name for setting in settings if matters(setting.value.dsn)}
    by_container: dict[tuple[str, str], list[Setting]] = {}
    for setting in settings:
        by_container.setdefault((setting.span.path, setting.container), []).append(setting)
    for together in by_container.values():
        for dsn, parts in group(together):
            if matters(dsn):
                found |= {setting.name for setting in parts.values()}
    passed_on = {
        setting.name: {hole.variable for hole in _holes(setting.value.holes) if hole.variable}
        for setting in settings
        if setting.value.holes
    }
    size = -1
    while size != len(found):
        size = len(found)
        found |= {name for name, variables in passed_on.items() if variables & found}
    return found


def _holes(holes: Iterable[Hole]) -> Iterator[Hole]:
    for hole in holes:
        yield hole
        if hole.default is not None:
            yield from _holes(hole.default.holes)


def _spellings(name: str) -> Iterator[str]:
    """How code may write a variable's name: as it is, and as a field of a settings class."""
    yield name
    if len(name) >= _DISTINCT:
        lower = name.lower()
        yield lower
        yield re.sub(r"(?<!_)_++([a-z0-9])", lambda match: match[1].upper(), lower)


def _callees(spec: ClientSpec) -> Iterator[str]:
    for kind in ("calls", "urls"):
        for row in spec.data.get(kind, []):
            yield from row["to"]
    for row in spec.data.get("uses", {}).values():
        yield from row["calls"]


def _shortest(words: Iterable[bytes]) -> Words:
    """The words without those that hold another one."""
    kept: list[bytes] = []
    for word in sorted({*words}, key=lambda word: (len(word), word)):
        if not any(short in word for short in kept):
            kept.append(word)
    return tuple(kept)
