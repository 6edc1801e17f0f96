"""Which code sees which setting: folders, and the packages of a monorepo."""

from __future__ import annotations

from collections.abc import Iterable
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

    def __init__(self, paths: Iterable[str], manifests: Iterable[str]) -> None:
        self._paths = paths
        self._manifests = frozenset(manifests)
        self._known: dict[str, str] = {}

    @cached_property
    def _roots(self) -> frozenset[str]:
        return frozenset(
            folder_of(path) for path in self._paths if PurePosixPath(path).name in self._manifests
        ) | {""}

    def root_of(self, path: str) -> str:
        """The package that a file belongs to: the nearest folder with a manifest."""
        folder = folder_of(path)
        if folder not in self._known:
            self._known[folder] = next(one for one in upwards(folder) if one in self._roots)
        return self._known[folder]

    def sees(self, reader: str, definer: str) -> bool:
        """Whether code in the file `reader` sees what the file `definer` sets: it stands in the
        same package, or in one around it."""
        return contains(self.root_of(definer), self.root_of(reader))
