"""The experiments, from `scenarios/*.yaml`: each is a small project, a place and a set of drivers.

A file is about one client. It has the project's `files` once, with gaps like `<<options>>`, and a
list of `cases` that fill them. A case says for each place what happens there, and what supa-lint
reports:

    - switch: as it comes            # the row of the table in docs/proof.md
      fill: {options: ''}
      direct: works
      transaction:
        fails: prepared statement "*" already exists    # `*` is any text; or a list: one of them
        finds: prepared-statements-in-transaction-mode  # or a list

A failure that no rule reports, or a finding of severity `error` where nothing fails, must be
explained: `although: why`. A file that supa-lint can't read yet says `pending: why`; what it is to
find is a wish then, until that line is deleted.

Gaps that are always there: `<<dsn>>`, and its parts `<<scheme>>`, `<<user>>`, `<<password>>`,
`<<host>>`, `<<port>>` and `<<query>>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from reality.servers import PASSWORD, PLACES

FOLDER = Path(__file__).parent / "scenarios"

_FILL = {
    "scheme": "postgresql",
    "role": "postgres",
    "password": PASSWORD,
    "query": "?sslmode=require",
}
_DSN = "<<scheme>>://<<user>>:<<password>>@<<host>>:<<port>>/postgres<<query>>"
_CLIENTS = {"direct": 1, "session": 2, "transaction": 3, "dedicated": 3}
"""How many run at once. Two, on two server connections, can each keep its own by taking turns."""

_POOL = 2
"""Server connections of the poolers in transaction mode."""

_CASE = {"switch", "fill", "drivers", "prepare", "clients", "pool", *PLACES}
_FILE = {"client", "data", "drivers", "packages", "prepare", "command", "clients", "fill", "files"}
_FILE |= {"although", "pending", "cases"}
_VERDICT = {"works", "fails", "finds", "although"}


@dataclass(frozen=True)
class Experiment:
    """What is run and linted, and what is expected of both."""

    source: str
    """The file's stem: `asyncpg`."""
    client: str
    switch: str
    place: str
    drivers: str
    packages: tuple[str, ...]
    prepare: str
    """A command to run once before, such as a code generator."""
    command: tuple[str, ...]
    clients: int
    pool: int
    """How many server connections the pooler may open in transaction mode."""
    files: Mapping[str, str]
    fails: tuple[str, ...]
    """Patterns, one of which the error has; empty when it works."""
    finds: tuple[str, ...]
    although: str
    pending: str
    """Why supa-lint can't see this yet; empty when it is to find exactly `finds`."""
    data: str
    """What to change when reality has changed."""

    @property
    def id(self) -> str:
        return f"{self.name}/{self.place}/{self.drivers}"

    @property
    def name(self) -> str:
        """What a rule's `proof:` says, and what the lines of docs/proof.md are found by."""
        return f"{self.source}/{self.switch}"

    @property
    def path(self) -> str:
        return f"tests/reality/scenarios/{self.source}.yaml"


@cache
def experiments() -> tuple[Experiment, ...]:
    """All of them, in the order of the files."""
    found = tuple(one for path in sorted(FOLDER.glob("*.yaml")) for one in _of_file(path))
    ids = [one.id for one in found]
    if len(set(ids)) != len(ids):
        raise ValueError(f"twice: {sorted({one for one in ids if ids.count(one) > 1})}")
    return found


def matches(pattern: str, text: str) -> bool:
    """`text` has the pattern somewhere; `*` stands for any text on a line."""
    return re.search(re.escape(pattern).replace(r"\*", ".*"), text) is not None


def _of_file(path: Path) -> Iterator[Experiment]:
    spec = yaml.safe_load(path.read_text())
    _check(spec, _FILE, path.name)
    for case in spec["cases"]:
        where = f"{path.name}, {case['switch']}"
        _check(case, _CASE, where)
        for drivers in case.get("drivers", spec["drivers"]):
            for place in PLACES:
                if place not in case:
                    continue
                verdict = case[place] if isinstance(case[place], dict) else {case[place]: None}
                _check(verdict, _VERDICT, where)
                if ("works" in verdict) == ("fails" in verdict):
                    raise ValueError(f"{where}: {place} must say `works` or `fails`")
                yield Experiment(
                    source=path.stem,
                    client=spec["client"],
                    switch=case["switch"],
                    place=place,
                    drivers=drivers,
                    packages=tuple(spec["packages"]),
                    prepare=case.get("prepare", spec.get("prepare", "")),
                    command=tuple(spec.get("command", "python app.py").split()),
                    clients=case.get("clients") or spec.get("clients") or _CLIENTS[place],
                    pool=case.get("pool", _POOL),
                    files=_filled(spec, case, place),
                    fails=_words(verdict.get("fails")),
                    finds=tuple(sorted(_words(verdict.get("finds")))),
                    although=verdict.get("although") or spec.get("although", ""),
                    pending=spec.get("pending", ""),
                    data=spec["data"],
                )


def _filled(spec: dict[str, Any], case: dict[str, Any], place: str) -> dict[str, str]:
    there = PLACES[place]
    fill = _FILL | {"dsn": _DSN, "host": there.host, "port": str(there.port)}
    fill |= spec.get("fill", {}) | case.get("fill", {})
    fill = {"user": there.user(fill["role"])} | fill
    files: dict[str, str] = {}
    for name, text in spec["files"].items():
        while gap := re.search(r"<<(\w+)>>", text):
            text = text.replace(gap[0], str(fill[gap[1]]))
        files[name] = text
    return files


def _words(value: Any) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def _check(given: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := set(given) - known:
        raise ValueError(f"{where}: unknown {sorted(unknown)}")
