"""How endpoints are called in texts for people."""

from __future__ import annotations

import re

from supa_lint.model import Dsn, Endpoint

_LABELS = {
    ("direct", "direct"): "a direct connection",
    ("dedicated-pooler", "transaction"): "the dedicated pooler (always in transaction mode)",
    ("shared-pooler", "session"): "the shared pooler in session mode",
    ("shared-pooler", "transaction"): "the shared pooler in transaction mode",
    ("local", "direct"): "a local database",
    ("local", "transaction"): "a local pooler",
    ("self-hosted", "session"): "a self-hosted pooler in session mode",
    ("self-hosted", "transaction"): "a self-hosted pooler in transaction mode",
    ("not-a-database", None): "a host that serves no Postgres",
    ("other", None): "a Postgres that is not Supabase's",
}
_FAMILIES = {"ipv4": "IPv4", "ipv6": "IPv6"}


def endpoint_label(endpoint: Endpoint) -> str:
    """What `endpoint` is: `the shared pooler in session mode`."""
    label = _LABELS.get((endpoint.kind, endpoint.mode))
    if label is None and endpoint.family is not None:
        # The host is known, the port is not, or is not one of its own.
        if endpoint.family == "ipv4":
            return "the shared pooler, mode unknown"
        return "a direct or dedicated-pooler connection"
    return label or "unknown"


def family_label(family: str | None) -> str:
    """`IPv4`, `IPv6` or `unknown`."""
    return _FAMILIES.get(family or "", "unknown")


def project_of(dsn: Dsn, endpoint: Endpoint) -> str | None:
    """The ref of the project that is reached. A pooler's host does not name it, the user does."""
    in_user = dsn.user.text.rpartition(".")[2] if dsn.user else ""
    return endpoint.ref or (in_user if re.fullmatch(r"[a-z]{20}", in_user) else None)
