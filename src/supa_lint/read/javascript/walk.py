"""One walk over a module, without recursion: it gives each scope its bindings and mutations, and
lists what is worth a look in source order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from supa_lint.read.javascript import patterns
from supa_lint.read.javascript.modules import imports, stem
from supa_lint.read.javascript.scope import (
    Binding,
    Change,
    Kind,
    Module,
    Mutation,
    Scope,
    Site,
)
from supa_lint.read.javascript.syntax import (
    CLASSES,
    FUNCTIONS,
    URL,
    Source,
    arguments,
    children,
    field,
    sides,
    unwrap,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_SITES = frozenset(
    {
        "assignment_expression",
        "augmented_assignment_expression",
        "binary_expression",
        "call_expression",
        "export_statement",
        "jsx_text",
        "member_expression",
        "new_expression",
        "object",
        "string",
        "subscript_expression",
        "template_string",
        "variable_declarator",
    }
    | {"public_field_definition", "field_definition"}
    | CLASSES
)
_TEXTS = frozenset({"jsx_text", "string", "template_string"})
_SKIPPED = frozenset(
    {
        "ambient_declaration",
        "implements_clause",
        "interface_declaration",
        "jsx_closing_element",
        "regex",
        "type_alias_declaration",
        "type_annotation",
        "type_arguments",
        "type_parameters",
    }
)
_CHANGES: dict[str, Change] = {
    "push": "opaque",
    "unshift": "opaque",
    "splice": "opaque",
    "pop": "opaque",
    "set": "params",
    "append": "params",
    "delete": "params",
}
_LOOKS = frozenset({"debug", "dir", "error", "freeze", "info", "log", "table", "trace", "warn"})
_LOOKS |= {"assign"}  # whose change is known
"""Functions that change nothing else of what they are given."""


def walk(root: Node, source: Source) -> Module:
    """Scopes and sites of a module."""
    name = stem(source.file.path)
    module = Module(Scope("module", root, name), name)
    _Walker(module, source).run(root)
    return module


class _Walker:
    def __init__(self, module: Module, source: Source) -> None:
        self.module = module
        self.source = source
        self.stack: list[tuple[Node, Scope]] = []
        self.assigned: list[tuple[str, Scope, Binding]] = []
        self.mutations: list[tuple[Node, Mutation]] = []
        self.callers: dict[int, tuple[Node, Scope]] = {}
        """The call that a function is an argument of, by the id of the function's node."""

    def run(self, root: Node) -> None:
        self._push(root.named_children, self.module.root)
        visits: dict[str, Callable[[Node, Scope], None] | None] = {}
        while self.stack:
            node, scope = self.stack.pop()
            kind = node.type
            if kind == "comment":
                self.module.comments.append(node)
                continue
            if kind in _SKIPPED:
                self._comments(node)
                continue
            if kind in _SITES and (kind not in _TEXTS or self._tells(node)):
                self.module.sites.append(Site(node, scope))
            if kind in FUNCTIONS:
                self.on_function(node, scope)
                continue
            if kind in CLASSES:
                self.on_class(node, scope)
                continue
            if kind not in visits:
                visits[kind] = getattr(self, f"on_{kind}", None)
            visit = visits[kind]
            if visit:
                visit(node, scope)
            else:
                self._push(node.named_children, scope)
        # Only now it is known who owns which name.
        for name, scope, binding in self.assigned:
            (scope.owner(name) or self.module.root).bindings[name].append(binding)
        for base, mutation in self.mutations:
            self._attribute(base, mutation)

    def _push(self, nodes: list[Node], scope: Scope) -> None:
        self.stack += [(node, scope) for node in nodes[::-1]]

    def _tells(self, node: Node) -> bool:
        """Whether a text may hold a DSN, or add to one."""
        start = node.start_byte
        return self.source.holds(node, URL) or self.source.data[start : start + 3] == b"`${"

    def _comments(self, node: Node) -> None:
        """The comments of a part that is passed over, where they may say anything."""
        if not self.source.holds(node, URL):
            return
        nodes = [node]
        while nodes:
            one = nodes.pop()
            if one.type == "comment":
                self.module.comments.append(one)
            nodes += one.named_children

    # --- bindings

    def _bind(
        self,
        target: Node,
        kind: Kind,
        owner: Scope,
        scope: Scope,
        node: Node,
        value: Node | None = None,
        annotation: Node | None = None,
        position: int = 0,
        default: Node | None = None,
    ) -> None:
        for name, _, keys, fallback in patterns.names(target, self.source):
            owner.bindings[name].append(
                Binding(
                    kind if keys is not None else "other",
                    scope,
                    node,
                    value,
                    keys or (),
                    fallback if fallback is not None or keys else default,
                    annotation=annotation,
                    position=position,
                )
            )

    def on_import_statement(self, node: Node, scope: Scope) -> None:
        self._comments(node)
        for alias, imported in imports(node, self.source):
            binding = Binding("import", scope, alias, imported=imported)
            scope.bindings[self.source.code(alias)].append(binding)

    def on_lexical_declaration(self, node: Node, scope: Scope) -> None:
        self._declare(node, scope, scope)

    def on_variable_declaration(self, node: Node, scope: Scope) -> None:
        owner = scope.enclosing("function") or self.module.root
        self._declare(node, scope, owner)

    def _declare(self, node: Node, scope: Scope, owner: Scope) -> None:
        for one in children(node):
            name = field(one, "name")
            if name is not None:
                value, annotation = field(one, "value"), field(one, "type")
                self._bind(name, "value", owner, scope, one, value, annotation)
        self._push(node.named_children, scope)

    def on_assignment_expression(self, node: Node, scope: Scope) -> None:
        found = sides(node)
        if found is not None:
            augmented = node.type == "augmented_assignment_expression"
            self._assign(found[0], found[2], node, scope, "augmented" if augmented else "value")
        self._push(node.named_children, scope)

    on_augmented_assignment_expression = on_assignment_expression

    def _assign(self, left: Node, right: Node, node: Node, scope: Scope, kind: Kind) -> None:
        left = unwrap(left)
        if left.type in ("member_expression", "subscript_expression"):
            root, keys, exact = patterns.access(left, self.source)
            cls = scope.enclosing("class") if root.type == "this" else None
            if cls and exact and len(keys) == 1:
                cls.bindings[keys[0]].append(Binding(kind, scope, node, right))
                return
            change: Change = "set" if exact and kind == "value" else "opaque"
            self.mutations.append((root, Mutation(change, keys, scope, node, right)))
            return
        for name, _, keys_or_none, default in patterns.names(left, self.source):
            binding = Binding(
                kind if keys_or_none is not None else "other",
                scope,
                node,
                right,
                keys_or_none or (),
                default,
            )
            self.assigned.append((name, scope, binding))

    def _attribute(self, root: Node, mutation: Mutation) -> None:
        """Give a mutation to the scope whose name it changes."""
        if root.type == "identifier":
            name = self.source.code(root)
            (mutation.scope.owner(name) or self.module.root).mutations[name].append(mutation)
        elif root.type == "this" and mutation.keys:
            cls = mutation.scope.enclosing("class")
            if cls:
                inner = Mutation(
                    mutation.kind, mutation.keys[1:], mutation.scope, mutation.node, mutation.value
                )
                cls.mutations[mutation.keys[0]].append(inner)

    def on_new_expression(self, node: Node, scope: Scope) -> None:
        self.callers |= {one.id: (node, scope) for one in arguments(node) if one.type in FUNCTIONS}
        self._push(node.named_children, scope)

    def on_call_expression(self, node: Node, scope: Scope) -> None:
        function = field(node, "function")
        if function is not None and function.type == "member_expression":
            root, keys, exact = patterns.access(function, self.source)
            method = keys[-1] if keys else ""
            given = arguments(node)
            if exact and self.source.code(function) == "Object.assign" and len(given) > 1:
                target, inside, known = patterns.access(given[0], self.source)
                change: Change = "update" if known and len(given) == 2 else "opaque"
                self.mutations.append((target, Mutation(change, inside, scope, node, given[1])))
            elif method in _CHANGES:
                change, keys = _CHANGES[method], keys[:-1]
                if change == "opaque" or (exact and keys[-1:] == ("searchParams",)):
                    self.mutations.append((root, Mutation(change, keys, scope, node)))
        self.on_new_expression(node, scope)

    def on_expression_statement(self, node: Node, scope: Scope) -> None:
        """A function is called for what it does: it may change what it is given."""
        call = unwrap(next(iter(children(node)), node))
        function = field(call, "function") if call.type == "call_expression" else None
        name = self.source.code(field(function, "property") or function)
        if function is not None and name not in _LOOKS | _CHANGES.keys():
            for one in arguments(call):
                if one.type in ("identifier", "member_expression"):
                    root, keys, _ = patterns.access(one, self.source)
                    self.mutations.append((root, Mutation("given", keys, scope, call)))
        self._push(node.named_children, scope)

    def on_unary_expression(self, node: Node, scope: Scope) -> None:
        operator, argument = field(node, "operator"), field(node, "argument")
        if operator is not None and argument is not None and operator.type == "delete":
            root, keys, _ = patterns.access(argument, self.source)
            self.mutations.append((root, Mutation("opaque", keys, scope, node)))
        self._push(node.named_children, scope)

    # --- scopes

    def _open(
        self, node: Node, kind: Literal["function", "class"], name: str, parent: Scope
    ) -> Scope:
        scope = Scope(kind, node, name, parent)
        self.module.scopes[node.id] = scope
        return scope

    def on_function(self, node: Node, scope: Scope) -> None:
        kind = node.type
        named = field(node, "name")
        name = self.source.key(named)
        inner = self._open(node, "function", name or "<function>", scope)
        inner.caller = self.callers.get(node.id)
        inner.generator = kind.startswith("generator") or any(
            one.type == "*" for one in node.children
        )
        inner.getter = any(one.type == "get" for one in node.children)
        if name and (scope.kind == "class" or kind.endswith("declaration")):
            scope.bindings[name].append(Binding("function", inner, node))
        if named is not None and named.type == "computed_property_name":
            self._push([named], scope)
        single, listed = field(node, "parameter"), field(node, "parameters")
        parameters = [single] if single is not None else children(listed) if listed else []
        for position, one in enumerate(parameters):
            self._parameter(one, position, inner)
        body = field(node, "body")
        if body is not None and body.type == "statement_block":
            self._push(body.named_children, inner)
        elif body is not None:
            inner.returns.append((body, inner))
            self._push([body], inner)
        self._push([listed] if listed is not None else [], inner)

    def _parameter(self, node: Node, position: int, scope: Scope) -> None:
        pattern, default = field(node, "pattern") or node, field(node, "value")
        if pattern.type == "assignment_pattern":
            pattern, default = field(pattern, "left") or pattern, field(pattern, "right")
        annotation = field(node, "type")
        before = {name: len(found) for name, found in scope.bindings.items()}
        self._bind(pattern, "parameter", scope, scope, node, None, annotation, position, default)
        kept = any(one.type in ("accessibility_modifier", "readonly") for one in node.children)
        cls = scope.parent if scope.name == "constructor" else None
        if kept and cls and cls.kind == "class":
            for name, found in scope.bindings.items():
                if added := found[before.get(name, 0) :]:
                    cls.bindings[name] += added

    def on_class(self, node: Node, scope: Scope) -> None:
        named = field(node, "name")
        name = self.source.code(named) or "<class>"
        inner = self._open(node, "class", name, scope)
        if named is not None:
            owner = scope if node.type != "class" else inner
            owner.bindings[name].append(Binding("class", inner, node))
        for child in node.named_children:
            if child.type == "class_heritage":
                extends = [one for one in child.named_children if one.type == "extends_clause"]
                holder = extends[0] if extends else child
                inner.heritage = field(holder, "value") or next(iter(children(holder)), None)
                self._push([child], scope)
            elif child.type == "class_body":
                self._push(child.named_children, inner)
            else:
                self._push([child], scope)

    def on_public_field_definition(self, node: Node, scope: Scope) -> None:
        name = self.source.key(field(node, "name") or field(node, "property"))
        if name and scope.kind == "class":
            value, annotation = field(node, "value"), field(node, "type")
            scope.bindings[name].append(Binding("value", scope, node, value, annotation=annotation))
        self._push(node.named_children, scope)

    on_field_definition = on_public_field_definition

    def on_statement_block(self, node: Node, scope: Scope) -> None:
        self._push(node.named_children, Scope("block", node, "", scope))

    on_for_statement = on_statement_block
    on_switch_body = on_statement_block
    on_class_static_block = on_statement_block

    def on_for_in_statement(self, node: Node, scope: Scope) -> None:
        inner = Scope("block", node, "", scope)
        target = field(node, "left") or field(node, "parameter")
        if target is not None:
            for name, _, _, _ in patterns.names(target, self.source):
                inner.bindings[name].append(Binding("other", inner, node))
        self._push(node.named_children, inner)

    on_catch_clause = on_for_in_statement

    def on_return_statement(self, node: Node, scope: Scope) -> None:
        function = scope.enclosing("function")
        value = next(iter(children(node)), None)
        if function and value is not None:
            function.returns.append((value, scope))
        self._push(node.named_children, scope)
