"""Functions and methods that make a text from other texts: `.format`, `.replace`, `urlparse` ..."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urlsplit

from supa_lint.model import HOLE, Const, Span
from supa_lint.raw import Raw
from supa_lint.read.python.scope import Scope
from supa_lint.read.terms import (
    ANY,
    ATTRIBUTES,
    REPLACED,
    Items,
    Parsed,
    Table,
    Term,
    as_text,
    concat,
    touched,
    touched_by_pattern,
    unknown_text,
)

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
        term = evaluator.evaluate(node.args[0], scope)
        if isinstance(term, Raw) and term.text.strip().isascii() and term.text.strip().isdecimal():
            return Const(int(term.text[:100]), span)
        return term if isinstance(term, Raw | Const) else None
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
        pattern = _literal(evaluator.evaluate(node.args[0], scope))
        if isinstance(term, Raw):
            return evaluator.rewrite(term, touched_by_pattern(pattern))
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
        return _stripped(receiver, name, args, evaluator)
    if name == "replace" and len(args) >= 2:
        old, new = _literal(args[0]), _literal(args[1])
        if old and not receiver.holes and old not in receiver.text:
            return receiver
        if (old, new) == ("/", "") and receiver.text == HOLE and receiver.holes[0].part:
            return receiver  # the slash of `parsed.path`
        return evaluator.rewrite(receiver, touched(old, new))
    if name == "format":
        table = evaluator.table(node, scope, keywords_only=True)
        return _formatted(receiver, args, table, evaluator.span(node))
    if name == "join":
        return _joined(receiver, args, evaluator.span(node))
    return None


def cut(node: ast.Subscript, scope: Scope, evaluator: Evaluator) -> Term | None:
    """`url.split("?")[0]`, `parsed.path[1:]`: a stretch of a text, or None for anything else."""
    value, span = node.value, evaluator.span(node)
    if isinstance(node.slice, ast.Slice):
        if not isinstance(value, ast.Attribute) or value.attr != "path":
            return None
        base = evaluator.evaluate(value, scope)
        return (
            _stripped(base, "lstrip", [Raw("/", span)], evaluator)
            if isinstance(base, Raw)
            else None
        )
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return None
    if value.func.attr not in ("split", "rsplit", "partition", "rpartition") or not value.args:
        return None
    receiver = evaluator.evaluate(value.func.value, scope)
    separator = _literal(evaluator.evaluate(value.args[0], scope))
    first = isinstance(node.slice, ast.Constant) and node.slice.value == 0
    if not isinstance(receiver, Raw):
        return None
    if first and separator == "?":
        return evaluator.rewrite(receiver, frozenset({"params"}))
    return unknown_text(span)


def part(parsed: Parsed, attribute: str, span: Span) -> Term:
    """`parsed.hostname` and its like."""
    raw, name = parsed.raw, ATTRIBUTES[attribute]
    if raw.rewritten & {name, "*"}:
        return unknown_text(span)
    if raw.text == HOLE and raw.holes[0].part is None:
        return Raw(HOLE, span, (replace(raw.holes[0], part=name),))
    if raw.holes:
        return unknown_text(span)
    try:
        found = getattr(
            urlsplit(raw.text), {"user": "username", "host": "hostname"}.get(name, name), None
        )
        if name == "database":
            found = urlsplit(raw.text).path
        elif name == "params":
            found = urlsplit(raw.text).query
    except ValueError:
        found = None
    if found is None:
        return unknown_text(span)
    text = str(found)
    at = raw.text.find(text)
    if text and at >= 0 and raw.text.count(text) == 1:
        return raw.part(at, at + len(text))
    return Raw(text, raw.span)


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


def appended(raw: Raw, evaluator: Evaluator) -> Raw:
    """Notes that a variable whose text stands first gets parameters appended."""
    if raw.text.startswith((HOLE + "?", HOLE + "&")) and raw.holes[0].variable:
        evaluator.rewrites[raw.holes[0].variable].add("params")
    return raw


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


def _joined(separator: Raw, args: list[Term], span: Span) -> Raw:
    if len(args) != 1 or not isinstance(args[0], Items):
        return unknown_text(span)
    pieces: list[Term] = []
    for item in args[0].items:
        pieces += [separator, item] if pieces else [item]
    return concat(pieces, span)


def _stripped(raw: Raw, name: str, args: list[Term], evaluator: Evaluator) -> Raw:
    given = _literal(args[0]) if args else None
    hole = raw.holes[0] if raw.text == HOLE else None
    if hole and hole.part and given == "/":
        return raw
    if args and given is None:
        return evaluator.rewrite(raw, ANY)
    if raw.holes:
        return raw if given is None else evaluator.rewrite(raw, touched(given, ""))
    text: str = getattr(raw.text, name)(*([given] if given is not None else []))
    start = raw.text.find(text) if name not in ("rstrip", "removesuffix") else 0
    return raw if text == raw.text else raw.part(start, start + len(text))


def _parsed_method(parsed: Parsed, name: str, node: ast.Call, evaluator: Evaluator) -> Term:
    if name in ("_replace", "set"):
        parts: set[str] = set()
        for keyword in node.keywords:
            parts |= REPLACED.get(keyword.arg or "", {"*"})
        return Parsed(evaluator.rewrite(parsed.raw, frozenset(parts)))
    if name.endswith(("query_dict", "query_pairs", "query_string", "update_query")):
        return Parsed(evaluator.rewrite(parsed.raw, frozenset({"params"})))
    return parsed.raw


def _unparsed(term: Term, span: Span, evaluator: Evaluator) -> Raw:
    """`urlunparse(...)` of a parsed URL, or of a tuple that is put together from parts of one."""
    if isinstance(term, Parsed):
        return term.raw
    for item in term.items if isinstance(term, Items) else ():
        for hole in as_text(item).holes:
            if hole.part:
                whole = Raw(HOLE, span, (replace(hole, part=None),))
                return evaluator.rewrite(whole, ANY)
    return unknown_text(span)


def _literal(term: Term) -> str | None:
    return term.text if isinstance(term, Raw) and not term.holes else None
