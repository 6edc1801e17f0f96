"""Functions and methods that make a text from other texts: `.format`, `.replace`, `urlparse` ..."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from supa_lint.model import HOLE, Span
from supa_lint.raw import Raw
from supa_lint.read.code.memory import Memory
from supa_lint.read.code.rewriting import ANY, replaced, stripped, touched, touched_by_pattern
from supa_lint.read.code.terms import (
    Items,
    Parsed,
    Table,
    Term,
    as_text,
    concat,
    literal,
    unknown_text,
)
from supa_lint.read.code.texts import joined, number
from supa_lint.read.python.scope import Scope

if TYPE_CHECKING:
    from supa_lint.read.python.evaluate import Evaluator

_SAME = {"str", "typing.cast", "pydantic.SecretStr", "pydantic.PostgresDsn", "pydantic.AnyUrl"}
_SAME_METHODS = {
    "geturl",
    "render_as_string",
    "get_secret_value",
    "unicode_string",
    "lower",
    "casefold",
    "encode",
    "decode",
    "__str__",
}
_STRIPS = {"strip", "lstrip", "rstrip", "removeprefix", "removesuffix"}
_PARSERS = {
    "urllib.parse.urlparse",
    "urllib.parse.urlsplit",
    "sqlalchemy.make_url",
    "sqlalchemy.engine.make_url",
    "sqlalchemy.engine.url.make_url",
}
_UNPARSERS = {"urllib.parse.urlunparse", "urllib.parse.urlunsplit"}
_QUOTES: dict[str, Callable[[str], str]] = {
    "urllib.parse.quote": quote,
    "urllib.parse.quote_plus": quote_plus,
    "urllib.parse.unquote": unquote,
    "urllib.parse.unquote_plus": unquote_plus,
}
_METHODS = (
    _SAME_METHODS
    | _STRIPS
    | {"replace", "format", "join", "_replace", "set", "format_map"}
    | {"update_query_dict", "update_query_pairs", "update_query_string", "difference_update_query"}
)
_REPLACED = {
    "scheme": {"scheme"},
    "drivername": {"scheme"},
    "netloc": {"user", "password", "host", "port"},
    "username": {"user"},
    "password": {"password"},
    "host": {"host"},
    "port": {"port"},
    "path": {"database"},
    "database": {"database"},
    "query": {"params"},
    "params": set(),
    "fragment": set(),
}
"""Keywords of `ParseResult._replace` and `URL.set`, and the parts they change."""

ATTRIBUTES = {
    "scheme": "scheme",
    "drivername": "scheme",
    "hostname": "host",
    "host": "host",
    "port": "port",
    "username": "user",
    "password": "password",
    "path": "database",
    "database": "database",
    "query": "params",
}
"""Attributes of `ParseResult` and `URL`, and the parts they give."""
_FORMAT_FIELD = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}:!]*)(?P<spec>[:!][^{}]*)?\}")
_PERCENT_FIELD = re.compile(r"%%|%(?:\((?P<name>\w+)\))?(?P<kind>.)", re.DOTALL)


def function(callee: str, node: ast.Call, scope: Scope, evaluator: Evaluator) -> Term | None:
    """The result of a function this module knows, or None."""
    span = evaluator.span(node)
    if callee == "dict":
        return evaluator.table(node, scope)
    if not node.args or isinstance(node.args[-1], ast.Starred):
        return None
    if callee in _SAME:
        return as_text(evaluator.evaluate(node.args[-1], scope))
    if callee in ("int", "float"):
        return number(evaluator.evaluate(node.args[0], scope), span)
    if callee in _PARSERS:
        return Parsed(as_text(evaluator.evaluate(node.args[0], scope)))
    if callee in _UNPARSERS:
        return _unparsed(evaluator.evaluate(node.args[0], scope), span, evaluator)
    if callee in _QUOTES:
        raw = as_text(evaluator.evaluate(node.args[0], scope))
        if raw.holes:
            return raw
        safe = {one.arg: one.value for one in node.keywords}.get("safe")
        plain = callee.endswith(".quote") and not isinstance(safe, ast.Constant)
        text = _QUOTES[callee](raw.text) if plain or "un" in callee else quote_plus(raw.text)
        return raw if text == raw.text else replace(raw, text=text, segments=())
    if callee == "re.sub" and len(node.args) >= 3:
        term = evaluator.evaluate(node.args[2], scope)
        pattern = literal(evaluator.evaluate(node.args[0], scope))
        if isinstance(term, Raw):
            return evaluator.memory.rewrite(term, touched_by_pattern(pattern))
    return None


def method(func: ast.Attribute, node: ast.Call, scope: Scope, evaluator: Evaluator) -> Term | None:
    """The result of a method of a text or of a parsed URL, or None when it is neither."""
    name = func.attr
    if name not in _METHODS:
        return None
    receiver = evaluator.evaluate(func.value, scope)
    if isinstance(receiver, Parsed):
        return _parsed_method(receiver, name, node, evaluator)
    if not isinstance(receiver, Raw):
        return None
    args = [evaluator.evaluate(arg, scope) for arg in node.args if not isinstance(arg, ast.Starred)]
    if len(args) != len(node.args):
        return unknown_text(evaluator.span(node))
    if name in _SAME_METHODS:
        return receiver
    if name in _STRIPS:
        return _stripped(receiver, name, args, evaluator.memory)
    if name == "replace" and len(args) >= 2:
        old, new = literal(args[0]), literal(args[1])
        if (old, new) == ("/", "") and receiver.text == HOLE and receiver.holes[0].part:
            return receiver  # the slash of `parsed.path`
        return replaced(receiver, old, new, evaluator.memory)
    if name == "format":
        table = evaluator.table(node, scope, keywords_only=True)
        return _formatted(receiver, args, table, evaluator.span(node))
    if name == "join":
        span = evaluator.span(node)
        one = args[0] if len(args) == 1 else None
        return joined(receiver, one, span) if isinstance(one, Items) else unknown_text(span)
    return None


def cut(node: ast.Subscript, scope: Scope, evaluator: Evaluator) -> Term | None:
    """`url.split("?")[0]`, `parsed.path[1:]`: a stretch of a text, or None for anything else."""
    value, span = node.value, evaluator.span(node)
    if isinstance(node.slice, ast.Slice):
        if not isinstance(value, ast.Attribute) or value.attr != "path":
            return None
        base = evaluator.evaluate(value, scope)
        return (
            _stripped(base, "lstrip", [Raw("/", span)], evaluator.memory)
            if isinstance(base, Raw)
            else None
        )
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return None
    if value.func.attr not in ("split", "rsplit", "partition", "rpartition") or not value.args:
        return None
    receiver = evaluator.evaluate(value.func.value, scope)
    separator = literal(evaluator.evaluate(value.args[0], scope))
    first = isinstance(node.slice, ast.Constant) and node.slice.value == 0
    if not isinstance(receiver, Raw):
        return None
    if first and separator == "?":
        return evaluator.memory.rewrite(receiver, frozenset({"params"}))
    return unknown_text(span)


def percent(left: Raw, right: ast.expr, scope: Scope, span: Span, evaluator: Evaluator) -> Raw:
    """`left % right`."""
    given = evaluator.evaluate(right, scope)
    positional = list(given.items) if isinstance(given, Items) else [given]
    pieces: list[Term] = []
    at = used = 0
    for field in _PERCENT_FIELD.finditer(left.text):
        pieces.append(left.part(at, field.start()))
        at = field.end()
        if field.group() == "%%":
            pieces.append(left.part(at - 1, at))
            continue
        value: Term | None = None
        if field["name"]:
            value = given.get(field["name"]) if isinstance(given, Table) else None
        elif used < len(positional) and not isinstance(given, Table):
            value, used = positional[used], used + 1
        known = field["kind"] in "sdi" and value is not None
        pieces.append(value if known and value is not None else unknown_text(span))
    pieces.append(left.part(at, len(left.text)))
    return concat(pieces, span)


def _formatted(left: Raw, args: list[Term], table: Table, span: Span) -> Raw:
    pieces: list[Term] = []
    at = used = 0
    for field in _FORMAT_FIELD.finditer(left.text):
        pieces.append(left.part(at, field.start()))
        at = field.end()
        if field.group() in ("{{", "}}"):
            pieces.append(left.part(at - 1, at))
            continue
        name = field["name"]
        value: Term | None = table.get(name)
        if not name or name.isdecimal():
            index = int(name[:6]) if name else used
            used += 1
            value = args[index] if index < len(args) else None
        pieces.append(unknown_text(span) if value is None or field["spec"] else value)
    pieces.append(left.part(at, len(left.text)))
    return concat(pieces, span)


def _stripped(raw: Raw, name: str, args: list[Term], memory: Memory) -> Raw:
    given = literal(args[0]) if args else None
    if raw.text == HOLE and raw.holes[0].part and given == "/":
        return raw
    if args and given is None:
        return memory.rewrite(raw, ANY)
    if raw.holes and given is not None:
        return memory.rewrite(raw, touched(given, ""))
    return stripped(raw, lambda text: getattr(text, name)(*([] if given is None else [given])))


def _parsed_method(parsed: Parsed, name: str, node: ast.Call, evaluator: Evaluator) -> Term:
    if name in ("_replace", "set"):
        parts: set[str] = set()
        for keyword in node.keywords:
            parts |= _REPLACED.get(keyword.arg or "", {"*"})
        return Parsed(evaluator.memory.rewrite(parsed.raw, frozenset(parts)))
    if name.endswith(("query_dict", "query_pairs", "query_string", "update_query")):
        return Parsed(evaluator.memory.rewrite(parsed.raw, frozenset({"params"})))
    return parsed.raw


def _unparsed(term: Term, span: Span, evaluator: Evaluator) -> Raw:
    """`urlunparse(...)` of a parsed URL, or of a tuple that is put together from parts of one."""
    if isinstance(term, Parsed):
        return term.raw
    for item in term.items if isinstance(term, Items) else ():
        for hole in as_text(item).holes:
            if hole.part:
                whole = Raw(HOLE, span, (replace(hole, part=None),))
                return evaluator.memory.rewrite(whole, ANY)
    return unknown_text(span)
