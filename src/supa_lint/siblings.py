"""What is set beside a connection: other refs, other poolers, placeholders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from supa_lint.dsn import judge
from supa_lint.dsn.endpoint import Endpoints
from supa_lint.knowledge import Knowledge, named
from supa_lint.model import Connection, Mention, Place, Setting, Text
from supa_lint.place import is_env_file
from supa_lint.project import Project


def other_project(connection: Connection, project: Project) -> Setting | None:
    """A variable beside this one that names another project, though both are of the plain names
    that mean *the* project (`names.yaml`, `one-project`).

    An API URL or key says which project is meant; without one the first DSN does.
    """
    knowledge = project.knowledge
    own = judge.ref_of(connection.dsn, connection.endpoint)
    setting = connection.setting
    names = knowledge.names["one-project"]
    if own is None or setting is None or not _listed(setting, names):
        return None
    if judge.ref_shape(own) != "project":
        return None
    others = [
        (other, ref)
        for other in connection.variables.values()
        if other.span != setting.span and _listed(other, names)
        for ref in _refs(other, knowledge)
    ]
    from_api = [(other, ref) for other, ref in others if other.value.dsn is None]
    earlier = [(other, ref) for other, ref in others if other.span < setting.span]
    for other, ref in from_api or earlier:
        if _base(ref) != _base(own.text):
            return other
    return None


def second_pooler(connection: Connection, project: Project) -> Setting | None:
    """The variable that takes the application through the shared pooler, beside this one that
    takes it through the dedicated pooler of the same project."""
    own = judge.ref_of(connection.dsn, connection.endpoint)
    if connection.endpoint.kind != "dedicated-pooler" or own is None:
        return None
    knowledge = project.knowledge
    endpoints = Endpoints(knowledge.endpoints)
    for other in connection.variables.values():
        if other.value.dsn is None or _is_for_migrations(other, knowledge):
            continue
        endpoint = endpoints.classify(other.value.dsn)
        ref = judge.ref_of(other.value.dsn, endpoint)
        if endpoint.kind == "shared-pooler" and ref is not None and ref.text == own.text:
            return other
    return None


def placeholder(connection: Connection, project: Project) -> Setting | None:
    """A variable beside this one or in its file, no DSN, that still holds a word to be replaced."""
    setting = connection.setting
    path = (setting or connection.dsn).span.path
    in_file = (other for facts in project.facts if facts.path == path for other in facts.settings)
    for other in (*connection.variables.values(), *in_file):
        if other.value.placeholder and other != setting:
            return other
    return None


def override(connection: Connection, project: Project) -> Setting | None:
    """The same variable in a live file beside this one (`.env.local` beside `.env`, or a manifest
    that sets it for what it runs), with nothing in it that has to be replaced."""
    setting = connection.setting
    if setting is None:
        return None
    folder = setting.span.path.rpartition("/")[0]
    for facts in project.facts:
        if facts.path == setting.span.path or facts.path.rpartition("/")[0] != folder:
            continue
        if project.places.get(facts.path) is not Place.LIVE:
            continue
        for other in facts.settings:
            if other.name != setting.name or other.value.placeholder:
                continue
            # What a manifest only hands on, or leaves to a dashboard, says nothing of this file.
            written = other.value.hole is None and other.exported and not other.of_script
            over = other.container == setting.container or (other.platform and written)
            dsn = other.value.dsn
            if over and not (dsn and judge.has_placeholder(dsn)):
                return other
    return None


def as_used(connection: Connection, project: Project) -> Connection:
    """The connection; only a mention of it where words in it are still to be replaced, and what
    goes before its file sets the variable to a whole value: then nobody connects with it."""
    setting = connection.setting
    if setting is None or connection.mention or not judge.has_placeholder(connection.dsn):
        return connection
    other = override(connection, project)
    if other is None or not (other.platform or _goes_before(other.span.path, setting.span.path)):
        return connection
    return replace(connection, mention=Mention(connection.dsn))


def _goes_before(path: str, base: str) -> bool:
    """Whether a file completes another one: `.env.local` and `.env`, `appsettings.Development.json`
    and `appsettings.json`; not `.env.docker` and `.env.supabase`, which stand for each other."""
    stem = base if is_env_file(base) else base.rpartition(".")[0]
    return path.startswith(f"{stem}.")


def _refs(setting: Setting, knowledge: Knowledge) -> Iterator[str]:
    """The project that a variable names for certain, if it does."""
    value = setting.value
    if value.dsn is not None:
        ref = judge.ref_of(value.dsn, Endpoints(knowledge.endpoints).classify(value.dsn))
        if ref is not None and judge.ref_shape(ref) == "project":
            yield ref.text
    elif value.ref and judge.ref_shape(Text(value.ref, value.span)) == "project":
        yield value.ref


def _base(ref: str) -> str:
    """The project of a read replica is its primary's."""
    return ref.partition("-rr-")[0]


def _listed(setting: Setting, names: list[str]) -> bool:
    return named(setting.name, names)


def _is_for_migrations(setting: Setting, knowledge: Knowledge) -> bool:
    return named(setting.name.upper(), knowledge.names["migration"])
