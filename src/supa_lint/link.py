"""The third stage: the facts of all files become connections.

A connection is a DSN where it is set, joined with each client that uses it (or none known) and with
the platform it runs on (or none known).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from supa_lint import siblings
from supa_lint.additions import Additions
from supa_lint.apart import Apart
from supa_lint.clients import OF_FILE, Use
from supa_lint.conditions import holds
from supa_lint.dsn import judge
from supa_lint.dsn.endpoint import Endpoints
from supa_lint.dsn.parts import group
from supa_lint.dsn.rewrite import rewrite
from supa_lint.environment import Environment, environments, stated
from supa_lint.facts import ConnectionFacts
from supa_lint.knowledge import named
from supa_lint.model import (
    Client,
    Connection,
    Dsn,
    Endpoint,
    Expr,
    Facts,
    Mention,
    Place,
    Platform,
    Setting,
    Span,
    Value,
    dsns_in,
)
from supa_lint.place import is_env_file
from supa_lint.project import Project
from supa_lint.resolve import Resolution, Resolver
from supa_lint.scope import folder_of, upwards
from supa_lint.sourcing import sources
from supa_lint.visibility import Visibility


def link(facts: Sequence[Facts], project: Project) -> list[Connection]:
    """All connections of a project, those of clients first."""
    return _Linker(facts, project).connections()


class _Linker:
    def __init__(self, facts: Sequence[Facts], project: Project) -> None:
        self._facts = facts
        self._project = project
        self._endpoints = Endpoints(project.knowledge.endpoints)
        self._clients = project.clients
        source = project.files.get(project.config.source or "")
        self._environments = environments(facts, project.places)
        self._environments += stated(project.config.variables, source)
        definitions = [definition for one in facts for definition in one.definitions]
        sourced = sources(facts, frozenset(project.paths))
        self._visibility = Visibility(self._environments, project.packages, sourced)
        self._resolver = Resolver(
            self._visibility, definitions, project.packages, self._clients.value_of
        )
        self._joined: set[Span] = set()
        """The settings that a known client was seen to connect with."""
        self._tools: dict[Span, set[str]] = {}
        """The settings that a tool was seen to connect with, and the files that say so."""

    def connections(self) -> list[Connection]:
        found = [connection for use in self._uses() for connection in self._of_client(use)]
        for environment in self._environments:
            found += self._of_environment(environment)
        for one in self._facts:
            found += self._of_constants(one)
            found += self._of_defaults(one)
            found += [self._of_mention(mention) for mention in one.mentions]
        seen = {connection.dsn.span for connection in found}
        for one in self._facts:
            defaults = [read.default for read in one.reads if read.default is not None]
            written: list[Expr] = [*one.calls, *defaults, *(s.value for s in one.settings)]
            unseen = {dsn.span: dsn for dsn in dsns_in(written) if dsn.span not in seen}
            found += [self._of_mention(Mention(dsn)) for dsn in unseen.values()]
        apart = Apart(self._visibility, self._resolver, self._endpoints)
        for connection in tuple(found):
            for password in apart.passwords(connection):
                found.append(self._of_mention(Mention(replace(connection.dsn, password=password))))
        return [siblings.as_used(connection, self._project) for connection in found]

    # --- clients ---

    def _uses(self) -> Iterator[Use]:
        live = (one for one in self._facts if self._project.places[one.path] is Place.LIVE)
        calls = [self._resolver.with_tables(call) for one in live for call in one.calls]
        additions = Additions(calls, self._project.packages.sees, frozenset(self._project.paths))
        for call in calls:
            for use in self._clients.uses(call):
                given = use.call.args[0].span if use.call.args else None
                # What a file exports for a call that is seen, too, is that call's.
                if not (call.callee.startswith(OF_FILE) and given in self._resolver.given):
                    yield additions.to(use)

    def _of_client(self, use: Use) -> Iterator[Connection]:
        call, reader = use.call, use.call.span.path
        in_ci = call.platform is not None and call.platform.model == "ci"
        for value in self._clients.dsns(use):
            for resolution in self._resolver.resolve(value, reader, call.container, in_ci=in_ci):
                platform = call.platform or self._platform_of(resolution, reader)
                connection = self._join(use, resolution, platform)
                if connection is not None:
                    self._note_use(connection, reader)
                    yield connection

    def _note_use(self, connection: Connection, reader: str) -> None:
        if connection.setting is None:
            return
        span = connection.setting.span
        if ConnectionFacts(connection, self._project)("client.tool") is True:
            self._tools.setdefault(span, set()).add(reader)
        else:
            self._joined.add(span)

    def _join(
        self, use: Use, resolution: Resolution, platform: Platform | None
    ) -> Connection | None:
        """The connection of a call that is this client, with the variant that the DSN decides."""
        environment = resolution.environment
        connection = Connection(
            dsn=resolution.dsn,
            endpoint=self._endpoints.classify(resolution.dsn),
            place=environment.place if environment else self._place(resolution.dsn.span.path),
            setting=resolution.setting,
            platform=platform,
            variables=environment.variables if environment else {},
        )
        joined = replace(connection, client=use.client)
        lookup = ConnectionFacts(joined, self._project)
        if holds(use.data.get("when", {}), lookup) is not True:
            return None
        variants = use.data.get("variants", [])
        for variant in variants:
            verdict = holds(variant.get("when", {}), lookup)
            if verdict is None:
                break
            if verdict:
                data = {**use.data, **variant, "when": {}}
                library = str(variant.get("id", use.spec.id))
                return replace(
                    connection,
                    client=Client(library, str(data["label"]), use.call, use.spec.id, data),
                )
        if variants:
            # It connects, but which of its drivers does is not known.
            return replace(joined, client=replace(use.client, data={**use.data, "facts": {}}))
        return joined

    # --- settings nobody is seen to connect with ---

    def _of_environment(self, environment: Environment) -> Iterator[Connection]:
        hosts = set()
        refs = set()
        for setting in environment.variables.values():
            if not _declared_by(setting, environment):
                continue
            if setting.value.secret is not None or setting.value.ref is not None:
                yield self._of_no_dsn(setting, environment)
                continue
            filled = self._resolver.fill(setting.value, environment, environment.path)
            if filled is None or filled.dsn is None:
                continue
            if filled.dsn.host is not None:
                hosts.add(filled.dsn.host.text)
                refs.add(self._ref_of(filled.dsn))
            yield from self._of_setting(setting, filled.dsn, environment)
        for dsn, parts in group(environment.variables.values()):
            host = parts["host"]
            value = self._resolver.fill(Value("", host.span, dsn=dsn), environment, host.span.path)
            joined = value.dsn if value else None
            if joined is None or joined.host is None:
                continue
            if joined.host.text in hosts or host.span in self._joined:
                # A URL or a client says more of it, but where its password stands is seen here.
                yield replace(self._of_mention(Mention(joined)), setting=host)
                continue
            spare = self._ref_of(joined) in refs - {None}
            for connection in self._of_setting(host, joined, environment):
                # Vercel's integration sets the parts beside the URLs that everybody takes.
                unread = spare and not connection.opaque
                yield replace(connection, mention=Mention(joined)) if unread else connection

    def _ref_of(self, dsn: Dsn) -> str | None:
        ref = judge.ref_of(dsn, self._endpoints.classify(dsn))
        return ref.text if ref and ref.known else None

    def _of_setting(
        self, setting: Setting, dsn: Dsn, environment: Environment
    ) -> Iterator[Connection]:
        if setting.span in self._joined:
            return
        tools = self._tools.get(setting.span, set())
        rewritten, read = self._reads(setting.name, environment, tools)
        if tools and not read:
            return  # the tools alone use it
        dsn = rewrite(dsn, rewritten)
        yield Connection(
            dsn=dsn,
            endpoint=self._endpoints.classify(dsn),
            place=environment.place,
            setting=setting,
            opaque=read,
            platform=self._platform_of(Resolution(dsn, setting, environment)),
            variables=environment.variables,
        )

    def _of_no_dsn(self, setting: Setting, environment: Environment) -> Connection:
        """A key or the address of the HTTP API is no connection, but rules look at where it is set,
        too."""
        return Connection(
            dsn=Dsn("none", setting.value.span),
            endpoint=Endpoint("none"),
            place=environment.place,
            setting=setting,
            platform=setting.platform or environment.platform,
            variables=environment.variables,
        )

    def _reads(
        self, name: str, environment: Environment, tools: Collection[str] = ()
    ) -> tuple[frozenset[str], bool]:
        """What code does to a variable that no known client uses, and whether any reads it, beside
        the files of `tools`."""
        everyone = [
            read
            for one in self._facts
            if one.path not in tools
            for read in one.reads
            if read.variable == name
        ]
        sees = self._project.packages.sees
        readers = [read for read in everyone if sees(read.span.path, environment.path)]
        rewritten = frozenset(part for read in readers for part in read.rewritten)
        return rewritten, (
            bool(readers)
            or self._project.mentions(name, environment.path)
            # Another package, whose variables nothing sets, may be run by this one.
            or not all(self._visibility.is_set(name, read.span.path) for read in everyone)
        )

    def _of_constants(self, facts: Facts) -> Iterator[Connection]:
        for setting in facts.settings:
            used = setting.span in self._joined or setting.span in self._tools
            if not setting.exported and not used:
                dsn = setting.value.dsn
                if dsn is not None:
                    yield Connection(
                        dsn=dsn,
                        endpoint=self._endpoints.classify(dsn),
                        place=self._place(facts.path),
                        setting=setting,
                        opaque=True,
                        platform=setting.platform or self._project.chosen(facts.path),
                    )

    def _of_defaults(self, facts: Facts) -> Iterator[Connection]:
        """Defaults of variables that nothing in the project sets."""
        for read in facts.reads:
            dsn = read.default.dsn if read.default else None
            if dsn is None or self._visibility.is_set(read.variable, facts.path):
                continue
            yield Connection(
                dsn=dsn,
                endpoint=self._endpoints.classify(dsn),
                place=self._place(facts.path),
                opaque=True,
                platform=self._project.chosen(facts.path),
            )

    def _of_mention(self, mention: Mention) -> Connection:
        return Connection(
            dsn=mention.dsn,
            endpoint=self._endpoints.classify(mention.dsn),
            place=self._place(mention.dsn.span.path),
            opaque=True,
            mention=mention,
        )

    # --- platforms ---

    def _platform_of(self, resolution: Resolution, reader: str | None = None) -> Platform | None:
        """Where the connection runs: as the code that connects says itself, else as the manifest
        that declares the variable says, else as the configuration says of the code, else where its
        file is for."""
        said = self._project.says_it_runs_on(reader) if reader else None
        if said is not None:
            return said
        chosen = self._project.chosen(reader or resolution.dsn.span.path)
        environment = resolution.environment
        if environment is None:
            return chosen
        setting = resolution.setting
        declared = (setting and setting.platform) or environment.platform
        return declared or chosen or self._platform_of_file(environment, setting)

    def _platform_of_file(
        self, environment: Environment, setting: Setting | None
    ) -> Platform | None:
        """The platform that a variable of an env file is for: chosen by the configuration, said by
        the file's name, or the only kind of deployed platform in its folder or the nearest one
        above, unless the variable has another value there."""
        chosen = self._project.chosen(environment.path)
        if chosen is not None or not is_env_file(environment.path):
            return chosen
        if environment.place is not Place.LIVE:
            return None
        name = PurePosixPath(environment.path).name
        by_name = self._project.platform_named_by(environment.path)
        if by_name is not None:
            return by_name
        patterns = self._project.knowledge.names["deployed-env-files"]
        if not named(name, patterns):
            return None
        markers = self._markers_around(environment.path)
        if setting is not None and self._set_elsewhere(setting.name, markers):
            return None
        return _agreed(markers)

    def _set_elsewhere(self, name: str, markers: Iterable[Platform]) -> bool:
        """Whether what is deployed gets a variable from somewhere else than an env file: the
        configuration states it, or a manifest sets it (to a value, a secret, `sync: false`)."""
        if name in self._project.config.variables:
            return True
        manifests = {marker.span.path for marker in markers}
        return any(
            setting.name == name and setting.platform is not None and not _passes_on(setting)
            for one in self._facts
            if one.path in manifests
            for setting in one.settings
        )

    def _markers_around(self, path: str) -> list[Platform]:
        for folder in upwards(folder_of(path)):
            here = [p for p in self._deployed if _folder_spoken_for(p.span.path) == folder]
            if here:
                return [marker for marker in here if not self._is_foreign(marker, path)]
        return []

    def _is_foreign(self, marker: Platform, path: str) -> bool:
        """Whether a marker speaks for another package only: a Vite frontend with `vercel.json` says
        nothing of the Python backend in a folder below, which is deployed on its own, unless the
        marker's file names that folder (`rootDir: backend`)."""
        packages = self._project.packages
        manifest = marker.span.path
        if not packages.are_foreign(manifest, path):
            return False
        file = self._project.files.get(manifest)
        name = packages.root_of(path).rpartition("/")[2].encode()
        return file is None or not name or name not in file.data

    @property
    def _deployed(self) -> Iterable[Platform]:
        return (p for one in self._facts for p in one.platforms if p.deployed)

    def _place(self, path: str) -> Place:
        return self._project.places[path]


def _folder_spoken_for(path: str) -> str:
    """The folder that a marker speaks for: its own, or the one around it if that is hidden
    (`.ebextensions/`, `.do/`)."""
    folder = folder_of(path)
    while folder.rpartition("/")[2].startswith("."):
        folder = folder_of(folder)
    return folder


def _passes_on(setting: Setting) -> bool:
    """Whether a manifest hands a variable on (`DATABASE_URL: ${env:DATABASE_URL}`)."""
    hole = setting.value.hole
    return hole is not None and hole.variable == setting.name


def _agreed(platforms: Sequence[Platform]) -> Platform | None:
    """One platform for several markers: what they don't agree on is unknown."""
    if not platforms:
        return None
    first = platforms[0]
    labels: Mapping[str, None] = dict.fromkeys(p.label for p in platforms)
    return replace(
        first,
        label=" and ".join(labels),
        ipv6=first.ipv6 if len({p.ipv6 for p in platforms}) == 1 else "unknown",
        model=first.model if len({p.model for p in platforms}) == 1 else "unknown",
        others=tuple(dict.fromkeys(p.id for p in platforms if p.id != first.id)),
    )


def _declared_by(setting: Setting, environment: Environment) -> bool:
    """Whether the setting stands in this container, and not in one around it."""
    return setting.container == environment.container or environment.path == setting.span.path
