"""What assignments say: settings, configuration of libraries, attributes, definitions."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from supa_lint.dsn.parts import role_of
from supa_lint.model import HOLE, Call, Const, Definition, Expr, Setting, Span, Symbol, Unknown
from supa_lint.raw import Raw
from supa_lint.read.code.terms import (
    Invoke,
    Items,
    Overlaid,
    Parsed,
    Table,
    Term,
    as_text,
    call,
    seal,
)
from supa_lint.read.python import environ
from supa_lint.read.python.evaluate import Evaluator, is_property
from supa_lint.read.python.scope import Binding, Context, Scope, is_name, subscripts
from supa_lint.read.python.variables import certainly_after

_WORTH_SEALING = re.compile(r"postgres|supabase|://|eyJ|sb_|host\s*=", re.IGNORECASE)
_HOST = re.compile(r"supabase\.", re.IGNORECASE)
_MOST_DEFINITIONS = 400
_LONGEST_OPTION = 80

Assignment = ast.Assign | ast.AnnAssign


def targets_of(node: Assignment) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


# --- settings -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Named:
    """A constant, or an entry of a dict, that may be a setting."""

    name: str
    container: str
    value: ast.expr
    span: Span
    target: ast.expr | None = None
    """The variable, which code may rewrite afterwards."""


def settings(node: Assignment, context: Context, evaluator: Evaluator) -> Iterator[_Named]:
    """The constants and dict entries that an assignment at module or class level names."""
    scope = context.scope
    if node.value is None or scope.kind == "function":
        return
    container = scope.name if scope.kind == "class" else ""
    if scope.kind == "class" and environ.settings_class(scope, evaluator):
        return  # these are defaults of environment variables
    for target in targets_of(node):
        if isinstance(target, ast.Name):
            if isinstance(node.value, ast.Dict | ast.Call):
                inner = f"{container}.{target.id}" if container else target.id
                yield from _entries(node.value, inner, scope, evaluator)
            span = evaluator.layout.span(target, node.value)
            yield _Named(target.id, container, node.value, span, target)


def _entries(
    node: ast.expr, container: str, scope: Scope, evaluator: Evaluator
) -> Iterator[_Named]:
    pairs: list[tuple[str, ast.AST, ast.expr]] = []
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            text = key.value if isinstance(key, ast.Constant) else None
            if key is not None and isinstance(text, str) and is_name(text):
                pairs.append((text, key, value))
    elif isinstance(node, ast.Call) and evaluator.dotted(node.func, scope) == "dict":
        pairs = [(one.arg, one, one.value) for one in node.keywords if one.arg]
    for name, key_node, value in pairs:
        yield _Named(name, container, value, evaluator.layout.span(key_node, value))
        if container.count(".") < 3:
            yield from _entries(value, f"{container}.{name}", scope, evaluator)


class SettingsOfFile:
    """Gathers constants, and decides in the end which of them are settings."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._found: list[tuple[_Named, Raw, set[int]]] = []
        self.claimed: set[int] = set()

    def add(self, named: _Named, scope: Scope) -> None:
        evaluator = self._evaluator
        text = named.value.value if isinstance(named.value, ast.Constant) else None
        dull = isinstance(text, str) and not _WORTH_SEALING.search(text)
        if not _own_text(named.value) or (dull and not role_of(named.name)):
            return
        evaluator.memory.literals = set()
        term = evaluator.ask(named.value, scope)
        if not isinstance(term, Raw | Const):
            return
        raw = as_text(term)
        resolved = evaluator.ask(named.target, scope) if named.target else None
        if isinstance(resolved, Raw) and resolved.text == raw.text:
            raw = replace(raw, rewritten=resolved.rewritten)
        self._found.append((named, raw, evaluator.memory.literals))

    def settled(self) -> list[Setting]:
        """DSNs, keys and Supabase hosts, and the parts set beside such a host."""
        result: list[Setting] = []
        with_host = {
            named.container
            for named, raw, _ in self._found
            if _HOST.search(raw.text) and role_of(named.name) == "host"
        }
        for named, raw, literals in self._found:
            beside = named.container in with_host and role_of(named.name) != ""
            if not beside and not _WORTH_SEALING.search(raw.text):
                continue
            if not beside and not self._tells(named, raw):
                continue
            value = self._evaluator.seal(raw, named.name)
            result.append(Setting(named.name, value, named.span, named.container, exported=False))
            self.claimed |= literals
        return result

    def _tells(self, named: _Named, raw: Raw) -> bool:
        value = self._evaluator.seal(raw, named.name)
        host = _HOST.search(raw.text) and not re.search(r"\s", raw.text.strip())
        return bool(value.dsn or value.ref or value.secret or host)


def _own_text(node: ast.expr) -> bool:
    """Whether text is written right here, rather than taken from another name."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and _own_text(node.func.value)
    if isinstance(node, ast.BinOp):
        return any(isinstance(one, ast.Constant | ast.JoinedStr) for one in ast.walk(node))
    return isinstance(node, ast.Constant | ast.JoinedStr)


def exported(node: Assignment, scope: Scope, evaluator: Evaluator) -> Iterator[Setting]:
    """`os.environ["X"] = "..."`: a setting of the environment."""
    for target in targets_of(node):
        if not isinstance(target, ast.Subscript) or node.value is None:
            continue
        if evaluator.dotted(target.value, scope) != "os.environ":
            continue
        name, value = evaluator.ask(target.slice, scope), evaluator.ask(node.value, scope)
        if not isinstance(name, Raw) or not is_name(name.text):
            continue
        if not isinstance(value, Raw | Parsed):
            continue
        text = as_text(value)
        if not any(hole.variable == name.text for hole in text.holes):
            span = evaluator.layout.span(target, node.value)
            yield Setting(name.text, evaluator.seal(text, name.text), span)


# --- configuration ------------------------------------------------------------------------------


def configurations(
    node: Assignment, context: Context, evaluator: Evaluator, wanted: Callable[[str], bool]
) -> Iterator[Call]:
    """The calls that an assignment stands for: `DATABASES = {...}`, `app.config["X"] = ...`."""
    if node.value is None:
        return
    scope = context.scope
    for target in targets_of(node):
        root, keys, exact = subscripts(target)
        local = isinstance(root, ast.Name) and not keys and scope.kind == "function"
        if not exact or local:
            continue
        names = _target_names(root, keys, scope, evaluator)
        if not names:
            continue
        term = evaluator.ask(node.value, scope)
        if isinstance(root, ast.Name):
            if keys and _merged_elsewhere(root, node, scope):
                continue
            term = _with_mutations(root, keys, term, node, context, evaluator)
        span = evaluator.layout.span(target, node.value)
        for name in names:
            found = list(_configured(name, term, span, evaluator, wanted))
            yield from found
            if found:
                break


def _target_names(
    root: ast.expr, keys: tuple[str, ...], scope: Scope, evaluator: Evaluator
) -> list[str]:
    """What a target may be called: resolved, as it is written, and by its last key."""
    written = root
    parts: list[str] = []
    while isinstance(written, ast.Attribute):
        parts.insert(0, written.attr)
        written = written.value
    if not isinstance(written, ast.Name):
        return []
    names = [".".join((written.id, *parts, *keys))]
    resolved = evaluator.dotted(root, scope) if parts and keys else None
    if isinstance(root, ast.Attribute) and not keys:  # what is assigned must not resolve itself
        base = evaluator.dotted(root.value, scope)
        resolved = f"{base}.{root.attr}" if base else None
    if resolved:
        names.insert(0, ".".join((resolved, *keys)))
    if parts and keys:
        names.append(keys[-1])
    return names


def _configured(
    name: str, term: Term, span: Span, evaluator: Evaluator, wanted: Callable[[str], bool]
) -> Iterator[Call]:
    inner = (
        [key for key, _ in term.entries if wanted(f"{name}.{key}")]
        if isinstance(term, Table)
        else []
    )
    if isinstance(term, Table) and inner:
        for key in dict.fromkeys(inner):
            yield _configuration(f"{name}.{key}", term.get(key) or term, span, evaluator)
    elif wanted(name):
        yield _configuration(name, term, span, evaluator)


def _configuration(name: str, term: Term, span: Span, evaluator: Evaluator) -> Call:
    if isinstance(term, Table):
        invoke = Invoke(name, (), term.entries, term.complete, term.span)
    elif isinstance(term, Overlaid):
        table = term.table
        invoke = Invoke(name, (term.base,), table.entries, table.complete, term.span)
    else:
        invoke = Invoke(name, (term,), (), True, span)
    return call(invoke, evaluator.seal)


def _merged_elsewhere(root: ast.Name, node: Assignment, scope: Scope) -> bool:
    """Whether `d["a"] = ...` surely follows the one place that binds `d`: it is told there."""
    owner = scope.owner(root.id)
    bindings = owner.bindings[root.id] if owner else []
    mutations = owner.mutations[root.id] if owner else []
    only = bindings[0] if len(bindings) == 1 else None
    return (
        only is not None
        and isinstance(only.value, ast.Dict | ast.Call)
        and any(one.node is node and certainly_after(one, only) for one in mutations)
    )


def _with_mutations(
    root: ast.Name,
    keys: tuple[str, ...],
    term: Term,
    node: Assignment,
    context: Context,
    evaluator: Evaluator,
) -> Term:
    """The value after what later code sets inside it."""
    owner = context.scope.owner(root.id) or context.scope
    made = Binding("value", context.scope, node, guard=context.guard)
    later = [one for one in owner.mutations.get(root.id, ()) if one.node is not node]
    if not keys:
        return evaluator.variables.mutated(term, later, made, whole=False)
    inside = [
        one
        for one in later
        if one.keys[: len(keys)] == keys and (len(one.keys) > len(keys) or one.kind == "update")
    ]
    if len(keys) > 1 or not inside:
        return term
    holder = evaluator.variables.mutated(Table(((keys[0], term),), True, term.span), inside, made)
    found = holder.get(keys[0]) if isinstance(holder, Table) else None
    return found or term


# --- attributes and definitions -----------------------------------------------------------------


def attributes(node: Assignment, scope: Scope, evaluator: Evaluator) -> Iterator[tuple[str, Expr]]:
    """`connection.prepare_threshold = None`: the last name, and the value where it is simple."""
    method = scope.method()
    for target in targets_of(node):
        if not isinstance(target, ast.Attribute) or node.value is None:
            continue
        # What a class sets on itself is its own business.
        if not (method and isinstance(target.value, ast.Name) and target.value.id == method[0]):
            term = evaluator.ask(node.value, scope)
            short = isinstance(term, Raw) and len(term.text) <= _LONGEST_OPTION
            if short or isinstance(term, Const | Symbol):
                yield target.attr, seal(term, evaluator.seal, target.attr)
            else:
                yield target.attr, Unknown(evaluator.span(node.value))


def definitions(evaluator: Evaluator, wanted: Callable[[str], bool]) -> list[Definition]:
    """What other modules may import, as far as it could be part of a connection."""
    path = evaluator.layout.file.path
    found = (
        Definition(name, seal(term, evaluator.seal, name), path)
        for name, term in _defined(evaluator)
        if matters(term, wanted)
    )
    return list(islice(found, _MOST_DEFINITIONS))


def _defined(evaluator: Evaluator) -> Iterator[tuple[str, Term]]:
    root = evaluator.module.root
    reexports = evaluator.layout.file.path.endswith("__init__.py")
    for scope in list(evaluator.module.scopes.values()):
        if scope.kind == "function" or (scope.parent and scope.parent.kind == "function"):
            continue
        for key, bindings in list(scope.bindings.items()):
            name = key.removeprefix("self.")
            kinds = {binding.kind for binding in bindings}
            if kinds == {"function"}:
                node = bindings[0].node
                function = evaluator.module.scopes.get(id(node))
                single = function is not None and len(bindings) == 1 and bool(function.returns)
                if function and single and not (scope is not root and is_property(node)):
                    yield name, evaluator.returned(function)
            elif kinds == {"import"} and not (reexports and scope is root):
                continue
            if scope.kind == "class":
                term = evaluator.field(scope, name, evaluator.span(bindings[0].node))
                if term is not None and (key == name or name not in scope.bindings):
                    yield name, term
            elif kinds & {"value", "augmented", "import"}:
                yield (
                    name,
                    evaluator.variables.resolve(
                        key, scope, bindings, evaluator.span(bindings[0].node)
                    ),
                )


def matters(term: Term, wanted: Callable[[str], bool]) -> bool:
    """Whether a value could be part of a connection."""
    if isinstance(term, Raw | Parsed):
        raw = as_text(term)
        known = any(hole.variable or hole.symbol or hole.default for hole in raw.holes)
        return known or bool(_WORTH_SEALING.search(raw.text)) or raw.text == HOLE
    if isinstance(term, Table):
        return any(matters(value, wanted) for _, value in term.entries)
    if isinstance(term, Items):
        return any(matters(item, wanted) for item in term.items)
    if isinstance(term, Overlaid):
        return matters(term.base, wanted)
    if isinstance(term, Invoke):
        given = (*term.args, *(value for _, value in term.keywords))
        return wanted(term.callee) or any(matters(one, wanted) for one in given)
    return False
