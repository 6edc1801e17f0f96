"""GitHub Actions workflow commands: each finding becomes an annotation on the pull request.

GitHub shows 10 errors, 10 warnings and 10 notices per step, so a job that wants to see all of them
prints a report for people too.
"""

from __future__ import annotations

from supa_lint.model import Finding, Note, Severity
from supa_lint.report import Report
from supa_lint.report.places import locate_first_line
from supa_lint.report.text import clean, clean_lines

_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report) -> str:
    lines = [_finding(report, finding) for finding in report.findings]
    lines += [_note(note) for note in report.notes]
    return "".join(f"{line}\n" for line in lines)


def _finding(report: Report, finding: Finding) -> str:
    # GitHub ignores the columns of an annotation that goes over several lines.
    region = locate_first_line(report, finding.span)
    properties: dict[str, str | int] = {
        "file": finding.span.path,
        "line": region.line,
        "endLine": region.end_line,
        "col": region.column,
        "endColumn": region.end_column,
        "title": f"supa-lint ({finding.rule})",
    }
    text = f"{clean(finding.message)}\n{clean_lines(finding.help)}"
    return _command(_COMMAND[finding.severity], properties, text)


def _note(note: Note) -> str:
    return _command("notice", {"file": note.path, "title": "supa-lint"}, clean(note.text))


def _command(name: str, properties: dict[str, str | int], text: str) -> str:
    fields = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{name} {fields}::{_data(text.strip())}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(clean(text)).replace(":", "%3A").replace(",", "%2C")
