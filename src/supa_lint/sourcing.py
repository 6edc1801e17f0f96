"""The scripts that a script runs in its own shell (`source ../common.sh`): what they set counts for
its commands, too."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Mapping

from supa_lint.model import HOLE, Facts
from supa_lint.place import is_env_file
from supa_lint.scope import folder_of, upwards

_SHELLS = ("sh", "bash", "zsh", "ksh", "ps1", "psm1")

Sources = Mapping[str, frozenset[str] | None]
"""For each file that sources others: which, these and those that they source; None where one of
them is not known."""


def sources(facts: Iterable[Facts], paths: Collection[str]) -> Sources:
    """What the files of a project source. `paths` are all that may be there."""
    by_path = {one.path: one for one in facts}
    return {path: _all(path, by_path, paths) for path, one in by_path.items() if one.sources}


def unread(facts: Iterable[Facts], paths: Collection[str]) -> set[str]:
    """The sourced files that there are no facts of."""
    known = {one.path: one for one in facts}
    wanted = (_find(text, one.path, paths) for one in known.values() for text in one.sources)
    return {path for path in wanted if path is not None and path not in known}


def _all(path: str, by_path: Mapping[str, Facts], paths: Collection[str]) -> frozenset[str] | None:
    found = {path}
    new = [path]
    while new:
        reader = new.pop()
        for text in by_path[reader].sources:
            other = _find(text, reader, paths)
            if other is None or other not in by_path:
                return None
            if other not in found:
                found.add(other)
                new.append(other)
    return frozenset(found - {path})


def _find(text: str, reader: str, paths: Collection[str]) -> str | None:
    """The file that a script means: beside it, or in a folder above, where it may be run. What
    begins with a variable is most often its own folder (`$(dirname "$0")/common.sh`)."""
    rest = text.rpartition(HOLE)[2]
    if rest == text and text.startswith(("/", "~")):
        return None
    if rest != text and not rest.startswith("/"):
        return None
    for folder in upwards(folder_of(reader)):
        path = posixpath.normpath(posixpath.join(folder, rest.lstrip("/")))
        if path in paths and (is_env_file(path) or path.rpartition(".")[2] in _SHELLS):
            return path
    return None
