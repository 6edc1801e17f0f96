"""Files whose mere name says where the project runs (`vercel.json`, `fly.toml`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from supa_lint.conditions import ABSENT, UNKNOWN, Fact, decide
from supa_lint.globs import GlobSet
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

    @cached_property
    def _globs(self) -> GlobSet:
        return GlobSet(pattern for pattern, *_ in self._rows)

    def is_manifest(self, path: str) -> bool:
        """Whether a platform knows files of this name (what it contains may say otherwise)."""
        return bool(self._globs.matching(path))

    def by_name(self, paths: Iterable[str]) -> Iterator[Platform]:
        """The platforms that files show without a look inside."""
        rows = [(pattern, spec) for pattern, spec, enough in self._rows if enough]
        globs = GlobSet(pattern for pattern, _ in rows)
        for path in paths:
            found = globs.matching(path)
            for pattern, spec in rows if found else ():
                if pattern in found and place_of(path) is Place.LIVE:
                    yield platform_of(spec, Span(path, 0, 0))


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
