"""The user's own rules, clients and platforms (`extend-rules`), laid over the shipped ones.

What could go wrong when they are used goes wrong here: the error says what is wrong in which file,
and where.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from supa_lint import HOMEPAGE, schema
from supa_lint.config import ConfigError
from supa_lint.data_files import DataFileError, Keys, Located, expand, read_located
from supa_lint.schema import Violation, unknown

Tables = Mapping[str, Mapping[str, Any]]

_SCHEMAS: Final = {"checks": "check", "clients": "client", "platforms": "platform"}
_ID: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LAYOUT: Final = "checks/<group>/<id>.yaml, clients/<id>.yaml or platforms/<id>.yaml"
_MOST: Final = 20
"""How many problems one error lists."""

_TEXTS: Final = (
    "client.label",
    "client.off",
    "client.reason",
    "client.reject-error",
    "client.scheme-error",
    "client.tls-how",
    "endpoint.label",
    "ignored",
    "misspelt",
    "platform.fix",
    "platform.label",
    "rejected",
)
"""What may stand in a message besides facts."""


@dataclass(frozen=True)
class _File:
    """A data file of the user."""

    path: Path
    kind: str
    content: Located = field(repr=False)

    @property
    def id(self) -> str:
        return self.path.stem

    @property
    def table(self) -> Mapping[str, Any]:
        return self.content.table

    def say(self, violation: Violation) -> str:
        """A problem as people read it: `file:line:column: key: what is wrong`."""
        line, column = self.content.place(violation.path, at_key=violation.at_key)
        outer = violation.path[:-1] if violation.at_key else violation.path
        key = "".join(f".{part}" for part in outer if isinstance(part, str))[1:81]
        return (
            f"{_shown(self.path)}:{line}:{column}: {key + ': ' if key else ''}{violation.message}"
        )


def extend(tables: Tables, folders: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """`tables` (as `knowledge.parse` returns them) with the data files of `folders` on top.

    Raises `ConfigError`, which lists what is wrong in all of these files.
    """
    merged = {kind: dict(table) for kind, table in tables.items()}
    problems: list[str] = []
    files: list[_File] = []
    for path, kind in _paths(folders):
        try:
            file = _File(path, kind, read_located(path))
        except DataFileError as error:
            problems.append(f"{_shown(path)}:{error.line}:{error.column}: {error}")
            continue
        found = [*schema.violations(schema.load(_SCHEMAS[kind]), dict(file.table))]
        found = found or [*_at_its_place(file, merged)]
        problems += map(file.say, found)
        if not found:
            files.append(file)
            merged[kind][file.id] = _entry(file)
    if not problems:  # else names may be missing for that reason only
        terms = _Terms(merged)
        problems = [file.say(one) for file in files for one in terms.violations(file)]
    if problems:
        shown = problems[:_MOST] + [f"... and {len(problems) - _MOST} more"] * (
            len(problems) > _MOST
        )
        raise ConfigError("\n".join(shown))
    for file in files:
        _resolve(merged, file)
    return merged


# --- files --------------------------------------------------------------------------------------


def _paths(folders: Sequence[Path]) -> list[tuple[Path, str]]:
    """The data files of the folders, each with its kind. What looks like one but would not be read
    is an error."""
    found = []
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"extend-rules: {_shown(folder)}: no such folder")
        here = [
            (path, kind)
            for kind in _SCHEMAS
            for path in sorted(
                folder.glob(f"{kind}/*/*.yaml" if kind == "checks" else f"{kind}/*.yaml")
            )
        ]
        read = {path for path, _ in here}
        near = [path for kind in _SCHEMAS for path in sorted((folder / kind).rglob("*.y*ml"))]
        for path in near or sorted(folder.glob("*.y*ml")):
            if path not in read and (near or not here):
                raise ConfigError(f"{_shown(path)}: is not read: data files are {_LAYOUT}")
        if not here:
            raise ConfigError(f"extend-rules: {_shown(folder)}: has no data files: {_LAYOUT}")
        found += here
    return found


def _shown(path: Path) -> str:
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def _at_its_place(file: _File, merged: Tables) -> Iterator[Violation]:
    """What is wrong with the file's name, and with its place among the others."""
    known = merged[file.kind]
    names = [file.id, file.path.parent.name] if file.kind == "checks" else [file.id]
    if not all(map(_ID.fullmatch, names)):
        yield Violation((), "names of rules and groups are kebab-case: my-rule")
    replaces = file.table.get("replaces", False)
    if file.id in known and not replaces:
        text = f"the id '{file.id}' is taken: rename the file, or write `replaces: yes`"
        yield Violation((), text)
    if file.kind == "checks" and file.id in (former := aliases(known)):
        yield Violation((), f"the id '{file.id}' was once that of '{former[file.id]}'")
    if file.id not in known and replaces:
        yield Violation(("replaces",), f"nothing to replace: {unknown('id', file.id, list(known))}")
    fires = "when" in file.table or "when" not in known.get(file.id, {"when": {}})
    if file.kind == "checks" and not fires and names[1] != "meta":
        yield Violation((), "the key 'when' is missing: without it the rule never fires")


def _entry(file: _File) -> dict[str, Any]:
    table = dict(file.table)
    if file.kind == "checks":
        # A page of its own is more than most have: this one says where such rules come from.
        extending = f"{HOMEPAGE}/blob/main/docs/extending.md"
        table = {"group": file.path.parent.name, "url": extending} | table
    return table


def _resolve(merged: dict[str, dict[str, Any]], file: _File) -> None:
    """Puts what names stand for in their place."""
    table = merged[file.kind][file.id]
    if file.kind == "clients":
        merged[file.kind][file.id] = expand(table, merged["names"].get("parameter-lists", {}))
    elif "overrides" in table:
        current = aliases(merged["checks"])
        table["overrides"] = [current.get(name, name) for name in table["overrides"]]


def aliases(checks: Mapping[str, Any]) -> dict[str, str]:
    """The former ids of rules, each with the id that the rule has now."""
    return {old: name for name, check in checks.items() for old in check.get("aliases", ())}


# --- names --------------------------------------------------------------------------------------


class _Terms:
    """The names that data files may use, from all of them together."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        parts = [part for client in tables["clients"].values() for part in _parts(client)]
        self._facts = {
            *schema.load("conditions")["$defs"]["when"]["properties"],
            *(f"client.{name}" for part in parts for name in part.get("facts", ())),
            *(f"platform.{name}" for name in schema.load("platform")["properties"]),
        }
        self._uses = {name for part in parts for name in part.get("uses", ())}
        variants = {row["id"] for part in parts for row in part.get("variants", ()) if "id" in row}
        self._ids = {
            "client.library": {*tables["clients"], *variants},
            "platform.id": set(tables["platforms"]),
        }
        self._lists = tables["names"].get("parameter-lists", {})

    def violations(self, file: _File) -> Iterator[Violation]:
        """The names in a file that mean nothing. Its shape is right."""
        yield from self._in_table(file.table, (), file)
        if file.kind == "checks":
            yield from self._in_check(file)

    def _in_table(self, value: Any, path: Keys, file: _File) -> Iterator[Violation]:
        """Looks for conditions and lists of parameters, wherever they stand."""
        if path[-1:] == ("examples",):
            return
        if path[-1:] == ("when",) and file.kind != "platforms":
            own = {name for part in _parts(file.table) for name in part.get("uses", ())}
            uses = self._uses if file.kind == "checks" else own
            for name, wanted in value.items():
                yield from self._in_condition(name, wanted, (*path, name), uses)
        elif path[-2:-1] == ("params",) and isinstance(value, list):
            for n, name in enumerate(value):
                if name[:1] == "$" and name[1:] not in self._lists:
                    known = [f"${one}" for one in self._lists]
                    yield Violation((*path, n), unknown("list of parameters", name, known))
        elif isinstance(value, Mapping | list):
            rows = value.items() if isinstance(value, Mapping) else enumerate(value)
            for key, inner in rows:
                yield from self._in_table(inner, (*path, key), file)

    def _in_condition(
        self, name: str, wanted: Any, path: Keys, uses: Iterable[str]
    ) -> Iterator[Violation]:
        if name == "any":
            for n, table in enumerate(wanted):
                for inner, asked in table.items():
                    yield from self._in_condition(inner, asked, (*path, n, inner), uses)
        kind, _, rest = name.partition(".")
        if kind in ("client", "platform") and name not in self._facts:
            known = [one for one in self._facts if one.startswith(f"{kind}.")]
            yield Violation(path, unknown("fact", name, known), at_key=True)
        if kind == "use" and rest not in uses:
            yield Violation(path, unknown("use", rest, list(uses)), at_key=True)
        if name in self._ids:
            known = [*self._ids[name], "present", "absent", "unknown"]
            for one in _words(wanted):
                if one not in known:
                    yield Violation(path, unknown("id", one, known))

    def _in_check(self, file: _File) -> Iterator[Violation]:
        checks = self._tables["checks"]
        known = {*checks, *aliases(checks)}
        for n, name in enumerate(file.table.get("overrides", ())):
            if name not in known:
                yield Violation(("overrides", n), unknown("rule", name, list(known)))
        others = aliases({name: c for name, c in checks.items() if name != file.id})
        for n, name in enumerate(file.table.get("aliases", ())):
            if name in checks or name in others:
                yield Violation(("aliases", n), "this id is taken")
        at = file.table.get("at", "")
        for place in at if isinstance(at, list) else [at]:
            kind, _, rest = place.partition(".")
            if kind == "use" and rest not in self._uses:
                yield Violation(("at",), unknown("use", rest, list(self._uses)))
        for key in ("message", "help"):
            for name in re.findall(r"\{([a-z][a-z.-]*)\}", file.table[key]):
                if name not in _TEXTS and name not in self._facts and name[:6] != "param.":
                    texts = [*_TEXTS, *self._facts]
                    yield Violation((key,), unknown("name in braces", name, texts))


def _parts(client: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A client's table, and those that lie over it for some calls or in some cases."""
    yield client
    for key in ("calls", "variants"):
        for part in client.get(key, ()):
            yield from _parts(part)


def _words(wanted: Any) -> Iterator[str]:
    """The texts that a condition compares with."""
    if isinstance(wanted, str):
        yield wanted
    elif isinstance(wanted, list):
        for one in wanted:
            yield from _words(one)
    elif isinstance(wanted, Mapping):
        yield from _words(wanted.get("not"))
