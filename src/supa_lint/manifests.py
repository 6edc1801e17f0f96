"""Files whose mere name says where the project runs (`vercel.json`, `fly.toml`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from supa_lint.conditions import ABSENT, UNKNOWN, Fact, decide
from supa_lint.knowledge import Platforms, PlatformSpec
from supa_lint.model import Place, Platform, Span
from supa_lint.place import place_of


def by_name(platforms: Platforms, paths: Iterable[str]) -> Iterator[Platform]:
    """The platforms that files show without a look inside."""
    for path in paths:
        for spec, rows in platforms.knowing(path):
            if not all(row.get("contains") for row in rows) and place_of(path) is Place.LIVE:
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
