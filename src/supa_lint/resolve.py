"""How a value travels: variable to value, name in code to value, hole by hole.

`Resolver.resolve` gives every DSN that an expression can stand for: one for each environment that
sets a variable it reads, or the literal default where nothing sets one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from supa_lint.dsn import url
from supa_lint.dsn.rewrite import rewrite
from supa_lint.environment import Environment
from supa_lint.model import (
    HOLE,
    MASK,
    Call,
    Definition,
    Dsn,
    Expr,
    Hole,
    Mapping,
    Param,
    Place,
    Setting,
    Span,
    Symbol,
    Text,
    Value,
)
from supa_lint.raw import Raw
from supa_lint.scope import Packages
from supa_lint.visibility import Visibility, holes, shape

_STEPS = 500  # of filling holes for one value
_LONGEST = 5_000  # characters of a value that holes were filled in
_NESTED = 2  # of tables inside an argument
_DEPTH = 12  # of names that stand for names; deeper is a loop


@dataclass(frozen=True, slots=True)
class Resolution:
    """A DSN with every hole filled that could be, where it was set, and what is set beside it."""

    dsn: Dsn
    setting: Setting | None
    environment: Environment | None


class Resolver:
    """Looks names up in the environments and definitions of one project."""

    def __init__(
        self,
        visibility: Visibility,
        definitions: Sequence[Definition],
        packages: Packages,
        value_of: Callable[[Expr], Value | None],
    ) -> None:
        """`value_of` reads an expression as a value: a name, or a call that builds a URL."""
        self._value_of = value_of
        self._steps = _STEPS
        self.given: set[Span] = set()
        """The tables of other modules that calls were seen to be given."""
        self._visibility = visibility
        self._packages = packages
        self._definitions: dict[str, list[Definition]] = {}
        for definition in definitions:
            self._definitions.setdefault(definition.name, []).append(definition)

    def resolve(
        self, value: Value, reader: str, container: str | None = None, *, in_ci: bool = False
    ) -> Iterator[Resolution]:
        """Every DSN that `value`, an expression in the file `reader` (of a command there, in a
        `container`, perhaps of a CI job), can stand for."""
        variables = self.variables(value, reader)
        seen = self._visibility.seen(variables, reader, container, in_ci=in_ci)
        for environment in seen:
            yield from self._in(environment, value, reader)
        if not any(environment.place is Place.LIVE for environment in seen):
            yield from self._in(None, value, reader)

    def variables(self, value: Value, reader: str, depth: int = _DEPTH) -> frozenset[str]:
        """The environment variables that decide where `value` points: those of the host, if it
        has any. (A user that one file sets says nothing of a host that code sets.)"""
        names: set[str] = set()
        for hole in _deciding(value):
            if hole.variable:
                names.add(hole.variable)
                if hole.default is not None and depth:
                    names |= self.variables(hole.default, reader, depth - 1)
            elif hole.symbol and depth:
                defined = self.definition(hole.symbol, reader)
                if defined is not None:
                    names |= self.variables(defined, reader, depth - 1)
        return frozenset(names)

    def definition(self, symbol: str, reader: str) -> Value | None:
        """What a dotted name of another module stands for, if all who define it agree."""
        candidates, named = self._candidates(symbol, reader)
        values = {shape(definition.value): definition.value for definition in named or candidates}
        return self._value_of(next(iter(values.values()))) if len(values) == 1 else None

    def with_tables(self, call: Call) -> Call:
        """The call with the tables that other modules define in place of their names."""
        reader = call.span.path
        return replace(call, args=tuple(self._table(arg, reader, _NESTED) for arg in call.args))

    def _table(self, expr: Expr, reader: str, depth: int) -> Expr:
        if isinstance(expr, Mapping):
            inner = (
                (key, self._table(value, reader, depth - 1) if depth else value)
                for key, value in expr.entries
            )
            return replace(expr, entries=tuple(inner))
        value = as_value(expr)
        if value is None or value.hole is None or not value.hole.symbol:
            return expr
        _, named = self._candidates(value.hole.symbol, reader)
        table = named[0].value if len(named) == 1 else None
        if not isinstance(table, Mapping):
            return expr
        self.given.add(table.span)
        return table

    def _candidates(
        self, symbol: str, reader: str
    ) -> tuple[Sequence[Definition], Sequence[Definition]]:
        """The definitions that a dotted name may mean by its last name, and those of them that
        stand in a module that the name names."""
        *modules, name = symbol.split(".")
        candidates = [
            definition
            for definition in self._definitions.get(name, [])
            if self._packages.sees(reader, definition.path)
            or self._packages.sees(definition.path, reader)
        ]
        return candidates, [d for d in candidates if _is_module(d.path, modules)]

    def _in(
        self, environment: Environment | None, value: Value, reader: str
    ) -> Iterator[Resolution]:
        filled = self.fill(value, environment, reader)
        if filled is not None and filled.dsn is not None:
            setting = _setting_of(filled.dsn, environment)
            yield Resolution(filled.dsn, setting, environment)

    def fill(
        self, value: Value, environment: Environment | None, reader: str, depth: int = _DEPTH
    ) -> Value | None:
        """`value` with its holes filled from `environment`; None when nothing is known of it."""
        self._steps = _STEPS if depth == _DEPTH else self._steps - 1
        if depth <= 0 or self._steps <= 0:
            return None  # it stands for itself, or for more than anybody meant
        if value.dsn is not None:
            return replace(value, dsn=self._fill_dsn(value.dsn, environment, reader, depth))
        if value.hole is not None:
            target = self._fill_hole(value.hole, environment, reader, depth)
            return target and _rewrite(target, value.rewritten)
        if not value.holes:
            return value
        return self._fill_text(value, environment, reader, depth)

    def _fill_hole(
        self, hole: Hole, environment: Environment | None, reader: str, depth: int
    ) -> Value | None:
        target: Value | None = None
        if hole.variable:
            setting = environment.variables.get(hole.variable) if environment else None
            if setting is None:
                target = hole.default
            elif not (setting.value.hole and setting.value.hole.variable == hole.variable):
                target = setting.value
            else:
                # `DATABASE_URL: ${DATABASE_URL}`: what another environment of the project sets.
                target = self._elsewhere(setting, environment) or setting.value.hole.default
        elif hole.symbol:
            target = self.definition(hole.symbol, reader)
        filled = self.fill(target, environment, reader, depth - 1) if target else None
        return _narrow(filled, hole.part) if hole.part else filled

    def _elsewhere(self, setting: Setting, environment: Environment | None) -> Value | None:
        """What the `.env` beside a manifest sets for a variable that it only passes on. No other
        env file is read by itself."""
        beside = self._visibility.beside(environment.path) if environment else ()
        found = (other.variables.get(setting.name) for other in beside)
        return next((other.value for other in found if other is not None), None)

    def _fill_dsn(self, dsn: Dsn, environment: Environment | None, reader: str, depth: int) -> Dsn:
        def part(text: Text | None) -> Text | None:
            return text and self._fill_text(text, environment, reader, depth)

        return replace(
            dsn,
            scheme=part(dsn.scheme),
            user=part(dsn.user),
            host=part(dsn.host),
            port=part(dsn.port),
            database=part(dsn.database),
            params=tuple(Param(p.name, part(p.value) or p.value, p.key) for p in dsn.params),
        )

    def _fill_text(
        self, text: Text, environment: Environment | None, reader: str, depth: int
    ) -> Value | None:
        """A text with holes. A URL with something after it stays a DSN: `f"{url}?sslmode=x"`."""
        pieces = text.text.split(HOLE)
        out = pieces[0]
        left: list[Hole] = []
        base: Value | None = None
        span = text.span
        for index, (hole, after) in enumerate(zip(text.holes, pieces[1:], strict=False)):
            filled = self._fill_hole(hole, environment, reader, depth - 1)
            if filled is not None and filled.dsn is not None:
                if index or pieces[0]:
                    return None
                base = filled
            elif filled is not None and filled.text != MASK:
                out += filled.text
                left += filled.holes
                span = filled.span if text.text == HOLE else span
            else:
                out += HOLE
                left.append(hole)
            out += after
            if len(out) > _LONGEST:
                return None
        if base is not None and base.dsn is not None:
            return _rewrite(replace(base, dsn=_extend(base.dsn, out, text)), _rewritten(text))
        return Value(out, span, tuple(left), rewritten=_rewritten(text))


def as_value(expr: Expr) -> Value | None:
    """An expression as something to resolve: a value, or a name that another module defines."""
    if isinstance(expr, Symbol):
        return Value(HOLE, expr.span, (Hole(symbol=expr.name),))
    return expr if isinstance(expr, Value) else None


def _deciding(value: Value) -> tuple[Hole, ...]:
    """The holes that decide where a value points."""
    if value.dsn is None:
        return value.holes
    host = value.dsn.host.holes if value.dsn.host else ()
    return host or tuple(holes(value))


def _rewrite(value: Value, rewritten: frozenset[str]) -> Value:
    if not rewritten:
        return value
    dsn = value.dsn and rewrite(value.dsn, rewritten)
    return replace(value, dsn=dsn, rewritten=value.rewritten | rewritten)


def _rewritten(text: Text) -> frozenset[str]:
    return text.rewritten if isinstance(text, Value) else frozenset()


def _extend(dsn: Dsn, suffix: str, text: Text) -> Dsn:
    """`dsn` with what code puts after it. Parameters are understood, anything else is not."""
    parsed = url.parse(Raw(f"postgresql://h/{suffix}", text.span))
    if suffix and suffix[0] in "?&" and parsed is not None:
        params = url.parse(Raw("postgresql://h/?" + suffix[1:], text.span))
        return replace(dsn, params=dsn.params + (params.params if params else ()))
    return replace(dsn, rewritten=dsn.rewritten | {"*"}) if suffix else dsn


def _narrow(value: Value | None, part: str) -> Value | None:
    """One part of the DSN that a value holds."""
    if value is None or value.dsn is None or value.dsn.rewrites(part):
        return None
    if part == "password":
        return Value(MASK, value.span, password=value.dsn.password)
    text = getattr(value.dsn, part, None)
    return Value(text.text, text.span, text.holes) if isinstance(text, Text) else None


def _setting_of(dsn: Dsn, environment: Environment | None) -> Setting | None:
    """The variable that says where the connection goes."""
    if environment is None:
        return None
    places = [text.span for text in (dsn.host,) if text] + [dsn.span]
    return next(
        (
            setting
            for place in places
            for setting in environment.variables.values()
            if setting.span.path == place.path
            and setting.span.start <= place.start
            and place.end <= setting.span.end
        ),
        None,
    )


def _is_module(path: str, modules: Sequence[str]) -> bool:
    """Whether a dotted name can mean something in the module at `path`."""
    stem = path.rpartition(".")[0].removesuffix("/__init__").removesuffix("/index")
    return f".{stem.rpartition('/')[2]}." in f".{'.'.join(modules)}."
