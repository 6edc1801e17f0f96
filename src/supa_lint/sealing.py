"""The one door through which text of a scanned file enters the model: it masks secrets.

A reader builds a `Raw` (text, holes, and where each stretch of it stands in the file), and its
`Sealer` turns it into a `Value`. What supa-lint understands is kept: a DSN without its password, a
host, a port, a mode word. Every other text is masked whole, because it may be anything.
"""

from __future__ import annotations

import base64
import json
import re

from supa_lint import dsn
from supa_lint.dsn.parts import role_of
from supa_lint.dsn.words import describe_password, is_placeholder
from supa_lint.model import HOLE, MASK, Dsn, Password, PasswordKind, Span, Value
from supa_lint.raw import Raw, Segment
from supa_lint.source import File

__all__ = ["Raw", "Sealer", "Segment"]

_JWT = re.compile(r"eyJ[\w-]+\.(?P<payload>[\w-]+)\.[\w-]*")
_KEY = re.compile(r"sb_(?P<kind>secret|publishable)_[\w-]+")
_API_URL = re.compile(
    r"https?://(?P<ref>[a-z0-9-]+)\.supabase\.(?:co|in|net)(?::\d+)?(?P<rest>[/?#].*)?"
)
_SUPABASE_HOST = re.compile(rf"[\w.\-\[\]<>{{}}$%{HOLE}]*supabase\.[\w.{HOLE}]*(?::[\d{HOLE}]*)?")
_UNDERSTOOD = re.compile(
    r"""
      \d{1,5}                                   # a port, a pool size
    | (?i:true|false|yes|no|on|off|none|null|disable|allow|prefer|require|verify-ca|verify-full
        |no[-_]verify)                            # a switch, a TLS mode
    | (?i:autocommit|read[ _]committed|repeatable[ _]read|serializable)
    | (?:jdbc:)?postgres(?:ql)?(?:\+[a-z0-9_]+)?(?::/*)?   # a scheme
    | mysql|mariadb|sqlite3?|sqlsrv|mssql|mongodb    # another database
    | postgres(?:\.[a-z]{20})?                  # a user
    | [A-Z][A-Z0-9_]*(?:URL|URI|DSN|DB|DATABASE|CONNECTION_STRING)   # the name of a variable
    | pg | pg-native | pgsql | postgres-js | postgis | db | localhost | 127\.0\.0\.1
    | [\w.]*\.(?:postgresql|postgis)[\w.]*      # a driver by its dotted name
    | (?:\s*(?:-c\s*|--)                       # settings that libpq's `options` sends
        (?:(?:statement|lock|idle_in_transaction_session)_timeout=\d{1,9}(?:m?s|min)?
        |search_path=[a-z_,]{1,40}))+\s*
    | [:/@?&=.,;\s]*                            # punctuation between holes
    | [?&][\w=&.-]*                             # parameters after a hole
    """,
    re.VERBOSE,
)
_ROLE_SHAPES = {
    "host": re.compile(r"[\w.\-\[\]<>:]{1,255}"),
    "port": re.compile(r"[\w\-\[\]<>]{1,20}"),
    "user": re.compile(r"[\w.\-\[\]<>@]{1,127}"),
    "database": re.compile(r"[\w.\-\[\]<>]{1,127}"),
    "sslmode": re.compile(r"[\w\-]{1,20}"),
}


_SESSION_SQL = re.compile(
    r"""\s*(?P<verb>
          (?:un)?listen\b
        | set\s+(?!local\b|transaction\b|constraints\b)(?:session\s+)?(?=\w)
        | select\s+pg_(?:try_)?advisory_(?:un)?lock(?:_shared)?(?=\s*\()
        | create\s+(?:local\s+|global\s+)?temp(?:orary)?\s+table(?!.*\bon\s+commit\s+drop\b)
        | prepare\s+(?=\w+)(?!transaction\b) | deallocate\b
        | create\s+subscription\b
    )""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_LONGEST_PLACEHOLDER = 200
_LONGEST_UNDERSTOOD = 500
# What a fresh self-hosted stack comes with (supabase/supabase, docker/.env.example, 2026-11).
_SELF_HOSTED_DEFAULTS = frozenset(
    {
        "your-super-secret-and-long-postgres-password",
        "your-super-secret-jwt-token-with-at-least-32-characters-long",
        "this_password_is_insecure_and_should_be_updated",
        "your-32-character-encryption-key",
    }
)


class Sealer:
    """Seals the texts of one file, and collects where its secrets stand."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.secrets: list[Span] = []

    def seal(self, raw: Raw, name: str = "") -> Value:
        """The value of a setting or argument called `name`: its name tells a host from a secret."""
        spelled = dsn.parse(raw)
        if spelled is not None:
            return self._dsn(raw, spelled)
        bare = raw.text.strip()
        key = _JWT.fullmatch(bare)
        if key:
            kind, ref = _claims(key.group("payload"))
            return self._secret(raw, kind, ref)
        if match := _KEY.fullmatch(bare):
            return self._secret(raw, f"{match.group('kind')}-key", None)
        if match := _API_URL.fullmatch(bare):
            tail = match.group("rest")
            text = bare.removesuffix(tail) if tail and len(tail) > 1 else bare
            return Value(text, raw.span, raw.holes, ref=match.group("ref"))
        if bare in _SELF_HOSTED_DEFAULTS:
            return self._secret(raw, "self-hosted-default", None)
        role = role_of(name)
        if role == "password":
            return self._password(raw)
        if role in _ROLE_SHAPES and all(
            not piece or _ROLE_SHAPES[role].fullmatch(piece) for piece in bare.split(HOLE)
        ):
            return Value(bare, raw.span, raw.holes, rewritten=raw.rewritten)
        return self._sql(raw) or self._masked(raw)

    def _dsn(self, raw: Raw, spelled: Dsn) -> Value:
        self._remember(spelled.password)
        texts = [param.value for param in spelled.params] + [spelled.port, spelled.user]
        self.secrets += [text.span for text in texts if text is not None and text.text == MASK]
        host = spelled.host.text if spelled.host else ""
        text = f"{spelled.scheme.text if spelled.scheme else ''}://{host}"
        holes = (spelled.scheme.holes if spelled.scheme else ()) + (
            spelled.host.holes if spelled.host else ()
        )
        return Value(text, raw.span, holes, dsn=spelled, rewritten=raw.rewritten)

    def _password(self, raw: Raw) -> Value:
        described = describe_password(raw.text.strip(), raw.span, raw.holes)
        self._remember(described)
        text = raw.text.strip() if raw.text.strip() == HOLE else MASK if raw.text.strip() else ""
        holes = raw.holes if text == HOLE else ()
        return Value(
            text,
            raw.span,
            holes,
            password=described,
            placeholder=described.kind is PasswordKind.PLACEHOLDER,
            rewritten=raw.rewritten,
        )

    def _secret(self, raw: Raw, kind: str, ref: str | None) -> Value:
        self.secrets.append(raw.span)
        return Value(MASK, raw.span, secret=kind, ref=ref)

    def _masked(self, raw: Raw) -> Value:
        pieces = [piece if _is_understood(piece) else MASK for piece in raw.text.split(HOLE)]
        if MASK in pieces:
            self.secrets.append(raw.span)
        return Value(
            HOLE.join(pieces),
            raw.span,
            raw.holes,
            placeholder=MASK in pieces and is_placeholder(raw.text[:_LONGEST_PLACEHOLDER]),
            rewritten=raw.rewritten,
        )

    def _sql(self, raw: Raw) -> Value | None:
        """Of SQL only what it does to the session is kept (`LISTEN`), not what it says."""
        match = _SESSION_SQL.match(raw.text)
        if match is None:
            return None
        self.secrets.append(raw.span)
        return Value(" ".join(match["verb"].upper().split()), raw.span)

    def _remember(self, password: Password) -> None:
        if password.span is not None and password.kind not in (
            PasswordKind.ABSENT,
            PasswordKind.INTERPOLATED,
            PasswordKind.PLACEHOLDER,
            PasswordKind.MASKED,
        ):
            self.secrets.append(password.span)


def _is_understood(piece: str) -> bool:
    return len(piece) <= _LONGEST_UNDERSTOOD and (
        _UNDERSTOOD.fullmatch(piece) is not None or _SUPABASE_HOST.fullmatch(piece) is not None
    )


def _claims(payload: str) -> tuple[str, str | None]:
    """Kind of a JWT and the project it names. One we can't read is just a token."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return "token", None
    if not isinstance(claims, dict) or claims.get("iss") not in ("supabase", "supabase-demo"):
        return "token", None
    role, ref = claims.get("role"), claims.get("ref")
    demo = claims["iss"] == "supabase-demo"
    kind = {"service_role": "service-role-key", "anon": "anon-key"}.get(str(role), "token")
    return f"demo-{kind}" if demo else kind, ref if isinstance(ref, str) else None
