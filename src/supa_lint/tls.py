"""What is said about TLS on the way to a database, and where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from supa_lint.client_facts import ClientFacts
from supa_lint.conditions import ABSENT, UNKNOWN, Fact, Lookup
from supa_lint.model import HOLE, MASK, Connection, Span

_PARAMS = ("sslmode", "ssl", "SSL Mode", "SslMode", "sslMode")
"""Parameters of a DSN that mean TLS to one client or another."""
_BESIDE = re.compile(r"(?:^|_)(?:SSL|TLS)")


def mode(client: ClientFacts, param: Lookup) -> Fact:
    """What is said, by whoever says it last: the client's options, the DSN, the environment.
    `param` answers for the parameters of the DSN."""
    connection, table = client.connection, _table(client.connection)
    said = [client.option(name) for name in table.get("options", [])]
    # A word that this client refuses counts too: another rule speaks about it.
    params = dict.fromkeys((*table.get("params", ()), *_PARAMS))
    said += [param(name) for name in params if name not in table.get("ignores", ())]
    if "PGSSLMODE" in connection.variables:
        value = connection.variables["PGSSLMODE"].value
        said.append(UNKNOWN if HOLE in value.text or value.text == MASK else value.text)
    if connection.opaque or connection.dsn.stated:
        said.append(UNKNOWN)
    words = [_word(fact) for fact in said if fact is not ABSENT]
    known = next((word for word in words if word is not ABSENT), None)
    if known is not None:
        return known
    # What code makes of `DATABASE_SSL=true` is not known.
    return UNKNOWN if any(_BESIDE.search(name) for name in connection.variables) else ABSENT


def place(client: ClientFacts) -> Span | None:
    """Where TLS is spoken about: an option of the client or a parameter of the DSN."""
    table, dsn = _table(client.connection), client.connection.dsn
    options = (client.argument(name) for name in table.get("options", []))
    expr = next((expr for expr in options if expr is not None), None)
    if expr is not None:
        return expr.span
    params = (dsn.param(name) for name in (*table.get("params", ()), *_PARAMS))
    param = next((param for param in params if param is not None), None)
    return Span(param.key.path, param.key.start, param.value.span.end) if param else None


def _table(connection: Connection) -> Mapping[str, Any]:
    client = connection.client
    table: Mapping[str, Any] = client.data.get("tls", {}) if client else {}
    return table


def _word(fact: Fact) -> Fact:
    """A TLS option in one vocabulary. Booleans and words of the libraries become modes."""
    if isinstance(fact, bool):
        return "on" if fact else "disable"
    if isinstance(fact, str):
        word = fact.lower().replace("_", "-")
        words = {"true": "on", "1": "on", "false": "disable", "0": "disable", "none": ABSENT}
        return words.get(word, word)
    return UNKNOWN
