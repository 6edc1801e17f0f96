"""What one connection string is, in plain words: what it reaches, and what works through it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from supa_lint.check import check
from supa_lint.conditions import ABSENT, UNKNOWN, holds
from supa_lint.config import Config
from supa_lint.dsn import judge
from supa_lint.dsn.endpoint import Endpoints
from supa_lint.facts import ConnectionFacts
from supa_lint.knowledge import ClientSpec, Knowledge, PlatformSpec
from supa_lint.labels import endpoint_label, family_label, project_of
from supa_lint.manifests import platform_of
from supa_lint.model import (
    MASK,
    NOWHERE,
    Call,
    Client,
    Connection,
    Dsn,
    Endpoint,
    Finding,
    PasswordKind,
    Place,
    Setting,
    Severity,
    Text,
    Value,
)
from supa_lint.project import Project
from supa_lint.raw import Raw
from supa_lint.report.full import wrap
from supa_lint.report.text import clean
from supa_lint.sealing import Sealer
from supa_lint.source import File
from supa_lint.usage import UsageError

_TLS: Final[Mapping[str, str]] = {
    "absent": "not asked for: the client decides",
    "disable": "off: everything, the password included, is sent in the clear",
    "allow": "only if the server insists",
    "prefer": "if the server offers it: who sits in between can take it away",
    "require": "required; most clients do not check the certificate then",
    "no-verify": "required; the certificate is not checked",
    "verify-ca": "required; the certificate is checked, which needs Supabase's CA file",
    "verify-full": "required; certificate and host are checked, which needs Supabase's CA file",
    "on": "required",
}
_PASSWORDS: Final[Mapping[PasswordKind, str]] = {
    PasswordKind.ABSENT: "none",
    PasswordKind.LITERAL: "given (not shown)",
    PasswordKind.PLACEHOLDER: "a placeholder",
    PasswordKind.INTERPOLATED: "filled in elsewhere",
    PasswordKind.MASKED: "masked",
    PasswordKind.API_KEY: "an API key (not shown)",
    PasswordKind.ACCESS_TOKEN: "an access token (not shown)",
}
_ASSIGNED = re.compile(r"(?:export\s+)?([A-Za-z_][\w.]{0,127})\s*=\s*(.{0,40}://.*)", re.DOTALL)
_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,9}[a-z]{2,63}|[\d.]{7,15}|localhost")
"""What is so surely a host that it may be shown: a broken string may have its password there."""
_USER = re.compile(r"[\w.-]{1,127}")
_PORT = re.compile(r"\d{1,5}")


@dataclass(frozen=True)
class Switch:
    """A client that prepares statements by name on this endpoint unless `off` is done. `sure` is
    no when that depends on its version or on options."""

    id: str
    label: str
    sure: bool
    off: str


@dataclass(frozen=True)
class Inspection:
    """All that can be said about one connection string. `unreachable` and `opt_in` are the labels
    of the platforms that cannot reach it, and of those that can once told to; `depends` of those
    where it depends on how they are set up."""

    dsn: Dsn
    endpoint: Endpoint
    tls: str | None
    works: tuple[str, ...]
    fails: tuple[str, ...]
    unreachable: tuple[str, ...]
    opt_in: tuple[str, ...]
    depends: tuple[str, ...]
    switches: tuple[Switch, ...]
    findings: tuple[Finding, ...]
    knowledge: Knowledge = field(repr=False)


def inspect(text: str, knowledge: Knowledge) -> Inspection:
    """What the connection string `text` is. Raises `UsageError` for what is none."""
    name, value = _seal(text)
    if value.dsn is None:
        raise UsageError(_no_dsn(value))
    dsn = value.dsn
    project = Project(knowledge, Config(), (), {})
    connection = Connection(
        dsn=dsn,
        endpoint=Endpoints(knowledge.endpoints).classify(dsn),
        place=Place.LIVE,
        setting=Setting(name, value, value.span) if name else None,
    )
    tls = ConnectionFacts(connection, project)("tls")
    endpoint = connection.endpoint
    through = knowledge.endpoints["through"].get(f"{endpoint.kind}:{endpoint.mode}", {})
    return Inspection(
        dsn=dsn,
        endpoint=endpoint,
        tls=None if tls is UNKNOWN else "absent" if tls is ABSENT else str(tls),
        works=tuple(through.get("works", ())),
        fails=(
            *through.get("fails", ()),
            *(["from networks that have only IPv6"] if endpoint.family == "ipv4" else []),
        ),
        unreachable=_platforms(endpoint, "no", knowledge),
        opt_in=_platforms(endpoint, "opt-in", knowledge),
        depends=_platforms(endpoint, "unknown", knowledge),
        switches=tuple(_switches(connection, project)),
        findings=tuple(
            finding
            for finding in check([connection], knowledge.rules.values(), project).findings
            if finding.severity is not Severity.INFO
        ),
        knowledge=knowledge,
    )


def _seal(text: str) -> tuple[str, Value]:
    """The text as a value, and the name of the variable if it was pasted with it."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise UsageError("inspect reads a connection string from standard input: nothing is there")
    if len(lines) > 1:
        raise UsageError("inspect reads one connection string, on one line; for files use `check`")
    bare, name = _unquoted(lines[0]), ""
    assigned = _ASSIGNED.fullmatch(bare)
    if assigned:
        name, bare = assigned[1], _unquoted(assigned[2])
    file = File("<stdin>", MASK.encode(), tracked=False)
    return name, Sealer(file).seal(Raw(bare, file.span(0, len(MASK))))


def _unquoted(text: str) -> str:
    text = text.strip().rstrip(";").strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`"
    return text[1:-1].strip() if quoted else text


def _no_dsn(value: Value) -> str:
    if value.ref:
        return (
            "this is the address of the project's HTTP API, no connection string: copy one from "
            "Connect in the dashboard"
        )
    if value.secret:
        return "this is an API key, no connection string: copy one from Connect in the dashboard"
    return "this is no Postgres connection string that supa-lint can read"


def _platforms(endpoint: Endpoint, ipv6: str, knowledge: Knowledge) -> tuple[str, ...]:
    """The platforms whose way to IPv6 addresses is `ipv6`, for an endpoint that has only one.
    `unknown` asks for those that have none in some setups."""
    if endpoint.family != "ipv6":
        return ()
    known = [
        platform
        for spec in knowledge.platforms.values()
        if (platform := platform_of(spec, NOWHERE)).ipv6 == ipv6
        and (ipv6 != "unknown" or _lacks_ipv6_somewhere(spec))
    ]
    return tuple(sorted({platform.label for platform in known}, key=str.casefold))


def _lacks_ipv6_somewhere(spec: PlatformSpec) -> bool:
    rows = spec.data["ipv6"]
    return isinstance(rows, list) and any(row["is"] is False for row in rows)


def _switches(connection: Connection, project: Project) -> Iterator[Switch]:
    """The clients that may prepare statements by name as they come, where that cannot work."""
    endpoint = connection.endpoint
    if (endpoint.kind, endpoint.mode) != ("shared-pooler", "transaction"):
        return
    if connection.dsn.spelling == "npgsql":
        return  # no other client reads it, and that one prepares nothing by itself
    found: dict[str, Switch] = {}
    for spec in project.knowledge.clients.values():
        for joined in _joined(spec, connection, project):
            facts = ConnectionFacts(joined, project)
            client = joined.client
            if client is None or "prepares" not in client.data.get("facts", {}):
                continue
            prepares = facts("client.prepares")
            if prepares is False or not _takes_scheme(facts, joined.dsn):
                continue
            off = str(client.data.get("off", ""))
            switch = Switch(client.library, client.label, prepares is True, off)
            found.setdefault(client.label, switch)
    yield from sorted(found.values(), key=lambda switch: switch.label.casefold())


def _joined(spec: ClientSpec, connection: Connection, project: Project) -> Iterator[Connection]:
    """The connection with the client, as it is written and with each driver that the client lets
    a scheme name (`postgresql+asyncpg`)."""
    scheme = connection.dsn.scheme
    for name in (None, *spec.data.get("schemes", {}).get("accepts", ())):
        if name is not None and (scheme is None or not name.startswith(f"{scheme.text}+")):
            continue
        named = scheme if name is None or scheme is None else replace(scheme, text=name)
        written = replace(connection, dsn=replace(connection.dsn, scheme=named))
        for client in _clients(spec, written, project):
            yield replace(written, client=client)


def _takes_scheme(facts: ConnectionFacts, dsn: Dsn) -> bool:
    """Whether the client may take the scheme. One that names a driver (`postgresql+asyncpg`,
    `jdbc:postgresql`) is for the clients that are known to take it."""
    accepted = facts("client.scheme-accepted")
    names_driver = dsn.scheme is not None and not dsn.scheme.text.isalpha()
    return accepted is True or (accepted is not False and not names_driver)


def _clients(spec: ClientSpec, connection: Connection, project: Project) -> Iterator[Client]:
    """A client without any options, in each variant that the connection string allows."""
    call = Call("", (), (), complete=True, span=connection.dsn.span)
    plain = Client(spec.id, str(spec.data["label"]), call, spec.id, spec.data)
    variants = spec.data.get("variants", [])
    if not variants:
        yield plain
    facts = ConnectionFacts(replace(connection, client=plain), project)
    for variant in variants:
        if holds(variant.get("when", {}), facts) is not False:
            data: Mapping[str, Any] = {**spec.data, **variant}
            yield Client(str(variant.get("id", spec.id)), str(data["label"]), call, spec.id, data)


# --- output -------------------------------------------------------------------------------------


def render_text(found: Inspection) -> str:
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Inspection) -> Iterator[str]:
    label = endpoint_label(found.endpoint)
    yield label[0].upper() + label[1:]
    for name, value in _facts(found).items():
        yield f"  {name:<9} {value}"
    yield from _list("Works:", found.works)
    fails = list(found.fails)
    if found.unreachable:
        fails.append(f"from places without IPv6: {', '.join(found.unreachable)}")
    if found.opt_in:
        fails.append(f"unless IPv6 is switched on there: {', '.join(found.opt_in)}")
    if found.depends:
        fails.append(f"from some setups of: {', '.join(found.depends)}")
    yield from _list("Does not work:", fails)
    yield from _list(
        "Clients that need a switch, because they prepare statements by name:",
        [f"{s.label}{'' if s.sure else ' (some versions)'}: {s.off}" for s in found.switches],
    )
    if found.findings:
        yield ""
        yield "Findings:"
        for finding in found.findings:
            yield f"  {finding.severity} {finding.rule}"
            yield from wrap(finding.message, hang=2)
            first, *rest = wrap(finding.help, hang=8)
            yield f"    help: {first.lstrip()}"
            yield from rest


def _list(title: str, rows: tuple[str, ...] | list[str]) -> Iterator[str]:
    if rows:
        yield ""
        yield title
        for row in rows:
            yield from wrap(f"- {row}")


def _facts(found: Inspection) -> dict[str, str]:
    """What the parts of the string say, without what may be a secret in a wrong place."""
    dsn, endpoint = found.dsn, found.endpoint
    rows = {
        "host": _shown(dsn.host, _HOST) or "none",
        "port": _shown(dsn.port, _PORT) or "none (5432 is the default)",
        "address": _address(endpoint),
        "project": project_of(dsn, endpoint),
        "region": endpoint.region,
        "user": _user(dsn),
        "password": _PASSWORDS[dsn.password.kind],
        "TLS": _TLS.get(found.tls, found.tls) if found.tls else "unknown",
    }
    return {name: clean(value) for name, value in rows.items() if value}


def _address(endpoint: Endpoint) -> str | None:
    if not endpoint.remote:
        return None
    only = " only, unless the project has the IPv4 add-on" if endpoint.family == "ipv6" else " only"
    return f"{family_label(endpoint.family)}{only}"


def _user(dsn: Dsn) -> str:
    if dsn.user is None:
        return "none"
    if judge.user_may_be_secret(dsn):
        return MASK
    return _shown(dsn.user, _USER) or MASK


def _shown(text: Text | None, shape: re.Pattern[str]) -> str | None:
    if text is None:
        return None
    return text.text if shape.fullmatch(text.text) else MASK


def render_json(found: Inspection) -> str:
    import json

    dsn, endpoint = found.dsn, found.endpoint
    rules = found.knowledge.rules
    document = {
        "version": 1,
        "label": endpoint_label(endpoint),
        "kind": endpoint.kind,
        "mode": endpoint.mode,
        "family": endpoint.family,
        "project": project_of(dsn, endpoint),
        "region": endpoint.region,
        "host": _shown(dsn.host, _HOST),
        "port": _shown(dsn.port, _PORT),
        "user": _user(dsn) if dsn.user else None,
        "password": dsn.password.kind.value,
        "tls": found.tls,
        "works": list(found.works),
        "fails": list(found.fails),
        "unreachable_from": list(found.unreachable),
        "opt_in": list(found.opt_in),
        "depends_on_setup": list(found.depends),
        "clients": [
            {"id": s.id, "label": s.label, "prepares": s.sure or None, "off": s.off}
            for s in found.switches
        ],
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity.value,
                "message": clean(finding.message),
                "help": clean(finding.help),
                "url": rules[finding.rule].url,
            }
            for finding in found.findings
        ],
    }
    return json.dumps(document, indent=2) + "\n"
