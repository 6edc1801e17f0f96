"""Connection URLs: `postgresql://user:password@host:port/database?parameters`, with `jdbc:` too.

This reads what the author meant, which is more than what any one driver accepts: passwords hold raw
`@ : / ? # [ ]`, placeholders stand in brackets of any kind, and code leaves holes. So the user and
password end at the *last* `@` that a host can follow. (`urllib.parse.urlsplit` raises on `[` and
silently misreads `#`.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from supa_lint.dsn.rewrite import rewrite
from supa_lint.dsn.words import INTERPOLATION, describe_password, holes_of
from supa_lint.model import HOLE, MASK, Dsn, Hole, Param, Password, PasswordKind, Span, Text
from supa_lint.raw import Raw, Segment

_SCHEME = re.compile(
    r"(?:(?:jdbc|db\+|sqla\+):?)?"
    r"(?:postgres(?:ql|is)?|pgsql|psql|pg|ecto|asyncpg|psycopg[23]?|cockroachdb|timescale)"
    r"(?:\+[a-z0-9_]+)?(?::(?=postgresql))?",
    re.IGNORECASE,
)
_URL = re.compile(
    rf"\s*(?P<scheme>{_SCHEME.pattern}|{HOLE}(?:\+[a-z0-9_]+)?)://(?P<rest>.*)", re.I | re.S
)
_BARE = re.compile(
    # No scheme: only believed with user information or a port, and on a Supabase host.
    r"\s{0,9}(?P<rest>(?!\w+:/)(?:[^\s@/]{1,300}@)?[\w.\-\[\]{}<>$]{0,100}"
    r"(?:pooler\.supabase\.|db\.[\w\-]{1,60}\.supabase\.)\w{1,9}:\d{1,5}/\S*"
    r"|[^\s@/]{1,99}:\S{1,300}@[\w.\-]{0,100}\.supabase\.\w{1,9}(?::\d{1,5})?(?:/\S*)?)\s*$",
    re.I,
)
_LABEL = rf"[\w.\-{HOLE}]|\[[^\[\]@/]*\]|<[^<>@/]*>|【[^】@]*】|\*"
_HOST_PORT = re.compile(
    rf"(?P<host>(?:\[[0-9a-fA-F:.]+\]|(?:{_LABEL})*)(?:,[^/?\s]*)?)"
    rf"(?::(?P<port>[\w\-{HOLE}]*|\[[^\[\]]*\]|<[^<>]*>))?"
    r"(?P<end>[/?#\s].*)?",
    re.S,
)
_FIND = re.compile(
    rf"(?<![\w+.])(?:{_SCHEME.pattern})://"
    r"(?:\$\{\{[^{}\n]{0,200}\}\}|\{\{[^{}\n]{0,200}\}\}|\$\{[^{}\n]{0,200}\}|\[[^\[\]\n]{0,60}\]"
    r"|<[^<>\n]{0,60}>|[^\s\"'`<>|\\\x00-\x1f])+",
    re.I,
)
_PUNCTUATION = ".,;:!)]}*"
_SECRET_PARAM = re.compile(r"pass|pwd|secret|token|key", re.IGNORECASE)
_USER = re.compile(rf"(?:[\w.\-{HOLE} ]|\[[^\[\]@]*\]|<[^<>@]*>|【[^】@]*】|%[0-9A-Fa-f]{{2}})+")
_PARAM = re.compile(r"[A-Za-z_][\w.%-]{0,40}")
_PORT = re.compile(rf"[\d{HOLE}]*|\[.*\]|<.*>|(?i:[a-z_-]*port)")


def find(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every connection URL in free text, without the punctuation after it."""
    for match in _FIND.finditer(text):
        start, end = match.span()
        while text[end - 1] in _PUNCTUATION and not _closes(text[start:end]):
            end -= 1
        yield start, end


def parse(raw: Raw) -> Dsn | None:
    """The URL that `raw` spells, or None."""
    resolved = _resolve_interpolations(raw)
    match = _URL.match(resolved.text)
    if match is None and ".supabase." in raw.text:
        match = _BARE.match(resolved.text)
    if match is None:
        return None
    rest = match.start("rest")
    end = len(resolved.text.rstrip())
    scheme_at = match.span("scheme") if "scheme" in match.groupdict() else None
    scheme = resolved.cut(*scheme_at) if scheme_at else None
    jdbc = scheme is not None and scheme.text.lower().startswith("jdbc:")

    at = _authority(resolved.text, rest, end)
    host_from = rest if at is None else at + 1
    location = _HOST_PORT.fullmatch(resolved.text, host_from, end)
    if location is None:
        return None
    user, password = _user_information(resolved, rest, at)
    params = _params(resolved, location, end)
    database = _database(resolved, location)
    if jdbc or user is None:
        user = user or _unless_password(_take(params, "user"))
        described = next((p for p in params if p.name.lower() == "password"), None)
        if described is not None and password.kind is PasswordKind.ABSENT:
            password = described.password
    dsn = Dsn(
        spelling="jdbc" if jdbc else "url",
        span=resolved.span_of(match.start("scheme") if scheme_at else rest, end),
        scheme=scheme,
        user=user,
        password=password,
        host=_cut_or_none(resolved, location, "host"),
        port=_port(resolved, location),
        database=database,
        params=tuple(Param(p.name, p.value, p.key) for p in params),
    )
    return rewrite(dsn, raw.rewritten)


class _Query:
    """One parameter while it is read: its value is sealed already."""

    def __init__(self, name: str, value: Text, key: Span, password: Password) -> None:
        self.name, self.value, self.key, self.password = name, value, key, password


def _resolve_interpolations(raw: Raw) -> Raw:
    """`raw` with `${X}` and its like, where no reader resolved them, as holes nobody can fill."""
    if holes_of(raw.text) == raw.text:
        return raw
    text, holes, segments = "", [], []
    given = iter(raw.holes)
    at = 0
    for match in [*INTERPOLATION.finditer(raw.text), None]:
        stop = match.start() if match else len(raw.text)
        piece = raw.part(at, stop)
        segments += [
            Segment(s.start + len(text), s.end + len(text), s.offset) for s in piece.segments
        ]
        text += piece.text
        holes += [next(given) for _ in range(piece.text.count(HOLE))]
        if match is None:
            break
        for _ in range(match.group().count(HOLE)):
            next(given)
        text += HOLE
        holes.append(Hole())
        at = match.end()
    return Raw(text, raw.span, tuple(holes), tuple(segments), raw.rewritten)


def _authority(text: str, start: int, end: int) -> int | None:
    """Index of the `@` between user information and host: the last one that a host can follow."""
    at = text.rfind("@", start, end)
    while at >= 0:
        after = _HOST_PORT.fullmatch(text, at + 1, end)
        rest = after.group("end") or "" if after else ""
        if after and (after.group("host") or not rest) and not (rest[:1] == "#" and "@" in rest):
            # An `@` in a parameter or after the host's slash belongs there, not to a password: so
            # what precedes this one must not be a host already.
            earlier = text.rfind("@", start, at)
            if earlier < 0 or "." not in _host_before(text, earlier + 1, at):
                return at
            at = earlier
            continue
        at = text.rfind("@", start, at)
    return None


def _host_before(text: str, start: int, stop: int) -> str:
    """The host between two `@`, if `host[:port]/` or `host?` stands there; else nothing."""
    match = re.match(r"([\w.\-]+)(?::\d+)?[/?]", text[start:stop])
    return match.group(1) if match else ""


def _user_information(raw: Raw, start: int, at: int | None) -> tuple[Text | None, Password]:
    if at is None:
        return None, Password(PasswordKind.ABSENT)
    name, colon, password = raw.text[start:at].partition(":")
    user = _user(raw, start, start + len(name))
    if not colon:
        return user, Password(PasswordKind.ABSENT)
    given = raw.part(at - len(password), at)
    return user, describe_password(password, given.span, given.holes)


def _user(raw: Raw, start: int, end: int) -> Text | None:
    """The user; one with an `@` or the like in it has a password in it."""
    if end <= start:
        return None
    return _unless_password(raw.cut(start, end))


def _unless_password(user: Text | None) -> Text | None:
    return user if user is None or _USER.fullmatch(user.text) else Text(MASK, user.span)


def _port(raw: Raw, location: re.Match[str]) -> Text | None:
    port = _cut_or_none(raw, location, "port")
    if port is not None and not _PORT.fullmatch(port.text):
        # `postgres://user:secret` without a host reads like `host:port`.
        return Text(MASK, port.span)
    return port


def _database(raw: Raw, location: re.Match[str]) -> Text | None:
    path = re.match(r"/([^?#]+)", location.group("end") or "")
    if path is None:
        return None
    start = location.start("end")
    name = _unless_dsn(raw.cut(start + path.start(1), start + path.end(1)))
    # After `@postgres://user:password`, whose host is `postgres:`, the rest of it stands here.
    broken = name.text.startswith("/") or ":" in unquote(name.text)
    return Text(MASK, name.span) if broken else name


def _unless_dsn(text: Text) -> Text:
    """The text, unless another DSN was pasted there: its password is nobody's business."""
    written = unquote(text.text)
    return Text(MASK, text.span) if "@" in written or "://" in written else text


def _params(raw: Raw, location: re.Match[str], end: int) -> list[_Query]:
    start = raw.text.find("?", location.start("end"), end) if location.group("end") else -1
    if start < 0:
        return []
    params: list[_Query] = []
    at = start + 1
    for piece in raw.text[at:end].split("&"):
        name, equals, _ = piece.partition("=")
        key = len(name)
        value_at = at + len(name) + len(equals)
        value = raw.cut(value_at, at + len(piece))
        password = Password(PasswordKind.ABSENT)
        if _SECRET_PARAM.search(name):
            password = describe_password(value.text, value.span, value.holes)
            value = Text(MASK, value.span)
        elif value.known:
            value = _unless_dsn(Text(unquote(value.text.replace("+", " ")), value.span))
        if not _PARAM.fullmatch(name) or (not equals and any(p.value.text == MASK for p in params)):
            name = MASK  # it may be the rest of a password
        if piece:
            params.append(_Query(unquote(name), value, raw.span_of(at, at + key), password))
        at += len(piece) + 1
    return params


def _take(params: list[_Query], name: str) -> Text | None:
    return next((p.value for p in reversed(params) if p.name.lower() == name), None)


def _cut_or_none(raw: Raw, match: re.Match[str], group: str) -> Text | None:
    start, end = match.span(group)
    return raw.cut(start, end) if end > start else None


def _closes(text: str) -> bool:
    """Whether the last character closes a bracket that was opened inside."""
    pairs = {")": "(", "]": "[", "}": "{"}
    opening = pairs.get(text[-1])
    return opening is not None and text.count(opening) >= text.count(text[-1])
