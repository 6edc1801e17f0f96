"""Which calls open connections, and with what: the client files of `rules/clients/`, applied."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from supa_lint.arguments import argument, first_given, is_known
from supa_lint.dsn import url
from supa_lint.globs import GlobSet
from supa_lint.knowledge import ClientSpec
from supa_lint.model import (
    HOLE,
    MASK,
    Call,
    Client,
    Const,
    Dsn,
    Expr,
    Hole,
    Listing,
    Param,
    Password,
    PasswordKind,
    Span,
    Text,
    Value,
)
from supa_lint.model import Mapping as Table
from supa_lint.raw import Raw
from supa_lint.resolve import as_value

LANGUAGES = {"py": "python", "pyi": "python", "ex": "elixir", "exs": "elixir"} | dict.fromkeys(
    ("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte", "astro"), "javascript"
)
"""Of files whose calls are read by a reader for the language."""

OF_FILE = "file:"
"""Begins the calls that stand for what a file of that name exports."""


@dataclass(frozen=True, slots=True)
class Use:
    """A call that a client file knows: `data` is the file's table and the calls entry on top."""

    spec: ClientSpec
    call: Call
    data: Mapping[str, Any] = field(repr=False)

    @property
    def client(self) -> Client:
        """The client that makes the call."""
        return Client(self.spec.id, str(self.data["label"]), self.call, self.spec.id, self.data)

    def argument(self, key: str) -> Expr | None:
        """The argument that `key` of the data names: the first one given of those listed there
        (a position, a keyword, or a path of keys)."""
        return first_given(self.call, self.data.get(key, ()))


class _Row(NamedTuple):
    """An entry of a client file, for one of the names it lists."""

    name: str
    spec: ClientSpec
    data: Mapping[str, Any]
    kind: str


class Clients:
    """All client files, indexed by the calls they know."""

    def __init__(self, specs: Iterable[ClientSpec]) -> None:
        self._rows: dict[str, list[_Row]] = {}
        self._packages: frozenset[str] = frozenset()
        self._wanted: dict[str, bool] = {}
        self.configured: list[Mapping[str, Any]] = []
        """Where data files configure clients: the rows `configured` of all client files."""
        for spec in specs:
            self.configured += spec.data.get("configured", ())
            self._packages |= frozenset(spec.data.get("packages", ()))
            for kind in ("calls", "urls"):
                for row in spec.data.get(kind, []):
                    for name in row["to"]:
                        self._add(_Row(name, spec, row, kind))
            for row in spec.data.get("uses", {}).values():
                for name in row["calls"]:
                    self._add(_Row(name, spec, row, "uses"))

    def _add(self, row: _Row) -> None:
        last = row.name.rpartition(".")[2]
        self._rows.setdefault("*" if "*" in last else last, []).append(row)

    def _knowing(self, callee: str) -> Iterator[_Row]:
        """The entries whose pattern matches a call's name. Only those are tried that end as it
        does: few of some four hundred."""
        for last in (callee.rpartition(".")[2], "*"):
            for row in self._rows.get(last, ()):
                if dotted(row.name)(callee):
                    yield row

    @cached_property
    def packages(self) -> frozenset[str]:
        """The dependencies whose versions or presence decide something."""
        return self._packages | {"dotenv"}

    @cached_property
    def programs(self) -> frozenset[str]:
        """The commands that connect (`pg_dump`)."""
        rows = (row for last in self._rows.values() for row in last if row.kind == "calls")
        names = (row.name for row in rows if row.name.startswith("shell."))
        return frozenset(name.removeprefix("shell.") for name in names)

    def configured_by(self, path: str) -> bool:
        """Whether a file of this name may configure a client."""
        return bool(self._configuration.matching(path))

    @cached_property
    def _configuration(self) -> GlobSet:
        return GlobSet(glob for row in self.configured for glob in row["files"])

    def wanted(self, callee: str) -> bool:
        """Whether any client file knows this call."""
        known = self._wanted.get(callee)
        if known is None:  # the same few names come again and again
            known = self._wanted[callee] = next(self._knowing(callee), None) is not None
        return known

    def uses(self, call: Call) -> Iterator[Use]:
        """The clients this call may be, in the language of its file."""
        language = LANGUAGES.get(call.span.path.rpartition(".")[2].lower())
        for row in self._knowing(call.callee):
            if language is not None and row.spec.data["language"] != language:
                continue
            if row.kind == "calls":
                for given in _with_options(call, row.data):
                    yield Use(row.spec, given, {**row.spec.data, **row.data})

    def dsns(self, use: Use) -> Iterator[Value]:
        """What the call connects with, as values that may still have holes."""
        name = use.argument("variable")
        if "variable" in use.data:
            yield from self._variable(use, name)
            return
        given = use.argument("dsn")
        if given is not None and not (isinstance(given, Table) and "parts" in use.data):
            for value in self._expression(given):
                yield _with_credentials(value, use.call, use.data.get("credentials", {}))
        elif "parts" in use.data and (joined := _from_parts(use.call, use.data["parts"])):
            yield joined
        elif use.data.get("libpq-environment") and use.call.complete and not use.call.args:
            yield from _from_libpq_environment(use.call)

    def value_of(self, expr: Expr) -> Value | None:
        """An expression as one value: a name, a text, or a call that builds a URL from parts."""
        return next(self._expression(expr), None)

    def _expression(self, expr: Expr) -> Iterator[Value]:
        if isinstance(expr, Call):
            for row in self._knowing(expr.callee):
                if row.kind == "urls":
                    if "parts" in row.data:
                        joined = _from_parts(expr, row.data["parts"])
                        if joined:
                            yield joined
                    elif inner := argument(expr, row.data["dsn"][0]):
                        yield from self._expression(inner)
                    return
        value = as_value(expr)
        if value is not None:
            yield value

    def _variable(self, use: Use, name: Expr | None) -> Iterator[Value]:
        """`dj_database_url.config("DATABASE_URL", default=...)`: the argument names a variable."""
        given = use.argument("default")
        default = given if isinstance(given, Value) else None
        variable = _name_in(name) or use.data.get("default-variable")
        if variable and (name is None or _name_in(name)):
            yield Value(HOLE, use.call.span, (Hole(variable=variable, default=default),))


@lru_cache(maxsize=1024)
def dotted(pattern: str) -> Callable[[str], bool]:
    """What tells whether a dotted name matches a pattern: `*` within a name, `**` across names."""
    if "*" not in pattern:
        return pattern.__eq__
    escaped = re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", r"[^.]*")
    compiled = re.compile(escaped)
    return lambda name: compiled.fullmatch(name) is not None


def _with_options(call: Call, row: Mapping[str, Any]) -> Iterator[Call]:
    """The call as `options-at` says it is to be read: one for each table there, which is its only
    argument. Of those that read the same variables only the first counts."""
    paths: Sequence[str] = row.get("options-at", ())
    if not paths:
        yield call
    seen: set[str] = set()
    found: set[Span] = set()
    unseen = False  # what the first one, which counts most, reads: any variable may be it
    for path in paths:
        for table in _tables(call, path):
            given = _with_table(call, table)
            variables = _variables(given, row)
            if table.span not in found and not variables & seen and not (variables and unseen):
                yield given
            found.add(table.span)
            seen |= variables
        if not path.endswith(".*"):
            host = _where(row, path)
            unseen |= any(not is_known(call, one) for one in host) and not seen


def _where(row: Mapping[str, Any], path: str) -> list[str]:
    """The paths of what says where a call connects to, in the table at `path`."""
    listed = [*row.get("dsn", ()), *row.get("parts", {}).get("host", "").split()]
    return [f"{path}{one.removeprefix('0')}" for one in listed]


def _variables(call: Call, row: Mapping[str, Any]) -> set[str]:
    """The variables that say where a call connects to."""
    hosts = (
        first_given(call, row.get("dsn", ())),
        first_given(call, row.get("parts", {}).get("host", ())),
    )
    holes = (hole for one in hosts if isinstance(one, Value) for hole in one.holes)
    return {hole.variable for hole in holes if hole.variable}


def _with_table(call: Call, table: Table) -> Call:
    """The call with a table as its only argument. It points there, unless that is elsewhere."""
    span = table.span if table.span.path == call.span.path else call.span
    return replace(call, args=(table,), keywords=(), span=span)


def _tables(call: Call, path: str) -> Iterator[Table]:
    """The table at a path, or (`.*`) each that stands in it."""
    expr = argument(call, path.removesuffix(".*"))
    inside: Iterable[Expr | None] = (expr,)
    if path.endswith(".*"):
        inside = expr.items if isinstance(expr, Listing) else ()
        inside = (value for _, value in expr.entries) if isinstance(expr, Table) else inside
    yield from (one for one in inside if isinstance(one, Table))


def _name_in(expr: Expr | None) -> str | None:
    """The variable name that a string argument spells."""
    return expr.text if isinstance(expr, Value) and expr.text.isidentifier() else None


def _from_parts(call: Call, names: Mapping[str, Any]) -> Value | None:
    """A DSN from `host=`, `port=` ... of a call."""
    exprs = {role: first_given(call, name) for role, name in names.items()}
    parts = {role: _text(expr) for role, expr in exprs.items() if expr is not None}
    host = parts.get("host")
    if host is None:
        return None
    password = exprs.get("password")
    params = _params(exprs.get("query"))
    rewritten = () if call.complete else ("user", "port", "params")
    dsn = Dsn(
        spelling="parts",
        span=host.span,
        scheme=parts.get("scheme"),
        user=parts.get("user"),
        password=_password(password, host) or Password(PasswordKind.ABSENT),
        host=host,
        port=parts.get("port"),
        database=parts.get("database"),
        params=params or (),
        rewritten=frozenset(rewritten if params is not None else (*rewritten, "params")),
    )
    return Value(host.text, call.span, host.holes, dsn=dsn)


def _with_credentials(value: Value, call: Call, names: Mapping[str, Any]) -> Value:
    """A DSN with the user and the password that are given beside it; so is the default of a
    variable."""
    dsn = value.dsn
    if dsn is None and value.hole and value.hole.default and value.hole.default.dsn:
        default = _with_credentials(value.hole.default, call, names)
        return replace(value, holes=(replace(value.hole, default=default),))
    if dsn is None or not names:
        return value
    user, password = (
        first_given(call, names[role]) if role in names else None for role in _CREDENTIALS
    )
    if dsn.user is None and user is not None:
        dsn = replace(dsn, user=_text(user))
    if dsn.password.kind is PasswordKind.ABSENT:
        dsn = replace(dsn, password=_password(password, dsn.host) or dsn.password)
    return replace(value, dsn=dsn)


def _password(expr: Expr | None, host: Text | None) -> Password | None:
    """What is said of a password set apart. A literal that is only the default of a variable counts
    beside a host of Supabase that is written there, too: else it is a local database's."""
    if not isinstance(expr, Value):
        return None
    default = expr.hole.default if expr.hole else None
    literal = default.password if default else None
    if literal is None or literal.kind is not PasswordKind.LITERAL or host is None:
        return expr.password
    written = [host, *(hole.default for hole in host.holes if hole.default)]
    return literal if any("supabase" in text.text for text in written) else expr.password


_CREDENTIALS = ("user", "password")


def _from_libpq_environment(call: Call) -> Iterator[Value]:
    """`connect()` without arguments reads `PGHOST`, `PGPORT` ..."""

    def read(variable: str) -> Text:
        return Text(HOLE, call.span, (Hole(variable=variable),))

    dsn = Dsn(
        spelling="parts",
        span=call.span,
        host=read("PGHOST"),
        port=read("PGPORT"),
        user=read("PGUSER"),
        params=(Param("sslmode", read("PGSSLMODE"), call.span),),
    )
    yield Value(HOLE, call.span, (Hole(variable="PGHOST"),), dsn=dsn)


def _params(query: Expr | None) -> tuple[Param, ...] | None:
    """The parameters that a `query=` gives, as a table or as text; None when they are not known."""
    if query is None or (isinstance(query, Const) and query.value is None):
        return ()
    if isinstance(query, Table):
        entries = ((key, _text(expr)) for key, expr in query.entries)
        return tuple(Param(key, text, text.span) for key, text in entries if text is not None)
    text = _text(query)
    if text is None or not text.known or text.text == MASK:
        return None
    parsed = url.parse(Raw(f"postgresql://h/?{text.text}", text.span))
    return parsed.params if parsed else None


def _text(expr: Expr | None) -> Text | None:
    if expr is None or isinstance(expr, (Table, Listing)):
        return None
    if isinstance(expr, Const):
        return Text(str(expr.value), expr.span) if isinstance(expr.value, int) else None
    value = as_value(expr)
    if value is not None:
        return value
    return Text(HOLE, expr.span, (Hole(),))
