"""One walk over a module, without recursion (generated code nests deeper than Python's stack): it
gives each scope its bindings and mutations, and lists what is worth a look in source order."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Literal

from supa_lint.read.python.literals import Layout
from supa_lint.read.python.scope import (
    Binding,
    Change,
    Context,
    Kind,
    Module,
    Mutation,
    Scope,
    Site,
    module_name,
    subscripts,
)

_SITES = (ast.Call, ast.Subscript, ast.Constant, ast.JoinedStr, ast.stmt)
_LOOKS = {"print", "pprint", "log", "debug", "info", "warning", "error", "exception", "critical"}
"""Functions whose result nobody needs, though they change nothing."""
_CHANGES = {"update", "setdefault", "pop", "clear", "popitem", "append", "extend"}


def walk(tree: ast.Module, path: str, layout: Layout) -> Module:
    """Scopes and sites of a module."""
    name, package = module_name(path)
    root = Scope("module", tree, name)
    module = Module(root, name, package, [], {id(tree): root})
    _Walker(module, layout).run(tree)
    return module


class _Walker:
    def __init__(self, module: Module, layout: Layout) -> None:
        self.module = module
        self.layout = layout
        self.stack: list[tuple[ast.AST, Context]] = []
        self.mutations: list[tuple[ast.expr, Mutation]] = []

    def run(self, tree: ast.Module) -> None:
        self._push(tree.body, Context(self.module.root))
        while self.stack:
            node, context = self.stack.pop()
            if isinstance(node, _SITES):
                self.module.sites.append(Site(node, context))
            visit = getattr(self, f"on_{type(node).__name__.lower()}", None)
            if visit:
                visit(node, context)
            else:
                self._push(ast.iter_child_nodes(node), context)
        for root, mutation in self.mutations:
            self._attribute(root, mutation)

    def _push(self, nodes: Iterable[ast.AST], context: Context) -> None:
        self.stack += [(node, context) for node in reversed(list(nodes))]

    def _branches(self, node: ast.AST, context: Context, *names: str) -> None:
        """Push the bodies of a compound statement, each under its own guard."""
        pushed: list[tuple[ast.AST, Context]] = []
        for child_field, child in ast.iter_fields(node):
            children = child if isinstance(child, list) else [child]
            inner = context
            if child_field in names:
                test = getattr(node, "test", None) if child_field == "body" else None
                guard = (*context.guard, (id(node), child_field))
                inner = Context(context.scope, guard, context.within, test)
            pushed += [(one, inner) for one in children if isinstance(one, ast.AST)]
        self.stack += reversed(pushed)

    # --- bindings

    def _bind(
        self,
        context: Context,
        name: str,
        kind: Kind,
        node: ast.AST,
        value: ast.expr | None = None,
        target: str = "",
        annotation: ast.expr | None = None,
        owner: Scope | None = None,
    ) -> None:
        """Note what `name` is bound to: in `owner`, or where the scope has its names."""
        scope = context.scope
        binding = Binding(kind, scope, node, value, target, context.guard, annotation, context.test)
        (owner or scope.outer.get(name, scope)).bindings[name].append(binding)

    def _assign(
        self,
        context: Context,
        target: ast.expr,
        value: ast.expr | None,
        node: ast.AST,
        kind: Kind = "value",
        annotation: ast.expr | None = None,
    ) -> None:
        if isinstance(target, ast.Name):
            self._bind(context, target.id, kind, node, value, annotation=annotation)
        elif isinstance(target, ast.Tuple | ast.List):
            values: list[ast.expr | None] = [None] * len(target.elts)
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
                values = list(value.elts)
            starred = any(isinstance(one, ast.Starred) for one in [*target.elts, *values])
            for one, its in zip(target.elts, values, strict=True):
                known = its is not None and kind == "value" and not starred
                self._assign(
                    context, one, its if known else None, node, "value" if known else "other"
                )
        elif isinstance(target, ast.Starred):
            self._assign(context, target.value, None, node, "other")
        elif isinstance(target, ast.Attribute):
            method = context.scope.method()
            if method and isinstance(target.value, ast.Name) and target.value.id == method[0]:
                name = f"self.{target.attr}"
                self._bind(context, name, kind, node, value, annotation=annotation, owner=method[1])
        elif isinstance(target, ast.Subscript):
            self._mutate(context, target, "set" if kind == "value" else "opaque", value, node)

    def _mutate(
        self,
        context: Context,
        target: ast.expr,
        kind: Change,
        value: ast.expr | None,
        node: ast.AST,
    ) -> None:
        root, keys, exact = subscripts(target)
        kind = kind if exact else "opaque"
        mutation = Mutation(kind, keys, context.scope, node, value, context.guard)
        self.mutations.append((root, mutation))

    def _attribute(self, root: ast.expr, mutation: Mutation) -> None:
        """Give a mutation to the scope whose name it changes, now that all names are known."""
        scope = mutation.scope
        if isinstance(root, ast.Name):
            (scope.owner(root.id) or scope).mutations[root.id].append(mutation)
        elif isinstance(root, ast.Attribute) and isinstance(root.value, ast.Name):
            method = scope.method()
            if method and root.value.id == method[0]:
                method[1].mutations[f"self.{root.attr}"].append(mutation)

    # --- statements

    def on_assign(self, node: ast.Assign, context: Context) -> None:
        for target in node.targets:
            self._assign(context, target, node.value, node)
        self._push(ast.iter_child_nodes(node), context)

    def on_annassign(self, node: ast.AnnAssign, context: Context) -> None:
        kind: Kind = "value" if node.value else "other"
        self._assign(context, node.target, node.value, node, kind, node.annotation)
        self._push(ast.iter_child_nodes(node), context)

    def on_augassign(self, node: ast.AugAssign, context: Context) -> None:
        self._assign(context, node.target, node.value, node, "augmented")
        self._push(ast.iter_child_nodes(node), context)

    def on_namedexpr(self, node: ast.NamedExpr, context: Context) -> None:
        self._assign(context, node.target, node.value, node)
        self._push([node.value], context)

    def on_delete(self, node: ast.Delete, context: Context) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                self._mutate(context, target, "opaque", None, node)
        self._push(ast.iter_child_nodes(node), context)

    def on_call(self, node: ast.Call, context: Context) -> None:
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr in _CHANGES:
            kind: Change = "update" if func.attr == "update" else "opaque"
            self._mutate(context, func.value, kind, node, node)
        self._push(ast.iter_child_nodes(node), context)

    def on_expr(self, node: ast.Expr, context: Context) -> None:
        """A function is called for what it does: it may change what it is given."""
        value = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(value, ast.Call):
            name = getattr(value.func, "attr", getattr(value.func, "id", ""))
            for arg in value.args if name not in _LOOKS | _CHANGES else ():
                if isinstance(arg, ast.Name | ast.Attribute | ast.Subscript):
                    self._mutate(context, arg, "given", None, node)
        self._push(ast.iter_child_nodes(node), context)

    def on_import(self, node: ast.Import, context: Context) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self._bind(context, name, "import", node, target=alias.name if alias.asname else name)

    def on_importfrom(self, node: ast.ImportFrom, context: Context) -> None:
        base = node.module or ""
        if node.level:
            above = self.module.package.split(".") if self.module.package else []
            above = above[: len(above) - node.level + 1]
            base = ".".join([*above, base] if base else above)
        for alias in node.names:
            if alias.name == "*":
                context.scope.stars = True
            else:
                target = f"{base}.{alias.name}" if base else alias.name
                self._bind(context, alias.asname or alias.name, "import", node, target=target)

    def on_global(self, node: ast.Global, context: Context) -> None:
        context.scope.outer |= dict.fromkeys(node.names, self.module.root)

    def on_nonlocal(self, node: ast.Nonlocal, context: Context) -> None:
        for name in node.names:
            owner = context.scope.parent and context.scope.parent.owner(name)
            if owner:
                context.scope.outer[name] = owner

    def on_return(self, node: ast.Return, context: Context) -> None:
        context.scope.returns.append(node.value)
        self._push(ast.iter_child_nodes(node), context)

    def on_yield(self, node: ast.Yield, context: Context) -> None:
        context.scope.yields = True
        self._push(ast.iter_child_nodes(node), context)

    def on_yieldfrom(self, node: ast.YieldFrom, context: Context) -> None:
        context.scope.yields = True
        self._push(ast.iter_child_nodes(node), context)

    def on_if(self, node: ast.If, context: Context) -> None:
        self._branches(node, context, "body", "orelse")

    def on_while(self, node: ast.While, context: Context) -> None:
        self._branches(node, context, "body", "orelse")

    def on_try(self, node: ast.Try, context: Context) -> None:
        self._branches(node, context, "body", "handlers", "orelse")

    on_trystar = on_try

    def on_match(self, node: ast.Match, context: Context) -> None:
        self._branches(node, context, "cases")

    def on_match_case(self, node: ast.match_case, context: Context) -> None:
        self._branches(node, context, "body")

    def on_matchas(self, node: ast.MatchAs, context: Context) -> None:
        if node.name:
            self._bind(context, node.name, "other", node)
        self._push(ast.iter_child_nodes(node), context)

    def on_excepthandler(self, node: ast.ExceptHandler, context: Context) -> None:
        if node.name:
            self._bind(context, node.name, "other", node)
        self._branches(node, context, "body")

    def on_for(self, node: ast.For, context: Context) -> None:
        self._assign(context, node.target, None, node, "other")
        self._branches(node, context, "body", "orelse")

    on_asyncfor = on_for

    def on_comprehension(self, node: ast.comprehension, context: Context) -> None:
        self._assign(context, node.target, None, node, "other")
        self._push(ast.iter_child_nodes(node), context)

    def on_with(self, node: ast.With, context: Context) -> None:
        for item in node.items:
            if item.optional_vars:
                self._assign(context, item.optional_vars, item.context_expr, node, "with")
        managers = tuple((item.context_expr, context.scope) for item in node.items)
        inside = Context(context.scope, context.guard, context.within + managers, context.test)
        self._push(node.body, inside)
        self._push([child for item in node.items for child in ast.iter_child_nodes(item)], context)

    on_asyncwith = on_with

    # --- scopes and expressions

    def _open(
        self, node: ast.AST, kind: Literal["class", "function"], name: str, context: Context
    ) -> Context:
        scope = Scope(kind, node, name, context.scope)
        self.module.scopes[id(node)] = scope
        decorators = tuple(
            (decorator, context.scope) for decorator in getattr(node, "decorator_list", ())
        )
        return Context(scope, (), context.within + decorators)

    def on_functiondef(self, node: ast.FunctionDef, context: Context) -> None:
        self._bind(context, node.name, "function", node)
        inner = self._open(node, "function", node.name, context)
        self._parameters(node.args, inner)
        self._push(node.body, inner)
        self._push([*node.decorator_list, *_defaults(node.args)], context)

    on_asyncfunctiondef = on_functiondef

    def on_lambda(self, node: ast.Lambda, context: Context) -> None:
        inner = self._open(node, "function", "<lambda>", context)
        self._parameters(node.args, inner)
        inner.scope.returns.append(node.body)
        self._push([node.body], inner)
        self._push([*_defaults(node.args)], context)

    def _parameters(self, args: ast.arguments, context: Context) -> None:
        for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs):
            self._bind(context, arg.arg, "parameter", arg, annotation=arg.annotation)
        for rest in filter(None, (args.vararg, args.kwarg)):
            self._bind(context, rest.arg, "other", rest)

    def on_classdef(self, node: ast.ClassDef, context: Context) -> None:
        self._bind(context, node.name, "class", node)
        inner = self._open(node, "class", node.name, context)
        self._push(node.body, inner)
        self._push([*node.decorator_list, *node.bases, *node.keywords], context)

    def on_listcomp(self, node: ast.ListComp, context: Context) -> None:
        scope = Scope("function", node, "<comprehension>", context.scope)
        self.module.scopes[id(node)] = scope
        inner = Context(scope, context.guard, context.within)
        # The generators bind the names that the element uses.
        children = sorted(
            ast.iter_child_nodes(node), key=lambda n: not isinstance(n, ast.comprehension)
        )
        self._push(children, inner)

    on_setcomp = on_dictcomp = on_generatorexp = on_listcomp

    def on_joinedstr(self, node: ast.JoinedStr, context: Context) -> None:
        self.layout.enclose(node)
        fields = [one for one in ast.iter_child_nodes(node) if not isinstance(one, ast.Constant)]
        self._push(fields, context)

    def on_formattedvalue(self, node: ast.FormattedValue, context: Context) -> None:
        self._push([node.value], context)


def _defaults(args: ast.arguments) -> list[ast.AST]:
    annotated = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    annotations = [arg.annotation for arg in annotated if arg and arg.annotation]
    return [*args.defaults, *filter(None, args.kw_defaults), *annotations]
