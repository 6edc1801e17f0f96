"""Texts made of other texts, and the parts of a DSN that was taken apart."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from supa_lint.model import HOLE, Const, Span
from supa_lint.raw import Raw
from supa_lint.read.code.terms import Items, Term, concat, unknown_text

_SPLIT = {"user": "username", "host": "hostname", "database": "path", "params": "query"}
"""What `urlsplit` calls the parts of a DSN."""


def part(raw: Raw, name: str, span: Span, prefix: str = "") -> Raw:
    """The part of a DSN that is called `name`, without its `prefix`; `span` is what asks for it."""
    if raw.rewritten & {name, "*"}:
        return unknown_text(span)
    if raw.text == HOLE and raw.holes[0].part is None:
        return Raw(HOLE, span, (replace(raw.holes[0], part=name),))
    if raw.holes:
        return unknown_text(span)
    try:
        found = getattr(urlsplit(raw.text), _SPLIT.get(name, name), None)
    except ValueError:
        found = None
    if found is None:
        return unknown_text(span)
    text = str(found).removeprefix(prefix)
    at = raw.text.find(text)
    if text and at >= 0 and raw.text.count(text) == 1:
        return raw.part(at, at + len(text))
    return Raw(text, raw.span)


def joined(separator: Term, items: Items, span: Span) -> Raw:
    """The texts with a separator between each two."""
    pieces: list[Term] = []
    for item in items.items:
        pieces += [separator, item] if pieces else [item]
    return concat(pieces, span)


def number(term: Term, span: Span) -> Term | None:
    """A text as a number: digits become one, what is not known stays; None for anything else."""
    if isinstance(term, Raw) and term.text.strip().isascii() and term.text.strip().isdecimal():
        return Const(int(term.text[:100]), span)
    return term if isinstance(term, Raw | Const) else None
