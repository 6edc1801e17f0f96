"""What an expression is worth, without running it.

Flow-insensitive and careful: a name that may mean several things is unknown, and a text that code
changes on its way keeps its first value, marked with the parts that change.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from supa_lint.model import MASK, Const, Span, Symbol, Unknown, Value
from supa_lint.raw import Raw
from supa_lint.read.code.budget import Budget
from supa_lint.read.code.environment import either
from supa_lint.read.code.memory import Memory, Parameter
from supa_lint.read.code.rewriting import appended
from supa_lint.read.code.tables import merge
from supa_lint.read.code.terms import (
    Invoke,
    Items,
    Parsed,
    Table,
    Term,
    concat,
    join,
    unknown_text,
)
from supa_lint.read.code.texts import part
from supa_lint.read.python import environ, texts
from supa_lint.read.python.literals import Layout
from supa_lint.read.python.names import Names
from supa_lint.read.python.scope import Module, Scope, defaults, is_name, parameters
from supa_lint.read.python.variables import Variables, imported

_CALLS = 3  # functions of the module that are followed into one another


class Evaluator:
    """Evaluates the expressions of one module."""

    def __init__(self, module: Module, layout: Layout, seal: Callable[[Raw, str], Value]) -> None:
        self.module = module
        self.layout = layout
        self.seal = seal
        self.memory = Memory(Budget(question=800, file=150_000), seal)
        self.names = Names(module)
        self.variables = Variables(self)

    def ask(self, node: ast.expr, scope: Scope) -> Term:
        """Like `evaluate`, remembering the answer: for whole expressions of the module."""
        return self.memory.once(id(node), lambda: self.evaluate(node, scope))

    def evaluate(self, node: ast.expr, scope: Scope) -> Term:
        """What an expression is worth, as a part of the question that is being asked."""
        visit = getattr(self, f"on_{type(node).__name__.lower()}", None)
        term = self.memory.step(visit, node, scope) if visit else None
        return term or Unknown(self.span(node))

    def span(self, node: ast.AST) -> Span:
        return self.layout.span(node)

    def dotted(self, node: ast.expr, scope: Scope) -> str | None:
        return self.names.dotted(node, scope)

    # --- expressions

    def on_name(self, node: ast.Name, scope: Scope) -> Term:
        owner = scope.owner(node.id)
        if owner is None:
            named = self.dotted(node, scope)
            return Symbol(named, self.span(node)) if named else Unknown(self.span(node))
        return self.variables.resolve(node.id, owner, owner.bindings[node.id], self.span(node))

    def on_attribute(self, node: ast.Attribute, scope: Scope) -> Term:
        span = self.span(node)
        cls = self.names.instance(node.value, scope)
        if cls:
            made = self.names.made(node.value, scope)
            given = self._given(made, cls, node.attr) if made else None
            term = given or self.field(cls, node.attr, span)
            if made is None and isinstance(term, Const | Table) and self._is_model(cls, node.attr):
                return Unknown(span)  # who makes the instance may set it to anything
            if term is not None:
                return term
        if node.attr in texts.ATTRIBUTES:
            base = self.evaluate(node.value, scope)
            if isinstance(base, Parsed):
                return part(base.raw, texts.ATTRIBUTES[node.attr], span)
        name = self.dotted(node, scope)
        if name is None or name.startswith("?"):
            return Unknown(span)
        return imported(name, span)

    def _given(self, made: tuple[ast.Call, Scope], cls: Scope, attribute: str) -> Term | None:
        """What making an instance sets a field to, or None when that keeps the field's default."""
        call, scope = made
        if not self._is_field(cls, attribute):
            return None
        for keyword in call.keywords:
            if keyword.arg == attribute:
                return self.evaluate(keyword.value, scope)
        more = call.args or any(keyword.arg is None for keyword in call.keywords)
        return Unknown(self.span(call)) if more else None

    def _is_field(self, cls: Scope, attribute: str) -> bool:
        """Whether an attribute is one that making an instance of a dataclass or model may set."""
        annotated = any(one.annotation for one in self.names.member(cls, attribute)[2])
        return annotated and not self.names.member(cls, "__init__")[2]

    def _is_model(self, cls: Scope, attribute: str) -> bool:
        """Whether the class of such a field is decorated or has a base."""
        node = cls.node
        derived = isinstance(node, ast.ClassDef) and bool(node.decorator_list or node.bases)
        return derived and self._is_field(cls, attribute)

    def field(self, cls: Scope, attribute: str, span: Span) -> Term | None:
        """The value of an attribute of a class of this module, or None when it has none."""
        key, owner, bindings = self.names.member(cls, attribute)
        if not bindings:
            return None
        if len(bindings) == 1 and bindings[0].kind == "function":
            function = self.module.scopes.get(id(bindings[0].node))
            if function and is_property(bindings[0].node):
                return self.returned(function)
            return None
        settings = environ.settings_class(cls, self)
        if settings and len(bindings) == 1:
            term = environ.settings_field(settings, attribute, bindings[0], owner, self)
            if term is not None:
                return environ.validated(term, attribute, cls, self)
        return self.variables.resolve(key, owner, bindings, span)

    def on_subscript(self, node: ast.Subscript, scope: Scope) -> Term:
        span = self.span(node)
        if self.dotted(node.value, scope) in environ.MAPPINGS:
            return environ.read(self.evaluate(node.slice, scope), None, span, self)
        cut = texts.cut(node, scope, self)
        if cut is not None:
            return cut
        base = self.evaluate(node.value, scope)
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if isinstance(base, Table) and isinstance(key, str):
            return base.get(key) or Unknown(span)
        if isinstance(base, Items) and isinstance(key, int) and 0 <= key < len(base.items):
            return base.items[key]
        return Unknown(span)

    def on_call(self, node: ast.Call, scope: Scope) -> Term:
        callee = self.names.callee(node, scope)
        read = environ.read_call(callee, node, scope, self)
        if read is not None:
            return read
        known = texts.function(callee, node, scope, self)
        if known is None and isinstance(node.func, ast.Attribute):
            known = texts.method(node.func, node, scope, self)
        if known is not None:
            return known
        function = self.names.function(node.func, scope)
        if function:
            result = self.returned(function, self.arguments(function, node, scope))
            if not isinstance(result, Unknown):
                return result
        return self.invoke(callee, node, scope)

    def invoke(self, callee: str, node: ast.Call, scope: Scope) -> Invoke:
        """The call itself, with its arguments evaluated."""
        complete = True
        args: list[Term] = []
        for arg in node.args:
            if isinstance(arg, ast.Starred):
                items = self.evaluate(arg.value, scope)
                complete = complete and isinstance(items, Items)
                args += items.items if isinstance(items, Items) else ()
                if not isinstance(items, Items):
                    break  # the positions of what follows are not known
            else:
                args.append(self.evaluate(arg, scope))
        table = self.table(node, scope, keywords_only=True)
        return Invoke(
            callee, tuple(args), table.entries, complete and table.complete, self.span(node)
        )

    def table(self, node: ast.Call, scope: Scope, *, keywords_only: bool = False) -> Table:
        """`dict(...)`, or the keyword arguments of a call."""
        table = Table((), True, self.span(node))
        for arg in () if keywords_only else node.args:
            table = merge(table, self.evaluate(arg, scope))
        for keyword in node.keywords:
            value = self.evaluate(keyword.value, scope)
            table = table.put(keyword.arg, value) if keyword.arg else merge(table, value)
        return table

    def arguments(self, function: Scope, node: ast.Call, scope: Scope) -> dict[Parameter, Term]:
        """What a call gives to the parameters of a function of this module."""
        if any(isinstance(arg, ast.Starred) for arg in node.args) or any(
            keyword.arg is None for keyword in node.keywords
        ):
            return {}
        names = [arg.arg for arg in parameters(function.node)]
        given: dict[Parameter, Term] = {
            name: self.evaluate(default, function.parent or function)
            for name, default in defaults(function.node)
        }
        if function.parent and function.parent.kind == "class" and not _is_static(function.node):
            names = names[1:]
        given |= {
            name: self.evaluate(arg, scope) for name, arg in zip(names, node.args, strict=False)
        }
        given |= {one.arg: self.evaluate(one.value, scope) for one in node.keywords if one.arg}
        return given

    def returned(self, function: Scope, arguments: Mapping[Parameter, Term] | None = None) -> Term:
        """What a function of this module returns."""
        span = self.span(function.node)
        if function.yields:
            return Unknown(span)
        return self.memory.returned(
            id(function),
            arguments or {},
            lambda: [self.evaluate(value, function) for value in function.returns if value],
            span,
            deepest=_CALLS,
        )

    def on_constant(self, node: ast.Constant, scope: Scope) -> Term:
        if isinstance(node.value, str):
            self.memory.literals.add(id(node))
            return self.layout.text(node)
        if node.value is None or isinstance(node.value, bool | int | float):
            return Const(node.value, self.span(node))
        return Unknown(self.span(node))

    def on_joinedstr(self, node: ast.JoinedStr, scope: Scope) -> Term:
        self.memory.literals.add(id(node))
        pieces: list[Term] = []
        for one in self.layout.parts(node):
            if isinstance(one, Raw):
                pieces.append(one)
            elif one.conversion not in (-1, ord("s")) or one.format_spec is not None:
                pieces.append(unknown_text(self.span(node)))
            else:
                pieces.append(self.evaluate(one.value, scope))
        return appended(concat(pieces, self.span(node)), self.memory)

    def on_binop(self, node: ast.BinOp, scope: Scope) -> Term:
        span = self.span(node)
        if isinstance(node.op, ast.Mod):
            left = self.evaluate(node.left, scope)
            return (
                texts.percent(left, node.right, scope, span, self)
                if isinstance(left, Raw)
                else Unknown(span)
            )
        if isinstance(node.op, ast.BitOr):
            return merge(
                merge(Table((), True, span), self.evaluate(node.left, scope)),
                self.evaluate(node.right, scope),
            )
        if not isinstance(node.op, ast.Add):
            return Unknown(span)
        operands: list[ast.expr] = []
        left_most: ast.expr = node
        while isinstance(left_most, ast.BinOp) and isinstance(left_most.op, ast.Add):
            operands.append(left_most.right)  # long sums nest as deep as they are long
            left_most = left_most.left
        operands.append(left_most)
        terms = [self.evaluate(one, scope) for one in reversed(operands)]
        if not any(isinstance(term, Raw) for term in terms):
            return Unknown(span)
        return appended(concat(terms, span), self.memory)

    def on_boolop(self, node: ast.BoolOp, scope: Scope) -> Term:
        span = self.span(node)
        if not isinstance(node.op, ast.Or):
            return Unknown(span)
        terms = [self.evaluate(value, scope) for value in node.values]
        result = terms[-1]
        for term in reversed(terms[:-1]):
            result = either(term, result, span, self.seal)
        return result

    def on_ifexp(self, node: ast.IfExp, scope: Scope) -> Term:
        span = self.span(node)
        body, orelse = self.evaluate(node.body, scope), self.evaluate(node.orelse, scope)
        if ast.dump(node.test) == ast.dump(node.body):
            return either(body, orelse, span, self.seal)
        return join([body, orelse], span)

    def on_dict(self, node: ast.Dict, scope: Scope) -> Term:
        entries: dict[str, Term] = {}
        complete = True
        for key, value in zip(node.keys, node.values, strict=True):
            term = self.evaluate(value, scope)
            name = self.evaluate(key, scope) if key else None
            if isinstance(name, Raw) and not name.holes:
                entries[name.text if is_name(name.text) else MASK] = term
            elif name is None and isinstance(term, Table):
                entries |= term.entries
                complete = complete and term.complete
            else:
                complete = False
        return Table(tuple(entries.items()), complete, self.span(node))

    def on_list(self, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Term:
        if any(isinstance(one, ast.Starred) for one in node.elts):
            return Unknown(self.span(node))
        return Items(tuple(self.evaluate(one, scope) for one in node.elts), self.span(node))

    on_tuple = on_set = on_list

    def on_await(self, node: ast.Await | ast.NamedExpr, scope: Scope) -> Term:
        return self.evaluate(node.value, scope)

    on_namedexpr = on_await

    def on_unaryop(self, node: ast.UnaryOp, scope: Scope) -> Term:
        operand = self.evaluate(node.operand, scope)
        if isinstance(operand, Const) and isinstance(operand.value, int | float):
            if isinstance(node.op, ast.USub):
                return Const(-operand.value, self.span(node))
            if isinstance(node.op, ast.Not):
                return Const(not operand.value, self.span(node))
        return Unknown(self.span(node))


def is_property(node: ast.AST) -> bool:
    """Whether a function is read like an attribute."""
    names = {
        getattr(one, "attr", getattr(one, "id", "")) for one in getattr(node, "decorator_list", ())
    }
    return bool(names & {"property", "cached_property", "computed_field"})


def _is_static(node: ast.AST) -> bool:
    return any(
        getattr(one, "id", "") == "staticmethod" for one in getattr(node, "decorator_list", ())
    )
