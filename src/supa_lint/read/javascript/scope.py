"""Who binds which name: the scopes of a module, and the places in it that are worth a look."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from supa_lint.read.javascript.modules import Imported

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST = 300

Kind = Literal["value", "augmented", "import", "function", "class", "parameter", "other"]
Change = Literal["set", "update", "params", "opaque", "given"]


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """One place that gives a name its value."""

    kind: Kind
    scope: Scope
    """Where `value` is to be evaluated; of a function or class its own scope."""
    node: Node
    value: Node | None = None
    keys: tuple[str, ...] = ()
    """What a destructuring pattern takes out of `value`."""
    default: Node | None = None
    """What a pattern takes when there is nothing."""
    imported: Imported | None = None
    annotation: Node | None = None
    position: int = 0
    """Of a parameter."""


@dataclass(frozen=True, slots=True, eq=False)
class Mutation:
    """`name.a.b = value`, `Object.assign(name.a, value)`, a change of a URL's parameters, what a
    function may do that is `given` it, or (`opaque`) nobody knows what."""

    kind: Change
    keys: tuple[str, ...]
    scope: Scope
    node: Node
    value: Node | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """A module, function, class or block. Names of a class are its fields and methods, and what its
    methods set on `this`."""

    kind: Literal["module", "function", "class", "block"]
    node: Node
    name: str
    parent: Scope | None = None
    bindings: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    mutations: dict[str, list[Mutation]] = field(default_factory=lambda: defaultdict(list))
    returns: list[tuple[Node, Scope]] = field(default_factory=list)
    generator: bool = False
    getter: bool = False
    caller: tuple[Node, Scope] | None = None
    """The call that this function is written into as an argument."""
    heritage: Node | None = None
    """What a class extends."""
    depth: int = 0

    def __post_init__(self) -> None:
        self.depth = self.parent.depth + 1 if self.parent else 0
        if self.depth > _DEEPEST:
            raise RecursionError  # looking names up takes time

    def owner(self, name: str) -> Scope | None:
        """The scope whose `name` is meant here."""
        scope: Scope | None = self
        while scope:
            if scope.kind != "class" and name in scope.bindings:
                return scope
            scope = scope.parent
        return None

    def enclosing(self, kind: str) -> Scope | None:
        """The innermost scope of a kind, this one included."""
        scope: Scope | None = self
        while scope and scope.kind != kind:
            scope = scope.parent
        return scope


@dataclass(frozen=True, slots=True)
class Site:
    """A node worth a look, and where it stands."""

    node: Node
    scope: Scope


@dataclass(slots=True)
class Module:
    """A module after the walk."""

    root: Scope
    name: str
    sites: list[Site] = field(default_factory=list)
    comments: list[Node] = field(default_factory=list)
    scopes: dict[int, Scope] = field(default_factory=dict)
    """Scopes of functions and classes by the id of their node."""
