"""Turns a walked module into its facts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from supa_lint.knowledge import Platforms
from supa_lint.model import HOLE, Call, Facts, Hole, Mention, Read, Span, Value
from supa_lint.raw import Raw
from supa_lint.read import text
from supa_lint.read.code.facts import Gathered
from supa_lint.read.code.terms import Parsed, Table, Term, as_text
from supa_lint.read.javascript import constants, exports, manifest, schema
from supa_lint.read.javascript.environ import MAPPINGS, is_variable
from supa_lint.read.javascript.evaluate import Evaluator
from supa_lint.read.javascript.patterns import access
from supa_lint.read.javascript.scope import Module, Scope, Site
from supa_lint.read.javascript.syntax import (
    CLASSES,
    URL,
    Source,
    arguments,
    children,
    field,
    is_name,
    sides,
    unwrap,
)
from supa_lint.read.javascript.texts import REWRITING
from supa_lint.sealing import Sealer

if TYPE_CHECKING:
    from tree_sitter import Node

_TEXTS = {"string", "template_string"}
_FIELDS = {"public_field_definition", "field_definition"}
_MENTIONING = {*_TEXTS, "jsx_text"}
_MOST_AROUND = 20


def collect(
    module: Module,
    source: Source,
    wanted: Callable[[str], bool],
    platforms: Platforms,
) -> Facts:
    """All facts of a module. `platforms` may have it as a manifest."""
    return _Collector(module, source, wanted).facts(platforms)


class _Collector:
    def __init__(self, module: Module, source: Source, wanted: Callable[[str], bool]) -> None:
        self.module = module
        self.source = source
        self.wanted = wanted
        sealer = Sealer(source.file)
        self.evaluator = Evaluator(module, source, sealer.seal, wanted)
        self.memory = self.evaluator.memory
        self.found = Gathered(source.file, self.memory, sealer)
        self.literals = constants.Literals(self.evaluator, self.found.constants)
        self.defaulted: list[Span] = []
        """The defaults of variables that are part of a read."""
        self.targets: set[int] = set()
        """What is assigned to."""
        self.defaults: dict[int, Value] = {}
        """What follows `??` behind the read of a variable, by the id of the read's node."""
        self.inside = 0
        """Where the last call that is a fact ends: what stands in it belongs to it."""

    def facts(self, platforms: Platforms) -> Facts:
        exported = list(exports.exports(self.module, self.source))
        configuration = self._configuration(exported)
        for site in self.module.sites:
            if configuration is not None and site.node.id == configuration.id:
                self.inside = max(self.inside, site.node.end_byte)
            self._visit(site)
        self._imports()
        self.found.settle()
        given = exports.defined(exported, self.evaluator)
        definitions = self.found.definitions(given, self.wanted, unknown=False)
        self.found.claimed |= self._default_literals()
        comments = self.found.comments(map(self.source.span, self.module.comments))
        facts = self.found.facts(definitions, chain(self._strings(), comments, self._unread()))
        facts = replace(facts, packages=tuple(self.source.packages.values()))
        default = exports.default(exported, self.evaluator) if platforms else None
        if default is None:
            return facts
        return manifest.declared(facts, self.source.file, default, platforms, self.found.sealer)

    def _visit(self, site: Site) -> None:
        node, kind = site.node, site.node.type
        if kind in ("call_expression", "new_expression"):
            self._call(node, site.scope)
        elif kind == "binary_expression":
            self._binary(node, site.scope)
        elif kind in ("member_expression", "subscript_expression"):
            self._property(node, site.scope)
        elif kind in ("assignment_expression", "augmented_assignment_expression"):
            self._assignment(node, site.scope)
        elif kind == "variable_declarator":
            self._declarator(site)
        elif kind in _FIELDS:
            self.literals.declared(site)
        elif kind == "object" and node.start_byte >= self.inside:
            self.literals.properties(node, site.scope)
        elif kind == "template_string" and self._appends(node):
            self.evaluator.ask(node, site.scope)
        elif kind in CLASSES:
            self._class(node)

    # --- code

    def _configuration(self, exported: list[exports.Export]) -> Node | None:
        with self.memory.noting() as literals:
            configured = exports.configuration(exported, self.evaluator, self.wanted)
        if configured is None:
            return None
        self.found.call(lambda: configured[0])
        self.found.claimed |= literals
        return unwrap(configured[1])

    def _call(self, node: Node, scope: Scope) -> None:
        evaluator = self.evaluator
        callee = evaluator.names.callee(node, scope)
        if self.wanted(callee):
            invoke = partial(evaluator.invoke, callee, node, scope)
            self.found.call(invoke, self._within(scope))
            self.inside = max(self.inside, node.end_byte)
        if node.type == "new_expression":
            return
        self._environment_call(callee, node, scope)
        if self.source.code(field(node, "function", "property")) in REWRITING:
            evaluator.ask(node, scope)

    def _environment_call(self, callee: str, node: Node, scope: Scope) -> None:
        evaluator = self.evaluator
        given = arguments(node)
        for variable, span in schema.variables(node, scope, evaluator):
            self.found.reads.append(Read(variable, span))
        if callee == "Deno.env.set" and len(given) == 2:
            name = self.source.string(given[0]) or ""
            self._export(name, given[1], scope, evaluator.span(node))
        elif callee == "Object.assign" and len(given) > 1:
            if evaluator.dotted(given[0], scope) in MAPPINGS:
                self._export_all(given[1], scope, evaluator.span(node))
        elif given and given[0].type in _TEXTS:
            term = evaluator.ask(node, scope)
            hole = term.holes[0] if isinstance(term, Raw) and term.holes else Hole()
            if hole.variable and hole.variable == self.source.string(given[0]):
                self._read(node, hole)

    def _within(self, scope: Scope) -> tuple[str, ...]:
        """Names of the calls whose functions are around a place."""
        names: list[str] = []
        around: Scope | None = scope
        while around and len(names) < _MOST_AROUND:
            if around.caller:
                names.append(self.evaluator.names.callee(*around.caller))
            around = around.parent
        return tuple(dict.fromkeys(names))

    def _binary(self, node: Node, scope: Scope) -> None:
        """`process.env.X ?? "default"`, `url + "?x=y"`."""
        found = sides(node)
        if found is None:
            return
        left, operator, right = found
        if operator in ("??", "||"):
            term = self.evaluator.ask(node, scope)
            default = term.holes[0].default if isinstance(term, Raw) and term.holes else None
            if default is not None:
                self.defaults[unwrap(left).id] = default
        elif operator == "+" and (self.source.string(right) or "")[:1] in ("?", "&"):
            self.evaluator.ask(node, scope)

    def _appends(self, node: Node) -> bool:
        """Whether a template begins with a text that gets parameters appended."""
        pieces = node.named_children[:2]
        return (
            len(pieces) == 2
            and pieces[0].type == "template_substitution"
            and self.source.code(pieces[1])[:1] in ("?", "&")
        )

    def _property(self, node: Node, scope: Scope) -> None:
        """`process.env.X`."""
        inner, key = field(node, "object"), field(node, "property")
        if inner is None or node.id in self.targets:
            return
        if key is not None and not self.source.code(key).isupper() and not self._env(inner):
            return
        if self.evaluator.dotted(inner, scope) not in MAPPINGS:
            name = self.source.key(key)
            if name and is_variable(name) and self._env(inner):
                # A Worker is given its variables: `c.env.X`. Which file sets them is not followed.
                self.found.reads.append(Read(name, self.evaluator.span(node)))
            if node.type == "subscript_expression" and unwrap(inner).type == "call_expression":
                self.evaluator.ask(node, scope)  # `url.split("?")[0]`
            return
        term = self.evaluator.ask(node, scope)
        if isinstance(term, Raw) and term.holes and term.holes[0].variable:
            self._read(node, term.holes[0])

    def _env(self, node: Node) -> bool:
        """Whether an expression ends with `env`."""
        return self.source.data[node.end_byte - 3 : node.end_byte] == b"env"

    def _read(self, node: Node, hole: Hole) -> None:
        default = hole.default or self.defaults.get(node.id)
        if default is not None:
            self.defaulted.append(default.span)
        span = self.evaluator.span(node)
        self.found.reads.append(Read(hole.variable or "", span, default=default))

    def _declarator(self, site: Site) -> None:
        node, scope, evaluator = site.node, site.scope, self.evaluator
        target, value = field(node, "name"), field(node, "value")
        if target is None or value is None:
            return
        if target.type == "object_pattern":
            if evaluator.dotted(value, scope) in MAPPINGS:
                for one in children(target):
                    inner = field(one, "value") or one
                    name = self.source.key(field(one, "key") or field(inner, "left") or one)
                    fallback = field(inner, "right")
                    term = evaluator.ask(fallback, scope) if fallback is not None else None
                    default = evaluator.seal(term, name or "") if isinstance(term, Raw) else None
                    if name and is_name(name):
                        self._read(one, Hole(variable=name, default=default))
            return
        self.literals.declared(site)
        name = self.source.code(target)
        owner = scope.owner(name)
        if owner and (len(owner.bindings[name]) > 1 or owner.mutations.get(name)):
            evaluator.ask(target, scope)  # learns what the module rewrites

    def _assignment(self, node: Node, scope: Scope) -> None:
        evaluator = self.evaluator
        found = sides(node)
        if found is None:
            return
        left, operator, right = found
        target = unwrap(left)
        inner = field(target, "object")
        if inner is None:
            return
        if node.type != "assignment_expression":
            if operator in ("??=", "||="):
                term = evaluator.ask(right, scope)
                if isinstance(term, Raw):
                    self.defaults[target.id] = evaluator.seal(term, "")
            return
        self.targets.add(target.id)
        _, keys, exact = access(target, self.source)
        span = evaluator.span(node)
        if evaluator.dotted(inner, scope) in MAPPINGS and exact:
            self._export(keys[-1], right, scope, span)
            return
        if evaluator.dotted(target, scope) in MAPPINGS:
            self._export_all(right, scope, span)
        elif (
            exact
            and is_name(keys[-1])
            and self.source.code(inner) not in ("module", "exports", "module.exports")
        ):
            self.found.attribute(keys[-1], evaluator.ask(right, scope), evaluator.span(right))

    def _export(self, name: str, value: Node, scope: Scope, span: Span) -> None:
        """`process.env.X = value`."""
        with self.memory.noting() as literals:
            term = self.evaluator.ask(value, scope)
        self._exported(name, term, span, literals)

    def _export_all(self, value: Node, scope: Scope, span: Span) -> None:
        """`Object.assign(process.env, value)`."""
        with self.memory.noting() as literals:
            term = self.evaluator.ask(value, scope)
        for name, one in term.entries if isinstance(term, Table) else ():
            self._exported(name, one, span, literals)
        self.found.claimed |= literals
        self.inside = max(self.inside, value.end_byte)

    def _exported(self, name: str, term: Term, span: Span, literals: set[int]) -> None:
        """A variable that code sets, where that says anything itself."""
        if is_name(name) and (not isinstance(term, Raw | Parsed) or as_text(term).text != HOLE):
            self.found.export(name, term, span, literals)

    def _class(self, node: Node) -> None:
        """A class that extends a client and has no constructor calls that of the client."""
        cls = self.module.scopes[node.id]
        if cls.heritage is None or "constructor" in cls.bindings:
            return
        callee = self.evaluator.dotted(cls.heritage, cls.parent or cls)
        if callee and self.wanted(callee):
            span = self.evaluator.span(cls.heritage)
            self.found.calls.append(Call(callee, (), (), True, span))

    def _imports(self) -> None:
        """`import { X } from "$env/static/private"`."""
        for bindings in self.module.root.bindings.values():
            for one in bindings:
                if one.imported and one.imported.module in MAPPINGS and one.imported.member:
                    span = self.evaluator.span(one.node)
                    self.found.reads.append(Read(one.imported.member, span))

    # --- text

    def _default_literals(self) -> set[int]:
        spans = set(self.defaulted)
        return {
            site.node.id
            for site in self.module.sites
            if site.node.type in _TEXTS and self.evaluator.span(site.node) in spans
        }

    def _strings(self) -> Iterator[Mention]:
        """DSNs in strings that are part of no other fact."""
        for site in self.module.sites:
            node = site.node
            if node.type not in _MENTIONING or not self.source.holds(node, URL):
                continue
            if node.type == "jsx_text":
                yield from self.found.mentions(self.source.span(node), comment=False)
            elif node.id not in self.found.claimed:
                term = self.evaluator.ask(node, site.scope)
                if isinstance(term, Raw):
                    yield from text.mentions_in(self.found.sealer, term)

    def _unread(self) -> Iterator[Mention]:
        """DSNs where the syntax is not understood."""
        if not self.module.root.node.has_error:
            return
        nodes = [one.node for one in self.module.sites if one.node.type in _MENTIONING]
        spans = sorted(self.source.span(node) for node in [*nodes, *self.module.comments])
        starts = [span.start for span in spans]
        furthest: list[int] = []
        for span in spans:
            furthest.append(max(span.end, furthest[-1] if furthest else 0))
        file = self.source.file
        for mention in self.found.mentions(Span(file.path, file.body, len(file.data))):
            before = bisect_right(starts, mention.dsn.span.start) - 1
            if before < 0 or furthest[before] <= mention.dsn.span.start:
                yield mention
