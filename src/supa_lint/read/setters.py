"""Commands that set variables on a platform (`fly secrets set K=V`), as platform files list them.

commands:
  - {run: [fly secrets set, flyctl secrets set], pairs: arguments}  # NAME=value arguments
  - {run: 'netlify env:set', pairs: name value}                     # a name and a value apart
  - {run: vercel env add, pairs: name stdin}                        # the value comes through a pipe
  - {run: fly secrets import, pairs: lines}                         # NAME=value lines do
  - {run: docker run, options: [-e, --env], unless: [--network]}    # NAME=value after an option
  - {run: gcloud run deploy, options: [--set-env-vars], separator: ','}
  - {run: az webapp config appsettings set, options: [--settings], several: yes}
  - {run: wrangler hyperdrive create, values: [--connection-string]}
  - {run: aws lambda create-function, options: [--environment], separator: ',', inside: Variables}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from supa_lint.knowledge import PlatformSpec
from supa_lint.manifests import ipv6_word
from supa_lint.model import Platform, Span
from supa_lint.read import jsonc
from supa_lint.read.nodes import Branch, Entry, Node, Scalar
from supa_lint.read.pieces import Source
from supa_lint.read.script import Word
from supa_lint.read.written import lines

_PAIR = re.compile(r"(?P<name>[A-Za-z_][\w.\-]{0,100})=")
_OWN_SEPARATOR = re.compile(r"\^(?P<separator>[^^]{1,3})\^")  # gcloud's `^@^A=1@B=2`
_FURTHEST = 8  # words among which those of `run` stand, options between them


class Pair(NamedTuple):
    name: str
    value: Word
    span: Span


@dataclass(frozen=True, slots=True)
class Setter:
    """One row of a platform's `commands`, for one spelling of the command. A variable set by
    `values` is called like its option."""

    run: str
    platform: str
    row: Mapping[str, Any] = field(repr=False)

    def place(self, platform: Platform) -> Platform:
        """The platform, as far as the command tells about it."""
        said = self.row.get("ipv6")
        return platform if said is None else replace(platform, ipv6=ipv6_word(said))

    def pairs(self, words: Sequence[Word], stdin: Word | None = None) -> Iterator[Pair]:
        """The variables that the command sets by the words after its own, and by its input."""
        unless = self.row.get("unless", ())
        if any(word.text == o or _joined(word.text, o) for word in words for o in unless):
            return
        pairs = self.row.get("pairs")
        if pairs == "arguments":
            yield from self._assigned(words)
        elif pairs == "name value":
            named = [word for word in words if not word.text.startswith("-")]
            if len(named) > 1:
                name, value, *_ = named
                span = Span(name.span.path, name.span.start, value.span.end)
                yield Pair(name.text, value, span)
        elif pairs == "name stdin" and stdin is not None:
            for name in [word for word in words if not word.text.startswith("-")][:1]:
                yield Pair(name.text, stdin, stdin.span)
        elif pairs == "lines" and stdin is not None:
            yield from (Pair(*line) for line in lines(stdin.raw))
        for _, word in _given(words, self.row.get("options", ()), self.row.get("several", False)):
            if "inside" in self.row:
                yield from self._inside(word, self.row["inside"])
            else:
                yield from self._assigned([word])
        for option, word in _given(words, self.row.get("values", ()), several=False):
            yield Pair(option.lstrip("-"), word, word.span)

    def _inside(self, word: Word, name: str) -> Iterator[Pair]:
        """The variables of `NAME={A=1,B=2}`, or below that key of JSON."""
        if word.text.startswith(f"{name}={{"):
            end = len(word.text) - word.text.endswith("}")
            raw = word.raw.part(len(name) + 2, end)
            yield from self._assigned([Word(raw, raw.span)])
        elif word.text.startswith("{"):
            document = jsonc.parse(Source(word.raw))
            table = document.by_key.get(name) if isinstance(document, Branch) else None
            for key, at, node in _entries(table.node) if table else ():
                if isinstance(node, Scalar):
                    end = max(at.end, node.span.end)
                    yield Pair(key, Word(node.raw, node.span), Span(at.path, at.start, end))

    def _assigned(self, words: Sequence[Word]) -> Iterator[Pair]:
        for word in words:
            start, separator = 0, self.row.get("separator")
            if separator and (own := _OWN_SEPARATOR.match(word.text)):
                start, separator = own.end(), own["separator"]
            for part in _split(word.part(start), separator):
                match = _PAIR.match(part.text)
                if match:
                    yield Pair(match["name"], part.part(match.end()), part.span)


def _entries(node: Node) -> Sequence[Entry]:
    return node.entries if isinstance(node, Branch) else ()


class Setters:
    """All rows of all platforms, found by the words of a command."""

    def __init__(self, platforms: Mapping[str, PlatformSpec]) -> None:
        self._by_program: dict[str, list[tuple[list[str], Setter]]] = {}
        for spec in platforms.values():
            for row in spec.data.get("commands", []):
                spellings = [row["run"]] if isinstance(row["run"], str) else row["run"]
                for run in spellings:
                    names = run.split()
                    entry = names[1:], Setter(run, spec.id, row)
                    self._by_program.setdefault(names[0], []).append(entry)

    def find(self, texts: Sequence[str]) -> tuple[int, Setter | None]:
        """The row of a command, and where the words after its own begin."""
        head = texts[:_FURTHEST]
        for n, program in enumerate(head):
            for names, setter in self._by_program.get(program, ()):
                end = _subsequence(names, head, n + 1)
                if end:
                    return end, setter
        return 0, None


def _subsequence(names: Sequence[str], texts: Sequence[str], start: int) -> int:
    """Where the first appearance of all `names` in their order ends, or 0."""
    at = start
    for name in names:
        if name not in texts[at:]:
            return 0
        at = list(texts).index(name, at) + 1
    return at


def _given(
    words: Sequence[Word], options: Sequence[str], several: bool
) -> Iterator[tuple[str, Word]]:
    """The values given to any of `options`, in whichever spelling."""
    option = ""
    for word in words:
        if option and not word.text.startswith("-"):
            yield option, word
            option = option if several else ""
            continue
        option = next((o for o in options if word.text == o or _joined(word.text, o)), "")
        if option and word.text != option:
            yield option, word.part(len(option) + word.text.startswith(f"{option}="))
            option = ""


def _joined(text: str, option: str) -> bool:
    """Whether an option and its value are one word: `--env=A=1`, `-eA=1`."""
    return text.startswith(f"{option}=") or (len(option) == 2 and text.startswith(option))


def _split(word: Word, separator: str | None) -> Iterator[Word]:
    """The pieces of a list in one word. Only a separator with a name after it ends a piece."""
    if not separator:
        yield word
        return
    ends = re.finditer(re.escape(separator) + r"(?=[A-Za-z_]\w*=)", word.text)
    at = 0
    for match in [*ends, None]:
        raw = word.raw.part(at, match.start() if match else len(word.text))
        yield Word(raw, raw.span)
        at = match.end() if match else at
