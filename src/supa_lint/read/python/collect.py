"""Turns a walked module into its facts."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from supa_lint.model import Call, Definition, Expr, Facts, Hole, Mention, Read, Setting
from supa_lint.raw import Raw
from supa_lint.read import text
from supa_lint.read.code.terms import Parsed, as_text, call
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
        self.file = file
        self.module = module
        self.layout = layout
        self.wanted = cache(wanted)  # the same few names come again and again
        self.sealer = Sealer(file)
        self.evaluator = Evaluator(module, layout, self.sealer.seal)
        self.constants = assignments.SettingsOfFile(self.evaluator)
        self.calls: list[Call] = []
        self.reads: list[Read] = []
        self.settings: list[Setting] = []
        self.attributes: list[tuple[str, Expr]] = []
        self.claimed: set[int] = set()
        """String literals that are part of a fact already."""

    def facts(self) -> Facts:
        for site in self.module.sites:
            self.evaluator.memory.literals = set()
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
        self.settings += self.constants.settled()
        self.claimed |= self.constants.claimed
        definitions: list[Definition] = assignments.definitions(self.evaluator, self.wanted)
        mentions = (*self._strings(), *self._comments())
        rewrites = self.evaluator.memory.rewrites
        return Facts(
            self.file.path,
            settings=tuple(self.settings),
            calls=tuple(self.calls),
            attributes=tuple(self.attributes),
            definitions=tuple(definitions),
            reads=tuple(
                replace(one, rewritten=frozenset(rewrites.get(one.variable, ())))
                for one in self.reads
            ),
            mentions=mentions,
            secrets=tuple(dict.fromkeys(self.sealer.secrets)),
            notes=self.evaluator.memory.budget.notes(self.file.path),
        )

    # --- code

    def _call(self, node: ast.Call, context: Context) -> None:
        evaluator = self.evaluator
        callee = evaluator.names.callee(node, context.scope)
        if self.wanted(callee):
            invoke = evaluator.invoke(callee, node, context.scope)
            self.calls.append(call(invoke, self.sealer.seal, self._within(context)))
            self.claimed |= evaluator.memory.literals
        elif callee == "os.environ.update":
            self._update(node, context)
        if callee in environ.CALLS or evaluator.names.function(node.func, context.scope):
            self._read(node, context)
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _REWRITING:
            evaluator.ask(node, context.scope)

    def _read(self, node: ast.Call | ast.Subscript, context: Context) -> None:
        """Note the variable that an expression reads, itself or through a function here."""
        evaluator = self.evaluator
        evaluator.memory.literals = set()
        term = evaluator.ask(node, context.scope)
        if not isinstance(term, Raw) or not term.holes or not term.holes[0].variable:
            return
        variable = term.holes[0].variable
        if _names_variable(node, variable) and term.span == evaluator.span(node):
            self.reads.append(Read(variable, term.span, default=term.holes[0].default))
            self.claimed |= evaluator.memory.literals
        elif (
            isinstance(node, ast.Call)
            and evaluator.names.function(node.func, context.scope)
            and _names_variable(node, variable)
        ):
            self.reads.append(Read(variable, evaluator.span(node)))
            self.claimed |= evaluator.memory.literals

    def _of_environment(self, node: ast.Subscript, context: Context) -> bool:
        return self.evaluator.dotted(node.value, context.scope) in environ.MAPPINGS

    def _update(self, node: ast.Call, context: Context) -> None:
        """`os.environ.update({...})` exports each entry."""
        for name, term in self.evaluator.table(node, context.scope).entries:
            if isinstance(term, Raw | Parsed):
                value = self.sealer.seal(as_text(term), name)
                self.settings.append(Setting(name, value, self.evaluator.span(node)))
        self.claimed |= self.evaluator.memory.literals

    def _within(self, context: Context) -> tuple[str, ...]:
        """Names of the context managers and decorators around a place."""
        names: list[str] = []
        for node, scope in context.within:
            dotted = self.evaluator.dotted(node, scope)
            if dotted:
                names.append(dotted)
        return tuple(dict.fromkeys(names))

    def _assignment(self, node: ast.Assign | ast.AnnAssign, context: Context) -> None:
        evaluator, scope = self.evaluator, context.scope
        for named in assignments.settings(node, context, evaluator):
            self.constants.add(named, scope)
        evaluator.memory.literals = set()
        calls = list(assignments.configurations(node, context, evaluator, self.wanted))
        calls_literals = evaluator.memory.literals if calls else set()
        self.calls += calls
        evaluator.memory.literals = set()
        exported = list(assignments.exported(node, scope, evaluator))
        self.settings += exported
        self.claimed |= calls_literals | (evaluator.memory.literals if exported else set())
        self.attributes += assignments.attributes(node, scope, evaluator)
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
            evaluator.memory.literals = set()
            field = environ.settings_field(settings, name, bindings[0], cls, evaluator)
            if field is not None:
                field = environ.validated(field, name, cls, evaluator)
                span = evaluator.span(bindings[0].node)
                self.reads += [Read(variable, span) for variable in _variables(field.holes)]
                self.claimed |= evaluator.memory.literals

    # --- text

    def _strings(self) -> Iterator[Mention]:
        """DSNs in strings that are part of no other fact. A string alone on its line is prose."""
        prose = {
            id(site.node.value) for site in self.module.sites if isinstance(site.node, ast.Expr)
        }
        for site in self.module.sites:
            node = site.node
            if not isinstance(node, _STRINGS) or id(node) in self.claimed:
                continue
            if isinstance(node, ast.Constant) and not isinstance(node.value, str):
                continue
            if id(node) in prose:
                span = self.layout.span(node)
                yield from text.mentions(self.file, self.sealer, span.start, span.end, True)
                continue
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            if not any(isinstance(one, ast.Constant) and "://" in str(one.value) for one in parts):
                continue
            term = self.evaluator.ask(node, site.context.scope)
            if isinstance(term, Raw):
                yield from text.mentions_in(self.sealer, term)

    def _comments(self) -> Iterator[Mention]:
        for start, end in self._comment_spans():
            if self.file.data.find(b"://", start, end) >= 0:
                yield from text.mentions(self.file, self.sealer, start, end, True)

    def _comment_spans(self) -> Iterator[tuple[int, int]]:
        """Every `#` that no string holds begins a comment."""
        data = self.file.data
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
            yield at, end
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
