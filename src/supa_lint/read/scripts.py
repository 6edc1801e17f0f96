"""The scripts inside data files (the steps of CI jobs), where platform files say that they stand.

scripts:
  - {at: jobs.*.steps.*.run, container: jobs.*.steps.*, shell: shell}   # a key beside it names it
  - {at: steps.*.pwsh, container: steps.*, language: pwsh}
  - {at: steps.*.args, container: steps.*, program: [entrypoint, name]} # arguments of a program
  - {at: services.*.command, language: arguments}   # a list is one command; a text is a script
  - {at: services.*.command, interpolated: yes}     # `$$` is a dollar before any shell sees it
  - {at: jobs.*.steps.*.run, later: {file: GITHUB_ENV, container: jobs.*}}  # for later
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any, NamedTuple

from supa_lint.clients import Clients
from supa_lint.knowledge import PlatformSpec
from supa_lint.model import Facts, Hole, Platform
from supa_lint.raw import Raw
from supa_lint.read import text as plain
from supa_lint.read.nodes import Branch, Listing, Match, Node, Path, Scalar, find, scalars, split
from supa_lint.sealing import Sealer


class Home(NamedTuple):
    """What scripts belong to. `prefix` is that of all containers of the document; `seen` are the
    only variables that are known there, when not all are; `filled` tells that what
    the platform puts into their texts is known, too."""

    container: str
    platform: Platform
    prefix: Path = ()
    seen: Set[str] | None = None
    filled: bool = True


def connects(match: Match, row: Mapping[str, Any], root: Node, clients: Clients) -> bool:
    """Whether a script may run a program that connects with what a variable says."""
    nodes = [match.node, *(n for n in (_parent(match, root),) if n and "program" in row)]
    texts = (scalar.raw.text for node in nodes for scalar in scalars(node))
    return any(program in text for text in texts for program in clients.programs)


def read(
    match: Match,
    row: Mapping[str, Any],
    root: Node,
    home: Home,
    sealer: Sealer,
    platforms: Mapping[str, PlatformSpec],
    clients: Clients,
) -> Facts:
    """The facts of the scripts that `row` finds in the document `root`: a text, or a list of them.
    What they set for themselves has a container of its own."""
    from supa_lint.read import shell, written

    raws = _raws(match.node)
    beside = _parent(match, root)
    language = row.get("language", "")
    if language == "arguments" and isinstance(match.node, Scalar):
        language = ""
    if "shell" in row:
        language = next((raw.text for raw in _beside(beside, [row["shell"]])), "")
    if "program" in row:
        raws, language = [*_beside(beside, row["program"]), *raws], "arguments"
    if row.get("interpolated"):
        syntax = platforms[home.platform.id].data.get("interpolation", "none")
        raws = [plain.interpolated(sealer, raw, syntax) for raw in raws]
    if not home.filled:
        raws = [replace(raw, holes=(Hole(),) * len(raw.holes)) for raw in raws]
    later = None
    if "later" in row:
        around = split(row["later"]["container"])
        after = ".".join((*home.prefix, *match.path[: len(around)]))
        later = written.Later(row["later"]["file"], after)
    container = ".".join(filter(None, (home.container, match.path[-1])))
    return shell.commands(
        raws,
        sealer,
        platforms,
        clients.wanted,
        container,
        home.platform,
        language,
        later,
        home.seen,
    )


def _parent(match: Match, root: Node) -> Node | None:
    return next((found.node for found in find(root, match.path[:-1])), None)


def _raws(node: Node) -> list[Raw]:
    """The texts of a node; what is a mapping in a list is no script."""
    if isinstance(node, Scalar):
        return [node.raw]
    return [raw for item in node.items for raw in _raws(item)] if isinstance(node, Listing) else []


def _beside(beside: Node | None, keys: Sequence[str]) -> list[Raw]:
    """The texts of the first of these keys."""
    entries = beside.by_key if isinstance(beside, Branch) else {}
    return next((_raws(entries[key].node) for key in keys if key in entries), [])
