"""Environments: the variables that are set together, in one file or one container of a manifest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from supa_lint.model import (
    Build,
    Dsn,
    EnvFile,
    Facts,
    Place,
    Platform,
    Setting,
    Span,
    Value,
)
from supa_lint.place import is_env_file
from supa_lint.source import File

PROCESS: Final = "<environment>"
"""The file that stands for the environment of supa-lint's own process (`--environ`)."""

ALONE: Final = "//"
"""Begins the name of a container that sees nothing of what stands around it."""

_NOWHERE = "\0"
"""A folder that no file is in: code never sees an environment that is built from it."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Variables that a process sees together.

    `path` is the file that declares them; `builds` the folders whose code the container runs,
    empty when nothing says so.
    """

    path: str
    container: str
    place: Place
    variables: Mapping[str, Setting] = field(repr=False)
    platform: Platform | None = None
    builds: tuple[str, ...] = ()
    of_script: bool = False
    """Whether a script sets them for itself."""


def is_around(container: str, inner: str) -> bool:
    """Whether what is set in one container of a file is seen in the other."""
    return not container or inner == container or inner.startswith(f"{container}.")


def environments(facts: Iterable[Facts], places: Mapping[str, Place]) -> list[Environment]:
    """All environments that the files of a project declare."""
    by_path = {one.path: one for one in facts}
    found = []
    for one in by_path.values():
        for container, settings in _containers(one).items():
            builds = tuple(build.path for build in one.builds if build.container == container)
            platform = next((s.platform for s in settings.values() if s.platform), None)
            of_script = any(s.of_script for s in settings.values() if s.container == container)
            found.append(
                Environment(
                    one.path, container, places[one.path], settings, platform, builds, of_script
                )
            )
        for index, env_file in enumerate(one.env_files):
            target = by_path.get(env_file.path)
            if target is not None:
                winning = _winning(env_file, one.env_files[index + 1 :], one, by_path)
                found.append(_from_env_file(env_file, target, one.builds, places, winning))
    own = next((e.variables for e in found if e.path == PROCESS), None)
    return list(_overlaid(found, own)) if own else found


def _overlaid(found: Iterable[Environment], own: Mapping[str, Setting]) -> Iterator[Environment]:
    """The environments as a process sees them whose own environment wins over what files set.

    It counts like a `.env` at the root, and on top of every other env file. A container has only
    the variables that its manifest names. What is overridden is still there to be judged by itself.
    """
    for environment in found:
        if environment.path == PROCESS:
            yield replace(environment, path=".env")
            continue
        overridden = {n: s for n, s in environment.variables.items() if n in own}
        is_file = is_env_file(environment.path) and not environment.container
        if environment.place is not Place.LIVE or not (overridden or is_file):
            yield environment
            continue
        # A container runs where its manifest says, whatever `--platform` says of the rest.
        on_top = own if is_file else {n: replace(own[n], platform=None) for n in overridden}
        yield replace(environment, variables={**environment.variables, **on_top})
        if overridden:
            yield replace(environment, variables=overridden, builds=(_NOWHERE,))


def stated(variables: Mapping[str, str], source: File | None) -> list[Environment]:
    """What the configuration says of variables that are set outside the repository."""
    if not variables or source is None:
        return []
    settings = {}
    for name, endpoint in variables.items():
        at = max(source.data.find(name.encode()), 0)
        span = Span(source.path, at, at + len(name.encode()))
        dsn = Dsn("stated", span, rewritten=frozenset("*"), stated=endpoint)
        settings[name] = Setting(name, Value("", span, dsn=dsn), span)
    return [Environment(source.path, "", Place.LIVE, settings)]


def _containers(facts: Facts) -> dict[str, dict[str, Setting]]:
    """Settings by container. An inner container sees what the ones around it set."""
    own: dict[str, dict[str, Setting]] = {}
    for setting in facts.settings:
        if setting.exported:
            own.setdefault(setting.container, {})[setting.name] = setting
    merged = {}
    for container, settings in own.items():
        around = [
            own[name]
            for name in _enclosing(container)
            if name in own and _platform(own[name]) == _platform(settings)
        ]
        merged[container] = {
            name: setting for scope in [*around, settings] for name, setting in scope.items()
        }
    return merged


def _winning(
    env_file: EnvFile, later: Iterable[EnvFile], manifest: Facts, by_path: Mapping[str, Facts]
) -> frozenset[str]:
    """Names that an env file of a container can't decide: the container sets them itself, or
    another env file comes later."""
    own = {s.name for s in manifest.settings if s.container == env_file.container}
    for other in later:
        if other.container == env_file.container and other.path in by_path:
            own |= {s.name for s in by_path[other.path].settings if not s.container}
    return frozenset(own)


def _from_env_file(
    env_file: EnvFile,
    target: Facts,
    builds: Iterable[Build],
    places: Mapping[str, Place],
    winning: frozenset[str],
) -> Environment:
    return Environment(
        path=env_file.path,
        container=env_file.container,
        place=places[env_file.path],
        variables={
            s.name: s
            for s in target.settings
            if s.exported and not s.container and s.name not in winning
        },
        platform=env_file.platform,
        builds=tuple(build.path for build in builds if build.container == env_file.container),
    )


def _enclosing(container: str) -> Iterator[str]:
    """The containers around one, from the outside: `jobs.test` around `jobs.test.steps.0`. A file
    that a script writes (`//.env`) has none."""
    if container.startswith(ALONE):
        return
    if container:
        yield ""
    for match in re.finditer(r"\.", container):
        yield container[: match.start()]


def _platform(settings: Mapping[str, Setting]) -> str | None:
    platform = next((setting.platform for setting in settings.values()), None)
    return platform.id if platform else None
