"""The last lines for people: what could not be read, and the counts."""

from __future__ import annotations

from supa_lint.model import Severity
from supa_lint.report import Report
from supa_lint.report.style import Style
from supa_lint.report.text import clean

_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

_ELSEWHERE = (
    "No file here names a Supabase database. If the connection strings are kept elsewhere, say",
    "under [variables] what the variables hold, or check the values with --environ NAME.",
)


def closing(report: Report, style: Style) -> list[str]:
    """One line per note, the counts, and what to do where there was nothing to lint."""
    notes = [f"{style.bold(clean(note.path))}: {clean(note.text)}" for note in report.notes]
    return [*notes, _counts(report, style), *([] if report.checked else _ELSEWHERE)]


def _counts(report: Report, style: Style) -> str:
    found = [
        style.severity(severity, count(report.count(severity), word))
        for severity, word in _WORDS.items()
        if report.count(severity)
    ]
    if found:
        text = "Found " + " and ".join(filter(None, [", ".join(found[:-1]), found[-1]]))
    else:
        text = "No findings"
    aside = []
    if report.suppressed:
        aside.append(f"{report.suppressed} suppressed")
    if report.withheld:
        aside.append(f"{count(report.withheld, 'note')} only with --pedantic")
    if report.notes:
        unread = len({note.path for note in report.notes})
        aside.append(f"{count(unread, 'file')} not read")
    text += f" in {count(report.checked, 'file')}"
    return f"{text} ({', '.join(aside)})." if aside else f"{text}."


def count(number: int, word: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
