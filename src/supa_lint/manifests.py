"""Files whose mere name says where the project runs (`vercel.json`, `fly.toml`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from supa_lint.conditions import ABSENT, UNKNOWN, Fact, decide
from supa_lint.config import matches
from supa_lint.knowledge import PlatformSpec
from supa_lint.model import Place, Platform, Span
from supa_lint.place import place_of


def is_manifest(path: str, specs: Iterable[PlatformSpec]) -> bool:
    """Whether a platform knows files of this name (what they contain may still say otherwise)."""
    return any(
        matches(path, pattern)
        for spec in specs
        for manifest in spec.data.get("manifest", [])
        for pattern in manifest["files"]
    )


def platforms_by_name(paths: Iterable[str], specs: Iterable[PlatformSpec]) -> Iterator[Platform]:
    """The platforms that files show without a look inside."""
    table = [
        (pattern, spec)
        for spec in specs
        for manifest in spec.data.get("manifest", [])
        if not manifest.get("contains")
        for pattern in manifest["files"]
    ]
    names = {PurePosixPath(pattern).name for pattern, _ in table}
    plain = {name for name in names if not set(name) & set("*?[")}
    wild = [(pattern, spec) for pattern, spec in table if PurePosixPath(pattern).name not in plain]
    for path in paths:
        name = path.rpartition("/")[2]
        rows = table if name in plain else wild
        for pattern, spec in rows:
            if matches(path, pattern) and place_of(path) is Place.LIVE:
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
