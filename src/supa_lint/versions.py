"""What a dependency's version range says about another one: inside, outside, or nobody knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from supa_lint.model import Tri

if TYPE_CHECKING:
    from packaging.specifiers import Specifier, SpecifierSet
    from packaging.version import Version

_CLAUSE = re.compile(r"[\s,]*+(\^|~=|~|===|==|!=|<=|>=|<|>|=|)\s*+((?:\d+!)?[^\s,|^~=!<>]+)[\s,]*+")
_LONGEST = 1000


def all_match(specifier: str, wanted: str) -> Tri:
    """Whether every version that `specifier` allows lies in the range `wanted`.

    Yes when all do, no when none does, unknown otherwise (also for text that is not a range, and
    for a range that allows nothing). Both may be written as PEP 440 has it (`>=2.0,<3`, `~=1.4`,
    `==1.*`; empty for any version) or as Poetry and npm do (`^1.2`, `~1.2`, `1.2.3`, `*`,
    `^1 || ^2`).
    """
    from packaging.specifiers import InvalidSpecifier
    from packaging.version import InvalidVersion

    try:
        allowed, target = _ranges(specifier), _ranges(wanted)
        bounds = {bound for one in (*allowed, *target) for bound in _bounds(one)}
        own = {bound for one in target for bound in _bounds(one)}
    except (InvalidSpecifier, InvalidVersion, ValueError):
        return None
    verdicts = {
        _inside(version, target, own) for version in _samples(bounds) if _within(version, allowed)
    }
    return verdicts.pop() if len(verdicts) == 1 else None


def _inside(version: Version, target: list[SpecifierSet], bounds: set[Version]) -> Tri:
    """Whether `version` is in the range. A pre-release of one of the range's bounds is neither
    before nor after it: it may or may not have what the release brings."""
    from packaging.version import Version

    if version.is_prerelease and version not in bounds and Version(version.base_version) in bounds:
        return None
    return _within(version, target)


def _within(version: Version, ranges: list[SpecifierSet]) -> bool:
    return any(one.contains(version, prereleases=True) for one in ranges)


def _samples(bounds: set[Version]) -> Iterator[Version]:
    """A version for each stretch on which no range that has only these bounds can change."""
    from packaging.version import Version

    yield Version("0")
    for bound in bounds:
        yield bound
        epoch = f"{bound.epoch}!" if bound.epoch else ""
        yield Version(f"{epoch}{'.'.join(map(str, bound.release))}.0.0.0.1")


def _bounds(ranges: SpecifierSet) -> Iterator[Version]:
    """The versions at which the range may begin or end."""
    from packaging.version import Version

    for one in ranges:
        version = Version(one.version.removesuffix(".*"))
        yield version
        if one.version.endswith(".*"):
            yield _next(version, len(version.release))
        elif one.operator == "~=":
            yield _next(version, len(version.release) - 1)


def _next(version: Version, size: int) -> Version:
    """The first release that differs from `version` in its first `size` numbers."""
    from packaging.version import Version

    numbers = [*version.release, 0, 0, 0][:size]
    numbers[-1] += 1
    epoch = f"{version.epoch}!" if version.epoch else ""
    return Version(epoch + ".".join(map(str, numbers)))


def _ranges(text: str) -> list[SpecifierSet]:
    """The alternatives of a range, each as PEP 440 has it.

    Raises ValueError (or a subclass: packaging's InvalidSpecifier, InvalidVersion).
    """
    from packaging.specifiers import SpecifierSet

    if len(text) > _LONGEST:
        raise ValueError
    return [SpecifierSet(_clauses(part)) for part in re.split(r"\|\|?", text)]


def _clauses(text: str) -> list[Specifier]:
    from packaging.specifiers import Specifier

    clauses: list[Specifier] = []
    at = 0
    text = text.strip()
    while at < len(text):
        found = _CLAUSE.match(text, at)
        if not found:
            raise ValueError
        at = found.end()
        clauses += [Specifier(one) for one in _pep440(*found.groups())]
    return clauses


def _pep440(operator: str, version: str) -> list[str]:
    """One clause, rewritten where PEP 440 has no such operator."""
    from packaging.version import Version

    if version == "*":
        return []
    if operator in ("", "="):
        return [f"=={version}"]
    if operator not in ("^", "~"):
        return [operator + version]
    parsed = Version(version)
    size = len(parsed.release)
    if operator == "~":
        size = min(2, size)
    else:
        # The caret keeps the first number that is not zero (the last one, when all are).
        size = next((n for n, number in enumerate(parsed.release, 1) if number), size)
    return [f">={version}", f"<{_next(parsed, size)}"]
