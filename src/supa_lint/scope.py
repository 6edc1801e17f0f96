"""Which code sees which setting: folders, and the packages of a monorepo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import PurePosixPath


def folder_of(path: str) -> str:
    """The folder of a file; the root is the empty string."""
    return path.rpartition("/")[0]


def contains(folder: str, path: str) -> bool:
    """Whether `path` is `folder` itself or lies below it."""
    return not folder or path == folder or path.startswith(folder + "/")


def upwards(folder: str) -> Iterable[str]:
    """The folder and its parents, up to the root."""
    while folder:
        yield folder
        folder = folder_of(folder)
    yield ""


class Packages:
    """The packages of a project: folders with a manifest of their own."""

    def __init__(self, paths: Iterable[str], manifests: Mapping[str, Iterable[str]]) -> None:
        """`manifests` are the names of the manifests of each language."""
        self._paths = paths
        self._language = {name: one for one, names in manifests.items() for name in names}
        self._known: dict[str, str] = {}

    @cached_property
    def _roots(self) -> Mapping[str, frozenset[str]]:
        """The folder of each package, with the languages of its manifests."""
        roots: dict[str, frozenset[str]] = {"": frozenset()}
        for path in self._paths:
            language = self._language.get(PurePosixPath(path).name)
            if language is not None:
                folder = folder_of(path)
                roots[folder] = roots.get(folder, frozenset()) | {language}
        return roots

    def root_of(self, path: str) -> str:
        """The package that a file belongs to: the nearest folder with a manifest."""
        folder = folder_of(path)
        if folder not in self._known:
            self._known[folder] = next(one for one in upwards(folder) if one in self._roots)
        return self._known[folder]

    def are_foreign(self, one: str, other: str) -> bool:
        """Whether the packages of two files are of different languages, as far as they say."""
        mine, theirs = (self._roots[self.root_of(path)] for path in (one, other))
        return bool(mine and theirs and not mine & theirs)

    def sees(self, reader: str, definer: str) -> bool:
        """Whether code in the file `reader` sees what the file `definer` sets: it stands in the
        same package, or in one around it."""
        return contains(self.root_of(definer), self.root_of(reader))
