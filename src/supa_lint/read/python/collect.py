"""Turns a walked module into its facts."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

from supa_lint.model import Facts, Hole, Mention, Read, Span
from supa_lint.raw import Raw
from supa_lint.read import text
from supa_lint.read.code.facts import Gathered
from supa_lint.read.python import assignments, environ
from supa_lint.read.python.evaluate import Evaluator
from supa_lint.read.python.literals import Layout
from supa_lint.read.python.scope import Context, Module
from supa_lint.sealing import Sealer
from supa_lint.source import File

_STRINGS = (ast.Constant, ast.JoinedStr)
_REWRITING = {"replace", "split", "partition", "sub", "_replace", "set", "update_query_dict"}


def collect(file: File, module: Module, layout: Layout, wanted: Callable[[str], bool]) -> Facts:
    """All facts of a module."""
    return _Collector(file, module, layout, wanted).facts()


class _Collector:
    def __init__(
        self, file: File, module: Module, layout: Layout, wanted: Callable[[str], bool]
    ) -> None:
        self.module = module
        self.layout = layout
        self.wanted = wanted
        sealer = Sealer(file)
        self.evaluator = Evaluator(module, layout, sealer.seal)
        self.memory = self.evaluator.memory
        self.found = Gathered(file, self.memory, sealer)

    def facts(self) -> Facts:
        for site in self.module.sites:
            node = site.node
            if isinstance(node, ast.Call):
                self._call(node, site.context)
            elif isinstance(node, ast.Subscript):
                if isinstance(node.ctx, ast.Load) and self._of_environment(node, site.context):
                    self._read(node, site.context)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                self._assignment(node, site.context)
            elif isinstance(node, ast.AugAssign):
                self.evaluator.ask(node.target, site.context.scope)
            elif isinstance(node, ast.Return) and node.value:
                self.evaluator.ask(node.value, site.context.scope)
            elif isinstance(node, ast.ClassDef):
                self._fields(node)
        self.found.settle()
        given = assignments.defined(self.evaluator)
        definitions = self.found.definitions(given, self.wanted, unknown=True)
        comments = self.found.comments(self._comments())
        return self.found.facts(definitions, chain(self._strings(), comments))

    # --- code

    def _call(self, node: ast.Call, context: Context) -> None:
        evaluator, scope = self.evaluator, context.scope
        callee = evaluator.names.callee(node, scope)
        if self.wanted(callee):
            invoke = partial(evaluator.invoke, callee, node, scope)
            self.found.call(invoke, self._within(context))
        elif callee == "os.environ.update":
            with self.memory.noting() as literals:
                entries = evaluator.table(node, scope).entries
            for name, term in entries:
                self.found.export(name, term, evaluator.span(node), literals)
        if callee in environ.CALLS or evaluator.names.function(node.func, scope):
            self._read(node, context)
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _REWRITING:
            evaluator.ask(node, scope)

    def _read(self, node: ast.Call | ast.Subscript, context: Context) -> None:
        """Note the variable that an expression reads, itself or through a function here."""
        evaluator, scope, span = self.evaluator, context.scope, self.layout.span(node)
        with self.memory.noting() as literals:
            term = evaluator.ask(node, scope)
        hole = term.holes[0] if isinstance(term, Raw) and term.holes else Hole()
        if hole.variable is None or not _names_variable(node, hole.variable):
            return
        if term.span == span:
            self.found.reads.append(Read(hole.variable, span, default=hole.default))
        elif isinstance(node, ast.Call) and evaluator.names.function(node.func, scope):
            self.found.reads.append(Read(hole.variable, span))
        else:
            return
        self.found.claimed |= literals

    def _of_environment(self, node: ast.Subscript, context: Context) -> bool:
        return self.evaluator.dotted(node.value, context.scope) in environ.MAPPINGS

    def _within(self, context: Context) -> tuple[str, ...]:
        """Names of the context managers and decorators around a place."""
        names: list[str] = []
        for node, scope in context.within:
            dotted = self.evaluator.dotted(node, scope)
            if dotted:
                names.append(dotted)
        return tuple(dict.fromkeys(names))

    def _assignment(self, node: ast.Assign | ast.AnnAssign, context: Context) -> None:
        evaluator, scope, found = self.evaluator, context.scope, self.found
        for constant, value, target in assignments.constants(node, context, evaluator):
            if assignments.worth_a_look(constant.name, value):
                with self.memory.noting() as literals:
                    term = evaluator.ask(value, scope)
                    resolved = evaluator.ask(target, scope) if target else None
                found.constants.add(constant, term, resolved, literals)
        with self.memory.noting() as literals:
            calls = list(assignments.configurations(node, context, evaluator, self.wanted))
        found.calls += calls
        found.claimed |= literals if calls else set()
        with self.memory.noting() as literals:
            exported = list(assignments.exported(node, scope, evaluator))
        for name, term, span in exported:
            found.export(name, term, span, literals)
        for name, value in assignments.attributes(node, scope):
            found.attribute(name, evaluator.ask(value, scope), evaluator.span(value))
        for target in assignments.targets_of(node):
            if isinstance(target, ast.Name | ast.Attribute):
                evaluator.ask(target, scope)  # learns what the module rewrites

    def _fields(self, node: ast.ClassDef) -> None:
        """The variables that the fields of a settings class read."""
        evaluator = self.evaluator
        cls = self.module.scopes[id(node)]
        settings = environ.settings_class(cls, evaluator)
        if settings is None:
            return
        for name, bindings in list(cls.bindings.items()):
            with self.memory.noting() as literals:
                field = environ.settings_field(settings, name, bindings[0], cls, evaluator)
                field = field and environ.validated(field, name, cls, evaluator)
            if field is not None:
                span = evaluator.span(bindings[0].node)
                self.found.reads += [Read(variable, span) for variable in _variables(field.holes)]
                self.found.claimed |= literals

    # --- text

    def _strings(self) -> Iterator[Mention]:
        """DSNs in strings that are part of no other fact. A string alone on its line is prose."""
        prose = {
            id(site.node.value) for site in self.module.sites if isinstance(site.node, ast.Expr)
        }
        for site in self.module.sites:
            node = site.node
            if not isinstance(node, _STRINGS) or id(node) in self.found.claimed:
                continue
            if isinstance(node, ast.Constant) and not isinstance(node.value, str):
                continue
            if id(node) in prose:
                yield from self.found.mentions(self.layout.span(node), comment=True)
                continue
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            if not any(isinstance(one, ast.Constant) and "://" in str(one.value) for one in parts):
                continue
            term = self.evaluator.ask(node, site.context.scope)
            if isinstance(term, Raw):
                yield from text.mentions_in(self.found.sealer, term)

    def _comments(self) -> Iterator[Span]:
        """Every `#` that no string holds begins a comment."""
        data = self.found.file.data
        spans = sorted(
            (span.start, span.end)
            for site in self.module.sites
            if isinstance(site.node, _STRINGS) and not self.layout.inside_fstring(site.node)
            for span in [self.layout.span(site.node)]
        )
        starts = [start for start, _ in spans]
        at = data.find(b"#")
        while at >= 0:
            index = bisect_right(starts, at) - 1
            if index >= 0 and at < spans[index][1]:
                at = data.find(b"#", spans[index][1])
                continue
            ends = [end for end in (data.find(b"\n", at), data.find(b"\r", at)) if end >= 0]
            end = min(ends, default=len(data))
            yield Span(self.found.file.path, at, end)
            at = data.find(b"#", end)


def _names_variable(node: ast.Call | ast.Subscript, variable: str) -> bool:
    """Whether the variable's name is written in the expression (or comes from a constant in it)."""
    if isinstance(node, ast.Subscript):
        return True
    given = [*node.args, *(one.value for one in node.keywords)]
    return any(isinstance(one, ast.Name | ast.Attribute) for one in given) or any(
        isinstance(one, ast.Constant) and one.value == variable for one in given
    )


def _variables(holes: tuple[Hole, ...]) -> Iterator[str]:
    for hole in holes:
        if hole.variable:
            yield hole.variable
        if hole.default is not None:
            yield from _variables(hole.default.holes)
