"""What imports name: a package by its name, or a module of the project, and what is taken of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from supa_lint.read.javascript.syntax import Source, arguments, children, field

if TYPE_CHECKING:
    from tree_sitter import Node

_OWN = re.compile(r"(?:\.{1,2}(?=/|$)|/|[@~]/|~(?=\w)|#/?|\$lib(?=/|$)|src/)")
_SUFFIX = re.compile(r"\.(?:[cm]?[jt]sx?|json)$")
_SPELLED = re.compile(r"[@\w./:~$#*^+-]{1,200}", re.ASCII)
_VERSION = re.compile(r"(?<=[^/@:])@[^/]*")


class Specifier(NamedTuple):
    """A module as dotted names begin: `pg`, `drizzle-orm/node-postgres`, `lib.db`."""

    name: str
    own: bool
    """Whether it is a module of the project, not a package."""


class Imported(NamedTuple):
    """What an import binds: a module, or (`member`) one of its exports."""

    module: str
    own: bool
    member: str | None


def specifier(text: str) -> Specifier:
    """The module that the text of an import names.

    Prefixes (`npm:`, `node:`, `https://`) and versions go; `./lib/db.js` and `@/lib/db` become
    `lib.db`.
    """
    if not _SPELLED.fullmatch(text):
        return Specifier("?", own=False)
    if _OWN.match(text):
        path = text
        while match := _OWN.match(path):
            path = path[match.end() :].lstrip("/")
        path = _SUFFIX.sub("", path).removesuffix("/index") or "index"
        return Specifier(path.replace("/", "."), own=True)
    name = re.sub(r"^(?:npm:/?|node:|https?://(?:[^/@]*@)?)", "", text)
    if "://" in name:  # no module, but what was pasted where one is named
        return Specifier("?", own=False)
    return Specifier(_VERSION.sub("", name), own=False)


def stem(path: str) -> str:
    """What a module at `path` is called: its base name without the suffix."""
    return _SUFFIX.sub("", path.rpartition("/")[2])


def imports(node: Node, source: Source) -> Iterator[tuple[Node, Imported]]:
    """The names that an `import` statement binds, and what they mean."""
    clauses = children(node)
    required = next((one for one in clauses if one.type == "import_require_clause"), None)
    text = source.string(field(node, "source") or field(required, "source"))
    if text is None:
        return
    module = specifier(text)
    for clause in clauses:
        for part in [clause] if clause.type == "import_require_clause" else children(clause):
            if part.type == "identifier":
                yield part, Imported(*module, "default")
            elif part.type in ("namespace_import", "import_require_clause"):
                yield children(part)[0], Imported(*module, None)
            elif part.type == "named_imports":
                for one in children(part):
                    name = field(one, "name")
                    alias = field(one, "alias") or name
                    if name is not None and alias is not None:
                        yield alias, Imported(*module, source.key(name))


def required(call: Node, source: Source) -> Specifier | None:
    """The module of `require("x")` or `import("x")`."""
    function = field(call, "function")
    if function is None or function.type not in ("identifier", "import"):
        return None
    named = source.code(function) in ("import", "require")
    text = source.string(next(iter(arguments(call)), None)) if named else None
    return None if text is None else specifier(text)
