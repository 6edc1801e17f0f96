"""Passwords that stand apart from the DSN that takes them in: `DB_PASSWORD` beside
`postgresql://postgres:${DB_PASSWORD}@...`, in the same file or in another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from supa_lint.dsn.endpoint import Endpoints
from supa_lint.dsn.parts import group
from supa_lint.environment import Environment
from supa_lint.model import HOLE, Connection, Password, PasswordKind, Value
from supa_lint.resolve import Resolver
from supa_lint.visibility import Visibility


class Apart:
    """Looks up what fills the passwords of connections."""

    def __init__(self, visibility: Visibility, resolver: Resolver, endpoints: Endpoints) -> None:
        self._visibility = visibility
        self._resolver = resolver
        self._endpoints = endpoints

    def passwords(self, connection: Connection) -> Iterator[Password]:
        """The literal passwords that a remote DSN takes from a variable."""
        hole = connection.dsn.password.hole
        if hole is None or not connection.endpoint.remote:
            return
        value = Value(HOLE, connection.dsn.span, (hole,))
        reader = (connection.client.call if connection.client else connection.dsn).span.path
        names = self._resolver.variables(value, reader)
        seen: Sequence[Environment | None] = self._seen(connection, names, reader) or [None]
        for environment in seen:
            filled = self._resolver.fill(value, environment, reader)
            password = filled.password if filled else None
            if password is None or password.kind is not PasswordKind.LITERAL:
                continue
            if environment is None or not self._is_of_another(password, environment):
                yield password

    def _seen(
        self, connection: Connection, names: frozenset[str], reader: str
    ) -> Sequence[Environment]:
        """The environments that may set the variables: that of the DSN, else for a manifest the
        `.env` beside it, else those that the code sees."""
        setting, variables = connection.setting, connection.variables
        if setting is not None and not names.isdisjoint(variables):
            path = setting.span.path
            return [Environment(path, setting.container, connection.place, variables)]
        if setting is not None and setting.platform is not None:
            return self._visibility.beside(setting.span.path)
        container = connection.client.call.container if connection.client else None
        seen = self._visibility.seen(names, reader, container)
        # A container that is not built from code may be that of a local database.
        return [e for e in seen if e.platform is None or e.platform.deployed or e.builds]

    def _is_of_another(self, password: Password, environment: Environment) -> bool:
        """Whether the parts beside a password say that it is that of another database."""
        for dsn, parts in group(environment.variables.values()):
            own = parts.get("password")
            if own is not None and own.value.password == password:
                endpoint = self._endpoints.classify(dsn)
                return not endpoint.remote and endpoint.kind != "unknown"
        return False
