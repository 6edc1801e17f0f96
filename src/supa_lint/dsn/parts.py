"""DSNs whose parts are set side by side: `DB_HOST`, `DB_PORT`, `DB_USER` ..."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from supa_lint.model import MASK, Dsn, Param, Password, PasswordKind, Setting

_WORDS = {
    "host": ("HOST", "HOSTNAME", "SERVER", "ENDPOINT"),
    "port": ("PORT",),
    "user": ("USER", "USERNAME", "ROLE"),
    "password": ("PASSWORD", "PASS", "PWD", "PASSWD", "PW"),
    "database": ("NAME", "DATABASE", "DBNAME", "DB"),
    "sslmode": ("SSLMODE", "SSL_MODE"),
}
_ROLES = {word: role for role, words in _WORDS.items() for word in words}
_NAME = re.compile(
    r"(?P<prefix>(?:.*?[_.\-])?|PG|DB|db|pg)(?P<word>"
    + "|".join(sorted(_ROLES, key=len)[::-1])
    + r")",
    re.IGNORECASE,
)


_NOT_POSTGRES = re.compile(
    r"(?:.*[_.\-])?(?:smtp|e?mail|imap|redis|valkey|mongo|mysql|maria|rabbit|amqp|kafka|elastic"
    r"|opensearch|minio|ftp|sftp|ssh|memcached|clickhouse|qdrant)|proxy",
    re.IGNORECASE,
)
"""Names of hosts of something else."""
_DATABASE = re.compile(r"db|database|pg|postgres|sql|supabase", re.IGNORECASE)


@cache
def _split(name: str) -> tuple[str, str] | None:
    """Prefix and role of a name (`POSTGRES_HOST` -> `POSTGRES_`, `host`), or None."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    match = _NAME.fullmatch(snake)
    if match is None:
        return None
    return match.group("prefix").upper(), _ROLES[match.group("word").upper()]


def role_of(name: str) -> str:
    """Which part of a DSN a setting of this name holds: host, port ... or nothing."""
    split = _split(name)
    if split:
        return split[1]
    upper = name.upper()
    if re.search(r"PASSW|SECRET|TOKEN|PRIVATE|CREDENTIAL|API_?KEY|(?:^|_)PASS(?:_|$)", upper):
        return "password"
    return ""


def group(settings: Iterable[Setting]) -> Iterator[tuple[Dsn, dict[str, Setting]]]:
    """The DSNs that settings of one container spell together, one for each prefix with a host.

    Gives each with the settings its parts come from. A host alone is no DSN: a port, a user or a
    password must stand beside it. Host and port alone may be any server's.
    """
    by_prefix: dict[str, dict[str, Setting]] = {}
    for setting in settings:
        split = _split(setting.name)
        if split is not None:
            prefix, role = split
            by_prefix.setdefault(prefix, {})[role] = setting
    for parts in by_prefix.values():
        host = parts.get("host")
        if host is None or host.value.dsn is not None or not host.value.text:
            continue
        if _NOT_POSTGRES.match(host.name):
            continue
        if MASK in host.value.text or not parts.keys() & {"port", "user", "password"}:
            continue
        if parts.keys() == {"host", "port"} and not _of_a_database(host):
            continue
        yield _join(parts), parts


def _of_a_database(host: Setting) -> bool:
    """Whether the name or the value of a host says that it is a database's."""
    return bool(_DATABASE.search(host.name)) or "supabase" in host.value.text.lower()


def _join(parts: dict[str, Setting]) -> Dsn:
    host = parts["host"]
    values = {role: setting.value for role, setting in parts.items() if setting.value.text}
    password = values.get("password")
    sslmode = values.get("sslmode")
    return Dsn(
        spelling="parts",
        span=host.span,
        user=values.get("user"),
        password=(password and password.password) or Password(PasswordKind.ABSENT),
        host=values["host"],
        port=values.get("port"),
        database=values.get("database"),
        params=(Param("sslmode", sslmode, parts["sslmode"].span),) if sslmode else (),
        # Those of Terraform are put together by other files, which may add any parameter.
        rewritten=frozenset({"params"} if host.span.path.endswith(".tfvars") else ()),
    )
