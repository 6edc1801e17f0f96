"""What imports name: a package by its name, or a module of the project, and what is taken of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from supa_lint.read.imports import Specifier
from supa_lint.read.javascript.syntax import Source, arguments, children, field

if TYPE_CHECKING:
    from tree_sitter import Node

_SUFFIX = re.compile(r"\.(?:[cm]?[jt]sx?|json)$")


class Imported(NamedTuple):
    """What an import binds: a module, or (`member`) one of its exports."""

    module: str
    own: bool
    member: str | None


def stem(path: str) -> str:
    """What a module at `path` is called: its base name without the suffix."""
    return _SUFFIX.sub("", path.rpartition("/")[2])


def imports(node: Node, source: Source) -> Iterator[tuple[Node, Imported]]:
    """The names that an `import` statement binds, and what they mean."""
    clauses = children(node)
    required = next((one for one in clauses if one.type == "import_require_clause"), None)
    module = source.module(field(node, "source") or field(required, "source"))
    if module is None:
        return
    for clause in clauses:
        for part in [clause] if clause.type == "import_require_clause" else children(clause):
            if part.type == "identifier":
                yield part, Imported(module.name, module.own, "default")
            elif part.type in ("namespace_import", "import_require_clause"):
                yield children(part)[0], Imported(module.name, module.own, None)
            elif part.type == "named_imports":
                for one in children(part):
                    name = field(one, "name")
                    alias = field(one, "alias") or name
                    if name is not None and alias is not None:
                        yield alias, Imported(module.name, module.own, source.key(name))


def required(call: Node, source: Source) -> Specifier | None:
    """The module of `require("x")` or `import("x")`."""
    function = field(call, "function")
    if function is None or function.type not in ("identifier", "import"):
        return None
    named = source.code(function) in ("import", "require")
    return source.module(next(iter(arguments(call)), None)) if named else None
