"""Elixir: what `config` says of the modules of an application, and other calls of clients.

`syntax` knows the nodes, `evaluate` what expressions are worth, `conditions` for which environments
a block counts, `walk` finds the calls. All else in a file is read as in any language without a
reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from supa_lint.model import Facts, Note, dsns_in
from supa_lint.read import grammar, literals, pieces
from supa_lint.read import text as plain
from supa_lint.source import File

_CONFIGURES = re.compile(
    rb"^[^\S\n]*+(?:import[^\S\n]++Config|use[^\S\n]++Mix\.Config)\b", re.MULTILINE
)
_READS = re.compile(rb"\b(?:System\.(?:get_env|fetch_env!)|env!)[ (]")
_CALL = re.compile(rb"(?<![\w.])(?:[A-Z]\w*+\.)++(?:[a-z_]\w*+)?+")
_USE = re.compile(rb"\buse\s++(\w++(?:\.\w++)*+)")
_DEFINES = re.compile(rb"\bdef\s++([a-z_]\w*+)")
_MOST_PAIRS = 500


def read(file: File, wanted: Callable[[str], bool]) -> Facts:
    """What the file says. `wanted` says which callees are worth a Call."""
    from supa_lint.read.elixir.syntax import Source
    from supa_lint.read.elixir.walk import Walker
    from supa_lint.sealing import Sealer

    facts = literals.read(file)
    if plain.is_utf16(file):
        return facts
    text = pieces.Source.of(file)
    configures = _CONFIGURES.search(text.data) is not None
    if not (configures or _READS.search(text.data) or _calls(text.data, wanted)):
        return facts  # as most code: parsing it takes its time
    try:
        root = grammar.parse("elixir", text.data)
    except grammar.TooSlowError as problem:
        return replace(facts, notes=(*facts.notes, Note(file.path, str(problem))))
    sealer = Sealer(file)
    walker = Walker(file.path, Source(text), sealer.seal, wanted, configures=configures)
    walker.walk(root)
    rewrites = walker.evaluator.memory.rewrites
    given = {dsn.span for dsn in dsns_in(walker.calls)}
    reads = [one for one in facts.reads if not (one.default and one.default.span in given)]
    known = {one.variable for one in reads if one.default is None}
    reads += (one for one in walker.reads.values() if one.variable not in known)
    return replace(
        facts,
        # What a client is given is no constant of the program.
        settings=tuple(s for s in facts.settings if not (s.value.dsn and s.value.span in given)),
        mentions=tuple(mention for mention in facts.mentions if mention.dsn.span not in given),
        calls=tuple(walker.calls),
        reads=tuple(
            replace(one, rewritten=frozenset(rewrites.get(one.variable, ()))) for one in reads
        ),
        secrets=tuple(dict.fromkeys((*facts.secrets, *sealer.secrets))),
        notes=(*facts.notes, *walker.evaluator.memory.budget.notes(file.path)),
    )


def _calls(data: bytes, wanted: Callable[[str], bool]) -> bool:
    """Whether a file may hold a call that is wanted, or define a function in place of one."""
    if any(wanted(name.decode()) for name in set(_CALL.findall(data))):
        return True
    used, defined = set(_USE.findall(data)), set(_DEFINES.findall(data))
    if len(used) * len(defined) > _MOST_PAIRS:
        return True
    return any(wanted(f"{one.decode()}.{name.decode()}") for one in used for name in defined)
