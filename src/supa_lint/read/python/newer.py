"""Syntax newer than the running Python: parsed by libcst, and turned into the tree of `ast`.

Only what the reader looks at is turned; anything else becomes an opaque expression that holds its
parts, so that calls and strings inside are still seen. Positions stay exact.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable
from typing import Any

from supa_lint.source import File

_LARGEST = 500_000  # bytes; libcst is slow
_DEEPEST = 60  # libcst recurses on the machine's stack: too deep is the end of the process
_OPERATOR = re.compile(r"[-+~]|not\b|await\b|lambda\b[^:\n]{0,20}:|\*\*|\belse\b")
_APART = re.compile(r"[,;\n]|.{41}")
_OPERATORS: dict[str, ast.operator] = {"Add": ast.Add(), "Modulo": ast.Mod(), "BitOr": ast.BitOr()}
_STRINGS = ("SimpleString", "ConcatenatedString", "FormattedString", "TemplatedString")


def parse(source: str, file: File) -> ast.Module | None:
    """The tree of `source`, the text of `file`, or None when libcst can't parse it either."""
    if len(source) > _LARGEST or _nests_deeply(source):
        return None
    import libcst
    from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

    try:
        module = libcst.parse_module(source)
        if module.code != source:
            return None
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        converter = _Converter(file, wrapper.resolve(ByteSpanPositionProvider))
        return ast.Module(body=converter.statements(module.body), type_ignores=[])
    except (libcst.ParserSyntaxError, libcst.CSTValidationError, SyntaxError, ValueError):
        return None  # libcst lets through literals that are none: b"é", 1_


def _nests_deeply(source: str) -> bool:
    """Whether brackets or operators may nest deeply. Those in strings count too: better careful."""
    depth = deepest = 0
    for char in re.findall(r"[()\[\]{}]", source):
        depth = max(0, depth + (1 if char in "([{" else -1))
        deepest = max(deepest, depth)
    return deepest > _DEEPEST or _longest_chain(source) >= _DEEPEST


def _longest_chain(source: str) -> int:
    """How many operators follow each other in one expression, at most."""
    longest = chain = end = 0
    for operator in _OPERATOR.finditer(source):
        chain = 1 if _APART.search(source, end, operator.start()) else chain + 1
        end = operator.end()
        longest = max(longest, chain)
    return longest


class _Converter:
    """Turns nodes of libcst into nodes of `ast`."""

    def __init__(self, file: File, positions: Any) -> None:
        self._file = file
        self._positions = positions

    def _at(self, made: Any, node: Any) -> Any:
        """`made`, standing where `node` stands."""
        span = self._positions[node]
        body = self._file.body
        made.lineno, made.col_offset = self._line_and_column(body + span.start)
        made.end_lineno, made.end_col_offset = self._line_and_column(
            body + span.start + span.length
        )
        return made

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        line = self._file.line_of(offset)
        start = self._file.line_starts[line - 1]
        return line, offset - max(start, self._file.body)

    # --- statements

    def statements(self, nodes: Iterable[Any]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for node in nodes:
            if type(node).__name__ == "SimpleStatementLine":
                result += self.statements(node.body)
            else:
                result.append(self._statement(node))
        return result

    def _block(self, node: Any) -> list[ast.stmt]:
        return self.statements(node.body.body) if node is not None else []

    def _statement(self, node: Any) -> ast.stmt:
        convert = getattr(self, f"_{type(node).__name__.lower()}", None)
        made: ast.stmt = convert(node) if convert else ast.Expr(self._opaque(node))
        self._at(made, node)
        return made

    def _expr(self, node: Any) -> ast.stmt:
        return ast.Expr(self.expression(node.value))

    def _return(self, node: Any) -> ast.stmt:
        return ast.Return(self._optional(node.value))

    def _assign(self, node: Any) -> ast.stmt:
        targets = [self._target(one.target) for one in node.targets]
        return ast.Assign(targets, self.expression(node.value))

    def _annassign(self, node: Any) -> ast.stmt:
        annotation = self.expression(node.annotation.annotation)
        target: Any = self._target(node.target)
        return ast.AnnAssign(target, annotation, self._optional(node.value), 1)

    def _augassign(self, node: Any) -> ast.stmt:
        operator = _OPERATORS.get(type(node.operator).__name__.removesuffix("Assign"), ast.Sub())
        target: Any = self._target(node.target)
        return ast.AugAssign(target, operator, self.expression(node.value))

    def _import(self, node: Any) -> ast.stmt:
        return ast.Import([self._alias(one) for one in node.names])

    def _importfrom(self, node: Any) -> ast.stmt:
        star = type(node.names).__name__ == "ImportStar"
        names = [ast.alias("*")] if star else [self._alias(one) for one in node.names]
        module = _dotted(node.module) if node.module else None
        return ast.ImportFrom(module, names, len(node.relative))

    def _alias(self, node: Any) -> ast.alias:
        return ast.alias(_dotted(node.name), node.asname.name.value if node.asname else None)

    def _global(self, node: Any) -> ast.stmt:
        return ast.Global([one.name.value for one in node.names])

    def _if(self, node: Any) -> ast.stmt:
        orelse = node.orelse
        if type(orelse).__name__ == "If":
            return ast.If(self.expression(node.test), self._block(node), [self._statement(orelse)])
        return ast.If(self.expression(node.test), self._block(node), self._block(orelse))

    def _while(self, node: Any) -> ast.stmt:
        return ast.While(self.expression(node.test), self._block(node), self._block(node.orelse))

    def _for(self, node: Any) -> ast.stmt:
        target, iterator = self._target(node.target), self.expression(node.iter)
        return ast.For(target, iterator, self._block(node), self._block(node.orelse))

    def _with(self, node: Any) -> ast.stmt:
        items = [
            ast.withitem(self.expression(one.item), one.asname and self._target(one.asname.name))
            for one in node.items
        ]
        return ast.With(items, self._block(node))

    def _try(self, node: Any) -> ast.stmt:
        handlers = [
            self._at(ast.ExceptHandler(None, _name_of(one.name), self._block(one)), one)
            for one in node.handlers
        ]
        return ast.Try(
            self._block(node), handlers, self._block(node.orelse), self._block(node.finalbody)
        )

    _trystar = _try

    def _match(self, node: Any) -> ast.stmt:
        cases = [ast.match_case(ast.MatchAs(), None, self._block(one)) for one in node.cases]
        return ast.Match(self.expression(node.subject), cases)

    def _functiondef(self, node: Any) -> ast.stmt:
        decorators = [self.expression(one.decorator) for one in node.decorators]
        return ast.FunctionDef(
            node.name.value, self._parameters(node.params), self._block(node), decorators
        )

    def _classdef(self, node: Any) -> ast.stmt:
        decorators = [self.expression(one.decorator) for one in node.decorators]
        bases = [self.expression(one.value) for one in node.bases]
        keywords = [
            ast.keyword(_name_of(one.keyword), self.expression(one.value)) for one in node.keywords
        ]
        return ast.ClassDef(node.name.value, bases, keywords, self._block(node), decorators)

    def _parameters(self, node: Any) -> ast.arguments:
        positional = [*node.posonly_params, *node.params]
        rest = [self._parameter(one) for one in (node.star_arg, node.star_kwarg)]
        return ast.arguments(
            posonlyargs=[],
            args=[one for one in map(self._parameter, positional) if one],
            vararg=rest[0],
            kwonlyargs=[one for one in map(self._parameter, node.kwonly_params) if one],
            kw_defaults=[self._optional(one.default) for one in node.kwonly_params],
            kwarg=rest[1],
            defaults=[self.expression(one.default) for one in positional if one.default],
        )

    def _parameter(self, node: Any) -> ast.arg | None:
        if type(node).__name__ != "Param":
            return None
        annotation = node.annotation and self.expression(node.annotation.annotation)
        made: ast.arg = self._at(ast.arg(node.name.value, annotation), node)
        return made

    # --- expressions

    def _target(self, node: Any) -> ast.expr:
        made = self.expression(node)
        for one in ast.walk(made):
            if isinstance(one, ast.Name | ast.Attribute | ast.Subscript | ast.Tuple | ast.List):
                one.ctx = ast.Store() if one is made else ast.Load()
        return made

    def _optional(self, node: Any) -> ast.expr | None:
        return None if node is None else self.expression(node)

    def expression(self, node: Any) -> ast.expr:
        kind = type(node).__name__
        convert = self._string if kind in _STRINGS else getattr(self, f"_on_{kind.lower()}", None)
        made: ast.expr = self._at(convert(node) if convert else self._opaque(node), node)
        return made

    def _opaque(self, node: Any) -> ast.expr:
        """An expression nobody evaluates, which holds the expressions inside `node`."""
        from libcst import BaseExpression

        parts: list[ast.expr] = []
        stack = list(reversed(node.children))
        while stack:
            one = stack.pop()
            if isinstance(one, BaseExpression):
                parts.append(self.expression(one))
            else:
                stack += reversed(one.children)
        first = parts[0] if parts else self._at(ast.Constant(...), node)
        made: ast.expr = self._at(ast.Compare(first, [], parts[1:]), node)
        return made

    def _on_name(self, node: Any) -> ast.expr:
        if node.value in ("None", "True", "False"):
            return ast.Constant({"None": None, "True": True, "False": False}[node.value])
        return ast.Name(node.value, ast.Load())

    def _on_integer(self, node: Any) -> ast.expr:
        return ast.Constant(node.evaluated_value)

    _on_float = _on_integer

    def _on_attribute(self, node: Any) -> ast.expr:
        return ast.Attribute(self.expression(node.value), node.attr.value, ast.Load())

    def _on_call(self, node: Any) -> ast.expr:
        args: list[ast.expr] = []
        keywords: list[ast.keyword] = []
        for arg in node.args:
            value = self.expression(arg.value)
            if arg.star == "*":
                args.append(self._at(ast.Starred(value, ast.Load()), arg))
            elif arg.keyword or arg.star:
                keywords.append(self._at(ast.keyword(_name_of(arg.keyword), value), arg))
            else:
                args.append(value)
        return ast.Call(self.expression(node.func), args, keywords)

    def _on_subscript(self, node: Any) -> ast.expr:
        index = node.slice[0].slice
        if len(node.slice) == 1 and type(index).__name__ == "Index":
            key = self.expression(index.value)
        else:
            key = self._at(ast.Slice(), node)
        return ast.Subscript(self.expression(node.value), key, ast.Load())

    def _on_dict(self, node: Any) -> ast.expr:
        keys = [self._optional(getattr(one, "key", None)) for one in node.elements]
        return ast.Dict(keys, [self.expression(one.value) for one in node.elements])

    def _elements(self, node: Any) -> list[ast.expr]:
        return [
            self._at(ast.Starred(self.expression(one.value), ast.Load()), one)
            if type(one).__name__ == "StarredElement"
            else self.expression(one.value)
            for one in node.elements
        ]

    def _on_list(self, node: Any) -> ast.expr:
        return ast.List(self._elements(node), ast.Load())

    def _on_tuple(self, node: Any) -> ast.expr:
        return ast.Tuple(self._elements(node), ast.Load())

    def _on_await(self, node: Any) -> ast.expr:
        return ast.Await(self.expression(node.expression))

    def _on_yield(self, node: Any) -> ast.expr:
        return ast.Yield(self._opaque(node) if node.value else None)

    def _on_ifexp(self, node: Any) -> ast.expr:
        return ast.IfExp(*map(self.expression, (node.test, node.body, node.orelse)))

    def _on_booleanoperation(self, node: Any) -> ast.expr:
        operator = ast.Or() if type(node.operator).__name__ == "Or" else ast.And()
        return ast.BoolOp(operator, [self.expression(node.left), self.expression(node.right)])

    def _on_binaryoperation(self, node: Any) -> ast.expr:
        operator = _OPERATORS.get(type(node.operator).__name__, ast.Sub())
        return ast.BinOp(self.expression(node.left), operator, self.expression(node.right))

    def _string(self, node: Any) -> ast.expr:
        pieces = list(self._pieces(node))
        if not any(isinstance(one, ast.FormattedValue) for one in pieces):
            return ast.Constant("".join(one for one in pieces if isinstance(one, str)))
        values: list[ast.expr] = []
        for one in pieces:
            last = values[-1] if values else None
            if not isinstance(one, str):
                values.append(one)
            elif isinstance(last, ast.Constant):
                last.value = str(last.value) + one
            elif one:
                values.append(self._at(ast.Constant(one), node))
        return ast.JoinedStr(values)

    def _pieces(self, node: Any) -> Iterable[str | ast.FormattedValue]:
        kind = type(node).__name__
        if kind == "ConcatenatedString":
            yield from self._pieces(node.left)
            yield from self._pieces(node.right)
        elif kind == "SimpleString":
            value = node.evaluated_value
            yield value if isinstance(value, str) else "\0"  # bytes: a text nobody looks for
        else:
            for part in node.parts:
                if hasattr(part, "expression"):
                    spec = ast.JoinedStr([]) if part.format_spec or part.equal else None
                    value = self.expression(part.expression)
                    conversion = ord(part.conversion) if part.conversion else -1
                    yield self._at(ast.FormattedValue(value, conversion, spec), part)
                else:
                    yield _cooked(part.value, node.start)


def _cooked(text: str, start: str) -> str:
    """The value of a stretch of an f-string that is written as `text`."""
    bare = text.replace("{{", "{").replace("}}", "}")
    if "r" in start.lower() or "\\" not in bare:
        return bare
    quote = start.lstrip("fFtT")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is not ours to complain about
            return str(ast.literal_eval(quote + bare + quote))
    except (SyntaxError, ValueError):
        return bare


def _dotted(node: Any) -> str:
    return f"{_dotted(node.value)}.{node.attr.value}" if hasattr(node, "attr") else str(node.value)


def _name_of(node: Any) -> str | None:
    name = getattr(node, "name", node)  # AsName or Name
    return getattr(name, "value", None)
