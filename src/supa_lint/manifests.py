"""Files whose mere name says where the project runs (`vercel.json`, `fly.toml`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from supa_lint.conditions import ABSENT, UNKNOWN, Fact, decide
from supa_lint.config import glob_pattern, matches
from supa_lint.knowledge import PlatformSpec
from supa_lint.model import Place, Platform, Span
from supa_lint.place import place_of


class Manifests:
    """How the files of all platforms are called."""

    def __init__(self, specs: Iterable[PlatformSpec]) -> None:
        self._rows = [
            (pattern, spec, not manifest.get("contains"))
            for spec in specs
            for manifest in spec.data.get("manifest", [])
            for pattern in manifest["files"]
        ]
        self._covered: dict[str, bool] = {}
        self._compiled: dict[str, re.Pattern[str]] = {}

    def is_manifest(self, path: str) -> bool:
        """Whether a platform knows files of this name (what it contains may say otherwise)."""
        return self._covers(path.rpartition("/")[0]) or self._matches(path)

    def by_name(self, paths: Iterable[str]) -> Iterator[Platform]:
        """The platforms that files show without a look inside."""
        rows = [(pattern, spec) for pattern, spec, enough in self._rows if enough]
        for path in filter(self.is_manifest, paths):
            for pattern, spec in rows:
                if matches(path, pattern) and place_of(path) is Place.LIVE:
                    yield platform_of(spec, Span(path, 0, 0))

    # A large project has many paths and there are many globs: those that a path's ending rules out
    # are not tried, and each folder is looked at once.

    def _covers(self, folder: str) -> bool:
        """Whether a glob takes all that is in a folder."""
        known = self._covered.get(folder)
        if known is None:
            known = bool(folder) and (
                self._covers(folder.rpartition("/")[0])
                or self._matches(folder)
                or self._folders.fullmatch(f"{folder}/x") is not None
            )
            self._covered[folder] = known
        return known

    def _matches(self, path: str) -> bool:
        ending = path.rpartition("/")[2].rpartition(".")[2]
        return (
            ending in self._by_ending and self._of(ending).fullmatch(path) is not None
        ) or self._of("*").fullmatch(path) is not None

    @cached_property
    def _folders(self) -> re.Pattern[str]:
        return _any(pattern for pattern, *_ in self._rows if pattern.endswith("/**"))

    @cached_property
    def _by_ending(self) -> Mapping[str, list[str]]:
        """The other globs, by what follows the last dot; those where anything may, under `*`."""
        globs: dict[str, list[str]] = {"*": []}
        for pattern in (pattern for pattern, *_ in self._rows if not pattern.endswith("/**")):
            ending = pattern.rstrip("/").rpartition("/")[2].rpartition(".")[2]
            globs.setdefault("*" if re.search(r"[*?\[]", ending) else ending, []).append(pattern)
        return globs

    def _of(self, ending: str) -> re.Pattern[str]:
        """Made when the first such path comes: compiling takes longer than a small project."""
        if ending not in self._compiled:
            self._compiled[ending] = _any(self._by_ending[ending])
        return self._compiled[ending]


def _any(globs: Iterable[str]) -> re.Pattern[str]:
    """One expression for several globs."""
    return re.compile("|".join(f"(?:{glob_pattern(glob)})" for glob in globs) or "(?!)")


def platform_of(spec: PlatformSpec, span: Span) -> Platform:
    """A platform of which nothing more is known than that it is there."""
    data = spec.data
    ipv6 = ipv6_word(decide(data["ipv6"], lambda fact: ABSENT).value)
    return Platform(spec.id, data["label"], ipv6, data["model"], bool(data["deployed"]), span)


def ipv6_word(answer: Fact) -> str:
    """The answer of a decision list as `Platform.ipv6` says it."""
    if answer is UNKNOWN:
        return "unknown"
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return str(answer)
