"""What code changes in a DSN on its way to the client.

Readers say it in words: the name of a part that becomes unknown (`host`, `*` for any), or
`scheme:postgres>postgresql+asyncpg` where code replaces one scheme by another that we can see.
"""

from __future__ import annotations

from dataclasses import replace

from supa_lint.model import Dsn, Text

_KNOWN = "scheme:"


def replaced_scheme(old: str, new: str) -> str:
    """The word for `.replace("postgres://", "postgresql://")`."""
    return f"{_KNOWN}{old.removesuffix('://')}>{new.removesuffix('://')}"


def unsure(words: frozenset[str]) -> frozenset[str]:
    """The same changes, if nobody knows whether they are made."""
    return frozenset("scheme" if word.startswith(_KNOWN) else word for word in words)


def rewrite(dsn: Dsn, words: frozenset[str]) -> Dsn:
    """`dsn` after the changes."""
    known = {word for word in words if word.startswith(_KNOWN)}
    table = dict(word.removeprefix(_KNOWN).split(">", 1) for word in known)
    scheme = dsn.scheme
    if scheme is not None and scheme.known:
        name = scheme.text
        while name in table:  # one replacement may lead to the next
            name = table.pop(name)
        scheme = Text(name, scheme.span)
    return replace(dsn, scheme=scheme, rewritten=dsn.rewritten | (words - known))
