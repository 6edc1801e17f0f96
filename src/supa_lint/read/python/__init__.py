"""Python: calls with resolved names, settings, environment reads and definitions of one module.

`literals` finds the bytes, `walk` who binds which name in which `scope`, `names` what a dotted name
means, `evaluate` what an expression is worth, with what `variables`, `texts` and `environ` know of
Python. `collect` and `assignments` find the facts. `newer` parses what this Python cannot. What is
the same in any language is in `supa_lint.read.code`.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable

from supa_lint.model import Facts, Note
from supa_lint.read.python.collect import collect
from supa_lint.read.python.literals import Layout
from supa_lint.read.python.walk import walk
from supa_lint.source import File

_LARGEST = 4_000_000  # bytes; what is larger is generated


def read(file: File, wanted: Callable[[str], bool]) -> Facts:
    """The facts of a Python module. `wanted` says which callees are worth a `Call`.

    What cannot be parsed gives a note and nothing else: the caller may read it as plain text.
    """
    if len(file.data) > _LARGEST:
        return _unread(file, "is too large to be read as Python")
    # A byte that is not UTF-8 becomes one `?`, so that columns stay byte offsets.
    source = re.sub("[\ud800-\udfff]", "?", file.text)
    try:
        tree = _parse(source, file)
        if isinstance(tree, str):
            return _unread(file, tree)
        layout = Layout(file)
        return collect(file, walk(tree, file.path, layout), layout, wanted)
    except (RecursionError, MemoryError):
        return _unread(file, "nests too deeply to be read as Python")


def _parse(source: str, file: File) -> ast.Module | str:
    """The syntax tree, or why there is none."""
    if "\0" in source:
        return "holds NUL bytes, so it is not read as Python"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape is not ours to complain about
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError):
            from supa_lint.read.python import newer

            return newer.parse(source, file) or "is not valid Python"


def _unread(file: File, why: str) -> Facts:
    return Facts(file.path, notes=(Note(file.path, why),))


__all__ = ["read"]
