"""JavaScript and TypeScript: calls with resolved names, settings, environment reads and definitions
of one module.

`syntax` and `patterns` know the nodes, `walk` who binds which name in which `scope`, `names` what
a dotted name means (`modules` what an import names), `evaluate` what an expression is worth, with
what `variables`, `texts`, `environ` and `schema` know of JavaScript. `collect`, `constants` and
`exports` find the facts. What is the same in any language is in `supa_lint.read.code`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from supa_lint.model import Facts, Note
from supa_lint.source import File

if TYPE_CHECKING:
    from tree_sitter import Language, Tree

    from supa_lint.knowledge import Platforms
    from supa_lint.read.imports import Imports

SUFFIXES = frozenset({"js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts"})
_PLAIN = {
    "ts",
    "mts",
    "cts",
    "astro",
    "svelte",
    "vue",
}  # here `<T>x` is a cast, elsewhere it is JSX

_LARGEST = 2_000_000  # bytes; what is larger is generated
_SMALLEST_BUNDLE = 50_000  # bytes; smaller ones cost little
_WRITTEN = 2_000  # bytes of a line
_MOST_OPEN = 1_000  # `<` without `>`: the parser's memory grows with their square
_LONGEST = 2.0  # seconds of the processor; the largest sound file takes half of one
_LONGEST_TYPE = 1_000


def read(
    file: File,
    wanted: Callable[[str], bool],
    imports: Imports | None = None,
    platforms: Platforms | None = None,
) -> Facts:
    """The facts of a JavaScript or TypeScript module. `wanted` says which callees are worth a Call,
    `imports` what imports mean here, `platforms` which of them may have the file as a manifest.

    What is too large or too tangled for the parser is read as plain text, and a note says so. So
    is what a bundler made, without a note.
    """
    from supa_lint.knowledge import Platforms
    from supa_lint.read import text
    from supa_lint.read.javascript.collect import collect
    from supa_lint.read.javascript.syntax import Source
    from supa_lint.read.javascript.walk import walk

    if text.is_utf16(file) or _is_bundle(file.data):
        return text.read(file)
    source = Source(file, imports)
    tree = _parse(source.data, file.path)
    if tree is None:
        return _as_text(file, "is too large or too tangled to be read as code")
    try:
        return collect(walk(tree.root_node, source), source, wanted, platforms or Platforms())
    except RecursionError:
        return _as_text(file, "nests too deeply to be read as code")


def _is_bundle(data: bytes) -> bool:
    """Whether a program wrote the file: most of it stands in lines that nobody writes."""
    if len(data) < _SMALLEST_BUNDLE:
        return False
    return sum(len(line) for line in data.splitlines() if len(line) > _WRITTEN) * 2 > len(data)


def _parse(data: bytes, path: str) -> Tree | None:
    """The syntax tree; None for what is not worth parsing."""
    if len(data) > _LARGEST or data.count(b"<") - data.count(b">") > _MOST_OPEN:
        return None
    from supa_lint.read.grammar import TooSlowError, parse_within

    language = _language(path.rpartition(".")[2].lower() in _PLAIN)
    try:
        # Some broken code sends the grammar into a loop without end (tree-sitter-typescript#323).
        return parse_within(_LONGEST, language, _without_type_arguments(data))
    except TooSlowError:
        return None


def _without_type_arguments(data: bytes) -> bytes:
    """The code with blanks for the type arguments of tags, which the grammar does not know:
    sql<{ id: number }[]>`...`"""
    blanked: bytearray | None = None
    at = data.find(b">`")
    while at >= 0:
        depth = 0
        for index in range(at, max(at - _LONGEST_TYPE, 0), -1):
            char = data[index]
            if char == ord(">") and data[index - 1] != ord("="):
                depth += 1
            elif char == ord("<"):
                depth -= 1
            elif char == ord("`"):
                break
            if not depth:
                if data[index - 1 : index].isalnum():
                    blanked = blanked or bytearray(data)
                    kept = bytes(one if one in b"\r\n" else 32 for one in data[index : at + 1])
                    blanked[index : at + 1] = kept
                break
        at = data.find(b">`", at + 1)
    return data if blanked is None else bytes(blanked)


@cache
def _language(plain: bool) -> Language:
    import tree_sitter_typescript as grammars
    from tree_sitter import Language

    return Language(grammars.language_typescript() if plain else grammars.language_tsx())


def _as_text(file: File, why: str) -> Facts:
    from supa_lint.read import text

    found = text.read(file)
    return replace(found, notes=(*found.notes, Note(file.path, why)))


__all__ = ["SUFFIXES", "read"]
