"""What can be asked about the client of a connection: what its file says, what its call is given,
and how the code beside it uses it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from supa_lint import arguments
from supa_lint.clients import dotted
from supa_lint.conditions import ABSENT, PRESENT, UNKNOWN, Decision, Fact, Lookup, decide
from supa_lint.model import Call, Client, Connection, Expr, Param, Span, Symbol
from supa_lint.project import Project

_MODE = rb"[^\"'\n]{0,60}(?:6543|pooler)[^\"'\n]{0,60}"
_MODE_TEST = re.compile(
    rb"[\"']" + _MODE + rb"[\"']\s*(?:\bin\b|\bnot in\b|[!=]=)"
    rb"|(?:[!=]==?\s*|(?:search|match|fullmatch|startsWith|startswith|endsWith|endswith|includes|test"
    rb"|indexOf|find|contains)\(\s*)[rbf]?[\"'/]" + _MODE + rb"[\"'/]"
    rb"|\.port\s*[!=]==?\s*[\"']?6543|6543\s*[!=]==?"
)
"""A test of a URL for the pooler or its port."""

_MODE_TEST_OF_SCRIPT = re.compile(
    rb"\*[\"':.]{0,3}(?:6543|pooler)|(?:6543|pooler)[^\s*)]{0,40}\*|!=\s*+[\"']?\*[\"':]{0,3}5432"
    rb"|(?:grep|findstring|filter|ifeq|ifneq|=~)[^|;\n]{0,60}(?:6543|pooler)"
    rb"|(?:\[|\btest)[^\S\n][^\]\n]{0,60}[^\S\n](?:={1,2}|!=|-eq|-ne)[^\S\n][\"']?(?:6543|pooler)"
)
"""The same in a script: `*:6543*`, `[ "$PORT" = 6543 ]`, `$(findstring 6543,$(URL))`."""

_OF_MODE = frozenset({"dumps", "migrates-with-session-locks", "prepares", "replicates"})
"""Facts that decide only in one mode."""


class ClientFacts:
    """Answers for the client of one connection, also where there is none."""

    def __init__(self, connection: Connection, project: Project, lookup: Lookup) -> None:
        """`lookup` answers for the whole connection."""
        self.connection = connection
        self._project = project
        self._lookup = lookup

    def fact(self, name: str) -> Fact:
        """The answer to `client.<name>`."""
        client = self.connection.client
        if name == "tls-preset":
            return client is not None and self._project.presets_tls(client.call.span.path)
        if client is None:
            return UNKNOWN if self.connection.opaque else ABSENT
        if name == "library":
            return client.library
        if name == "language":
            return client.data["language"]
        if name == "scheme-accepted":
            return self._scheme_accepted()
        if name == "rejects":
            return PRESENT if self.rejected() else ABSENT
        if name == "ignores":
            return PRESENT if self.ignored() else ABSENT
        if name == "breaks-on-password":
            return self._breaks_on_password()
        if name == "tls-default":
            return client.data.get("tls", {}).get("default", UNKNOWN)
        if name == "tool" and self._project.is_tool_code(client.call.span.path):
            return True
        return self.decision(name).value

    def decision(self, name: str) -> Decision:
        """The decision list entry behind `client.<name>`."""
        client = self.connection.client
        if client is None:
            return Decision(UNKNOWN if self.connection.opaque else ABSENT, {})
        rows = client.data.get("facts", {}).get(name)
        if rows is None:
            return Decision(UNKNOWN, {})
        decision = decide(rows, self._lookup)
        if name in _OF_MODE and decision.value is True and self._asks_for_the_mode(client):
            return Decision(UNKNOWN, {})
        return decision

    def _asks_for_the_mode(self, client: Client) -> bool:
        """Whether code beside the client looks at the mode of the DSN (`":6543" in url`): then
        nobody knows which of its calls is reached in transaction mode."""
        path = client.call.span.path
        test = _MODE_TEST if client.call.container is None else _MODE_TEST_OF_SCRIPT

        def asks() -> bool:
            file = self._project.files.get(path)
            return file is not None and test.search(file.data) is not None

        return self._project.once(("mode", test, path), asks)

    def _scheme_accepted(self) -> Fact:
        client = self.connection.client
        schemes = client.data.get("schemes") if client else None
        scheme = self._lookup("dsn.scheme")
        if schemes is None or scheme is UNKNOWN or scheme is ABSENT:
            return UNKNOWN
        return scheme.lower() in schemes["accepts"]

    def rejected(self) -> list[tuple[str, Span]]:
        """The parameters and options that this client refuses, with their places."""
        client = self.connection.client
        if client is None or self.connection.dsn.rewrites("params"):
            return []
        table = client.data.get("params", {})
        found = [(p.name, p.key) for p in self.connection.dsn.params if _refused(p, table)]
        for path in client.data.get("options", {}).get("rejects", []):
            given = self.argument(path)
            if given is not None and self.option(path) is not None:
                found.append((path.rpartition(".")[2], given.span))
        return found

    def ignored(self) -> list[tuple[str, Span]]:
        """The parameters that this client silently ignores though they ask for something."""
        client = self.connection.client
        if client is None or self.connection.dsn.rewrites("params"):
            return []
        names = client.data.get("params", {}).get("ignores", [])
        return [(p.name, p.key) for p in self.connection.dsn.params if p.name in names]

    def _breaks_on_password(self) -> Fact:
        """Whether a character that stands raw in the password makes this client misread the URL."""
        client = self.connection.client
        table = client.data.get("passwords") if client else None
        if table is None or self.connection.dsn.spelling != "url":
            return UNKNOWN
        return bool(self.connection.dsn.password.reserved & frozenset(table["breaks"]))

    def option(self, path: str) -> Fact:
        """An argument of the call: `connect_args.ssl`."""
        client = self.connection.client
        if client is None:
            return ABSENT
        expr = self.argument(path)
        if isinstance(expr, Symbol) and expr.name.partition(".")[0] in self._project.modules:
            return PRESENT  # what stands in another module of the project may be anything
        if expr is not None:
            return arguments.expression_fact(expr)
        dsn = arguments.first_given(client.call, client.data.get("dsn", ()))
        if not arguments.is_known(client.call, path, dsn):
            return UNKNOWN
        return self._attribute(path.rpartition(".")[2], client.call.span.path)

    def argument(self, path: str) -> Expr | None:
        """The expression given for an argument of the call."""
        client = self.connection.client
        return arguments.argument(client.call, path) if client else None

    def _attribute(self, name: str, path: str) -> Fact:
        """What code of that file assigns to an attribute of that name."""
        values = [
            value
            for one in self._project.facts
            if one.path == path
            for attribute, value in one.attributes
            if attribute == name
        ]
        if not values:
            return ABSENT
        return arguments.expression_fact(values[0]) if len(values) == 1 else UNKNOWN

    def version(self, package: str) -> Fact:
        """The range of versions that the client's package may have, locked versions first."""
        client = self.connection.client
        if client is None:
            return UNKNOWN
        path = client.call.span.path
        return self._project.once(("version", package, path), lambda: self._range(package, path))

    def _range(self, package: str, path: str) -> Fact:
        found = list(self._project.dependencies(package, path))
        locked = [one for one in found if one.locked] or found
        ranges = {one.specifier for one in locked}
        return ranges.pop() if len(ranges) == 1 else UNKNOWN

    def use(self, name: str) -> Fact:
        """Whether code uses this client in that way."""
        if not self.uses(name):
            return ABSENT
        # With several connections in one package nobody knows which of them is used this way.
        return PRESENT if self._is_only_client() else UNKNOWN

    def _is_only_client(self) -> bool:
        client = self.connection.client
        if client is None:
            return False
        path = client.call.span.path

        def calls() -> int:
            return len(self._calls_of(client, path))

        return self._project.once(("calls", client.file, path), calls) <= 1

    def _calls_of(self, client: Client, path: str) -> set[Span]:
        """The calls of a client that code at `path` may share."""
        return {
            call.span
            for call in self._project.calls_beside(path)
            if any(use.spec.id == client.file for use in self._project.clients.uses(call))
        }

    def uses(self, name: str) -> list[Call]:
        """The calls that the client file lists under `uses`, in the client's own package."""
        client = self.connection.client
        row = client.data.get("uses", {}).get(name) if client else None
        if client is None or row is None:
            return []
        path = client.call.span.path
        return self._project.once(("uses", id(row), path), lambda: self._uses_of(row, path))

    def _uses_of(self, row: Mapping[str, Any], path: str) -> list[Call]:
        patterns = [dotted(pattern) for pattern in row["calls"]]
        around = [dotted(pattern) for pattern in row.get("unless-within", [])]
        return [
            call
            for call in self._project.calls_beside(path)
            if any(fits(call.callee) for fits in patterns)
            and arguments.fit(call, row.get("arguments", {}))
            and not any(fits(name) for fits in around for name in call.within)
        ]


def _refused(param: Param, table: Mapping[str, Any]) -> bool:
    if param.name in table.get("rejects", []):
        return True
    return table.get("others") == "rejects" and param.name not in table.get("accepts", [])
