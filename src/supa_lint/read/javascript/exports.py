"""What a module gives to others: definitions, and the configuration that a tool takes from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from supa_lint.model import HOLE, Hole
from supa_lint.raw import Raw
from supa_lint.read.code.facts import MOST_DEFINITIONS
from supa_lint.read.code.terms import Invoke, Items, Table, Term
from supa_lint.read.javascript import environ, schema
from supa_lint.read.javascript.evaluate import Evaluator
from supa_lint.read.javascript.patterns import access
from supa_lint.read.javascript.scope import Module, Scope, Site
from supa_lint.read.javascript.syntax import (
    CLASSES,
    FUNCTIONS,
    Source,
    arguments,
    children,
    field,
    is_name,
    sides,
    unwrap,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Export:
    """A name that a module exports. Without a node it is one of another module (`symbol`)."""

    name: str
    node: Node | None
    scope: Scope
    symbol: str = ""


def exports(module: Module, source: Source) -> Iterator[Export]:
    """All that a module exports, in either module system."""
    for site in module.sites:
        if site.node.type == "export_statement":
            yield from _exported(site, source)
        elif site.node.type == "assignment_expression":
            yield from _assigned(site, source)


def _exported(site: Site, source: Source) -> Iterator[Export]:
    node, scope = site.node, site.scope
    default = any(child.type == "default" for child in node.children)
    value, declaration = field(node, "value"), field(node, "declaration")
    if value is None and any(child.type == "=" for child in node.children):
        value = next(iter(children(node)), None)
        default = True
    if value is not None and default:
        yield Export("default", value, scope)
    elif declaration is not None and declaration.type in FUNCTIONS | CLASSES:
        name = field(declaration, "name")
        written = source.code(name) if name is not None else "default"
        yield Export("default" if default else written, declaration, scope)
    elif declaration is not None:
        for one in children(declaration):
            name = field(one, "name")
            if name is not None and name.type == "identifier":
                yield Export(source.code(name), name, scope)
    given = field(node, "source")
    module = source.module(given)
    for clause in children(node):
        for one in children(clause) if clause.type == "export_clause" else []:
            name = field(one, "name")
            alias = source.key(field(one, "alias") or name)
            if name is None or alias is None:
                continue
            if given is None:
                yield Export(alias, name, scope)
            elif module is not None:
                yield Export(alias, None, scope, f"{module.name}.{source.key(name)}")


def _assigned(site: Site, source: Source) -> Iterator[Export]:
    """`module.exports = x`, `exports.name = x`."""
    found = sides(site.node)
    if found is None:
        return
    left, _, right = found
    root, keys, exact = access(left, source)
    if not exact or root.type != "identifier":
        return
    path = ".".join((source.code(root), *keys))
    if path == "module.exports":
        yield Export("default", right, site.scope)
    elif re.fullmatch(r"(?:module\.)?exports\.\w+", path):
        yield Export(keys[-1], right, site.scope)


def configuration(
    found: list[Export], evaluator: Evaluator, wanted: Callable[[str], bool]
) -> tuple[Invoke, Node] | None:
    """What a configuration file such as `drizzle.config.ts` exports, as a call of
    `file:drizzle.config`, and the node it stands in."""
    callee = f"file:{evaluator.module.name}"
    default = _last_default(found)
    if default is None or default.node is None or not wanted(callee):
        return None
    call = unwrap(default.node)
    if call.type == "call_expression" and wanted(evaluator.names.callee(call, default.scope)):
        return None  # a client knows that call
    through: list[str] = []
    term = _default(default.node, default.scope, evaluator, through)
    span = evaluator.span(default.node)
    tool = evaluator.module.name.partition(".")[0]
    complete = all(_is_of(tool, name) for name in through)
    return Invoke(callee, (term,), (), complete, span), default.node


def _is_of(tool: str, callee: str) -> bool:
    """Whether a function is the tool's own (`@mikro-orm/core.defineConfig`), which gives the object
    as it is. Another one may change it."""
    return callee.removeprefix("@").startswith((f"{tool}.", f"{tool}/", f"{tool}-"))


def _last_default(found: list[Export]) -> Export | None:
    """The default export that counts: each assignment to module.exports takes the place of those
    before."""
    return next((one for one in reversed(found) if one.name == "default"), None)


def default(found: list[Export], evaluator: Evaluator) -> Term | None:
    """What a module exports by default."""
    one = _last_default(found)
    return None if one is None or one.node is None else _default(one.node, one.scope, evaluator, [])


def _default(node: Node, scope: Scope, evaluator: Evaluator, through: list[str]) -> Term:
    """The object that is exported, also through `defineConfig(...)` and functions that give it.
    `through` gets the names of those that it is given to."""
    node = unwrap(node)
    function = evaluator.module.scopes.get(node.id) if node.type in FUNCTIONS else None
    if function is not None:
        return evaluator.returned(function)
    if node.type == "call_expression" and (given := arguments(node)):
        deeper: list[str] = []
        inner = _default(given[0], scope, evaluator, deeper)
        if isinstance(inner, Table | Items):
            through += [evaluator.names.callee(node, scope), *deeper]
            return inner
    term = evaluator.evaluate(node, scope)
    while isinstance(term, Invoke) and term.args:
        through.append(term.callee)
        term = term.args[0]
    return term


def defined(found: list[Export], evaluator: Evaluator) -> Iterator[tuple[str, Term]]:
    """What other modules may import."""
    terms = ((name, term) for one in found for name, term in _defined(one, evaluator))
    return ((name, term) for name, term in islice(terms, MOST_DEFINITIONS) if is_name(name))


def _defined(export: Export, evaluator: Evaluator) -> Iterator[tuple[str, Term]]:
    node, scope = export.node, export.scope
    if node is None:
        span = evaluator.span(scope.node)
        yield export.name, Raw(HOLE, span, (Hole(symbol=export.symbol),))
        return
    for variable, span in schema.variables(node, scope, evaluator):
        yield variable, environ.read(variable, None, span, evaluator.seal)
    named = evaluator.names.resolve(node, scope)
    inner = evaluator.module.scopes.get(unwrap(node).id) or (
        named.scope if named and named.kind == "name" else None
    )
    if inner and inner.kind == "function":
        term = evaluator.returned(inner)
    elif inner:
        for name, bindings in list(inner.bindings.items()):
            if any(one.kind != "function" for one in bindings):
                yield name, evaluator.variables.resolve(name, inner, evaluator.span(inner.node))
        return
    elif named and named.name == environ.ENVIRONMENT:
        return
    else:
        term = _value(node, scope, evaluator)
    yield export.name, term
    yield from _members(term)


def _value(node: Node, scope: Scope, evaluator: Evaluator) -> Term:
    """The value of an export; of NestJS's `registerAs("name", () => ({...}))` what that gives."""
    call_node = unwrap(node)
    if call_node.type == "call_expression":
        given = arguments(call_node)
        function = evaluator.module.scopes.get(unwrap(given[-1]).id) if given else None
        callee = evaluator.names.callee(call_node, scope)
        if function is not None and callee.endswith(".registerAs"):
            return evaluator.returned(function)
    return evaluator.ask(node, scope)


def _members(term: Term, depth: int = 0) -> Iterator[tuple[str, Term]]:
    if isinstance(term, Table) and depth < _DEEPEST:
        for name, value in term.entries:
            yield name, value
            yield from _members(value, depth + 1)
