"""Dotted names: what `pool.acquire` means, looking through imports, variables and instances."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass

from supa_lint.read.code.budget import Budget
from supa_lint.read.python.scope import Binding, Module, Scope

_BUILTINS = frozenset(dir(builtins))
_SELF_CALL = ".__call__"
_DEEPEST = 8  # of names and functions that lead to where an instance is made


@dataclass(frozen=True, slots=True)
class _Named:
    name: str
    instance: bool = False
    """Whether this is what a call of `name` gives, rather than `name` itself."""


class Names:
    """Resolves the names of one module. A receiver that is not known reads as `?`."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.budget = Budget(question=800, file=150_000)
        self._mentions: dict[tuple[int, str], bool] = {}
        # What is being worked out is None meanwhile: a loop of names means nothing.
        self._named: dict[tuple[int, str], _Named | None] = {}
        self._instances: dict[tuple[int, str], Scope | None] = {}

    def dotted(self, node: ast.expr, scope: Scope) -> str | None:
        """The dotted name of an expression, or None. Instances read as their class."""
        named = self._resolve(node, scope)
        return named.name if named else None

    def callee(self, node: ast.Call, scope: Scope) -> str:
        """The dotted name of what is called. Calling an instance is `Class.__call__`."""
        named = self._resolve(node.func, scope)
        if named is None:
            return "?"
        return named.name + _SELF_CALL if named.instance else named.name

    def _resolve(self, node: ast.expr | None, scope: Scope) -> _Named | None:
        if node is None:
            return None
        try:
            if not self.budget.enter():
                return None
            if isinstance(node, ast.Name):
                return self._name(node.id, scope)
            if isinstance(node, ast.Attribute):
                return self._attribute(node, scope)
            if isinstance(node, ast.Call):
                return self._called(node, scope)
            if isinstance(node, ast.Await | ast.NamedExpr | ast.Subscript | ast.Starred):
                return self._resolve(node.value, scope)
            return None
        finally:
            self.budget.leave()

    def _name(self, name: str, scope: Scope) -> _Named | None:
        owner = scope.owner(name)
        if owner is None:
            known = name in _BUILTINS and not self.module.root.stars
            return _Named(name) if known else None
        key = (id(owner), name)
        if key not in self._named:
            self._named[key] = None
            self._named[key] = self._agreed(name, owner, owner.bindings[name])
        return self._named[key]

    def _agreed(self, name: str, owner: Scope, bindings: list[Binding]) -> _Named | None:
        """What all bindings agree on. `x = None` and `x = x.more()` have no say."""
        found: set[_Named | None] = set()
        for binding in bindings:
            value = binding.value
            if binding.kind == "augmented" or (
                isinstance(value, ast.Constant) and value.value is None and len(bindings) > 1
            ):
                continue
            if value is not None and len(bindings) > 1 and self.mentions(value, name):
                continue
            if (
                value is None
                and binding.kind == "other"
                and binding.annotation
                and len(bindings) > 1
            ):
                continue
            found.add(self._binding(binding, owner))
        return found.pop() if len(found) == 1 else None

    def _binding(self, binding: Binding, owner: Scope) -> _Named | None:
        if binding.kind == "import":
            return _Named(binding.target)
        if binding.kind in ("class", "function"):
            return _Named(self.qualified(owner, getattr(binding.node, "name", "?")))
        if binding.kind in ("value", "with"):
            return self._resolve(binding.value, binding.scope)
        method = binding.scope.method()
        own = method is not None and method[1] is binding.scope.parent
        if binding.kind == "parameter" and method and own:
            name = getattr(binding.node, "arg", "")
            if name == method[0]:
                return _Named(self.path(method[1]), instance=True)
        if binding.annotation:
            named = self._resolve(_annotated(binding.annotation), binding.scope)
            return _Named(named.name, instance=True) if named else None
        return None

    def _attribute(self, node: ast.Attribute, scope: Scope) -> _Named | None:
        cls = self.instance(node.value, scope)
        if cls:
            key, owner, bindings = self.member(cls, node.attr)
            named = self._agreed(key, owner, bindings) if bindings else None
            return named or _Named(f"{self.path(cls)}.{node.attr}")
        base = self._resolve(node.value, scope)
        return _Named(f"{base.name if base else '?'}.{node.attr}")

    def _called(self, node: ast.Call, scope: Scope) -> _Named | None:
        function = self.function(node.func, scope)
        if function and function.returns and not function.yields:
            given = {self._resolve(value, function) for value in function.returns}
            if len(given) == 1 and (only := given.pop()):
                return only
        return _Named(self.callee(node, scope), instance=True)

    # --- classes and functions of this module

    def qualified(self, scope: Scope, name: str) -> str:
        """Dotted name of what `scope` defines as `name`."""
        return f"{self.path(scope)}.{name}" if self.path(scope) else name

    def path(self, scope: Scope) -> str:
        """Dotted name of a module, class or function."""
        parts = []
        one: Scope | None = scope
        while one:
            parts.append(one.name)
            one = one.parent
        return ".".join(filter(None, reversed(parts)))

    def instance(self, node: ast.expr | None, scope: Scope) -> Scope | None:
        """The class of this module that an expression is, or is an instance of."""
        if node is None:
            return None
        try:
            if not self.budget.enter():
                return None
            if isinstance(node, ast.Name):
                return self._instance_named(node.id, scope)
            if isinstance(node, ast.Call):
                function = self.function(node.func, scope)
                if function is None:
                    return self.instance(node.func, scope) if _plain(node.func) else None
                classes = {self.instance(value, function) for value in function.returns}
                return classes.pop() if len(classes) == 1 else None
            if isinstance(node, ast.Attribute):
                cls = self.instance(node.value, scope)
                if cls is None:
                    return None
                _, owner, bindings = self.member(cls, node.attr)
                return self._instance_bound(bindings, owner)
            if isinstance(node, ast.Await | ast.NamedExpr):
                return self.instance(node.value, scope)
            return None
        finally:
            self.budget.leave()

    def made(self, node: ast.expr, scope: Scope) -> tuple[ast.Call, Scope] | None:
        """The call that makes the instance an expression stands for, where that is seen, and the
        scope it stands in."""
        for _ in range(_DEEPEST):
            if isinstance(node, ast.Call):
                function = self.function(node.func, scope)
                if function is None:
                    return node, scope
                values = function.returns
                value, scope = values[0] if len(values) == 1 else None, function
            elif isinstance(node, ast.Name) and (owner := scope.owner(node.id)):
                bindings = owner.bindings[node.id]
                real = [one for one in bindings if not _is_none(one.value)]
                value = real[0].value if len(real) == 1 else None
                scope = real[0].scope if value else scope
            elif isinstance(node, ast.Await | ast.NamedExpr):
                value = node.value
            else:
                return None
            if value is None:
                return None
            node = value
        return None

    def _instance_named(self, name: str, scope: Scope) -> Scope | None:
        owner = scope.owner(name)
        if owner is None:
            return None
        method = owner.method()
        if method and method[0] == name and method[1] is owner.parent:
            return method[1]
        key = (id(owner), name)
        if key not in self._instances:
            self._instances[key] = None
            self._instances[key] = self._instance_bound(owner.bindings[name], owner)
        return self._instances[key]

    def _instance_bound(self, bindings: list[Binding], owner: Scope) -> Scope | None:
        real = [one for one in bindings if not _is_none(one.value)]
        if len(real) != 1:
            return None
        binding = real[0]
        if binding.kind == "class":
            return self.module.scopes.get(id(binding.node))
        if binding.kind == "value":
            return self.instance(binding.value, binding.scope)
        if binding.annotation and binding.kind in ("parameter", "other"):
            return self.instance(_annotated(binding.annotation), binding.scope)
        return None

    def bases(self, cls: Scope) -> list[Scope]:
        """A class of this module and its bases in this module, nearest first."""
        chain = [cls]
        for one in chain:
            if isinstance(one.node, ast.ClassDef) and len(chain) < 20:
                found = [self.instance(base, one.parent or one) for base in one.node.bases]
                chain += [base for base in found if base and base not in chain]
        return chain

    def base_names(self, cls: Scope) -> list[str]:
        """Dotted names of the bases a class names."""
        bases = cls.node.bases if isinstance(cls.node, ast.ClassDef) else []
        return [name for base in bases if (name := self.dotted(base, cls.parent or cls))]

    def member(self, cls: Scope, attribute: str) -> tuple[str, Scope, list[Binding]]:
        """The bindings of an attribute: the key they are kept under, the class, the bindings."""
        own = f"self.{attribute}"
        for one in self.bases(cls):
            in_class = one.bindings.get(attribute, [])
            in_methods = one.bindings.get(own, [])
            if in_class and not in_methods:
                return attribute, one, in_class
            if in_methods:
                bare = [b for b in in_class if b.value is not None]
                return own, one, bare + in_methods
        return attribute, cls, []

    def function(self, node: ast.expr, scope: Scope) -> Scope | None:
        """The function of this module that an expression names."""
        bindings: list[Binding] = []
        if isinstance(node, ast.Name):
            owner = scope.owner(node.id)
            bindings = owner.bindings[node.id] if owner else []
        elif isinstance(node, ast.Attribute):
            cls = self.instance(node.value, scope)
            bindings = self.member(cls, node.attr)[2] if cls else []
        if len(bindings) != 1:
            return None
        made = bindings[0].value if bindings[0].kind == "value" else bindings[0].node
        if isinstance(made, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef):
            return self.module.scopes.get(id(made))
        return None

    def mentions(self, node: ast.expr, name: str) -> bool:
        """Whether an expression uses `name` (or the attribute `self.name`)."""
        key = (id(node), name)
        if key not in self._mentions:
            attribute = name.removeprefix("self.") if name.startswith("self.") else None
            self._mentions[key] = any(
                one.attr == attribute and isinstance(one.value, ast.Name)
                if isinstance(one, ast.Attribute)
                else isinstance(one, ast.Name) and one.id == name
                for one in ast.walk(node)
            )
        return self._mentions[key]


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _plain(node: ast.expr) -> bool:
    """Whether calling `node` can make an instance of a class (calling an instance does not)."""
    return isinstance(node, ast.Name) and node.id[:1].isupper()


def _annotated(node: ast.expr) -> ast.expr | None:
    """The class in an annotation: `X`, `"X"`, `X | None`, `Optional[X]`, `Annotated[X, ...]`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    if isinstance(node, ast.BinOp):
        sides = [one for one in (node.left, node.right) if not isinstance(one, ast.Constant)]
        return _annotated(sides[0]) if len(sides) == 1 else None
    if isinstance(node, ast.Subscript):
        name = node.value.attr if isinstance(node.value, ast.Attribute) else None
        name = node.value.id if isinstance(node.value, ast.Name) else name
        if name in ("Optional", "Annotated"):
            inner = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
            return _annotated(inner)
        return node.value
    return node if isinstance(node, ast.Name | ast.Attribute) else None
