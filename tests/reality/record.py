"""What the drivers did and said when the experiments were last run, and the page made of it.

`recorded.json` lets the ordinary tests compare the symptoms in `rules/` with what drivers really
say without starting a server. `pytest -m reality tests/reality --record` writes it and the page.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path

import yaml

from reality.lab import installed
from reality.scenario import Experiment, experiments
from reality.servers import PLACES
from supa_lint.pages import anchor

RECORDED = Path(__file__).with_name("recorded.json")
UNPROVEN = Path(__file__).with_name("unproven.yaml")
PAGE = Path(__file__).parents[2] / "docs" / "proof.md"


@dataclass(frozen=True)
class Result:
    """What one experiment showed."""

    id: str
    said: str
    """The error in one line; empty when it worked."""
    finds: list[str]
    """The rules that supa-lint reported."""
    drivers: dict[str, str]
    """The versions of the client's packages."""


@dataclass
class Record:
    """The results of one or several runs; the date is that of the last."""

    date: str
    servers: dict[str, str]
    results: list[Result] = field(default_factory=list)

    def save(self) -> None:
        """Write the record and the page. What was not run now stays as it was recorded."""
        before = recorded().results if RECORDED.exists() else []
        by_id = {result.id: result for result in [*before, *self.results]}
        self.results = [by_id[one.id] for one in experiments() if one.id in by_id]
        RECORDED.write_text(json.dumps(asdict(self), indent=1) + "\n")
        PAGE.write_text(page(self))


def recorded() -> Record:
    """The record in the repository."""
    data = json.loads(RECORDED.read_text())
    results = [Result(**result) for result in data["results"]]
    return Record(data["date"], data["servers"], results)


def drivers_of(experiment: Experiment) -> dict[str, str]:
    """The versions an experiment uses of the client's packages."""
    versions = installed(experiment.drivers)
    return {name: versions[name] for name in experiment.packages}


_HEAD = """\
# Proof

<!-- Written by tests/reality; do not edit. -->

Each line below is an experiment: a small project that is linted, then run as it is against real
servers on one machine. The tests fail when a driver does something else than this page says, or
when supa-lint does. To run them: `pytest -m reality tests/reality`.

Last run on {date} with {servers}. **direct** is PostgreSQL itself; **session** and **transaction**
are PgBouncer in these modes without prepared statements, which is how the shared pooler behaves;
**dedicated** is a PgBouncer with prepared statements, in transaction mode. Before each experiment
in transaction mode the pool is emptied and two server connections are opened; then three clients
run at once. What Supavisor does otherwise than PgBouncer (startup parameters, its own error texts)
is not shown here.
"""


_UNPROVEN = """\
## Rules without an experiment

The other rules about addresses, TLS, clients and platforms name theirs under `proof`.

| rule | why it has none |
|---|---|
"""


def page(record: Record) -> str:
    """docs/proof.md."""
    results = {result.id: result for result in record.results}
    servers = ", ".join(f"{name} {version}" for name, version in record.servers.items())
    parts = [_HEAD.format(date=record.date, servers=servers)]
    known = [one for one in experiments() if one.id in results]
    for client, group in groupby(known, key=lambda one: one.client):
        parts.append(f"## {client}\n\n{_table(list(group), results)}")
    rows = [f"| {_rule(rule)} | {_cell(why)} |\n" for rule, why in sorted(unproven().items())]
    parts.append(_UNPROVEN + "".join(rows))
    return "\n".join(parts)


def unproven() -> dict[str, str]:
    """The rules that no experiment shows, and why."""
    reasons: dict[str, str] = yaml.safe_load(UNPROVEN.read_text())
    return reasons


def _table(group: Sequence[Experiment], results: dict[str, Result]) -> str:
    """One line per setting and verdict; places with the same verdict share it."""
    lines = ["| setting | where | what happens | supa-lint reports |", "|---|---|---|---|"]
    rows: dict[tuple[str, str, str, str], list[Experiment]] = {}
    for one in group:
        result = results[one.id]
        happens = f"fails: `{_cell(result.said)}`" if result.said else "works"
        reports = ", ".join(map(_rule, result.finds)) or "-"
        if one.although:
            reports += f" ({_cell(one.although)})"
        versions = " ".join(f"{name} {version}" for name, version in result.drivers.items())
        rows.setdefault((one.switch, versions, happens, reports), []).append(one)
    packages = {versions for _, versions, _, _ in rows}
    same = packages.pop() if len(packages) == 1 else None
    linked: set[str] = set()
    for (switch, versions, happens, reports), ones in rows.items():
        places = ", ".join(name for name in PLACES if name in {one.place for one in ones})
        setting = _cell(switch) if same is not None else f"{_cell(switch)} ({versions})"
        if ones[0].name not in linked:
            setting = f'<a id="{anchor(ones[0].name)}"></a>{setting}'
            linked.add(ones[0].name)
        lines.append(f"| {setting} | {places} | {happens} | {reports} |")
    head = f"With {same}.\n\n" if same else ""
    return head + "\n".join(lines) + "\n"


def _rule(name: str) -> str:
    return f"[`{name}`](rules/{name}.md)"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
