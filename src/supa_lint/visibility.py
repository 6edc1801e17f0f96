"""Which variables code sees: those of its own package's env files and manifests, or, for a command
in a script, what its container, its file and the scripts that it sources set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set

from supa_lint.environment import PROCESS, Environment, is_around
from supa_lint.model import Expr, Hole, Place, Value
from supa_lint.scope import Packages, contains, folder_of
from supa_lint.sourcing import Sources

_SCRIPTS = frozenset(
    "sh bash zsh ksh ps1 psm1 bat cmd py js jsx mjs cjs ts tsx mts cts vue svelte astro".split()  # noqa: SIM905
)


class Visibility:
    """Looks for the environments of one project that set a variable."""

    def __init__(
        self,
        environments: Sequence[Environment],
        packages: Packages,
        sources: Sources | None = None,
    ) -> None:
        """`sources` are the scripts whose variables are seen by the commands of another."""
        self._environments = environments
        self._packages = packages
        self._sources = sources or {}

    def seen(
        self,
        variables: frozenset[str],
        reader: str,
        container: str | None = None,
        *,
        in_ci: bool = False,
    ) -> list[Environment]:
        """The environments that set one of the variables for code in `reader`.

        A command in a script sees what its container sets and those around it, not what the script
        sets for another command. What its own file and those that it sources set wins over env
        files; a CI job has none.
        An environment whose container is built from another folder is not for this code. Those in
        the reader's own package win over those around it; examples count where nothing is live.
        """
        if not variables:
            return []
        sourced = self._sources.get(reader, frozenset()) if container is not None else frozenset()
        own = {reader, *(sourced or ())}
        found = [
            environment
            for environment in self._environments
            if not variables.isdisjoint(environment.variables)
            and environment.place in (Place.LIVE, Place.EXAMPLE)
            and (environment.path in own or not _is_of_script(environment))
            and (environment.path != reader or _sees(container, environment.container))
            and (
                any(contains(folder, reader) for folder in environment.builds)
                if environment.builds
                else environment.path in own or self._packages.sees(reader, environment.path)
            )
        ]
        live = [environment for environment in found if environment.place is Place.LIVE]
        found = live or found
        if container is not None and (in_ci or sourced is None or _sets(found, variables, own)):
            found = [e for e in found if e.path in own or _is_of_no_file(e)]
        found = self._decided(found, variables)
        nearest = max((len(self._packages.root_of(e.path)) for e in found), default=0)
        return [e for e in found if e.builds or len(self._packages.root_of(e.path)) == nearest]

    def beside(self, path: str) -> list[Environment]:
        """The `.env` beside a manifest, which has the variables that it only passes on. No other
        env file is read by itself."""
        folder = folder_of(path)
        env = f"{folder}/.env" if folder else ".env"
        return [e for e in self._environments if e.path == env and not e.container]

    def is_set(self, variable: str, reader: str) -> bool:
        """Whether a live file sets a variable that code in `reader` reads."""
        seen = self.seen(frozenset({variable}), reader)
        return any(environment.place is Place.LIVE for environment in seen)

    def _decided(self, found: list[Environment], variables: frozenset[str]) -> list[Environment]:
        """Leave out the containers of a manifest that set one variable to different things:
        nothing says which of them runs the code."""
        shapes: dict[str, set[object]] = {}
        for environment in found:
            if environment.container:
                values = tuple(
                    shape(environment.variables[name].value)
                    for name in sorted(variables)
                    if name in environment.variables
                )
                shapes.setdefault(environment.path, set()).add(values)
        return [
            environment
            for environment in found
            if not environment.container or len(shapes[environment.path]) == 1
        ]


def _sees(container: str | None, other: str) -> bool:
    """Whether a command in one container of a file has what is set in the other."""
    if container is None or not other:
        return True
    # `#2`: what sets a variable again has a container of its own.
    here, around = (re.sub(r"#\d+", "", one) for one in (container, other))
    return is_around(around, here)


def _sets(found: Iterable[Environment], variables: frozenset[str], paths: Set[str]) -> bool:
    """Whether a file sets one of the variables itself, and does not only hand it on."""
    return any(
        not (setting.value.hole and setting.value.hole.variable == name)
        for environment in found
        if environment.path in paths
        for name, setting in environment.variables.items()
        if name in variables
    )


def _is_of_no_file(environment: Environment) -> bool:
    """Whether the configuration states the variables, or supa-lint's own process has them."""
    return any(
        setting.span.path == PROCESS or (setting.value.dsn and setting.value.dsn.stated)
        for setting in environment.variables.values()
    )


def _is_of_script(environment: Environment) -> bool:
    """Whether a program sets the variables for itself, and not for a place where code runs."""
    suffix = environment.path.rpartition(".")[2].lower()
    return environment.of_script or (environment.platform is None and suffix in _SCRIPTS)


def holes(value: Value) -> Iterator[Hole]:
    """All holes of a value, also those of the parts of its DSN."""
    yield from value.holes
    if value.dsn is not None:
        dsn = value.dsn
        for text in (dsn.scheme, dsn.user, dsn.host, dsn.port):
            yield from text.holes if text else ()


def shape(value: Expr) -> object:
    """What makes two definitions the same thing: their text and holes, not where they stand."""
    if isinstance(value, Value):
        port = value.dsn.port.text if value.dsn and value.dsn.port else ""
        return (value.text, port, tuple((h.variable, h.symbol, h.part) for h in holes(value)))
    return id(value)
