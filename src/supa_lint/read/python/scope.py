"""Who binds which name: the scopes of a module, and the places in it that are worth a look."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Literal

Guard = tuple[tuple[int, str], ...]
"""The branches a statement stands in, outermost first."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Kind = Literal["value", "with", "augmented", "import", "function", "class", "parameter", "other"]
Change = Literal["set", "update", "opaque", "given"]


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """One place that gives a name its value."""

    kind: Kind
    scope: Scope
    """Where `value` is to be evaluated."""
    node: ast.AST
    value: ast.expr | None = None
    target: str = ""
    """What an import names, dotted."""
    guard: Guard = ()
    annotation: ast.expr | None = None
    test: ast.expr | None = None
    """Condition of the `if` whose body this stands in directly."""


@dataclass(frozen=True, slots=True, eq=False)
class Mutation:
    """`name["a"]["b"] = value`, `name["a"].update(value)`, or nobody knows what: to that dict
    (`opaque`), or to anything in it (`given`, to a function)."""

    kind: Change
    keys: tuple[str, ...]
    scope: Scope
    node: ast.AST
    value: ast.expr | None
    guard: Guard


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class, function, lambda or comprehension. Attributes that methods set on `self`
    are kept by their class as `self.<name>`."""

    kind: Literal["module", "class", "function"]
    node: ast.AST
    name: str
    parent: Scope | None = None
    bindings: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    mutations: dict[str, list[Mutation]] = field(default_factory=lambda: defaultdict(list))
    outer: dict[str, Scope] = field(default_factory=dict)
    """Names declared `global` or `nonlocal`, and where they live."""
    returns: list[ast.expr | None] = field(default_factory=list)
    yields: bool = False
    stars: bool = False

    def owner(self, name: str) -> Scope | None:
        """The scope whose `name` is meant here."""
        scope: Scope | None = self
        while scope:
            if name in scope.outer:
                return scope.outer[name]
            if name in scope.bindings and (scope.kind != "class" or scope is self):
                return scope
            scope = scope.parent
        return None

    def method(self) -> tuple[str, Scope] | None:
        """What the enclosing method calls `self`, and its class."""
        scope: Scope | None = self
        while scope and scope.parent:
            if scope.kind == "function" and scope.parent.kind == "class":
                first = parameters(scope.node)[:1]
                return (first[0].arg, scope.parent) if first else None
            scope = scope.parent
        return None


@dataclass(frozen=True, slots=True)
class Context:
    """Where a node stands."""

    scope: Scope
    guard: Guard = ()
    within: tuple[tuple[ast.expr, Scope], ...] = ()
    test: ast.expr | None = None


@dataclass(frozen=True, slots=True)
class Site:
    node: ast.AST
    context: Context


@dataclass(slots=True)
class Module:
    """A whole file, walked."""

    root: Scope
    name: str
    package: str
    sites: list[Site]
    scopes: dict[int, Scope]
    """By the id of the node that opens the scope."""


def module_name(path: str) -> tuple[str, str]:
    """Dotted name of the module at `path`, and of the package its relative imports start at."""
    parts = path.rpartition(".")[0].split("/") if "." in path else path.split("/")
    if parts[-1] == "__init__":
        return ".".join(parts[:-1]), ".".join(parts[:-1])
    return ".".join(parts), ".".join(parts[:-1])


_NAME = re.compile(r"[A-Za-z_][\w.\-]{0,79}", re.ASCII)


def is_name(text: str) -> bool:
    """Whether a text may leave the reader as the name of a variable or key: it is no secret."""
    return _NAME.fullmatch(text) is not None


def parameters(node: ast.AST) -> list[ast.arg]:
    """The positional parameters of a function."""
    return node.args.posonlyargs + node.args.args if isinstance(node, Function) else []


def defaults(node: ast.AST) -> list[tuple[str, ast.expr]]:
    """The parameters of a function that have a default, with it."""
    if not isinstance(node, Function):
        return []
    optional = parameters(node)[::-1]
    pairs = [
        (arg.arg, value) for arg, value in zip(optional, node.args.defaults[::-1], strict=False)
    ]
    keyword_only = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    return pairs + [(arg.arg, value) for arg, value in keyword_only if value]


def subscripts(node: ast.expr) -> tuple[ast.expr, tuple[str, ...], bool]:
    """`x["a"]["b"]` as `x`, its constant keys, and whether all keys were constant (else the keys
    before the first that is not)."""
    keys: list[str | None] = []
    while isinstance(node, ast.Subscript):
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        keys.append(key if isinstance(key, str) and is_name(key) else None)
        node = node.value
    keys.reverse()
    known = keys[: keys.index(None)] if None in keys else keys
    return node, tuple(key for key in known if key is not None), None not in keys
