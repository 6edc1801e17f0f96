"""Env files that scripts write: `cat > .env <<EOF`, `echo "A=1" >> .env`, `tee .env <<EOF`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from supa_lint.model import HOLE, Place, Span, Value
from supa_lint.place import is_env_file, place_of
from supa_lint.raw import Raw
from supa_lint.read.nodes import Scalar
from supa_lint.read.pieces import Source, assignments
from supa_lint.read.script import Command, Word

_ECHO_OPTION = re.compile(r"-[neE]+")


class Line(NamedTuple):
    """`NAME=value` in such a file."""

    name: str
    value: Word
    span: Span

    def filled(self, known: Callable[[str], Value | None]) -> Line:
        """The line, its variables filled by what the script has set them to."""
        raw = self.value.raw
        holes = tuple(
            replace(hole, default=known(hole.variable or "") or hole.default) for hole in raw.holes
        )
        return self._replace(value=replace(self.value, raw=replace(raw, holes=holes)))


class Later(NamedTuple):
    """The variable with the path of a file that a script adds variables to, and the container of
    the scripts after it, for which these are set."""

    file: str
    container: str


def lines(text: Raw) -> list[Line]:
    """The variables that a text sets; none when it has other lines than these and comments."""
    found = assignments(Source(text))
    return [
        Line(entry.key, Word(node.raw, node.span), _around(entry.span, node.span))
        for entry in (found.entries if found else ())
        if isinstance(node := entry.node, Scalar)
    ]


def written(command: Command, programs: Sequence[str]) -> tuple[Word, list[Line]] | None:
    """The file that a command writes variables to, and these; None when it writes none.

    `programs` are the names of its words, as far as they are programs.
    """
    words = command.words
    if "tee" in programs[:4] and programs[0] in ("tee", "sudo"):
        rest = words[programs.index("tee") + 1 :]
        target = next((word for word in rest if not word.text.startswith("-")), None)
        text = command.stdin
    else:
        target, text = command.output, _printed(programs[0], words[1:], command.stdin)
    if target is None or text is None:
        return None
    found = lines(text.raw)
    return (target, found) if found else None


def is_live_env_file(target: Word) -> bool:
    """Whether the file at that path holds variables in use: no example, no test."""
    name = target.text.rpartition("/")[2]
    path = target.text.replace(HOLE, "x").lstrip("/")
    return HOLE not in name and is_env_file(name) and place_of(path) is Place.LIVE


def _printed(program: str, words: Sequence[Word], stdin: Word | None) -> Word | None:
    """What a command puts out, if that is a text of the script."""
    if program == "cat":
        return stdin if all(word.text == "-" for word in words) else None
    if program == "echo":
        words = [word for word in words if not _ECHO_OPTION.fullmatch(word.text)]
    if program not in ("echo", "printf") or len(words) != 1:
        return None
    (word,) = words
    end = len(word.text)
    while word.text.endswith(("\\n", "\n"), 0, end):
        end -= 2 if word.text.endswith("\\n", 0, end) else 1
    raw = word.raw.part(0, end)
    return None if program == "printf" and "%" in raw.text else Word(raw, word.span)


def _around(first: Span, last: Span) -> Span:
    return Span(first.path, first.start, max(first.end, last.end))
