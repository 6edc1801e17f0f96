"""What is set beside a connection: other refs, other poolers, placeholders."""

from __future__ import annotations

from collections.abc import Iterator

from supa_lint.dsn import judge
from supa_lint.dsn.endpoint import Endpoints
from supa_lint.knowledge import Knowledge, named
from supa_lint.model import Connection, Setting, Text


def other_project(connection: Connection, knowledge: Knowledge) -> Setting | None:
    """A variable beside this one that names another project, though both are of the plain names
    that mean *the* project (`names.yaml`, `one-project`).

    An API URL or key says which project is meant; without one the first DSN does.
    """
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


def second_pooler(connection: Connection, knowledge: Knowledge) -> Setting | None:
    """The variable that takes the application through the shared pooler, beside this one that
    takes it through the dedicated pooler of the same project."""
    own = judge.ref_of(connection.dsn, connection.endpoint)
    if connection.endpoint.kind != "dedicated-pooler" or own is None:
        return None
    endpoints = Endpoints(knowledge.endpoints)
    for other in connection.variables.values():
        if other.value.dsn is None or _is_for_migrations(other, knowledge):
            continue
        endpoint = endpoints.classify(other.value.dsn)
        ref = judge.ref_of(other.value.dsn, endpoint)
        if endpoint.kind == "shared-pooler" and ref is not None and ref.text == own.text:
            return other
    return None


def placeholder(connection: Connection, _: Knowledge) -> Setting | None:
    """A variable beside this one, no DSN, that still holds a word to be replaced."""
    setting = connection.setting
    for other in connection.variables.values():
        if other.value.placeholder and other != setting:
            return other
    return None


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
