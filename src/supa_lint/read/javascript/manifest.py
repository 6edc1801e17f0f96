"""Modules that are the manifest of a platform (`ecosystem.config.js`): what they export, as the
tree that all data formats become."""

from __future__ import annotations

import json
from dataclasses import replace

from supa_lint.knowledge import Platforms
from supa_lint.model import Const, Facts
from supa_lint.raw import Raw
from supa_lint.read import tree
from supa_lint.read.code.terms import Items, Table, Term, unknown_text
from supa_lint.read.nodes import Branch, Entry, Listing, Node, Scalar
from supa_lint.sealing import Sealer
from supa_lint.source import File


def declared(
    facts: Facts, file: File, exported: Term, platforms: Platforms, sealer: Sealer
) -> Facts:
    """The facts of a module, with the variables that it declares for a platform in place of the
    same constants."""
    found = tree.facts(file, [_node(exported)], platforms, sealer)
    variables = [one for one in found.settings if one.platform is not None]
    spans = {one.value.span for one in variables}
    constants = (one for one in facts.settings if one.value.span not in spans)
    return replace(
        facts,
        settings=(*constants, *variables),
        platforms=found.platforms,
        env_files=found.env_files,
        builds=found.builds,
    )


def _node(term: Term) -> Node:
    if isinstance(term, Table):
        entries = (Entry(name, value.span, _node(value)) for name, value in term.entries)
        return Branch(tuple(entries), term.span)
    if isinstance(term, Items):
        return Listing(tuple(map(_node, term.items)), term.span)
    if isinstance(term, Raw):
        return Scalar(term, term.span, plain=False)
    if isinstance(term, Const):
        word = json.dumps(term.value)
        return Scalar(Raw(word, term.span), term.span, plain=True)
    return Scalar(unknown_text(term.span), term.span, plain=False)
