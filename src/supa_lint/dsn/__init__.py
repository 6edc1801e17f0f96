"""Every spelling of a Postgres connection string, cut into one `Dsn` with a span per part.

`find` finds DSNs in free text, `parse` reads one, `group` puts one together from parts that are
set side by side, `Endpoints` says what one reaches.
"""

from __future__ import annotations

from collections.abc import Iterator

from supa_lint.dsn import keywords, url
from supa_lint.model import Dsn
from supa_lint.raw import Raw


def parse(raw: Raw) -> Dsn | None:
    """The DSN that the whole of `raw` spells, or None when it spells none."""
    return url.parse(raw) or keywords.parse(raw)


def find(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every DSN in free text. Only DSNs that name a host are worth finding."""
    yield from sorted((*url.find(text), *keywords.find(text)))


__all__ = ["find", "parse"]
