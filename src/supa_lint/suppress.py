"""Suppressions: `# supa-lint: ignore[rule-id, other-id] reason`, in the comments of any format.

At the end of a line it speaks for that line. Alone on a line it speaks for the next line, and for
the next one that is no comment, with the lines that a trailing backslash joins to it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from supa_lint.config import nearest
from supa_lint.knowledge import Rule
from supa_lint.model import Finding, Place, Severity, Span, Suppression
from supa_lint.source import BOM, File

UNUSED: Final = "unused-suppression"
UNKNOWN: Final = "unknown-rule-in-suppression"

_COMMENT: Final = re.compile(
    rb"""(?x) supa-lint (?P<colon> :? ) [\ \t]*
    (?P<word> ignore | disable | allow | skip | suppress | noqa | nolint )
    (?: \[ (?P<rules> [^\]\r\n]{0,1000}+ ) \] )?
    (?! \w )"""
)
"""Only words that mean to suppress: prose about supa-lint is no suppression."""

_BEFORE: Final = re.compile(
    rb"""(?isx) (?P<code> .*? )
    (?P<leader> \# | // | -- | ; | <!-- | /\* | \* | \b rem (?= [\ \t] ) )
    [\ \t]*"""
)
"""What stands before it on its line: it must be in a comment."""

_WINDOW: Final = 200
"""How many bytes of the line before it are looked at. Like the limit above, it keeps a file of one
long line from being slow."""

_JOINED: Final = 100
"""How many lines joined by backslashes are one command."""

_FAMILIES: Final = {
    b"#": (b"#",),
    b"/": (b"//", b"/*", b"*", b"{/*"),
    b"*": (b"//", b"/*", b"*", b"{/*"),
    b"-": (b"--",),
    b";": (b";",),
    b"<": (b"<!--", b"-->"),
}
"""By the first byte of a leader: how comment lines begin where that leader is used."""

_REM: Final = (b"rem ", b"rem\t", b"@rem ", b"::")


def suppressions(file: File) -> tuple[Suppression, ...]:
    """The suppressions that stand in `file`.

    One without rules was meant as a suppression but is not written like one.
    """
    if b"supa-lint" not in file.data:
        return ()
    found = []
    targets: dict[tuple[bytes, ...], tuple[int, tuple[int, ...]]] = {}
    for match in _COMMENT.finditer(file.data):
        line = file.line_of(match.start())
        start = file.line_starts[line - 1]
        before = _BEFORE.fullmatch(file.data, max(start, match.start() - _WINDOW), match.start())
        if before is None:
            continue
        lines: tuple[int, ...] = (line,)
        if before.start() == start and _is_alone(file, before, match.end(), line):
            comment = _FAMILIES.get(before["leader"][:1], _REM)
            # Stacked comments speak for one line: looking for it once keeps this linear.
            until, lines = targets.get(comment, (0, ()))
            if line >= until:
                until, lines = targets[comment] = _next_content(file, line + 1, comment)
            if line + 1 < until:  # a DSN may stand in a comment, too
                lines = (line + 1, *lines)
        well_formed = match["colon"] and match["word"] == b"ignore"
        found.append(
            Suppression(
                rules=tuple(_rules(file, match.span("rules"))) if well_formed else (),
                span=Span(file.path, match.start(), match.end()),
                lines=lines,
            )
        )
    return tuple(found)


def apply(
    findings: Iterable[Finding],
    suppressions_by_path: Mapping[str, Sequence[Suppression]],
    files: Mapping[str, File],
    rules: Mapping[str, Rule],
    active: Collection[str],
) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """Split `findings` into those that are kept and those that are suppressed, in their order,
    and find what is wrong with the suppressions themselves.

    A suppression counts at the finding's own lines and at those of its related places.
    `rules` are all rules there are: a renamed one answers to its former ids too. `active` are the
    ids of those that ran: a suppression for another one is not called unused.
    """
    ids = {alias: rule.id for rule in rules.values() for alias in rule.data.get("aliases", ())}
    ids |= {rule: rule for rule in rules}
    at: dict[tuple[str, int, str], list[Span]] = {}
    for path, found in suppressions_by_path.items():
        for suppression in found:
            for name, span in suppression.rules:
                for line in suppression.lines:
                    at.setdefault((path, line, ids.get(name, name)), []).append(span)

    kept: list[Finding] = []
    suppressed: list[Finding] = []
    used: set[Span] = set()
    for finding in findings:
        spans = [
            span
            for path, line in _lines(finding, files)
            for span in at.get((path, line, finding.rule), ())
        ]
        (suppressed if spans else kept).append(finding)
        used.update(spans)

    meta = [
        finding
        for path, found in suppressions_by_path.items()
        for suppression in found
        for finding in _judge(suppression, ids, used, active, rules)
        if finding.rule in active and _judged(files.get(path), rules.get(finding.rule))
    ]
    return kept, suppressed, meta


# --- finding them -------------------------------------------------------------------------------


def _is_alone(file: File, before: re.Match[bytes], end: int, line: int) -> bool:
    """Whether the comment is all that stands on its line."""
    if before["code"].removeprefix(BOM).strip(b" \t{@#/*-;<!"):
        return False
    closing = {b"/*": b"*/", b"*": b"*/", b"<!--": b"-->"}.get(before["leader"])
    if closing is None:
        return True
    last = file.line_starts[line] if line < len(file.line_starts) else len(file.data)
    return not file.data[end:last].partition(closing)[2].strip(b" \t\r\n}")


def _next_content(file: File, line: int, comment: tuple[bytes, ...]) -> tuple[int, tuple[int, ...]]:
    """The first line, from `line` on, that is neither blank nor a comment: its number (or that
    after the last line), and the numbers of it and the lines it is continued on."""
    last = len(file.line_starts)
    while line <= last:
        text = file.line_bytes(line).strip()
        if text and not text.lower().startswith(comment):
            break
        line += 1
    else:
        return line, ()
    end = line
    while end < min(last, line + _JOINED) and file.line_bytes(end).endswith(b"\\"):
        end += 1
    return line, tuple(range(line, end + 1))


def _rules(file: File, inside: tuple[int, int]) -> Iterable[tuple[str, Span]]:
    start, end = inside
    for match in re.finditer(rb"[^,\s](?:[^,]*[^,\s])?", file.data[max(start, 0) : max(end, 0)]):
        span = Span(file.path, start + match.start(), start + match.end())
        yield match[0].decode("utf-8", "replace"), span


# --- using them ---------------------------------------------------------------------------------


def _lines(finding: Finding, files: Mapping[str, File]) -> Iterable[tuple[str, int]]:
    for span in finding.spans():
        file = files.get(span.path)
        if file is not None:
            first, last = file.line_of(span.start), file.line_of(max(span.start, span.end - 1))
            for line in range(first, last + 1):
                yield span.path, line


def _judged(file: File | None, rule: Rule | None) -> bool:
    places = rule.places if rule else {Place.LIVE}
    return file is None or file.place in places


def _judge(
    suppression: Suppression,
    ids: Mapping[str, str],
    used: Collection[Span],
    active: Collection[str],
    rules: Mapping[str, Rule],
) -> Iterable[Finding]:
    """What is wrong with one suppression."""
    if not suppression.rules:
        yield _finding(
            UNKNOWN,
            suppression.span,
            "This suppression names no rule, so it has no effect",
            "Write `supa-lint: ignore[rule-id] reason`.",
            rules,
        )
    named = {ids.get(name) for name, _ in suppression.rules}
    for name, span in suppression.rules:
        rule = ids.get(name)
        if rule is None:
            near = _nearest(name, tuple(ids))
            hint = f"; did you mean `{near}`?" if near else ""
            if any(known.group == name for known in rules.values()):
                hint = ": it is a group of rules, which the configuration can ignore"
            yield _finding(
                UNKNOWN,
                span,
                f"There is no rule of this name{hint}",
                "`supa-lint rules` lists all rules.",
                rules,
            )
        elif rule in active and rule != UNUSED and span not in used and UNUSED not in named:
            yield _finding(
                UNUSED,
                span,
                f"`{rule}` finds nothing here that could be suppressed",
                "Remove it.",
                rules,
            )


@lru_cache(maxsize=1024)
def _nearest(name: str, ids: tuple[str, ...]) -> str | None:
    """One wrong name may stand in thousands of places."""
    return nearest(name, ids)


def _finding(
    rule: str, span: Span, message: str, help_text: str, rules: Mapping[str, Rule]
) -> Finding:
    known = rules.get(rule)
    return Finding(
        rule=rule,
        severity=known.severity if known else Severity.WARNING,
        span=span,
        message=message,
        help=known.help if known else help_text,
    )
