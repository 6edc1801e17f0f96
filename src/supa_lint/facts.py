"""What can be asked about a connection: the facts that rules and client files name.

The list of facts is in rules/README.md. A fact that can't be known is `UNKNOWN`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from supa_lint import arguments, siblings, tls
from supa_lint.clients import dotted
from supa_lint.conditions import ABSENT, PRESENT, UNKNOWN, Decision, Fact, decide
from supa_lint.dsn import judge
from supa_lint.knowledge import named
from supa_lint.model import (
    HOLE,
    MASK,
    Call,
    Client,
    Connection,
    Expr,
    Param,
    PasswordKind,
    Setting,
    Span,
    Symbol,
    Text,
    Tri,
)
from supa_lint.place import is_env_file
from supa_lint.project import Project

_MODE = rb"[^\"'\n]{0,60}(?:6543|pooler)[^\"'\n]{0,60}"
_MODE_TEST = re.compile(
    rb"[\"']" + _MODE + rb"[\"']\s*(?:\bin\b|\bnot in\b|[!=]=)"
    rb"|(?:[!=]==?\s*|(?:search|match|fullmatch|startsWith|startswith|endsWith|endswith|includes|test"
    rb"|indexOf|find|contains)\(\s*)[rbf]?[\"'/]" + _MODE + rb"[\"'/]"
    rb"|\.port\s*[!=]==?\s*[\"']?6543|6543\s*[!=]==?"
)
"""A test of a URL for the pooler or its port."""


class ConnectionFacts:
    """Answers the name of a fact about one connection."""

    def __init__(self, connection: Connection, project: Project) -> None:
        self.connection = connection
        self.project = project

    def __call__(self, name: str) -> Fact:
        kind, _, rest = name.partition(".")
        return _ANSWERS[kind](self, rest)

    def decision(self, name: str) -> Decision:
        """The decision list entry behind `client.<name>`."""
        client = self.connection.client
        if client is None:
            return Decision(UNKNOWN if self.connection.opaque else ABSENT, {})
        rows = client.data.get("facts", {}).get(name)
        if rows is None:
            return Decision(UNKNOWN, {})
        decision = decide(rows, self)
        if name == "prepares" and decision.value is True and self._asks_for_the_mode(client):
            return Decision(UNKNOWN, {})
        return decision

    def _asks_for_the_mode(self, client: Client) -> bool:
        """Whether code beside the client looks at the mode of the DSN (`":6543" in url`): then
        nobody knows which of its calls is reached in transaction mode."""
        path = client.call.span.path

        def asks() -> bool:
            file = self.project.files.get(path)
            return file is not None and _MODE_TEST.search(file.data) is not None

        return self.project.once(("mode", path), asks)

    # --- one method for each kind of fact ---

    def _endpoint(self, name: str) -> Fact:
        endpoint = self.connection.endpoint
        if endpoint.kind == "unknown" and name in ("kind", "mode", "remote"):
            # The host may be known though the port is not.
            return True if name == "remote" and endpoint.family else UNKNOWN
        value = getattr(endpoint, name)
        return UNKNOWN if value is None else value

    def _dsn(self, name: str) -> Fact:
        dsn = self.connection.dsn
        match name.split("."):
            case ["password", *_]:
                return self._password(name)
            case ["spelling"]:
                return dsn.spelling
            case ["host", "supabase"]:
                return dsn.host is not None and ".supabase." in dsn.host.text.lower()
            case ["placeholder"]:
                return judge.has_placeholder(dsn)
            case ["error"]:
                return judge.error(dsn) or ABSENT
            case ["misspelt"]:
                found = self.misspelt()
                return found[1] if found else ABSENT
            case ["ref", *rest]:
                ref = judge.ref_of(dsn, self.connection.endpoint)
                if ref is None:
                    return ABSENT
                shape = judge.ref_shape(ref)
                return shape if rest else ref.text if shape != "unknown" else UNKNOWN
            case ["user", "project"]:
                return self._user_project()
            case ["user", "names-project"]:
                return self._names_project()
        return UNKNOWN if self._rewritten(name) else arguments.text_fact(getattr(dsn, name))

    def misspelt(self) -> tuple[Param, str] | None:
        """A parameter that is a known misspelling, and what was meant."""
        if self._rewritten("params"):
            return None
        return judge.misspelt(self.connection.dsn, self.project.knowledge.names["misspellings"])

    def _password(self, name: str) -> Fact:
        password = self.connection.dsn.password
        if name == "password":
            return ABSENT if password.kind is PasswordKind.ABSENT else password.kind.value
        if name == "password.reserved":
            return "".join(sorted(password.reserved)) or ABSENT
        return getattr(password, name.removeprefix("password."))

    def _user_project(self) -> Fact:
        user = self._dsn("user")
        if user is UNKNOWN or user is ABSENT:
            return user
        return user.rpartition(".")[2] if "." in user else ABSENT

    def _names_project(self) -> Fact:
        """Whether the user ends in the project's ref. A dotted role that does not may be a role."""
        project = self._user_project()
        if project is ABSENT:
            return False
        if project is UNKNOWN:
            return UNKNOWN
        named = judge.ref_shape(Text(project, self.connection.dsn.span))
        same = project == self.connection.endpoint.ref
        return True if same or named in ("project", "placeholder") else UNKNOWN

    def param(self, name: str) -> Fact:
        if self.connection.dsn.stated:
            return ABSENT  # the configuration would say so
        if self._rewritten("params"):
            return UNKNOWN
        param = self.connection.dsn.param(name)
        return ABSENT if param is None else arguments.text_fact(param.value)

    def _rewritten(self, part: str) -> bool:
        return bool(self.connection.dsn.rewritten & {part, "*"})

    def _tls(self, _: str) -> Fact:
        return tls.mode(self)

    def _occurrence(self, _: str) -> Fact:
        if self.connection.mention is not None:
            return "mention"
        if self.connection.dsn.spelling == "none":
            setting = self.connection.setting
            return "api-url" if setting and setting.value.secret is None else "key"
        return "client" if self.connection.client else "setting"

    def _setting(self, name: str) -> Fact:
        setting = self.connection.setting
        if setting is None:
            return ABSENT
        names = self.project.knowledge.names
        match name:
            case "name":
                return setting.name
            case "purpose":
                upper = setting.name.upper()
                purposes = ("migration", "replication", "job")
                return next((p for p in purposes if named(upper, names[p])), "app")
            case "browser":
                return any(setting.name.startswith(row["prefix"]) for row in names["browser"]) or (
                    any(_stands_in(setting, row) for row in names["browser-places"])
                )
            case "secret":
                return setting.value.secret or ABSENT
            case "declared":
                return setting.platform is not None
            case "development":
                return any(_stands_in(setting, row) for row in names["development-places"])
            case "literal":
                dsn, whole = self.connection.dsn.span, setting.span
                inside = whole.start <= dsn.start and dsn.end <= whole.end
                return dsn.path == whole.path and inside
            case "exported":
                return setting.exported
            case "quoted":
                return setting.value.span.end < setting.span.end
            case "env-file":
                return is_env_file(setting.span.path)
        raise KeyError(name)

    def _packages(self, name: str) -> Fact:
        """Whether a dependency of that name is declared where the setting is read."""
        span = (self.connection.setting or self.connection.dsn).span
        found = any(
            package.name == name
            and not package.of_import
            and self.project.packages.sees(facts.path, span.path)
            for facts in self.project.facts
            for package in facts.packages
        )
        return PRESENT if found else ABSENT

    def _environment(self, name: str) -> Fact:
        """What is set beside the DSN."""
        return ABSENT if self.sibling(name) is None else PRESENT

    def sibling(self, name: str) -> Setting | None:
        """The variable behind `environment.<name>`."""
        find = {
            "other-project": siblings.other_project,
            "override": siblings.override,
            "placeholder": siblings.placeholder,
            "second-pooler": siblings.second_pooler,
        }[name]
        return find(self.connection, self.project)

    def _client(self, name: str) -> Fact:
        client = self.connection.client
        if name == "tls-preset":
            return client is not None and self.project.presets_tls(client.call.span.path)
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
        if name == "tool" and self.project.is_tool_code(client.call.span.path):
            return True
        return self.decision(name).value

    def _scheme_accepted(self) -> Fact:
        client = self.connection.client
        schemes = client.data.get("schemes") if client else None
        scheme = self._dsn("scheme")
        if schemes is None or scheme is UNKNOWN or scheme is ABSENT:
            return UNKNOWN
        return scheme.lower() in schemes["accepts"]

    def rejected(self) -> list[tuple[str, Span]]:
        """The parameters and options that this client refuses, with their places."""
        client = self.connection.client
        if client is None or self._rewritten("params"):
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
        if client is None or self._rewritten("params"):
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
        if isinstance(expr, Symbol) and expr.name.partition(".")[0] in self.project.modules:
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
            for one in self.project.facts
            if one.path == path
            for attribute, value in one.attributes
            if attribute == name
        ]
        if not values:
            return ABSENT
        return arguments.expression_fact(values[0]) if len(values) == 1 else UNKNOWN

    def _version(self, package: str) -> Fact:
        """The range of versions that the client's package may have, locked versions first."""
        client = self.connection.client
        if client is None:
            return UNKNOWN
        path = client.call.span.path
        return self.project.once(("version", package, path), lambda: self._range(package, path))

    def _range(self, package: str, path: str) -> Fact:
        found = list(self.project.dependencies(package, path))
        locked = [one for one in found if one.locked] or found
        ranges = {one.specifier for one in locked}
        return ranges.pop() if len(ranges) == 1 else UNKNOWN

    def _use(self, name: str) -> Fact:
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

        return self.project.once(("calls", client.file, path), calls) <= 1

    def _calls_of(self, client: Client, path: str) -> set[Span]:
        """The calls of a client that code at `path` may share."""
        return {
            call.span
            for call in self.project.calls_beside(path)
            if any(use.spec.id == client.file for use in self.project.clients.uses(call))
        }

    def uses(self, name: str) -> list[Call]:
        """The calls that the client file lists under `uses`, in the client's own package."""
        client = self.connection.client
        row = client.data.get("uses", {}).get(name) if client else None
        if client is None or row is None:
            return []
        path = client.call.span.path
        return self.project.once(("uses", id(row), path), lambda: self._uses_of(row, path))

    def _uses_of(self, row: Mapping[str, Any], path: str) -> list[Call]:
        patterns = [dotted(pattern) for pattern in row["calls"]]
        around = [dotted(pattern) for pattern in row.get("unless-within", [])]
        return [
            call
            for call in self.project.calls_beside(path)
            if any(fits(call.callee) for fits in patterns)
            and arguments.fit(call, row.get("arguments", {}))
            and not any(fits(name) for fits in around for name in call.within)
        ]

    def _platform(self, name: str) -> Fact:
        platform = self.connection.platform
        if platform is None:
            return UNKNOWN
        if name == "id" and platform.others:
            return UNKNOWN
        if name in ("id", "label", "ipv6", "model", "deployed"):
            value = getattr(platform, name)
            return UNKNOWN if value == "unknown" else value
        specs = [self.project.knowledge.platforms[one] for one in (platform.id, *platform.others)]
        values = {spec.data.get(name, UNKNOWN) for spec in specs}
        return values.pop() if len(values) == 1 else UNKNOWN

    def _variable(self, name: str) -> Fact:
        """What a variable beside the DSN is set to."""
        setting = self.connection.variables.get(name)
        if setting is None:
            return ABSENT
        value = setting.value.text
        return UNKNOWN if HOLE in value or value == MASK else value

    def _word(self, name: str) -> Fact:
        """Whether a live file that was read has a word anywhere, in whichever language."""
        return PRESENT if self.project.has_word(name) else ABSENT

    def _project(self, _: str) -> Fact:
        add_on = self.project.config.ipv4_add_on
        if isinstance(add_on, bool):
            return add_on
        return self.connection.endpoint.ref in add_on

    def _file(self, _: str) -> Fact:
        span = self.connection.dsn.password.span or self.connection.dsn.span
        file = self.project.files.get(span.path)
        tracked: Tri = file.tracked if file else None
        return UNKNOWN if tracked is None else tracked


_ANSWERS: Mapping[str, Callable[[ConnectionFacts, str], Fact]] = {
    "client": ConnectionFacts._client,
    "dsn": ConnectionFacts._dsn,
    "endpoint": ConnectionFacts._endpoint,
    "environment": ConnectionFacts._environment,
    "file": ConnectionFacts._file,
    "occurrence": ConnectionFacts._occurrence,
    "option": ConnectionFacts.option,
    "packages": ConnectionFacts._packages,
    "param": ConnectionFacts.param,
    "platform": ConnectionFacts._platform,
    "project": ConnectionFacts._project,
    "setting": ConnectionFacts._setting,
    "tls": ConnectionFacts._tls,
    "use": ConnectionFacts._use,
    "variable": ConnectionFacts._variable,
    "version": ConnectionFacts._version,
    "word": ConnectionFacts._word,
}
"""Who answers for each kind of fact: the first word of its name."""


def _stands_in(setting: Setting, row: Mapping[str, Any]) -> bool:
    """Whether a setting stands where `row` says: in a file of that name, under those keys."""
    file = setting.span.path.rpartition("/")[2]
    return fnmatchcase(file, row["file"]) and named(setting.container, row["under"])


def _refused(param: Param, table: Mapping[str, Any]) -> bool:
    if param.name in table.get("rejects", []):
        return True
    return table.get("others") == "rejects" and param.name not in table.get("accepts", [])
