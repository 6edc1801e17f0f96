"""Dotted names: what `pool.query` means, looking through imports, variables and instances.

A name is a module's, a dot, and an export: `pg.Pool`, `drizzle-orm/node-postgres.drizzle`. Calling
what a module is itself calls its default export (`postgres.default`); what a call gives reads as
what was called (`pg.Pool.query`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from supa_lint.read.code.budget import Budget
from supa_lint.read.javascript.environ import ENVIRONMENT
from supa_lint.read.javascript.modules import required
from supa_lint.read.javascript.scope import Binding, Module, Scope
from supa_lint.read.javascript.syntax import (
    FUNCTIONS,
    Source,
    arguments,
    children,
    field,
    is_name,
    named_pairs,
    sides,
    tagged,
    types,
    unwrap,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_INTEROP = {
    "__importDefault",
    "__importStar",
    "__toESM",
    "_interopRequireDefault",
    "_interopRequireWildcard",
    "_interop_require_default",
    "_interop_require_wildcard",
}
_CHECKS = {"parse", "parseAsync", "safeParse", "cleanEnv", "makeValidator", "validate", "from"}
"""Functions that give back the environment they are given, checked."""
_GLOBALS = re.compile(r"(?:globalThis|global|window|self)\.")
_KEEPERS = {"singleton", "remember", "once", "lazy", "memoize", "cache"}
"""Functions that give what the function they are given returns."""
_NOTHING = {"null", "undefined"}
_MOST_CLASSES = 8  # that extend one another


@dataclass(frozen=True, slots=True)
class Named:
    """What an expression is called."""

    name: str
    kind: Literal["module", "name", "instance"] = "name"
    """A module, a member of something, or what a call of `name` gives."""
    own: bool = False
    """Whether a module of the project defines it."""
    scope: Scope | None = None
    """Its class or function, when this module has it."""
    fields: tuple[Node, Scope] | None = None
    """Its object literal, when this module has it."""

    @property
    def cls(self) -> Scope | None:
        """Its class, when this module has it."""
        return self.scope if self.scope and self.scope.kind == "class" else None


class Names:
    """Resolves the names of one module. A receiver that is not known reads as `?`."""

    def __init__(self, module: Module, source: Source, budget: Budget) -> None:
        self.module = module
        self.source = source
        self.budget = budget
        # What is being worked out is None meanwhile: a loop of names means nothing.
        self._resolved: dict[int, Named | None] = {}
        self._known: dict[tuple[int, str], Named | None] = {}
        self._returned: dict[int, Named | None] = {}

    def dotted(self, node: Node, scope: Scope) -> str | None:
        """The dotted name of an expression, or None."""
        named = self.resolve(node, scope)
        return named.name if named else None

    def callee(self, node: Node, scope: Scope) -> str:
        """The dotted name of what a call, `new` or tagged template calls. Calling an instance is
        `X.__call__`, a tag `X.tag`."""
        tag = tagged(node)
        if tag:
            named = self.resolve(tag[0], scope)
            if named is None:
                return "?.tag"
            return f"{named.name}.default.tag" if named.kind == "module" else f"{named.name}.tag"
        named = self.resolve(field(node, "function") or field(node, "constructor"), scope)
        if named is None:
            return "?"
        if named.kind == "module":
            return f"{named.name}.default"
        return f"{named.name}.__call__" if named.kind == "instance" else named.name

    def function(self, node: Node | None, scope: Scope) -> Scope | None:
        """The function of this module that an expression names."""
        if node is None:
            return None
        if unwrap(node).type in FUNCTIONS:
            return self.module.scopes.get(unwrap(node).id)
        named = self.resolve(node, scope)
        if named is None or named.kind == "instance" or named.scope is None:
            return None
        return named.scope if named.scope.kind == "function" else None

    def resolve(self, node: Node | None, scope: Scope) -> Named | None:
        """What an expression is called, as far as that is known."""
        if node is None:
            return None
        try:
            if not self.budget.enter():
                return None
            node = unwrap(node)
            if node.id not in self._resolved:
                visit = getattr(self, f"on_{node.type}", None)
                self._resolved[node.id] = visit(node, scope) if visit else None
            return self._resolved[node.id]
        finally:
            self.budget.leave()

    # --- expressions

    def on_identifier(self, node: Node, scope: Scope) -> Named | None:
        name = self.source.code(node)
        owner = scope.owner(name)
        if owner is None:
            return None if name in _NOTHING else Named(name)
        return self.variable(name, owner)

    on_type_identifier = on_identifier

    def on_this(self, node: Node, scope: Scope) -> Named | None:
        cls = scope.enclosing("class")
        return self._instance(cls) if cls else None

    def on_super(self, node: Node, scope: Scope) -> Named | None:
        cls = scope.enclosing("class")
        return self.resolve(cls.heritage, cls.parent or cls) if cls else None

    def on_meta_property(self, node: Node, scope: Scope) -> Named:
        return Named(self.source.code(node))

    def on_member_expression(self, node: Node, scope: Scope) -> Named | None:
        return self._member_of(node, self.source.key(field(node, "property")), scope)

    on_nested_type_identifier = on_member_expression

    def on_subscript_expression(self, node: Node, scope: Scope) -> Named | None:
        index = field(node, "index")
        key = self.source.string(unwrap(index)) if index is not None else None
        return self._member_of(node, key if key and is_name(key) else None, scope)

    def on_call_expression(self, node: Node, scope: Scope) -> Named | None:
        given, function = arguments(node), field(node, "function")
        module = required(node, self.source)
        if module and not (self.source.code(function) == "require" and scope.owner("require")):
            return Named(module.name, "module", module.own)
        callee = self.callee(node, scope)
        last = callee.rpartition(".")[2]
        if last in _INTEROP and given:
            return self.resolve(given[0], scope)
        if last == "createEnv" or (
            last in _CHECKS and any(self.dotted(one, scope) == ENVIRONMENT for one in given[:2])
        ):
            return Named(ENVIRONMENT)
        if last in _KEEPERS and given and unwrap(given[-1]).type in FUNCTIONS:
            return self._result(self.module.scopes.get(unwrap(given[-1]).id))
        local = self.function(function, scope)
        if local and (result := self._result(local)):
            return result
        if callee.startswith("?"):
            return None
        named = self.resolve(function, scope)
        return Named(callee, "instance", own=named is not None and named.own)

    def on_new_expression(self, node: Node, scope: Scope) -> Named | None:
        named = self.resolve(field(node, "constructor"), scope)
        if named is None:
            return None
        if named.cls:
            return self._instance(named.cls)
        return Named(self.callee(node, scope), "instance", named.own)

    def on_binary_expression(self, node: Node, scope: Scope) -> Named | None:
        left, operator, right = sides(node) or (None, "", None)
        if operator not in ("??", "||"):
            return None
        second = self.resolve(right, scope)
        if second and second.kind == "instance":  # `globalThis.db ?? new Client()`
            return second
        return self.resolve(left, scope) or second

    def on_ternary_expression(self, node: Node, scope: Scope) -> Named | None:
        arms = ("consequence", "alternative")
        found = {self.resolve(field(node, arm), scope) for arm in arms}
        return found.pop() if len(found) == 1 else None

    def on_assignment_expression(self, node: Node, scope: Scope) -> Named | None:
        return self.resolve(field(node, "right"), scope)

    on_augmented_assignment_expression = on_assignment_expression

    def on_object(self, node: Node, scope: Scope) -> Named:
        return Named("?", fields=(node, scope))

    def on_function_expression(self, node: Node, scope: Scope) -> Named:
        return Named("?", scope=self.module.scopes.get(node.id))

    on_arrow_function = on_function_expression
    on_class = on_function_expression

    # --- members

    def _member_of(self, node: Node, key: str | None, scope: Scope) -> Named | None:
        inner = field(node, "object") or field(node, "module")
        if inner is None:
            return None
        base = self.resolve(inner, scope)
        if key is None:
            return None
        return self.member(base, key) if base else Named(f"?.{key}")

    def member(self, base: Named, key: str) -> Named | None:
        """What `base.key` is called."""
        if base.kind == "module" and key == "default":
            return base
        if base.name == ENVIRONMENT and key == "data":  # of `schema.safeParse(process.env)`
            return base
        if base.fields:
            named = self.resolve(self.pair(base.fields[0], key), base.fields[1])
            if named:
                return self._called_here(named, f"{base.name}.{key}")
        if base.cls:
            holder = self.holder(base.cls, key)
            if holder:
                return self.variable(key, holder)
            heritage = self._heritage(base.cls)
            if heritage:
                return self.member(replace(heritage, kind="instance"), key)
        name = _GLOBALS.sub("", f"{base.name}.{key}", count=1)
        return Named(name, own=base.own)

    def holder(self, cls: Scope, key: str) -> Scope | None:
        """The class of this module, `cls` or one it extends, that has a member."""
        return next((one for one in self._ancestry(cls) if one.bindings.get(key)), None)

    def _heritage(self, cls: Scope) -> Named | None:
        """The class of another module that a class of this one extends in the end."""
        *_, last = self._ancestry(cls)
        above = self.resolve(last.heritage, last.parent or last)
        return None if above is None or above.cls else above

    def _ancestry(self, cls: Scope) -> Iterator[Scope]:
        """The class and those of this module that it extends."""
        for _ in range(_MOST_CLASSES):
            yield cls
            above = self.resolve(cls.heritage, cls.parent or cls)
            if above is None or above.cls is None:
                return
            cls = above.cls

    def pair(self, node: Node, key: str) -> Node | None:
        """The value of a key of an object literal (its identifier, for a shorthand)."""
        found = None
        for child in children(node):
            if child.type == "shorthand_property_identifier" and self.source.code(child) == key:
                found = child
        for name, _, value in named_pairs(node, self.source):
            found = value if name == key else found
        return found

    on_shorthand_property_identifier = on_identifier

    # --- variables

    def qualified(self, name: str) -> str:
        """The dotted name of what this module itself defines."""
        return f"{self.module.name}.{name}"

    def _instance(self, cls: Scope) -> Named:
        return Named(self.qualified(cls.name), "instance", own=True, scope=cls)

    def _called_here(self, named: Named, name: str) -> Named:
        """A function or object of this module under the name it is bound to."""
        return replace(named, name=name, own=True) if named.name == "?" else named

    def variable(self, name: str, owner: Scope) -> Named | None:
        """What a name that `owner` binds is called."""
        key = (id(owner), name)
        if key not in self._known:
            self._known[key] = None
            self._known[key] = self._agreed(name, owner)
        return self._known[key]

    def _agreed(self, name: str, owner: Scope) -> Named | None:
        """What all bindings agree on. `x = null` and what nobody can name have no say."""
        found: list[Named] = []
        bindings = owner.bindings[name]
        for binding in bindings:
            named = self._bound(name, binding)
            if named is not None and named not in found:
                found.append(named)
            if len(found) > 1 or (named is None and binding.kind == "other"):
                return None
        if not found:
            annotations = (one for one in bindings if one.annotation is not None)
            found = [one for one in map(self._annotated, annotations) if one is not None]
        return found[0] if len(found) == 1 else None

    def _bound(self, name: str, binding: Binding) -> Named | None:
        if binding.imported:
            module, own, member = binding.imported
            if member in (None, "default"):
                return Named(module, "module", own)
            return Named(f"{module}.{member}", own=own)
        if binding.kind == "function" and binding.scope.getter:
            return self._result(binding.scope)
        if binding.kind in ("function", "class"):
            return Named(self.qualified(name), own=True, scope=binding.scope)
        if binding.kind != "value" or binding.value is None:
            return None
        named = self.resolve(binding.value, binding.scope)
        for key in binding.keys:
            named = self.member(named, key) if named else None
        return self._called_here(named, self.qualified(name)) if named else None

    def _annotated(self, binding: Binding) -> Named | None:
        """An instance of the type that a variable is annotated with."""
        names = [
            named
            for one in types(binding.annotation)
            if one.type in ("type_identifier", "nested_type_identifier")
            and (named := self._type(one, binding.scope))
        ]
        return replace(names[0], kind="instance") if len(names) == 1 else None

    def _type(self, node: Node, scope: Scope) -> Named | None:
        if node.type == "type_identifier" and scope.owner(self.source.code(node)) is None:
            return None
        return self.resolve(node, scope)

    def _result(self, function: Scope | None) -> Named | None:
        """What a call of a function of this module gives."""
        if function is None or function.generator:
            return None
        key = id(function)
        if key not in self._returned:
            self._returned[key] = None
            found = {self.resolve(value, scope) for value, scope in function.returns} - {None}
            self._returned[key] = found.pop() if len(found) == 1 else None
        return self._returned[key]
