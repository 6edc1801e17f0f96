"""What can be said of a DSN by itself: whether it can be read, which project it names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from supa_lint.dsn.words import is_placeholder
from supa_lint.model import HOLE, MASK, Dsn, Endpoint, Param, PasswordKind, Text

_REF = re.compile(r"[a-z]{20}(?:-rr-[a-z0-9-]+)?")
_REPEATED = re.compile(r"(.)\1+")


def has_placeholder(dsn: Dsn) -> bool:
    """Whether a word that a person has to replace stands in the user, the password or the host."""
    texts = [text.text for text in (dsn.user, dsn.host) if text is not None]
    return dsn.password.kind is PasswordKind.PLACEHOLDER or any(
        is_placeholder(label) for text in texts for label in text.split(".")
    )


def error(dsn: Dsn) -> str | None:
    """Why no client can read the DSN, or None. What is interpolated may still come right."""
    if dsn.spelling not in ("url", "jdbc") or dsn.rewritten:
        return None
    if dsn.port is not None and not _is_port(dsn.port):
        return "what stands where the port should be is no number"
    if dsn.host is None and dsn.param("host") is None and dsn.scheme is not None:
        return "it names no host"
    for text in (dsn.user, dsn.host, dsn.database):
        if text is not None and re.search(r"\s", text.text) and not is_placeholder(text.text):
            return "a space stands in it"
    return None


def _is_port(port: Text) -> bool:
    if HOLE in port.text or is_placeholder(port.text):
        return True
    return port.text.isdecimal() and 0 < int(port.text[:6]) < 65536


def user_may_be_secret(dsn: Dsn) -> bool:
    """Whether what stands where the user belongs may be a password, or the rest of one: nothing
    follows it, and it is no role that Supabase makes."""
    alone = dsn.password.kind is PasswordKind.ABSENT
    return alone and dsn.user is not None and not dsn.user.text.startswith("postgres")


def ref_of(dsn: Dsn, endpoint: Endpoint) -> Text | None:
    """The project ref that the DSN names: in the host, or on a shared pooler after the user's
    last dot."""
    if endpoint.kind == "shared-pooler" and dsn.user is not None and "." in dsn.user.text:
        role, _, ref = dsn.user.text.rpartition(".")
        return Text(ref, dsn.user.span, dsn.user.holes[role.count(HOLE) :])
    if endpoint.ref is not None and dsn.host is not None:
        return Text(endpoint.ref, dsn.host.span)
    return None


def ref_shape(ref: Text) -> str:
    """`project` for 20 letters (or a read replica of one), `placeholder`, `unknown` or `other`."""
    if HOLE in ref.text or ref.text == MASK:
        return "unknown"
    if _REF.fullmatch(ref.text) and not _REPEATED.fullmatch(ref.text):
        return "project"
    return "placeholder" if is_placeholder(ref.text) or _is_stand_in(ref.text) else "other"


def _is_stand_in(text: str) -> bool:
    """`xxxx`, `ref`, `abc123`: short words that examples use for a ref."""
    return (
        re.fullmatch(
            r"x+|(.)\1{3,}|(?:project|proj|ref|id|tenant|abc|example|test|dummy|fake|my)[\w-]*"
            r"|[\w-]*(?:project|ref|example|tenant|dummy|dev|local)",
            text,
            re.IGNORECASE,
        )
        is not None
    )


def misspelt(dsn: Dsn, table: Mapping[str, str]) -> tuple[Param, str] | None:
    """The first parameter whose name or value is a known misspelling, and what was meant.

    `table` has the right spelling for each wrong one, `name` or `name=value`.
    """
    for param in dsn.params:
        for wrong in (param.name, f"{param.name}={param.value.text}"):
            if wrong in table:
                return param, table[wrong]
    return None
