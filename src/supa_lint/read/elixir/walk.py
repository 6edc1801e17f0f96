"""Finds the calls of clients in a file of Elixir, and the variables that it reads.

    config :app, App.Repo, url: System.get_env("DATABASE_URL"), prepare: :unnamed

is a call of `Config.App.Repo`. It stands within the environments that it is for, where those are
not all (`config_env.prod`), and within an `if` where something else decides whether it counts. A
call of `Config.*` may configure any module: its argument is the file that it takes over, if it says
one.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from supa_lint.additions import ANY
from supa_lint.model import HOLE, Call, Read, Span, Symbol, Unknown, Value
from supa_lint.raw import Raw
from supa_lint.read import grammar
from supa_lint.read.code.terms import Invoke, Items, Table, Term, call
from supa_lint.read.elixir.conditions import Occasion
from supa_lint.read.elixir.evaluate import ENVIRONMENT, READERS, Evaluator, Scope, variable
from supa_lint.read.elixir.syntax import (
    Source,
    arguments,
    field,
    identifiers,
    operator,
)
from supa_lint.read.pieces import DEEPEST

if TYPE_CHECKING:
    from tree_sitter import Node

_CONFIG = ANY.rpartition(".")[0]
_OF_ENVIRONMENT = re.compile(rf"{HOLE}\.exs")
_FILE = re.compile(r"[\w./-]{1,200}\.exs")
_MOST_CALLS = 5_000


class Walker:
    """Walks one file from its beginning to its end."""

    def __init__(
        self,
        path: str,
        source: Source,
        seal: Callable[[Raw, str], Value],
        wanted: Callable[[str], bool],
        *,
        configures: bool,
    ) -> None:
        """`configures` tells whether `config` means configuration in this file."""
        self.calls: list[Call] = []
        self.reads: dict[str, Read] = {}
        self.evaluator = Evaluator(source, seal)
        self._path = path
        self._source = source
        self._seal = seal
        self._wanted = wanted
        self._of_file = Occasion.of_file(path)
        self._configures = configures

    def walk(self, root: Node) -> None:
        self._nodes(list(grammar.children(root)), Scope(), self._of_file, 0)

    def _nodes(self, nodes: list[Node], scope: Scope, when: Occasion, depth: int) -> None:
        for node in nodes:
            self._node(node, scope, when, depth)

    def _node(self, node: Node, scope: Scope, when: Occasion, depth: int) -> None:
        if depth > DEEPEST:
            return
        sign = operator(node)
        if node.type == "call":
            self._call(node, scope, when, depth)
            return
        if node.type == "unary_operator" and sign == "@":
            self._attribute(node, scope)
        inner = scope
        if node.type in ("anonymous_function", "stab_clause"):
            inner = self._unknown_names(field(node, "left"), Scope(scope))
        self._nodes(list(grammar.children(node)), inner, when, depth + 1)
        if node.type == "binary_operator" and sign == "=":
            self._bind(node, scope)

    # --- names

    def _bind(self, node: Node, scope: Scope) -> None:
        left, right = field(node, "left"), field(node, "right")
        if left is None or right is None:
            return
        if left.type == "identifier":
            scope.bind(self._source.text(left), self.evaluator.evaluate(right, scope))
        else:
            self._unknown_names(left, scope)

    def _attribute(self, node: Node, scope: Scope) -> None:
        """`@url "..."`."""
        operand = field(node, "operand")
        given = arguments(operand) if operand is not None and operand.type == "call" else []
        if operand is not None and len(given) == 1:
            name = f"@{self._source.name(operand)}"
            scope.bind(name, self.evaluator.evaluate(given[0], scope))

    def _unknown_names(self, pattern: Node | None, scope: Scope) -> Scope:
        for one in identifiers(pattern) if pattern is not None else ():
            scope.bind(self._source.text(one), Unknown(self._source.span(one)))
        return scope

    # --- calls

    def _call(self, node: Node, scope: Scope, when: Occasion, depth: int) -> None:
        name = self._source.name(node)
        given = arguments(node)
        head = self._source.head(node)
        inner = Scope(scope)
        if head is not None:
            self._unknown_names(head, inner)
        for one in given:
            if one.type == "binary_operator" and operator(one) == "<-":
                self._unknown_names(field(one, "left"), inner)
        branches = list(self._source.branches(node))
        plain = [one for one in given if one.type != "keywords" or not branches]
        self._nodes(plain, inner if branches else scope, when, depth + 1)
        self._note(node, name, scope, when)
        if name == "defmodule":
            self._overridden(node, scope)
        condition = given[0] if given else None
        for branch in branches:
            then = self._occasion(name, branch.name, condition, inner, when)
            if name == "case" and self._is_environment(condition, inner):
                self._clauses(branch.nodes, inner, when, depth)
            else:
                self._nodes(branch.nodes, Scope(inner), then, depth + 1)
        rest = [one for one in grammar.children(node) if one.type not in ("arguments", "do_block")]
        self._nodes(rest, scope, when, depth + 1)

    def _occasion(
        self, name: str, branch: str, condition: Node | None, scope: Scope, when: Occasion
    ) -> Occasion:
        if name in ("if", "unless"):
            holds = (branch == "do") == (name == "if")
            narrowed = when.given if holds else when.otherwise
            return narrowed(condition, self.evaluator, scope)
        return when.maybe() if name in ("case", "cond", "for", "with", "try") else when

    def _is_environment(self, node: Node | None, scope: Scope) -> bool:
        term = self.evaluator.evaluate(node, scope) if node is not None else None
        return isinstance(term, Symbol) and term.name == ENVIRONMENT

    def _clauses(self, nodes: list[Node], scope: Scope, when: Occasion, depth: int) -> None:
        """`case config_env() do :prod -> ... end`."""
        for clause in nodes:
            pattern, body = field(clause, "left"), field(clause, "right")
            if pattern is not None and body is not None:
                then = when.among(pattern, self.evaluator, scope)
                inner = self._unknown_names(pattern, Scope(scope))
                self._nodes(list(grammar.children(body)), inner, then, depth + 1)

    def _note(self, node: Node, name: str, scope: Scope, when: Occasion) -> None:
        """Note what a call says, if it does."""
        if name in READERS:
            read = variable(self.evaluator.given(node, scope))
            if read:
                self.reads.setdefault(read, Read(read, self._span(node)))
        elif name == "config" and self._configures:
            self._config(node, scope, when)
        elif name == "import_config" and self._configures:
            self._import(node, scope, when)
        elif "." in name and self._wanted(name):
            self._add(self._invoke(name, node, self.evaluator.given(node, scope)), when)

    def _config(self, node: Node, scope: Scope, when: Occasion) -> None:
        given = self.evaluator.given(node, scope)
        module = given[1] if len(given) > 2 else None
        if isinstance(module, Symbol) and module.name[:1] != ":":
            self._add(self._invoke(f"{_CONFIG}.{module.name}", node, given[2:]), when)
        elif isinstance(module, Unknown):
            self._anything((), node, when)

    def _import(self, node: Node, scope: Scope, when: Occasion) -> None:
        """Another file. That of the environment is one of those that are known by their names."""
        given = self.evaluator.given(node, scope)
        path = given[0] if given else None
        if not isinstance(path, Raw):
            self._anything((), node, when)
        elif _FILE.fullmatch(path.text):
            other = posixpath.normpath(posixpath.join(posixpath.dirname(self._path), path.text))
            self._anything((Symbol(other, self._span(node)),), node, when)
        elif not _OF_ENVIRONMENT.fullmatch(path.text):
            self._anything((), node, when)

    def _anything(self, given: tuple[Term, ...], node: Node, when: Occasion) -> None:
        self._add(Invoke(ANY, given, (), False, self._span(node)), when)

    def _overridden(self, module: Node, scope: Scope) -> None:
        """A module that defines functions in place of those of another that it uses may change
        what is configured of it."""
        inside = [one for branch in self._source.branches(module) for one in branch.nodes]
        named = next(iter(self.evaluator.given(module, scope)), None)
        used = [
            self._source.text(arguments(one)[0])
            for one in inside
            if one.type == "call" and self._source.name(one) == "use" and arguments(one)
        ]
        for one in inside:
            head = self._source.head(one) if one.type == "call" else None
            name = self._source.name(head) if head is not None and head.type == "call" else ""
            overrides = any(self._wanted(f"{other}.{name}") for other in used if name)
            if overrides and isinstance(named, Symbol):
                callee = f"{_CONFIG}.{named.name}"
                self._add(Invoke(callee, (), (), False, self._span(one)), Occasion())

    def _invoke(self, name: str, node: Node, given: list[Term]) -> Invoke:
        """The call; a keyword list at its end is its keywords."""
        last = given[-1] if given else None
        span = self._span(node)
        if isinstance(last, Table):
            return Invoke(name, tuple(given[:-1]), last.entries, last.complete, span)
        complete = not given or (isinstance(last, Items) and not last.items)
        return Invoke(name, tuple(given), (), complete, span)

    def _add(self, invoke: Invoke, when: Occasion) -> None:
        # What is for tests alone connects to nothing that matters.
        only_tests = when.environments <= {"test"}
        wanted = invoke.callee == ANY or self._wanted(invoke.callee)
        if wanted and not only_tests and len(self.calls) < _MOST_CALLS:
            self.calls.append(call(invoke, self._seal, when.words()))

    def _span(self, node: Node) -> Span:
        return self._source.span(node)
