"""Globs: which paths a pattern of the configuration or of a data file means.

`*`, `?` and `[...]` match within one name, `**` any number of folders. A glob without `/` matches a
name at any depth. A glob that names a folder matches all that is in it.

Names are compared one by one. To make regular expressions of the globs of all data files took
longer than to read a small project; and here the time for a path grows with its length alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from typing import Final

_ANY_FOLDERS: Final = "**"
_WILD: Final = re.compile(r"[*?\[]")

_Name = Callable[[str], bool]


def matches(path: str, glob: str) -> bool:
    """Whether `path` (relative to the root, with `/`) matches `glob`."""
    return _Glob.of(glob).begins(path.split("/"))


class GlobSet:
    """Many globs, asked together: only those are tried whose last name fits the path's."""

    def __init__(self, globs: Iterable[str]) -> None:
        self._named = _ByLastName()
        self._inside = _ByLastName()
        everywhere = set()
        for glob in globs:
            names = _names(glob)
            index = self._inside if names[-1:] == [_ANY_FOLDERS] else self._named
            while names[-1:] == [_ANY_FOLDERS]:
                names.pop()
            if names:
                index.add(names[-1], glob)
            else:
                everywhere.add(glob)
        self._in_folder: dict[str, frozenset[str]] = {"": frozenset(everywhere)}

    def matching(self, path: str) -> frozenset[str]:
        """The globs that `path` matches."""
        folder, _, last = path.rpartition("/")
        found = self._folder(folder)
        here = [glob for glob in self._named.fitting(last) if matches(path, glob)]
        return found.union(here) if here else found

    def _folder(self, folder: str) -> frozenset[str]:
        """The globs that match all in a folder. Each folder is looked at once."""
        known = self._in_folder.get(folder)
        if known is None:
            globs = self._inside.fitting(folder.rpartition("/")[2])
            inside = [glob for glob in globs if matches(f"{folder}/x", glob)]
            known = self._in_folder[folder] = self.matching(folder).union(inside)
        return known


class _ByLastName:
    """Globs by a name that must be there: by the name itself, or by what follows its last dot."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[str]] = {}
        self._by_ending: dict[str, list[tuple[_Name, str]]] = {}

    def add(self, name: str, glob: str) -> None:
        ending = name.rpartition(".")[2]
        if not _WILD.search(name):
            self._by_name.setdefault(name, []).append(glob)
        else:
            ending = "*" if _WILD.search(ending) else ending
            self._by_ending.setdefault(ending, []).append((name_test(name), glob))

    def fitting(self, name: str) -> Iterator[str]:
        """The globs whose name fits this one."""
        yield from self._by_name.get(name, ())
        for ending in (name.rpartition(".")[2], "*"):
            for test, glob in self._by_ending.get(ending, ()):
                if test(name):
                    yield glob


class _Glob:
    def __init__(self, glob: str) -> None:
        names = _names(glob)
        if "/" not in glob.rstrip("/"):
            names.insert(0, _ANY_FOLDERS)
        # Between `**`, each of which may stand for any number of names.
        self._groups: list[list[_Name]] = [[]]
        for name in names:
            if name == _ANY_FOLDERS:
                self._groups.append([])
            else:
                self._groups[-1].append(name_test(name))
        # All in a folder, but not the folder itself.
        self._inside = names[-1:] == [_ANY_FOLDERS]

    @staticmethod
    @lru_cache(maxsize=4096)
    def of(glob: str) -> _Glob:
        return _Glob(glob)

    def begins(self, names: Sequence[str]) -> bool:
        """Whether the first names are what the glob means: a file, or a folder with all in it.

        Each group is best found as early as it can be: that leaves the most to the next one."""
        first, *groups = self._groups
        if not _fits(first, names, 0):
            return False
        start = len(first)
        for group in groups:
            last = len(names) - len(group)
            while start <= last and not _fits(group, names, start):
                start += 1
            if start > last:
                return False
            start += len(group)
        return not self._inside or start < len(names)


def _names(glob: str) -> list[str]:
    return [name for name in glob.split("/") if name not in ("", ".")]


def _fits(tests: Sequence[_Name], names: Sequence[str], start: int) -> bool:
    if start + len(tests) > len(names):
        return False
    return all(test(names[start + offset]) for offset, test in enumerate(tests))


@lru_cache(maxsize=4096)
def name_test(pattern: str) -> _Name:
    """What tells whether a name matches a pattern with `*`, `?` and `[...]`."""
    if not _WILD.search(pattern):
        return pattern.__eq__
    if "?" in pattern or "[" in pattern:
        return partial(fnmatchcase, pat=pattern)
    first, *middle, last = pattern.split("*")

    def fits(name: str) -> bool:
        if len(name) < len(first) + len(last):
            return False
        if not (name.startswith(first) and name.endswith(last)):
            return False
        start, end = len(first), len(name) - len(last)
        for piece in middle:
            found = name.find(piece, start, end)
            if found < 0:
                return False
            start = found + len(piece)
        return True

    return fits
