"""The command lines of PostgreSQL's own tools: which options say where they connect."""

from __future__ import annotations

import re
from collections.abc import Sequence

from supa_lint.model import HOLE, Expr, Unknown, Value
from supa_lint.read.script import Assignment, Word
from supa_lint.sealing import Sealer

_NAMES = {"h": "host", "p": "port", "U": "username", "d": "dbname"}

# Letters of the options that take a value.
_TAKES_VALUE = {
    "psql": "cdfFhLopPRTUv",
    "pg_dump": "deEfFhjnNpStTUZ",
    "pg_dumpall": "dEfhlpSU",
    "pg_restore": "dfFhIjLnNpPStTU",
    "pg_isready": "dhptU",
    "pg_basebackup": "cdDFhlprRsSTUZ",
    "pg_receivewal": "dDhpsSUZ",
    "pg_recvlogical": "dEfFhIoPpsSU",
    "pgbench": "bcdDfFhjlLMPpRsTtU",
    "vacuumdb": "dhjnNpPtU",
    "reindexdb": "dhijpStU",
    "createdb": "DEhlOpTU",
    "dropdb": "hpU",
    "pgcli": "dDhpuU",
}
# Their first argument is the database, the second the user.
_NAMES_DATABASE = {"psql", "pgcli", "pg_dump", "pgbench", "createdb", "dropdb", "vacuumdb"}
_NAMES_DATABASE |= {"reindexdb"}
# What these hold is of no interest, and no secret: masked, it would only confuse.
_HARMLESS = {"E", "F", "N", "S", "T", "Z", "f", "j", "n", "t", "compress", "encoding", "file"}
_HARMLESS |= {"exclude-schema", "exclude-table", "exclude-table-data", "format", "jobs", "role"}
_HARMLESS |= {"schema", "section", "table"}
_SHORT = re.compile(r"[\w./*%+-]{1,60}")
_VARIABLES = {
    "PGHOST": "host",
    "PGPORT": "port",
    "PGUSER": "username",
    "PGDATABASE": "dbname",
    "PGPASSWORD": "password",
    "PGSSLMODE": "sslmode",
}
# Long options without a value; after any other one the next word is its value.
_FLAG = re.compile(
    r"--(?:no-.*|if-exists|clean|create|.*-only|verbose|quiet|expanded|single-transaction|list"
    r"|tuples-only|inserts|column-inserts|echo-.*|large-objects|blobs|password|csv|html|all"
    r"|analyze|full|freeze|version|help|interactive|force|enable-.*|disable-.*|serializable-.*"
    r"|quote-all-identifiers|exit-on-error|use-set-session-authorization|binary-upgrade)"
)


def knows(program: str) -> bool:
    return program in _TAKES_VALUE


def arguments(
    program: str, words: Sequence[Word], assignments: Sequence[Assignment], sealer: Sealer
) -> tuple[tuple[Expr, ...], tuple[tuple[str, Expr], ...]]:
    """The positional arguments of a tool and its options by their long names.

    `dbname` is a connection string (or a variable that may hold one); where the host is given
    apart, or the text is a mere name, it is `database`. Variables set for the command alone
    (`PGHOST=... psql`) count as options.
    """
    given: list[tuple[str, Word]] = []
    positional: list[Word] = []
    rest = list(reversed(words))
    while rest:
        word = rest.pop()
        text = word.text
        if text.startswith("--"):
            name, equals, _ = text[2:].partition("=")
            if equals:
                given.append((name, word.part(len(name) + 3)))
            elif rest and not _FLAG.fullmatch(text):
                given.append((name, rest.pop()))
        elif re.match(r"-[A-Za-z]", text):
            given += _short(program, word, rest)
        else:
            positional.append(word)
    if program in _NAMES_DATABASE:
        given += zip(("dbname", "username"), positional, strict=False)
        positional = positional[2:]
    elif program == "pg_restore":
        given += zip(("file",), positional, strict=False)
        positional = positional[1:]
    options = {name: _value(name, word, sealer) for name, word in given}
    for assignment in assignments:
        option = _VARIABLES.get(assignment.name)
        if option and option not in options:
            options[option] = sealer.seal(assignment.value.raw, _role(option))
    database = options.get("dbname")
    if (
        isinstance(database, Value)
        and database.dsn is None
        and ("host" in options or HOLE not in database.text)
    ):
        options["database"] = options.pop("dbname")
    args = tuple(sealer.seal(word.raw) for word in positional)
    return args, tuple(options.items())


def _short(program: str, word: Word, rest: list[Word]) -> list[tuple[str, Word]]:
    """`-h host`, `-hhost`, `-Ath host`: the last letter of a group may take a value."""
    for n, letter in enumerate(word.text[1:], 1):
        if letter in _TAKES_VALUE[program]:
            if n + 1 == len(word.text) and not rest:
                return []
            value = rest.pop() if n + 1 == len(word.text) else word.part(n + 1)
            return [(_NAMES.get(letter, letter), value)]
    return []


def _value(name: str, word: Word, sealer: Sealer) -> Expr:
    if name in _HARMLESS and _SHORT.fullmatch(word.text):
        return Unknown(word.raw.span)
    return sealer.seal(word.raw, _role(name))


def _role(name: str) -> str:
    """The name by which the sealer knows what an option holds."""
    return "user" if name == "username" else name
