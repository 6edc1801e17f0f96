"""The connections of a project as a map: setting -> endpoint -> client -> platform.

It shows what the readers and the linker understood, also what they did not: `unknown` is a word of
the map. It holds no password.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from supa_lint.clients import OF_FILE, Clients, Use
from supa_lint.conditions import holds
from supa_lint.facts import ConnectionFacts
from supa_lint.labels import endpoint_label, family_label, project_of
from supa_lint.lint import Linked, connect
from supa_lint.model import (
    NOWHERE,
    Call,
    Connection,
    Dsn,
    Endpoint,
    Place,
    Setting,
    Span,
    Value,
)
from supa_lint.project import Project
from supa_lint.report.text import clean
from supa_lint.workspace import Workspace

UNKNOWN_CLIENT: Final = "unknown client (code reads it, but supa-lint sees no call)"
NO_CLIENT: Final = "no client seen"
NO_PLATFORM: Final = "unknown platform"


@dataclass(frozen=True, order=True)
class Spot:
    """A place in a file; `line` is 1-based."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class Row:
    """One connection. What is not known of it is None."""

    name: str | None
    """The variable or constant; None for a connection string that stands by itself."""
    at: Spot
    place: Place
    endpoint: Endpoint
    project: str | None
    client: str | None
    library: str | None
    client_at: Spot | None
    opaque: bool
    """Code connects with it that supa-lint cannot follow."""
    prepares: bool | None
    platform: str | None
    platform_at: Spot | None
    ipv6: str | None


@dataclass(frozen=True)
class Loose:
    """A call of a client that nothing is known to reach, and the variables it reads."""

    client: str
    at: Spot
    variables: tuple[str, ...]


@dataclass(frozen=True)
class ConnectionMap:
    """`mentioned` counts the connection strings that stand in comments and prose only."""

    rows: tuple[Row, ...]
    loose: tuple[Loose, ...]
    mentioned: int


def connection_map(workspace: Workspace) -> ConnectionMap:
    """The map of a project, in the order of its files."""
    linked = connect(workspace.tree, workspace.config, workspace.knowledge, workspace.given)
    used = [c for c in linked.connections if c.mention is None and c.dsn.spelling != "none"]
    joined = {c.dsn.span for c in used if c.client}
    constants = {c.dsn.span: c.setting for c in used if c.setting and not c.setting.exported}
    rows = {
        _row(connection, connection.setting or constants.get(connection.dsn.span), linked): None
        for connection in used
        # A constant that a client connects with is there already, with the client.
        if connection.client or not {connection.dsn.span} & joined & constants.keys()
    }
    return ConnectionMap(
        rows=tuple(sorted(rows, key=_order)),
        loose=tuple(_loose(linked, used)),
        mentioned=len({c.dsn.span for c in linked.connections if c.mention and not c.setting}),
    )


def _row(connection: Connection, setting: Setting | None, linked: Linked) -> Row:
    client, platform = connection.client, connection.platform
    prepares = None
    if client is not None:
        fact = ConnectionFacts(connection, linked.project)("client.prepares")
        prepares = fact if isinstance(fact, bool) else None
    return Row(
        name=clean(setting.name) if setting else None,
        at=_spot((setting or connection.dsn).span, linked),
        place=connection.place,
        endpoint=connection.endpoint,
        project=project_of(connection.dsn, connection.endpoint),
        client=client.label if client else None,
        library=client.library if client else None,
        client_at=_spot(client.call.span, linked) if client else None,
        opaque=connection.opaque,
        prepares=prepares,
        platform=platform.label if platform else None,
        platform_at=_spot(platform.span, linked) if platform and platform.span != NOWHERE else None,
        ipv6=platform.ipv6 if platform else None,
    )


def _loose(linked: Linked, connections: Iterable[Connection]) -> Iterator[Loose]:
    """The calls that open connections, and that no connection string was followed to."""
    project = linked.project
    joined = {c.client.call.span for c in connections if c.client}
    for facts in sorted(project.facts, key=lambda one: one.path):
        if project.places[facts.path] is not Place.LIVE:
            continue
        for call in facts.calls:
            uses = [use for use in project.clients.uses(call) if _may_be(use, project)]
            if not uses or any(use.call.span in joined for use in uses):
                continue
            # What a file of some name exports may be for no client at all.
            if call.callee.startswith(OF_FILE) or _wraps_a_client(call, project.clients):
                continue
            labels = dict.fromkeys(str(use.data["label"]) for use in uses)
            values = [value for use in uses for value in project.clients.dsns(use)]
            variables = dict.fromkeys(name for value in values for name in _variables(value))
            yield Loose(" or ".join(labels), _spot(call.span, linked), tuple(variables))


def _may_be(use: Use, project: Project) -> bool:
    """Whether the arguments of a call leave open that it is this client's."""
    dsn = Dsn("none", use.call.span, rewritten=frozenset("*"))  # nothing is known of it
    place = project.places[use.call.span.path]
    unknown = Connection(dsn, Endpoint("unknown"), place, client=use.client)
    return holds(use.data.get("when", {}), ConnectionFacts(unknown, project)) is not False


def _wraps_a_client(call: Call, clients: Clients) -> bool:
    """Whether the call is given a client that connects for it: `drizzle(postgres(url))`."""
    given = (*call.args, *(expr for _, expr in call.keywords))
    return any(isinstance(expr, Call) and any(clients.uses(expr)) for expr in given)


def _variables(value: Value) -> Iterator[str]:
    """The environment variables that a value or its host is made of."""
    host = value.dsn.host if value.dsn else None
    for hole in (*value.holes, *(host.holes if host else ())):
        if hole.variable:
            yield clean(hole.variable)


def _spot(span: Span, linked: Linked) -> Spot:
    file = linked.project.files.get(span.path)
    return Spot(clean(span.path), file.line_of(span.start) if file else 1)


def _order(row: Row) -> tuple[Any, ...]:
    return (row.at, row.name or "", row.client_at or Spot("", 0), row.platform or "")


# --- what the formats share ---------------------------------------------------------------------


def _endpoint(row: Row) -> str:
    """`the shared pooler in session mode, IPv4, project abc, eu-west-1`."""
    endpoint = row.endpoint
    parts = [endpoint_label(endpoint)]
    if endpoint.remote:
        parts.append(family_label(endpoint.family))
        parts.append(f"project {row.project}" if row.project else "unknown project")
    parts += [endpoint.region] if endpoint.region else []
    return clean(", ".join(parts))


def _client(row: Row) -> str:
    if row.client is None:
        return UNKNOWN_CLIENT if row.opaque else NO_CLIENT
    words: dict[bool | None, str] = {
        True: "names prepared statements",
        False: "no named prepared statements",
    }
    return f"{row.client} ({words.get(row.prepares, 'prepared statements unknown')})"


def _platform(row: Row) -> str:
    if row.platform is None:
        return NO_PLATFORM
    return f"{row.platform} (outbound IPv6: {row.ipv6})"


def _name(row: Row) -> str:
    return row.name or "a connection string"


# --- text ---------------------------------------------------------------------------------------


def render_text(found: ConnectionMap) -> str:
    return "\n".join(_lines(found)) + "\n"


def _lines(found: ConnectionMap) -> Iterator[str]:
    if not found.rows:
        yield "No connections."
    trail: list[str] = []
    for row in found.rows:
        place = "" if row.place is Place.LIVE else f"  [{row.place}]"
        branch = [
            f"{_name(row)}  {row.at}{place}",
            _endpoint(row),
            _client(row) + (f"  {row.client_at}" if row.client_at else ""),
            _platform(row) + (f"  {row.platform_at}" if row.platform_at else ""),
        ]
        same = next((n for n in range(len(branch)) if branch[: n + 1] != trail[: n + 1]), None)
        for depth in range(len(branch) if same is None else same, len(branch)):
            yield ("   " * depth + "-> " if depth else "") + branch[depth]
        trail = branch
    if found.loose:
        yield ""
        yield "Clients that no connection string was followed to:"
        for loose in found.loose:
            reads = f"  reads {', '.join(loose.variables)}" if loose.variables else ""
            yield f"  {loose.client}  {loose.at}{reads}"
    if found.mentioned:
        yield ""
        yield f"Connection strings in comments and prose: {found.mentioned}"


# --- Mermaid ------------------------------------------------------------------------------------


def render_mermaid(found: ConnectionMap) -> str:
    """A flowchart. Each setting has its own endpoint; clients and platforms are shared."""
    nodes: dict[tuple[str, object, str], str] = {}
    edges: dict[str, None] = {}

    def node(kind: str, owner: object, *lines: object) -> str:
        text = "<br/>".join(_escaped(str(line)) for line in lines if line)
        return nodes.setdefault((kind, owner, text), f"{kind}{len(nodes)}")

    def join(*names: str) -> None:
        for left, right in pairwise(names):
            edges[f"{left} --> {right}"] = None

    for row in found.rows:
        setting = row.name, row.at
        join(
            node("setting", None, _name(row), row.at),
            node("endpoint", setting, _endpoint(row)),
            # What is not known of two settings need not be the same thing.
            node("client", None if row.client else setting, _client(row), row.client_at),
            node("platform", None, _platform(row)),
        )
    for loose in found.loose:
        client = node("client", None, loose.client, loose.at)
        for name in loose.variables or ("unknown",):
            join(node("setting", loose, name), node("endpoint", loose, "unknown"), client)
    shapes = {
        "setting": '["{}"]',
        "endpoint": '(["{}"])',
        "client": '["{}"]',
        "platform": '[["{}"]]',
    }
    lines = [f"  {name}{shapes[kind].format(text)}" for (kind, _, text), name in nodes.items()]
    return "\n".join(["flowchart LR", *lines, *(f"  {edge}" for edge in edges)]) + "\n"


def _escaped(text: str) -> str:
    """Text inside the quotes of a Mermaid label: all that could end it or be Markdown or HTML."""
    return re.sub(r"[^\w ./:(),'@-]", lambda match: f"#{ord(match[0])};", clean(text))


# --- JSON ---------------------------------------------------------------------------------------


def render_json(found: ConnectionMap) -> str:
    import json

    document = {
        "version": 1,
        "connections": [_json(row) for row in found.rows],
        "loose_clients": [
            {"label": loose.client, **_where(loose.at), "variables": list(loose.variables)}
            for loose in found.loose
        ],
        "mentioned": found.mentioned,
    }
    return json.dumps(document, indent=2) + "\n"


def _json(row: Row) -> dict[str, Any]:
    endpoint = row.endpoint
    client = row.client_at and {
        "library": row.library,
        "label": row.client,
        **_where(row.client_at),
        "prepares": row.prepares,
    }
    platform = row.platform and {
        "label": row.platform,
        "ipv6": row.ipv6,
        **_where(row.platform_at),
    }
    return {
        "setting": {"name": row.name, **_where(row.at), "place": row.place.value},
        "endpoint": {
            "label": endpoint_label(endpoint),
            "kind": endpoint.kind,
            "mode": endpoint.mode,
            "family": endpoint.family,
            "project": row.project and clean(row.project),
            "region": endpoint.region and clean(endpoint.region),
        },
        "client": client,
        "read_by_unknown_code": row.opaque,
        "platform": platform,
    }


def _where(spot: Spot | None) -> dict[str, Any]:
    return {"path": spot.path, "line": spot.line} if spot else {"path": None, "line": None}


FORMATS: Final[Mapping[str, Callable[[ConnectionMap], str]]] = {
    "text": render_text,
    "mermaid": render_mermaid,
    "json": render_json,
}
