"""SQL scripts: the one statement that connects somewhere, `CREATE SUBSCRIPTION`.

It is a call of `sql.subscription` with the connection string as its argument. Any other DSN in the
script is a mention.
"""

from __future__ import annotations

import re

from supa_lint.model import Call, Facts, Span
from supa_lint.read import text
from supa_lint.sealing import Sealer
from supa_lint.source import File

_SUBSCRIPTION = re.compile(
    rb"^[^\S\n]*(?:CREATE|ALTER)\s+SUBSCRIPTION\s+(?:\"[^\"\n]{1,63}\"|\w{1,63})"
    rb"\s+CONNECTION\s+'(?P<dsn>[^'\n]{1,1000})'",
    re.MULTILINE | re.IGNORECASE,
)
_COMMENT = re.compile(rb"/\*.*?(?:\*/|\Z)", re.DOTALL)


def read(file: File) -> Facts:
    """The facts of a script. A statement in a comment is none."""
    if text.is_utf16(file):
        return text.read(file)
    sealer = Sealer(file)
    comments = [match.span() for match in _COMMENT.finditer(file.data)]
    calls = tuple(
        Call(
            "sql.subscription",
            (sealer.seal(text.raw_at(file, *match.span("dsn"))),),
            (),
            True,
            Span(file.path, match.end() - len(match[0].lstrip()), match.end()),
        )
        for match in _SUBSCRIPTION.finditer(file.data, file.body)
        if not any(start < match.start() < end for start, end in comments)
    )
    mentions = tuple(text.mentions(file, sealer, file.body, len(file.data)))
    return Facts(
        file.path, calls=calls, mentions=mentions, secrets=tuple(dict.fromkeys(sealer.secrets))
    )
