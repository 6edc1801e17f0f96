"""Functions and methods that make a text from other texts: `.replace`, `new URL` ..."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from supa_lint.model import HOLE, Const, Span, Unknown
from supa_lint.raw import Raw
from supa_lint.read.code import texts
from supa_lint.read.code.environment import with_default
from supa_lint.read.code.rewriting import ANY, appended, replaced, stripped, touched_by_pattern
from supa_lint.read.code.tables import merge
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
from supa_lint.read.javascript.scope import Scope
from supa_lint.read.javascript.syntax import arguments, field, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from supa_lint.read.javascript.evaluate import Evaluator

_SAME = {"String", "Object.freeze", "Promise.resolve"}
_SAME_METHODS = {
    "toString",
    "valueOf",
    "toLowerCase",
    "normalize",
    "toJSON",
    # of the package env-var
    "required",
    "asString",
    "asUrlString",
    "asUrlObject",
}
_STRIPS = {"trim": str.strip, "trimStart": str.lstrip, "trimEnd": str.rstrip}
REWRITING = {"replace", "replaceAll", "concat"}
"""Methods that change a text."""
_CUTS = {"slice", "substring", "substr"}
_METHODS = _SAME_METHODS | _STRIPS.keys() | REWRITING | _CUTS | {"join", "default"}
_MASKS = re.compile(r"\*\*|x{3,}|redacted|hidden|masked|•", re.IGNORECASE)
"""What is put in the place of a password before a text is shown to people."""
_PARSERS = {
    "URL",
    "url.URL",
    "url.parse",
    "URL.parse",
    "pg-connection-string.parse",
    "pg-connection-string.default",
    "pg-connection-string.parseIntoClientConfig",
    "connection-string.ConnectionString",
}
_NUMBERS = {"Number", "parseInt", "parseFloat", "Number.parseInt", "Number.parseFloat"}

_LONGEST_NUMBER = 50

PARTS = {
    "protocol": "scheme",
    "hostname": "host",
    "host": "host",
    "port": "port",
    "username": "user",
    "user": "user",
    "password": "password",
    "pathname": "database",
    "database": "database",
    "search": "params",
    "searchParams": "params",
}
"""Properties of a `URL`, and of what `pg-connection-string` gives, and the parts they are."""
_SPREAD = ("user", "password", "hostname", "port", "database")


def changed(key: str) -> frozenset[str]:
    """Parts of a DSN that an assignment to a property of a `URL` changes."""
    if key == "host":
        return frozenset({"host", "port"})
    return frozenset({PARTS[key]}) if key in PARTS else ANY if key == "href" else frozenset()


def function(callee: str, node: Node, scope: Scope, evaluator: Evaluator) -> Term | None:
    """The result of a function this module knows, or None."""
    given = arguments(node)
    if not given or given[0].type == "spread_element":
        return None
    span = evaluator.span(node)
    if callee in _SAME:
        term = evaluator.evaluate(given[0], scope)
        return as_text(term) if callee == "String" else term
    if callee in _PARSERS:
        if len(given) > 1 and callee.endswith("URL"):
            return Parsed(unknown_text(span))
        return Parsed(as_text(evaluator.evaluate(given[0], scope)))
    if callee in _NUMBERS:
        return texts.number(evaluator.evaluate(given[0], scope), span) or Unknown(span)
    if callee in ("encodeURIComponent", "encodeURI", "decodeURIComponent", "decodeURI"):
        raw = as_text(evaluator.evaluate(given[0], scope))
        if raw.holes:
            return raw
        text = unquote(raw.text) if callee[0] == "d" else quote(raw.text, safe="!~*'()")
        return raw if text == raw.text else replace(raw, text=text, segments=())
    return None


def numeral(code: str, span: Span) -> Term:
    """A number as it is written."""
    text = code.replace("_", "").removesuffix("n")
    if len(text) > _LONGEST_NUMBER:
        return Unknown(span)
    try:
        value = int(text, 0) if text[:2].lower() in ("0x", "0o", "0b") else float(text)
    except ValueError:
        return Unknown(span)
    whole = isinstance(value, int) or (value.is_integer() and abs(value) < 2**53)
    return Const(int(value) if whole else value, span)


def method(node: Node, scope: Scope, evaluator: Evaluator) -> Term | None:
    """The result of a method of a text or of a parsed URL, or None when it is neither."""
    function = field(node, "function")
    if function is None or unwrap(function).type != "member_expression":
        return None
    function = unwrap(function)
    inner, name = field(function, "object"), evaluator.source.key(field(function, "property"))
    if inner is None or name not in _METHODS:
        return None
    receiver = evaluator.evaluate(inner, scope)
    span = evaluator.span(node)
    if isinstance(receiver, Parsed):
        return receiver.raw if name in _SAME_METHODS else None
    args = [evaluator.evaluate(one, scope) for one in arguments(node)]
    if isinstance(receiver, Items) and name == "join":
        return texts.joined(args[0] if args else Raw(",", span), receiver, span)
    if not isinstance(receiver, Raw) or name == "join":
        return None
    if name == "default":
        known = receiver.text != HOLE or not args
        return receiver if known else with_default(receiver, args[0], evaluator.seal)
    if name in _SAME_METHODS:
        return receiver
    if name in _STRIPS:
        return stripped(receiver, _STRIPS[name])
    if name == "concat":
        return appended(concat([receiver, *args], span), evaluator.memory)
    if name in ("replace", "replaceAll") and len(args) == 2:
        return _replaced(receiver, arguments(node)[0], args, evaluator)
    if name in _CUTS and receiver.text == HOLE and receiver.holes[0].part:
        return receiver  # `url.pathname.slice(1)`
    return unknown_text(span)


def cut(node: Node, scope: Scope, evaluator: Evaluator) -> Term | None:
    """`url.split("?")[0]`: a stretch of a text, or None for anything else."""
    inner, index = field(node, "object"), field(node, "index")
    if inner is None or index is None or unwrap(inner).type != "call_expression":
        return None
    call = unwrap(inner)
    holder, given = field(call, "function", "object"), arguments(call)
    name = evaluator.source.key(field(call, "function", "property"))
    if name != "split" or holder is None or not given:
        return None
    receiver = evaluator.evaluate(holder, scope)
    if not isinstance(receiver, Raw):
        return None
    separator = evaluator.evaluate(given[0], scope)
    first = evaluator.source.code(index) == "0"
    if first and literal(separator) == "?":
        return evaluator.memory.rewrite(receiver, frozenset({"params"}))
    return unknown_text(evaluator.span(node))


def part(parsed: Parsed, key: str, span: Span) -> Term:
    """`url.hostname` and its like."""
    raw, name = parsed.raw, PARTS.get(key, "")
    if key == "href":
        return raw
    if not name or key in ("host", "searchParams"):
        return unknown_text(span)
    return texts.part(raw, name, span, "/" if key == "database" else "")


def spread(table: Table, other: Term) -> Table:
    """`{...table, ...other}`."""
    if isinstance(other, Parsed):
        for key in _SPREAD:
            table = table.put("host" if key == "hostname" else key, part(other, key, other.span))
        return table
    return table if isinstance(other, Const) and not other.value else merge(table, other)


def _replaced(raw: Raw, pattern: Node, args: list[Term], evaluator: Evaluator) -> Raw:
    old, new = map(literal, args)
    if new and _MASKS.search(new):
        return unknown_text(raw.span)
    if unwrap(pattern).type == "regex":
        found = field(unwrap(pattern), "pattern")
        text = evaluator.source.code(found).replace("\\/", "/") if found is not None else None
        return evaluator.memory.rewrite(raw, touched_by_pattern(text))
    return replaced(raw, old, new, evaluator.memory)


def extended(terms: list[Term], evaluator: Evaluator) -> Raw | None:
    """`has ? url : url + "?x=y"`: the text, with parameters that may or may not be there."""
    if not all(isinstance(term, Raw) for term in terms):
        return None
    short, long = sorted((as_text(term) for term in terms), key=lambda raw: len(raw.text))
    suffix = long.text.removeprefix(short.text)
    if suffix[:1] not in ("?", "&") or short.holes != long.holes[: len(short.holes)]:
        return None
    return evaluator.memory.rewrite(short, frozenset({"params"}))
