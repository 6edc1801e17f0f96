"""What an expression is worth, without running it.

Flow-insensitive and careful: a name that may mean several things is unknown, and a text that code
changes on its way keeps its first value, marked with the parts that change.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from supa_lint.model import HOLE, Const, Hole, Span, Symbol, Unknown, Value
from supa_lint.raw import Raw
from supa_lint.read.python import environ, tables, texts
from supa_lint.read.python.literals import Layout
from supa_lint.read.python.names import Budget, Names
from supa_lint.read.python.scope import Binding, Module, Mutation, Scope, defaults, parameters
from supa_lint.read.python.terms import (
    ANY,
    ATTRIBUTES,
    Invoke,
    Items,
    Parsed,
    Table,
    Term,
    as_text,
    concat,
    join,
    unknown_text,
)

_CONFIG_NAME = re.compile(
    r"(^|[._])(settings|config|conf|constants|secrets|credentials|env|environment)\.|"
    r"(url|uri|dsn|host|port|user(name)?|pass(word|wd)?|pwd|database|db_?name|conn(ection)?_?str(ing)?)$",
    re.IGNORECASE,
)


class Evaluator:
    """Evaluates the expressions of one module."""

    def __init__(self, module: Module, layout: Layout, seal: Callable[[Raw, str], Value]) -> None:
        self.module = module
        self.layout = layout
        self.seal = seal
        self.budget = Budget()
        self.names = Names(module, self.budget)
        self.rewrites: dict[str, set[str]] = defaultdict(set)
        """Parts that code changes, by environment variable."""
        self.literals: set[int] = set()
        """Ids of the string literals that were evaluated."""
        self._arguments: dict[tuple[int, str], Term] = {}
        self._current: dict[tuple[int, str], Term] = {}
        self._active: set[tuple[int, str]] = set()

    def ask(self, node: ast.expr, scope: Scope) -> Term:
        """Evaluate with a fresh budget: the entry for everyone outside."""
        self.budget.ask()
        return self.evaluate(node, scope)

    def evaluate(self, node: ast.expr, scope: Scope) -> Term:
        try:
            evaluate = getattr(self, f"on_{type(node).__name__.lower()}", None)
            if evaluate is None or not self.budget.enter():
                if evaluate is None:
                    self.budget.enter()
                return Unknown(self.span(node))
            term: Term = evaluate(node, scope)
            return term
        finally:
            self.budget.leave()

    def span(self, node: ast.AST) -> Span:
        return self.layout.span(node)

    def dotted(self, node: ast.expr, scope: Scope) -> str | None:
        return self.names.dotted(node, scope)

    def rewrite(self, raw: Raw, parts: frozenset[str]) -> Raw:
        """The text with `parts` changed; remembers the variables it came from."""
        for hole in raw.holes:
            if hole.variable and hole.part is None:
                self.rewrites[hole.variable] |= parts
        return replace(raw, rewritten=raw.rewritten | parts)

    # --- names

    def resolve(self, name: str, owner: Scope, bindings: list[Binding], span: Span) -> Term:
        """What `name` of `owner` means, by all that its bindings say."""
        key = (id(owner), name)
        if key in self._current:
            return self._current[key]
        if key in self._active:
            return Unknown(span)
        self._active.add(key)
        try:
            later = [one for one in bindings if self._rewrites_itself(one, name)]
            first = [one for one in bindings if one not in later]
            term = self._first(name, owner, first, span)
            for binding in later:
                term = self._rewritten(key, term, binding)
            if owner.mutations.get(name):
                made_at = first[0] if len(first) == 1 else None
                term = self.mutated(term, owner.mutations[name], made_at)
            return term
        finally:
            self._active.discard(key)

    def _rewrites_itself(self, binding: Binding, name: str) -> bool:
        if binding.kind == "augmented":
            return True
        return binding.value is not None and self.names.mentions(binding.value, name)

    def _first(self, name: str, owner: Scope, bindings: list[Binding], span: Span) -> Term:
        values = [one for one in bindings if one.kind != "other" or not one.annotation]
        if not values:
            return Unknown(span)
        terms = [self._bound(name, owner, one, span) for one in values]
        for index in range(1, len(values)):
            if values[index].test and _asks_for(values[index].test, name):
                # `if not url: url = "..."` gives a default.
                before = join(terms[:index], span)
                return self._or(before, join(terms[index:], span), span)
        real = [one for one in terms if not (isinstance(one, Const) and one.value is None)]
        if len(real) == 1 and isinstance(real[0], Raw):
            text = real[0].text  # `URL = None`, and a function that sets it
            if HOLE in text or "://" in text:
                return real[0]
        return join(terms, span)

    def _bound(self, name: str, owner: Scope, binding: Binding, span: Span) -> Term:
        if binding.kind == "import":
            return self.imported(binding.target, span)
        if binding.kind in ("function", "class"):
            return Symbol(self.names.qualified(owner, name), span)
        if binding.kind == "parameter":
            return self._arguments.get((id(owner), name), Unknown(span))
        if binding.value is None:
            return Unknown(span)
        term = self.evaluate(binding.value, binding.scope)
        if binding.kind == "with" and not isinstance(term, Invoke):
            return Unknown(span)
        return term

    def _rewritten(self, key: tuple[int, str], term: Term, binding: Binding) -> Term:
        """`term` after `name = f(name)`, which may or may not be reached."""
        if binding.value is None:
            return Unknown(term.span)
        self._current[key] = term
        try:
            after = self.evaluate(binding.value, binding.scope)
        finally:
            del self._current[key]
        if isinstance(term, Table):
            known = isinstance(after, Table) and not binding.guard and binding.kind == "value"
            return after if known else replace(term, complete=False)
        if not isinstance(term, Raw | Parsed):
            return Unknown(term.span)
        before = as_text(term)
        if binding.kind == "augmented":
            suffix = as_text(after).text
            return self.rewrite(before, frozenset({"params"}) if suffix[:1] in ("?", "&") else ANY)
        if not isinstance(after, Raw | Parsed):
            return self.rewrite(before, ANY)
        text = as_text(after)
        parts = text.rewritten
        if text.text != before.text or text.holes != before.holes:
            suffix = text.text.removeprefix(before.text)
            appended = suffix != text.text and suffix[:1] in ("?", "&")
            parts |= frozenset({"params"}) if appended else ANY
        changed = self.rewrite(before, parts)
        return Parsed(changed) if isinstance(after, Parsed) or isinstance(term, Parsed) else changed

    def imported(self, name: str, span: Span) -> Term:
        """A name of another module: a text that is defined there, or just a name."""
        last = name.rpartition(".")[2]
        camel = last[:1].isupper() and not last.isupper()
        root = name.partition(".")[0]
        if "." in name and not camel and root not in sys.stdlib_module_names:
            if _CONFIG_NAME.search(name):
                return Raw(HOLE, span, (Hole(symbol=name),))
        return Symbol(name, span)

    def mutated(
        self, term: Term, mutations: list[Mutation], made_at: Binding | None, *, whole: bool = True
    ) -> Term:
        """A dict after later `d["a"]["b"] = ...`. What may or may not happen makes it incomplete.
        With `whole` no, `d["a"] = ...` that may not happen counts as not happening."""
        for mutation in mutations:
            if not isinstance(term, Table):
                return term
            certain = made_at is not None and tables.certainly_after(mutation, made_at)
            if not certain and not whole and len(mutation.keys) <= 1 and mutation.kind == "set":
                continue
            value = self._mutation_value(mutation) if certain else None
            term = tables.put(term, mutation.keys, value, mutation.kind)
        return term

    def _mutation_value(self, mutation: Mutation) -> Term | None:
        if mutation.kind == "set" and mutation.value is not None:
            return self.evaluate(mutation.value, mutation.scope)
        if mutation.kind == "update" and isinstance(mutation.value, ast.Call):
            return self.table(mutation.value, mutation.scope)
        return None

    # --- expressions

    def on_name(self, node: ast.Name, scope: Scope) -> Term:
        owner = scope.owner(node.id)
        if owner is None:
            named = self.dotted(node, scope)
            return Symbol(named, self.span(node)) if named else Unknown(self.span(node))
        return self.resolve(node.id, owner, owner.bindings[node.id], self.span(node))

    def on_attribute(self, node: ast.Attribute, scope: Scope) -> Term:
        span = self.span(node)
        cls = self.names.instance(node.value, scope)
        if cls:
            term = self.field(cls, node.attr, span)
            if term is not None:
                return term
        if node.attr in ATTRIBUTES:
            base = self.evaluate(node.value, scope)
            if isinstance(base, Parsed):
                return texts.part(base, node.attr, span)
        name = self.dotted(node, scope)
        if name is None or name.startswith("?"):
            return Unknown(span)
        return self.imported(name, span)

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
        return self.resolve(key, owner, bindings, span)

    def on_subscript(self, node: ast.Subscript, scope: Scope) -> Term:
        span = self.span(node)
        if self.dotted(node.value, scope) in environ.MAPPINGS:
            return environ.hole(as_text(self.evaluate(node.slice, scope)), None, span, self)
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
            table = tables.merge(table, self.evaluate(arg, scope))
        for keyword in node.keywords:
            value = self.evaluate(keyword.value, scope)
            table = table.put(keyword.arg, value) if keyword.arg else tables.merge(table, value)
        return table

    def arguments(self, function: Scope, node: ast.Call, scope: Scope) -> dict[str, Term]:
        """What a call gives to the parameters of a function of this module."""
        if any(isinstance(arg, ast.Starred) for arg in node.args) or any(
            keyword.arg is None for keyword in node.keywords
        ):
            return {}
        names = [arg.arg for arg in parameters(function.node)]
        given = {
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

    def returned(self, function: Scope, arguments: dict[str, Term] | None = None) -> Term:
        """What a function of this module returns."""
        span = self.span(function.node)
        key = (id(function), "")
        if function.yields or key in self._active:
            return Unknown(span)
        before = self._arguments
        self._arguments = before | {
            (id(function), name): term for name, term in (arguments or {}).items()
        }
        self._active.add(key)
        try:
            terms = [self.evaluate(value, function) for value in function.returns if value]
        finally:
            self._active.discard(key)
            self._arguments = before
        real = [one for one in terms if not (isinstance(one, Const) and one.value is None)]
        return join(real or terms, span)

    def on_constant(self, node: ast.Constant, scope: Scope) -> Term:
        if isinstance(node.value, str):
            self.literals.add(id(node))
            return self.layout.text(node)
        if node.value is None or isinstance(node.value, bool | int | float):
            return Const(node.value, self.span(node))
        return Unknown(self.span(node))

    def on_joinedstr(self, node: ast.JoinedStr, scope: Scope) -> Term:
        self.literals.add(id(node))
        pieces: list[Term] = []
        for one in self.layout.parts(node):
            if isinstance(one, Raw):
                pieces.append(one)
            elif one.conversion not in (-1, ord("s")) or one.format_spec is not None:
                pieces.append(unknown_text(self.span(node)))
            else:
                pieces.append(self.evaluate(one.value, scope))
        return texts.appended(concat(pieces, self.span(node)), self)

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
            return tables.merge(
                tables.merge(Table((), True, span), self.evaluate(node.left, scope)),
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
        return texts.appended(concat(terms, span), self)

    def on_boolop(self, node: ast.BoolOp, scope: Scope) -> Term:
        span = self.span(node)
        if not isinstance(node.op, ast.Or):
            return Unknown(span)
        terms = [self.evaluate(value, scope) for value in node.values]
        result = terms[-1]
        for term in reversed(terms[:-1]):
            result = self._or(term, result, span)
        return result

    def _or(self, first: Term, second: Term, span: Span) -> Term:
        """`first or second`."""
        if isinstance(first, Const) and not first.value:
            return second
        if isinstance(first, Unknown) and isinstance(second, Raw):
            return Raw(HOLE, span, (Hole(default=self.seal(second, "")),))
        if isinstance(first, Raw) and not first.text:
            return second
        if isinstance(first, Raw) and first.text == HOLE:
            hole = first.holes[0]
            if hole.default is None and isinstance(second, Raw):
                default = self.seal(second, hole.variable or "")
                return replace(first, holes=(replace(hole, default=default),))
        return first

    def on_ifexp(self, node: ast.IfExp, scope: Scope) -> Term:
        span = self.span(node)
        body, orelse = self.evaluate(node.body, scope), self.evaluate(node.orelse, scope)
        if ast.dump(node.test) == ast.dump(node.body):
            return self._or(body, orelse, span)
        return join([body, orelse], span)

    def on_dict(self, node: ast.Dict, scope: Scope) -> Term:
        table = Table((), True, self.span(node))
        for key, value in zip(node.keys, node.values, strict=True):
            term = self.evaluate(value, scope)
            if key is None:
                table = tables.merge(table, term)
                continue
            name = self.evaluate(key, scope)
            known = isinstance(name, Raw) and not name.holes
            table = table.put(as_text(name).text, term) if known else replace(table, complete=False)
        return table

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


def _asks_for(test: ast.expr | None, name: str) -> bool:
    """Whether a condition holds when `name` is empty: `not x`, `x is None`, `x == ""`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return ast.unparse(test.operand) == name
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        right = test.comparators[0]
        empty = isinstance(right, ast.Constant) and not right.value
        same = isinstance(test.ops[0], ast.Is | ast.Eq)
        return empty and same and ast.unparse(test.left) == name
    return False
