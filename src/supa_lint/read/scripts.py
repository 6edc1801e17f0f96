"""The scripts inside data files (the steps of CI jobs), where platform files say that they stand.

scripts:
  - {at: jobs.*.steps.*.run, container: jobs.*.steps.*, shell: shell}   # a key beside it names it
  - {at: steps.*.pwsh, container: steps.*, language: pwsh}
  - {at: steps.*.args, container: steps.*, program: [entrypoint, name]} # arguments of a program
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from supa_lint.knowledge import PlatformSpec
from supa_lint.model import Facts, Platform
from supa_lint.raw import Raw
from supa_lint.read.nodes import Branch, Listing, Node, Scalar
from supa_lint.sealing import Sealer

Wanted = Callable[[str], bool]
"""Whether a client file knows a callee."""


def read(
    node: Node,
    beside: Node | None,
    row: Mapping[str, Any],
    container: str,
    platform: Platform,
    sealer: Sealer,
    platforms: Mapping[str, PlatformSpec],
    wanted: Wanted,
) -> Facts:
    """The facts of the scripts that stand at `node`: a text, or a list of them."""
    from supa_lint.read import shell

    raws = [scalar.raw for scalar in _texts(node)]
    language = row.get("language", "") or _beside(beside, [row.get("shell", "")])
    if "program" in row:
        program = _raw_beside(beside, row["program"])
        raws, language = [program, *raws] if program else raws, "arguments"
    return shell.commands(raws, sealer, platforms, wanted, container, platform, language)


def _texts(node: Node) -> Iterator[Scalar]:
    """The scripts among the items of a list; what is no text there is something else."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Listing):
        for item in node.items:
            if not isinstance(item, Branch):
                yield from _texts(item)


def _beside(beside: Node | None, keys: Sequence[str]) -> str:
    found = _raw_beside(beside, keys)
    return found.text if found else ""


def _raw_beside(beside: Node | None, keys: Sequence[str]) -> Raw | None:
    """The text of the first of these keys."""
    entries = beside.by_key if isinstance(beside, Branch) else {}
    nodes = (entries[key].node for key in keys if key in entries)
    return next((node.raw for node in nodes if isinstance(node, Scalar)), None)
