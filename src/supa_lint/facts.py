"""What can be asked about a connection: the facts that rules and client files name.

The list of facts is in rules/README.md. A fact that can't be known is `UNKNOWN`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from supa_lint import arguments, siblings, tls
from supa_lint.client_facts import ClientFacts
from supa_lint.conditions import ABSENT, PRESENT, UNKNOWN, Fact
from supa_lint.dsn import judge
from supa_lint.knowledge import named
from supa_lint.model import (
    HOLE,
    MASK,
    Connection,
    Param,
    PasswordKind,
    Setting,
    Text,
    Tri,
)
from supa_lint.place import is_env_file
from supa_lint.project import Project


class ConnectionFacts:
    """Answers the name of a fact about one connection."""

    def __init__(self, connection: Connection, project: Project) -> None:
        self.connection = connection
        self.project = project
        self.client = ClientFacts(connection, project, self)

    def __call__(self, name: str) -> Fact:
        kind, _, rest = name.partition(".")
        return _ANSWERS[kind](self, rest)

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
        return (
            UNKNOWN
            if self.connection.dsn.rewrites(name)
            else arguments.text_fact(getattr(dsn, name))
        )

    def misspelt(self) -> tuple[Param, str] | None:
        """A parameter that is a known misspelling, and what was meant."""
        if self.connection.dsn.rewrites("params"):
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
        if self.connection.dsn.rewrites("params"):
            return UNKNOWN
        param = self.connection.dsn.param(name)
        return ABSENT if param is None else arguments.text_fact(param.value)

    def _tls(self, _: str) -> Fact:
        return tls.mode(self.client, self.param)

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
    "client": lambda facts, name: facts.client.fact(name),
    "dsn": ConnectionFacts._dsn,
    "endpoint": ConnectionFacts._endpoint,
    "environment": ConnectionFacts._environment,
    "file": ConnectionFacts._file,
    "occurrence": ConnectionFacts._occurrence,
    "option": lambda facts, name: facts.client.option(name),
    "packages": ConnectionFacts._packages,
    "param": ConnectionFacts.param,
    "platform": ConnectionFacts._platform,
    "project": ConnectionFacts._project,
    "setting": ConnectionFacts._setting,
    "tls": ConnectionFacts._tls,
    "use": lambda facts, name: facts.client.use(name),
    "variable": ConnectionFacts._variable,
    "version": lambda facts, name: facts.client.version(name),
    "word": ConnectionFacts._word,
}
"""Who answers for each kind of fact: the first word of its name."""


def _stands_in(setting: Setting, row: Mapping[str, Any]) -> bool:
    """Whether a setting stands where `row` says: in a file of that name, under those keys."""
    file = setting.span.path.rpartition("/")[2]
    return fnmatchcase(file, row["file"]) and named(setting.container, row["under"])
