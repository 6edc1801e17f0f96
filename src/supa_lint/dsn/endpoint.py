"""What a DSN reaches: the host decides first, the port second, never the variable's name.

The table of hosts is `rules/endpoints.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from supa_lint.dsn.words import is_placeholder
from supa_lint.model import HOLE, Dsn, Endpoint, Text

_UNNAMED = rf"{HOLE}|\[[^\[\]]*\]|<[^<>]*>|【[^】]*】"
_PIECES = {
    "ref": rf"(?P<ref>(?:[a-z0-9_-]|{_UNNAMED})+)",
    "project": r"(?P<ref>[a-z]{20})",
    "region": rf"(?P<region>(?:[a-z0-9_-]|{_UNNAMED})+)",
    "any": rf"(?:[a-z0-9_-]|{_UNNAMED})+",
}
_REGION_LIKE = re.compile(r"[a-z]+(?:-[a-z]+)+-\d")
_UNWRITTEN_PORT = "5432"  # what every client uses when the DSN names no port


class Endpoints:
    """The table of hosts, ready to classify."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table

    @cached_property
    def _hosts(self) -> list[tuple[re.Pattern[str], Mapping[str, Any]]]:
        return [
            (re.compile(re.sub(r"\{(\w+)\}", lambda m: _PIECES[m[1]], row["host"])), row)
            for row in self._table["hosts"]
        ]

    def classify(self, dsn: Dsn) -> Endpoint:
        """The endpoint of `dsn`. Parts that code rewrites on the way count as not known."""
        if dsn.stated:
            return self._stated(dsn.stated)
        if dsn.host is None or dsn.rewrites("host"):
            return Endpoint("unknown")
        host = dsn.host.text.strip().lower().rstrip(".")
        port = _port(dsn)
        if "supabase" not in host:
            return self._elsewhere(dsn, host, port)
        for pattern, row in self._hosts:
            match = pattern.fullmatch(host)
            if match is not None:
                return self._known(row, match.groupdict(), port, host)
        return Endpoint("unknown")

    def _stated(self, kind: str) -> Endpoint:
        """An endpoint as the configuration writes it: a kind and, for a pooler, its mode."""
        kind, _, mode = kind.partition(":")
        for row in self._table["hosts"]:
            for reached in row.get("ports", {}).values():
                if reached["kind"] == kind and mode in ("", reached["mode"]):
                    return Endpoint(kind, reached["mode"], row["family"])
        return Endpoint(kind)

    def _known(
        self, row: Mapping[str, Any], names: Mapping[str, str | None], port: str | None, host: str
    ) -> Endpoint:
        ref, region = _named(names.get("ref")), _named(names.get("region"))
        if "wrong" in row:
            if _is_template(host):
                return Endpoint("unknown")  # a template: what comes of it is not known
            return Endpoint("not-a-database", ref=ref, region=region, why=row["wrong"])
        if row.get("regions") and region is not None and self._is_invented(region):
            return Endpoint(
                "not-a-database", region=region, why=f"there is no region called {region}"
            )
        ports = {str(number): reached for number, reached in row["ports"].items()}
        # A port we can't read, or one that this host doesn't serve, leaves kind and mode open.
        kinds = {reached["kind"] for reached in ports.values()}
        reached = ports.get(port or "", {"kind": kinds.pop() if len(kinds) == 1 else "unknown"})
        return Endpoint(reached["kind"], reached.get("mode"), row["family"], ref, region)

    def _is_invented(self, region: str) -> bool:
        """Whether this looks like a region but can't be one."""
        return (
            _REGION_LIKE.fullmatch(region) is not None
            and not is_placeholder(region)
            and region not in self._table["regions"]
            and not re.fullmatch(self._table["region-shape"], region)
        )

    def _elsewhere(self, dsn: Dsn, host: str, port: str | None) -> Endpoint:
        local = self._table["local"]
        if host.strip("[]") in local["hosts"]:
            mode = {str(number): mode for number, mode in local["ports"].items()}.get(port or "")
            if mode is not None:
                return Endpoint("local", mode)
        if HOLE in host or not host:
            return Endpoint("unknown")
        own = self._table["self-hosted"]
        if dsn.user is not None and re.fullmatch(own["user"], dsn.user.text):
            modes = {str(number): mode for number, mode in own["ports"].items()}
            if port in modes:
                return Endpoint("self-hosted", modes[port])
        return Endpoint("other")


def _port(dsn: Dsn) -> str | None:
    """The port, or None when it can't be known."""
    if dsn.rewrites("port"):
        return None
    if dsn.port is None:
        return _UNWRITTEN_PORT
    return dsn.port.text if _readable(dsn.port) else None


def _readable(text: Text) -> bool:
    return text.text.isdecimal()


def _is_template(host: str) -> bool:
    return re.search(rf"{_UNNAMED}|(?:^|[-.])x+(?=[-.]|$)", host) is not None or any(
        is_placeholder(label) for label in host.split(".")
    )


def _named(name: str | None) -> str | None:
    return None if name is None or HOLE in name else name
