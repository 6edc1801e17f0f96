"""Components of one file (Vue, Svelte, Astro): their script goes to the JavaScript reader, the rest
is plain text.

Both get a copy of the file in which the other part is blank, so that everything stays where it is.
The scripts of one file share their names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from supa_lint.model import Facts
from supa_lint.read import text as plain
from supa_lint.source import File

if TYPE_CHECKING:
    from supa_lint.read.imports import Imports

_OPENING = re.compile(
    rb"""<!--|<script(?P<attributes>(?:\s(?:[^>"']|"[^"]{0,500}"|'[^']{0,500}'){0,500}+)?)>""", re.I
)
_CLOSING = re.compile(rb"</script", re.I)
_FENCE = re.compile(rb"\s*---(?=[^\S\n]*\n)")
_ATTRIBUTE = re.compile(rb"""\b(?:type|lang)\s*=\s*["']?([^"'\s>]+)""", re.I)
_LANGUAGES = frozenset((b"module", b"ts", b"js", b"typescript", b"javascript", b"text/javascript"))
_BLANK = bytes(byte if byte in b"\r\n" else 32 for byte in range(256))


def read(file: File, wanted: Callable[[str], bool], imports: Imports | None = None) -> Facts:
    """The facts of the scripts, and the DSNs that stand anywhere else in the file."""
    from supa_lint.read import javascript

    if plain.is_utf16(file):
        return plain.read(file)
    data = file.data
    code, rest = [], []
    at = 0
    for start, end in _scripts(data, astro=file.path.lower().endswith(".astro")):
        code += [_blank(data[at:start]), data[start:end]]
        rest += [data[at:start], _blank(data[start:end])]
        at = end
    script = replace(file, data=b"".join([*code, _blank(data[at:])]))
    facts = javascript.read(script, wanted, imports)
    others = plain.read(replace(file, data=b"".join([*rest, data[at:]])))
    return replace(
        facts,
        mentions=(*facts.mentions, *others.mentions),
        secrets=tuple(dict.fromkeys((*facts.secrets, *others.secrets))),
    )


def _blank(part: bytes) -> bytes:
    """Blanks for a part of a file; a tag that closes a script ends its last statement, too."""
    ends = b";" if part.startswith(b"</") else b""
    return ends + part[len(ends) :].translate(_BLANK)


def _scripts(data: bytes, *, astro: bool) -> Iterator[tuple[int, int]]:
    """Where scripts begin and end, in their order; what is commented out is none."""
    at = 0
    fence = (
        _FENCE.match(data, len(data) - len(data.removeprefix(b"\xef\xbb\xbf"))) if astro else None
    )
    if fence:
        at = data.find(b"\n---", fence.end())
        at = len(data) if at < 0 else at
        yield fence.end(), at
    while opening := _OPENING.search(data, at):
        if opening["attributes"] is None:
            at = data.find(b"-->", opening.end())
            if at < 0:
                return
            continue
        closing = _CLOSING.search(data, opening.end())
        at = closing.start() if closing else len(data)
        if all(one.lower() in _LANGUAGES for one in _ATTRIBUTE.findall(opening["attributes"])):
            yield opening.end(), at
