"""What supa-lint knows: the data files of `rules/`, loaded into typed tables.

In a checkout the YAML files are read; an installed wheel carries the same tables as one JSON file
that was written at build time (`hatch_build.py`), because parsing YAML at each start is slow. The
user's own files come on top (`extend.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from supa_lint import HOMEPAGE
from supa_lint.globs import GlobSet, name_test
from supa_lint.model import Place, Severity

Table = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """One file of `rules/checks/<group>/`. Its id is the file's name."""

    id: str
    group: str
    data: Table = field(repr=False)

    @property
    def summary(self) -> str:
        return str(self.data["summary"])

    @property
    def severity(self) -> Severity:
        return Severity(self.data["severity"])

    @property
    def confidence(self) -> str:
        return str(self.data.get("confidence", "high"))

    @property
    def when(self) -> Table:
        """The conditions of a rule about connections; empty for the rules of the engine itself."""
        result: Table = self.data.get("when", {})
        return result

    @property
    def at(self) -> tuple[str, ...]:
        """Where a finding points: the first of these that is there."""
        at = self.data["at"]
        return tuple(at) if isinstance(at, list) else (at,)

    @cached_property
    def places(self) -> frozenset[Place]:
        return frozenset(Place(name) for name in self.data.get("places", ["live"]))

    @property
    def help(self) -> str:
        return str(self.data["help"]).strip()

    @property
    def why(self) -> str:
        return str(self.data["why"]).strip()

    @property
    def proof(self) -> tuple[str, ...]:
        """The experiments of docs/proof.md that show it, by their names."""
        return tuple(self.data.get("proof", ()))

    @property
    def url(self) -> str:
        return str(self.data.get("url") or f"{HOMEPAGE}/blob/main/docs/rules/{self.id}.md")


@dataclass(frozen=True)
class ClientSpec:
    """One file of `rules/clients/`: a library that opens connections. Its id is the file's name."""

    id: str
    data: Table = field(repr=False)


@dataclass(frozen=True)
class PlatformSpec:
    """One file of `rules/platforms/`: a place where code runs. Its id is the file's name."""

    id: str
    data: Table = field(repr=False)


class Platforms(dict[str, PlatformSpec]):
    """All platforms by id, and by how their manifests are called."""

    @cached_property
    def _globs(self) -> GlobSet:
        return GlobSet(
            glob
            for spec in self.values()
            for row in spec.data.get("manifest", [])
            for glob in row["files"]
        )

    def knowing(self, path: str) -> Iterator[tuple[PlatformSpec, Sequence[Table]]]:
        """The platforms that may have this file as a manifest, each with the rows `manifest` that
        say so: what a row asks of the content is not looked at."""
        found = self._globs.matching(path)
        for spec in self.values() if found else ():
            rows = [r for r in spec.data.get("manifest", []) if not found.isdisjoint(r["files"])]
            if rows:
                yield spec, rows

    def is_manifest(self, path: str) -> bool:
        """Whether a platform knows files of this name."""
        return bool(self._globs.matching(path))


@dataclass(frozen=True)
class Knowledge:
    """All data files. `endpoints` and `names` are the tables of the files of those names."""

    rules: Mapping[str, Rule]
    clients: Mapping[str, ClientSpec]
    platforms: Platforms
    endpoints: Table = field(repr=False)
    names: Table = field(repr=False)

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """The former ids of renamed rules, each with the id of today."""
        rules = self.rules.values()
        return {old: rule.id for rule in rules for old in rule.data.get("aliases", ())}

    def current(self, name: str) -> str:
        """The id that a rule has now, if `name` is a former one; else `name`."""
        return self.aliases.get(name, name)


def named(name: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns (`*_MIGRATE`) of a list of names.yaml means a name."""
    return any(name_test(pattern)(name) for pattern in patterns)


def load(extra: Sequence[Path] = ()) -> Knowledge:
    """The knowledge this installation ships, with the user's own folders of data files on top.

    Raises `ConfigError` when a file of those folders is broken. Only what is shipped is kept from
    one call to the next: the user's files may change meanwhile.
    """
    if not extra:
        return _shipped()
    from supa_lint.extend import extend

    return build(extend(_tables(), extra))


@cache
def _shipped() -> Knowledge:
    return build(_tables())


@cache
def _tables() -> dict[str, dict[str, Any]]:
    compiled = Path(__file__).with_name("knowledge.json")
    if compiled.exists():
        tables: dict[str, dict[str, Any]] = json.loads(compiled.read_bytes())
        return tables
    return parse(Path(__file__).parents[2] / "rules")


def build(tables: Table) -> Knowledge:
    """Typed knowledge from the plain tables that `parse` returns."""
    return Knowledge(
        rules={
            name: Rule(name, data["group"], data) for name, data in sorted(tables["checks"].items())
        },
        clients={name: ClientSpec(name, data) for name, data in sorted(tables["clients"].items())},
        platforms=Platforms(
            (name, PlatformSpec(name, data)) for name, data in sorted(tables["platforms"].items())
        ),
        endpoints=tables["endpoints"],
        names=tables["names"],
    )


def parse(folder: Path) -> dict[str, dict[str, Any]]:
    """The data files under `folder` as plain tables, checks, clients and platforms by id."""
    from supa_lint.data_files import expand, read

    names = read(folder / "names.yaml")
    return {
        "checks": {
            path.stem: {"group": path.parent.name} | read(path)
            for path in folder.glob("checks/*/*.yaml")
        },
        "clients": {
            path.stem: expand(read(path), names["parameter-lists"])
            for path in folder.glob("clients/*.yaml")
        },
        "platforms": {path.stem: read(path) for path in folder.glob("platforms/*.yaml")},
        "endpoints": read(folder / "endpoints.yaml"),
        "names": names,
    }
