"""From the text of an error to its cause, and to the place in this project that has it.

The text is compared with the `symptoms` of all rules. It may hold secrets: no word of it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from supa_lint.knowledge import Knowledge, Rule
from supa_lint.lint import Options, lint
from supa_lint.model import Finding, Severity
from supa_lint.pages import plain
from supa_lint.report import Report
from supa_lint.report.full import wrap
from supa_lint.report.places import locate
from supa_lint.report.text import clean
from supa_lint.workspace import Workspace

_GAP = 300
"""Characters that a `*` of a symptom may stand for: a host and its addresses, not half a log."""
_SHOWN = 3
"""How many causes without a place in the project are told in full."""
_SEVERAL = 3
_SHARE = 0.3
"""How much of a symptom must be given for it to be meant."""
_CODE = re.compile(r"e[a-z]{8,}|[a-z]{0,3}\d{4,5}|\d{2}[a-z]\d{2}|\w[^\W_]*+_\w+")
_WILD = "\0"
_ESCAPES = re.compile(r"(?:\x1b|\\u001b|\\x1b|\\033|\\e)?\[[0-9;?]*[mKHJ]|\\[nrt]")
"""Colours, also those that lost their first character, and line ends, also written ones."""
_LONE_DOTS = re.compile(rf"(?<![\w{_WILD}])\.+|\.+(?![\w{_WILD}])")
_NO_WORD = re.compile(rf"[^\w.{_WILD}]+")


@dataclass(frozen=True)
class Match:
    """A rule that an error may come from. `weight` is how many characters of the symptom matched:
    the more, the surer."""

    rule: Rule
    symptom: str
    weight: int


def diagnose(text: str, workspace: Workspace) -> tuple[bool, str]:
    """Whether any rule knows the error in `text`, and the answer for people."""
    found = matches(text, workspace.knowledge)
    if not found:
        return False, _unknown()
    # A project may ignore a rule, and it is still the cause.
    config = replace(workspace.config, ignore=(), per_file_ignores=())
    options = Options(select=tuple(match.rule.id for match in found), pedantic=True)
    report = lint(workspace.tree, config, workspace.knowledge, options, workspace.given)
    return True, "\n".join(_answer(found, report)) + "\n"


def matches(text: str, knowledge: Knowledge) -> list[Match]:
    """The rules with a symptom in `text`, the most specific symptom first.

    Where there is none, `text` may be no more than a part of one that somebody remembered.
    """
    words = _words(text.replace(_WILD, " "))
    return _best(knowledge, partial(_contains, words)) or _best(knowledge, partial(_in, words))


def _best(knowledge: Knowledge, known_by: Callable[[Sequence[str]], bool]) -> list[Match]:
    """The rules that are known by one of their symptoms, each with its most specific one."""
    best = []
    for rule in knowledge.rules.values():
        hits = [
            Match(rule, symptom, sum(map(len, pieces)))
            for symptom in rule.data.get("symptoms", [])
            if known_by(pieces := _pieces(symptom))
        ]
        if hits:
            best.append(max(hits, key=lambda hit: hit.weight))
    severities = list(Severity)
    return sorted(
        best,
        key=lambda match: (-match.weight, severities.index(match.rule.severity), match.rule.id),
    )


def _words(text: str) -> str:
    """The words of a text in lower case with one blank around each.

    Logs wrap lines, quote and escape in many ways, and add colours: only the words count. Dots
    inside a word are kept (`postgres.abc` is not `postgres`).
    """
    text = _LONE_DOTS.sub(" ", _ESCAPES.sub(" ", text).casefold())
    return f" {' '.join(_NO_WORD.sub(' ', text).split())} "


def _pieces(symptom: str) -> list[str]:
    """The words of a symptom, cut where a `*` stands for anything."""
    return _words(symptom.replace("*", _WILD)).split(_WILD)


def _contains(words: str, pieces: Sequence[str]) -> bool:
    """Whether the pieces follow each other in `words`, none too far after the one before it."""
    first, *rest = pieces
    at = words.find(first)
    while at >= 0:
        end = at + len(first)
        for piece in rest:
            # The blank between two words belongs to both.
            start = end - 1 if piece[:1] == words[end - 1] == " " else end
            found = words.find(piece, start, end + _GAP + len(piece))
            if found < 0:
                break
            end = found + len(piece)
        else:
            return True
        at = words.find(first, at + 1)
    return False


def _in(words: str, pieces: Sequence[str]) -> bool:
    """Whether the words are a part of a symptom that says something: three words or more and
    a good piece of it, or a code (`P1001`, `ENETUNREACH`)."""
    if not any(words in piece for piece in pieces):
        return False
    several, share = len(words.split()) >= _SEVERAL, len(words) / sum(map(len, pieces))
    return (several and share >= _SHARE) or any(map(_CODE.fullmatch, words.split()))


def _answer(found: Sequence[Match], report: Report) -> Iterator[str]:
    places = {
        match.rule.id: [f for f in report.findings if f.rule == match.rule.id] for match in found
    }
    here = [match for match in found if places[match.rule.id]]
    elsewhere = [match for match in found if not places[match.rule.id]]
    for match in here:
        yield from _cause(match)
        yield "  Here:"
        for finding in places[match.rule.id]:
            yield from _place(finding, report)
        yield f"  more: supa-lint explain {match.rule.id}"
        yield ""
    if here:
        if elsewhere:
            yield "The same error has other causes, which nothing in this project shows:"
            yield from _others(elsewhere)
        return
    yield "Nothing that supa-lint sees in this project causes this error. What usually does:"
    yield ""
    for match in elsewhere[:_SHOWN]:
        yield from _cause(match)
        first, *rest = wrap(plain(match.rule.help), hang=6)
        yield f"  help: {first.lstrip()}"
        yield from rest
        yield f"  more: supa-lint explain {match.rule.id}"
        yield ""
    if elsewhere[_SHOWN:]:
        yield "Less likely:"
        yield from _others(elsewhere[_SHOWN:])
        yield ""
    if report.suppressed:
        yield f"Suppressed findings that were not looked at: {report.suppressed}."
    yield "If the connection string is set outside the repository, run"
    yield "`supa-lint check --environ NAME` where the variable NAME is set."


def _cause(match: Match) -> Iterator[str]:
    rule = match.rule
    yield f"{rule.id}: {clean(rule.summary)}"
    yield from wrap(_beginning(rule.why))
    yield f"  known by: {clean(match.symptom)}"


def _beginning(why: str) -> str:
    """The first paragraph, with the list or table that it announces."""
    paragraphs = why.split("\n\n")
    end = next((n for n, text in enumerate(paragraphs, 1) if not text.rstrip().endswith(":")), None)
    text = "\n\n".join(paragraphs[:end])
    return re.sub(r"^\|(?!-)", "  |", re.sub(r"^\|[-|: ]+\n", "", text, flags=re.M), flags=re.M)


def _place(finding: Finding, report: Report) -> Iterator[str]:
    region = locate(report, finding.span)
    yield f"    {clean(finding.span.path)}:{region.line}:{region.column}"
    yield from wrap(finding.message, hang=4)
    for related in finding.related:
        region = locate(report, related.span)
        yield f"      {clean(related.span.path)}:{region.line} {clean(related.message)}"
    first, *rest = wrap(finding.help, hang=10)
    yield f"      help: {first.lstrip()}"
    yield from rest


def _others(found: Sequence[Match]) -> Iterator[str]:
    width = max(len(match.rule.id) for match in found)
    for match in found:
        yield f"  {match.rule.id:<{width}}  {clean(match.rule.summary)}"


def _unknown() -> str:
    return (
        "No rule knows this error. It may have a cause that supa-lint does not look for, or the "
        "text\nmay lack the line that names it: give the whole message, or the log around it.\n"
        "`supa-lint rules` lists what supa-lint looks for, `supa-lint check` checks this project.\n"
    )
