"""What assignments say: constants, exported variables, configuration, attributes, definitions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from supa_lint.dsn.parts import role_of
from supa_lint.model import Call, Span
from supa_lint.raw import Raw
from supa_lint.read.code.constants import TELLING, Constant
from supa_lint.read.code.terms import Invoke, Overlaid, Table, Term, call
from supa_lint.read.python import environ
from supa_lint.read.python.evaluate import Evaluator, is_property
from supa_lint.read.python.scope import Binding, Context, Scope, is_name, subscripts
from supa_lint.read.python.variables import certainly_after

Assignment = ast.Assign | ast.AnnAssign


def targets_of(node: Assignment) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


# --- constants ----------------------------------------------------------------------------------


def constants(
    node: Assignment, context: Context, evaluator: Evaluator
) -> Iterator[tuple[Constant, ast.expr, ast.expr | None]]:
    """The constants and dict entries that an assignment at module or class level names, each with
    its value and the variable, which code may rewrite afterwards."""
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
                for constant, value in _entries(node.value, inner, scope, evaluator):
                    yield constant, value, None
            span = evaluator.layout.span(target, node.value)
            yield Constant(target.id, container, span), node.value, target


def _entries(
    node: ast.expr, container: str, scope: Scope, evaluator: Evaluator
) -> Iterator[tuple[Constant, ast.expr]]:
    pairs: list[tuple[str, ast.AST, ast.expr]] = []
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            text = key.value if isinstance(key, ast.Constant) else None
            if key is not None and isinstance(text, str) and is_name(text):
                pairs.append((text, key, value))
    elif isinstance(node, ast.Call) and evaluator.dotted(node.func, scope) == "dict":
        pairs = [(one.arg, one, one.value) for one in node.keywords if one.arg]
    for name, key_node, value in pairs:
        yield Constant(name, container, evaluator.layout.span(key_node, value)), value
        if container.count(".") < 3:
            yield from _entries(value, f"{container}.{name}", scope, evaluator)


def worth_a_look(name: str, node: ast.expr) -> bool:
    """Whether text is written right here, rather than taken from another name, and may tell
    something."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return bool(TELLING.search(node.value) or role_of(name))
    return _own_text(node)


def _own_text(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and _own_text(node.func.value)
    if isinstance(node, ast.BinOp):
        return any(isinstance(one, ast.Constant | ast.JoinedStr) for one in ast.walk(node))
    return isinstance(node, ast.Constant | ast.JoinedStr)


def exported(
    node: Assignment, scope: Scope, evaluator: Evaluator
) -> Iterator[tuple[str, Term, Span]]:
    """The name, value and place of `os.environ["X"] = "..."`."""
    for target in targets_of(node):
        if not isinstance(target, ast.Subscript) or node.value is None:
            continue
        if evaluator.dotted(target.value, scope) != "os.environ":
            continue
        name, value = evaluator.ask(target.slice, scope), evaluator.ask(node.value, scope)
        if isinstance(name, Raw) and is_name(name.text):
            yield name.text, value, evaluator.layout.span(target, node.value)


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


def attributes(node: Assignment, scope: Scope) -> Iterator[tuple[str, ast.expr]]:
    """The last name and the value of `connection.prepare_threshold = None`."""
    method = scope.method()
    for target in targets_of(node):
        if not isinstance(target, ast.Attribute) or node.value is None:
            continue
        # What a class sets on itself is its own business.
        if not (method and isinstance(target.value, ast.Name) and target.value.id == method[0]):
            yield target.attr, node.value


def defined(evaluator: Evaluator) -> Iterator[tuple[str, Term]]:
    """What other modules may import."""
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
