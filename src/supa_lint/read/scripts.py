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

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from supa_lint.knowledge import PlatformSpec
from supa_lint.model import Facts, Platform
from supa_lint.raw import Raw
from supa_lint.read import text as plain
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
    after: str = "",
    seen: Set[str] | None = None,
    syntax: str = "none",
) -> Facts:
    """The facts of the scripts that stand at `node`: a text, or a list of them. `after` is the
    container of the scripts that run after them, `seen` as for `shell.commands`; `syntax` is that
    of the interpolation, where there is one."""
    from supa_lint.read import shell, written

    raws = _raws(node)
    language = row.get("language", "")
    if language == "arguments" and isinstance(node, Scalar):
        language = ""
    if "shell" in row:
        language = next((raw.text for raw in _beside(beside, [row["shell"]])), "")
    if "program" in row:
        raws, language = [*_beside(beside, row["program"]), *raws], "arguments"
    if row.get("interpolated"):
        raws = [plain.interpolated(sealer, raw, syntax) for raw in raws]
    later = written.Later(row["later"]["file"], after) if "later" in row else None
    return shell.commands(
        raws, sealer, platforms, wanted, container, platform, language, later, seen
    )


def _raws(node: Node) -> list[Raw]:
    """The texts of a node; what is a mapping in a list is no script."""
    if isinstance(node, Scalar):
        return [node.raw]
    return [raw for item in node.items for raw in _raws(item)] if isinstance(node, Listing) else []


def _beside(beside: Node | None, keys: Sequence[str]) -> list[Raw]:
    """The texts of the first of these keys."""
    entries = beside.by_key if isinstance(beside, Branch) else {}
    return next((_raws(entries[key].node) for key in keys if key in entries), [])
