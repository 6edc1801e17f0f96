"""The words of supa-lint, as frozen facts.

The stages pass these to each other: `read` turns one file into `Facts`, `link` joins the facts of
all files into `Connection`s, `check` turns connections into `Finding`s.

Two promises are kept here by construction:

* A fact is *yes*, *no* or *unknown* (`None`): see `Tri`. What is unknown is never guessed.
* No fact holds a secret. `Text.text` is masked when it is made (`supa_lint.sealing`), and a
  `Password` describes a password without holding one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as TableMapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Tri = bool | None
"""Yes, no, or not known."""

HOLE = "\ufffc"
"""Stands in a text for a piece that is not written there: the n-th HOLE is filled by `holes[n]`."""

MASK = "***"
"""What is shown instead of a secret."""


class Place(StrEnum):
    """What kind of place a file is: it decides which rules judge what stands there."""

    LIVE = "live"
    EXAMPLE = "example"
    TEST = "test"
    DOCS = "docs"
    ARCHIVED = "archived"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one file. `path` is relative to the project root, with `/`.

    `start` and `end` are byte offsets into the file as it is on disk (a BOM counts), end excluded.
    """

    path: str
    start: int
    end: int


NOWHERE = Span("", 0, 0)
"""The place of what no file of the project says."""


# --- text ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hole:
    """What fills a `HOLE`: a variable of the environment, a name in code, or nobody knows what.

    `variable` is an environment variable; `symbol` a name another module defines (dotted, as far
    as the reader could resolve it). `default` is the value when nothing sets the variable.
    `part` narrows the hole to one part of the DSN the variable holds (`urlparse(url).hostname`).
    """

    variable: str | None = None
    symbol: str | None = None
    default: Value | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text, masked, with a HOLE for each piece that is not known here."""

    text: str
    span: Span
    holes: tuple[Hole, ...] = ()

    @property
    def known(self) -> bool:
        """Whether every character is known."""
        return HOLE not in self.text


class PasswordKind(StrEnum):
    ABSENT = "absent"
    LITERAL = "literal"
    PLACEHOLDER = "placeholder"
    INTERPOLATED = "interpolated"
    MASKED = "masked"
    API_KEY = "api-key"
    ACCESS_TOKEN = "access-token"  # noqa: S105  (a kind, not a password)


@dataclass(frozen=True, slots=True)
class Password:
    """What can be said about a password without holding it.

    `reserved` are the characters that stand raw and would have to be percent-encoded in a URL.
    `bracketed`: the template's `[ ]` were left around a real password. `invented`: visibly not
    a real one (docs' words, alphabet runs, repeated letters). `hole`: what fills it, when it is
    nothing but one hole.
    """

    kind: PasswordKind
    span: Span | None = None
    reserved: frozenset[str] = frozenset()
    bracketed: bool = False
    invented: bool = False
    hole: Hole | None = None


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a DSN (`sslmode=require`); `key` is where its name stands."""

    name: str
    value: Text
    key: Span


@dataclass(frozen=True, slots=True)
class Dsn:
    """A Postgres connection string in any spelling, cut into its parts. Absent parts are None."""

    spelling: str
    """`url`, `keywords` (libpq), `npgsql`, `jdbc`, `parts` (set side by side), `stated` (by the
    configuration), or `none`: a setting that is no DSN."""
    span: Span
    scheme: Text | None = None
    user: Text | None = None
    password: Password = field(default=Password(PasswordKind.ABSENT))
    host: Text | None = None
    port: Text | None = None
    database: Text | None = None
    params: tuple[Param, ...] = ()
    rewritten: frozenset[str] = frozenset()
    """Names of parts that code changes on the way to the client: they are unknown there.
    `*` means any part."""
    stated: str = ""
    """What the configuration says it reaches (`shared-pooler:transaction`), for a DSN that no file
    of the project holds."""

    def param(self, name: str) -> Param | None:
        """The last parameter of that exact name: the last one wins in every client."""
        return next((p for p in reversed(self.params) if p.name == name), None)

    def rewrites(self, part: str) -> bool:
        """Whether code may change that part on the way."""
        return bool(self.rewritten & {part, "*"})


@dataclass(frozen=True, slots=True)
class Value(Text):
    """What a setting or an argument is: text, and the DSN it spells if it spells one."""

    dsn: Dsn | None = None
    secret: str | None = None
    """Kind of key the value is, when it is one: `service-role-key`, `anon-key`, `secret-key` ..."""
    ref: str | None = None
    """Project ref named by a Supabase URL or inside a JWT."""
    password: Password | None = None
    """What can be said about it, when its setting is a password set apart."""
    placeholder: bool = False
    """Whether it is masked, and what stands there is to be replaced by a person."""
    rewritten: frozenset[str] = frozenset()

    @property
    def hole(self) -> Hole | None:
        """The hole, when the value is nothing but one."""
        return self.holes[0] if self.text == HOLE else None


# --- expressions of code ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Const:
    """`None`, a boolean or a number. (Strings are `Value`s.)"""

    value: bool | int | float | None
    span: Span


@dataclass(frozen=True, slots=True)
class Symbol:
    """A resolved dotted name: `sqlalchemy.pool.NullPool`."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Mapping:
    """A dict or object literal. `complete` is no when more keys may be added where we can't see."""

    entries: tuple[tuple[str, Expr], ...]
    complete: bool
    span: Span

    def get(self, key: str) -> Expr | None:
        return next((value for name, value in reversed(self.entries) if name == key), None)


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Unknown:
    """An expression nobody evaluates statically."""

    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """A call, its callee resolved to a dotted name (`asyncpg.create_pool`).

    Instances read as their class (`environ.Env.db`), chains as their links
    (`app.models.Book.objects.all.iterator`). An assignment that configures a library is a call
    too: `DATABASES = {"default": {...}}` is `DATABASES.default` with its keys as keywords.
    `complete` is no when `*args` or `**kwargs` may add arguments we can't see.
    `within` are the context managers and decorators around it, resolved the same way; of Elixir's
    configuration the environments it is for.
    """

    callee: str
    args: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    complete: bool
    span: Span
    within: tuple[str, ...] = ()
    platform: Platform | None = None
    """Where it runs, if its file says so: a command of a CI job."""
    container: str | None = None
    """Of a command in a script: the container whose settings it sees; None in other code."""

    def keyword(self, name: str) -> Expr | None:
        return next((value for key, value in reversed(self.keywords) if key == name), None)


Expr = Value | Const | Symbol | Mapping | Listing | Call | Unknown


def dsns_in(exprs: Iterable[Expr]) -> Iterator[Dsn]:
    """Every DSN that is written in expressions, whether anybody connects with it or not."""
    for expr in exprs:
        if isinstance(expr, Value):
            if expr.dsn is not None:
                yield expr.dsn
            yield from dsns_in(hole.default for hole in expr.holes if hole.default is not None)
        elif isinstance(expr, Call):
            yield from dsns_in((*expr.args, *(value for _, value in expr.keywords)))
        elif isinstance(expr, Mapping):
            yield from dsns_in(value for _, value in expr.entries)
        elif isinstance(expr, Listing):
            yield from dsns_in(expr.items)


# --- facts of one file --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Platform:
    """Where code or a setting runs, as far as the files say.

    `ipv6` is `yes`, `no`, `opt-in` or `unknown`; `model` is `ephemeral`, `long-lived`, `ci`,
    `edge`, `local` ... `span` is the marker that shows the platform (start of the file where its
    mere name is the marker; `NOWHERE` where the command line or the configuration says it).
    """

    id: str
    label: str
    ipv6: str
    model: str
    deployed: bool
    span: Span
    others: tuple[str, ...] = ()
    """Ids of further platforms, where it stands for what several of them agree on."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A named value: a line of `.env`, a key of a compose file, a Python constant.

    `container` says what it belongs to inside the file (`services.api`, empty for the whole file):
    settings of one container are seen together.
    """

    name: str
    value: Value
    span: Span
    """The name and the value."""
    container: str = ""
    platform: Platform | None = None
    exported: bool = True
    """Whether it becomes an environment variable (a Python constant does not)."""
    of_script: bool = False
    """Whether a script sets it for itself: only what that script runs can see it."""


@dataclass(frozen=True, slots=True)
class EnvFile:
    """A manifest's statement that a container gets the variables of another file."""

    path: str
    """Relative to the project root."""
    container: str
    platform: Platform
    span: Span


@dataclass(frozen=True, slots=True)
class Build:
    """A manifest's statement that a container is built from a folder (compose `build`)."""

    path: str
    container: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that other modules may import: a constant, a class attribute, a function's result.

    `name` is the last part (`database_url`), `path` the file it stands in. A field of a settings
    class is a hole for the variable it reads.
    """

    name: str
    value: Expr
    path: str


@dataclass(frozen=True, slots=True)
class Read:
    """Code reads an environment variable; `rewritten` parts of it are changed afterwards.
    `default` is what it uses when nothing sets the variable."""

    variable: str
    span: Span
    rewritten: frozenset[str] = frozenset()
    default: Value | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """A DSN that stands in a comment, in prose or in a string nobody is seen to connect with."""

    dsn: Dsn
    comment: bool = False


@dataclass(frozen=True, slots=True)
class Package:
    """A dependency. `specifier` is a version range (`>=2,<3`), or `==X` from a lock file."""

    name: str
    specifier: str
    span: Span
    locked: bool = False
    of_import: bool = False
    """Whether an import of one file names it, for that file alone (`npm:pg@8`)."""


def package_name(written: str) -> str:
    """A package's name as PEP 503 compares it. Names of npm and Hex are compared alike."""
    return re.sub(r"[-_.]+", "-", written).lower()


@dataclass(frozen=True, slots=True)
class Suppression:
    """`# supa-lint: ignore[a, b] reason`. `lines` are the 1-based lines it speaks for."""

    rules: tuple[tuple[str, Span], ...]
    span: Span
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that could not be read, and why: shown to people, never a finding of a rule."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """supa-lint itself broke on a file: reported, and everything else goes on.

    `what` broke (`the reader`, `the rule x`); `error` is the type of the exception: its text may
    hold anything.
    """

    what: str
    path: str
    error: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that one file says."""

    path: str
    settings: tuple[Setting, ...] = ()
    calls: tuple[Call, ...] = ()
    attributes: tuple[tuple[str, Expr], ...] = ()
    """`connection.prepare_threshold = None`: attributes that code assigns, by last name."""
    definitions: tuple[Definition, ...] = ()
    reads: tuple[Read, ...] = ()
    mentions: tuple[Mention, ...] = ()
    packages: tuple[Package, ...] = ()
    platforms: tuple[Platform, ...] = ()
    env_files: tuple[EnvFile, ...] = ()
    builds: tuple[Build, ...] = ()
    sources: tuple[str, ...] = ()
    """The scripts that it runs in its own shell (`source X`), as it names them, with a HOLE for
    each piece that is not known."""
    secrets: tuple[Span, ...] = ()
    """Where secrets stand, so that no quoted line shows one."""
    notes: tuple[Note, ...] = ()


# --- connections and findings -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a DSN reaches. Unknown parts are None.

    `kind`: direct, dedicated-pooler, shared-pooler, local, self-hosted, not-a-database,
    other (any other Postgres, left alone) or unknown. `mode`: direct, session, transaction.
    `family`: ipv4, ipv6. `why` says what is wrong with a host that serves no Postgres.
    """

    kind: str
    mode: str | None = None
    family: str | None = None
    ref: str | None = None
    region: str | None = None
    why: str | None = None

    @property
    def remote(self) -> bool:
        """Whether this is a database on Supabase's platform."""
        return self.kind in {"direct", "dedicated-pooler", "shared-pooler"}


@dataclass(frozen=True, slots=True)
class Client:
    """A call that opens connections, and what a client file says of it.

    `data` is that file's table (with the keys of the calls entry and of the variant that applies).
    """

    library: str
    label: str
    call: Call
    file: str
    """Id of the client file (`library` is that of the variant)."""
    data: TableMapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """One endpoint, reached by a client (or none known), on a platform (or none known)."""

    dsn: Dsn
    endpoint: Endpoint
    place: Place
    """Kind of place of the file that says where the connection goes."""
    setting: Setting | None = None
    client: Client | None = None
    opaque: bool = False
    """Somebody connects with it whose code we can't follow: what the client does is unknown."""
    platform: Platform | None = None
    mention: Mention | None = None
    variables: TableMapping[str, Setting] = field(default_factory=dict, repr=False)
    """What else is set beside it (`PGSSLMODE`)."""


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that takes part in a finding."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule holds."""

    rule: str
    severity: Severity
    span: Span
    message: str
    help: str
    related: tuple[Related, ...] = ()

    @property
    def order(self) -> tuple[Span, str]:
        """What reports sort by: the place, then the rule."""
        return self.span, self.rule

    def spans(self) -> Iterator[Span]:
        """The finding's own place and its related ones."""
        yield self.span
        for related in self.related:
            yield related.span
