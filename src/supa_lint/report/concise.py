"""One line per finding, as grep and editors read it: `path:line:column: severity[rule] message`.

Lines and columns are 1-based, columns in characters.
"""

from __future__ import annotations

from supa_lint.model import Finding
from supa_lint.report import Report
from supa_lint.report.places import locate
from supa_lint.report.style import Style
from supa_lint.report.summary import closing
from supa_lint.report.text import clean


def render(report: Report, *, color: bool = False) -> str:
    style = Style(color)
    lines = [_line(report, finding, style) for finding in report.findings]
    return "\n".join([*lines, *closing(report, style)]) + "\n"


def _line(report: Report, finding: Finding, style: Style) -> str:
    region = locate(report, finding.span)
    path = style.bold(clean(finding.span.path))
    severity = style.severity(finding.severity, f"{finding.severity}[{finding.rule}]")
    return f"{path}:{region.line}:{region.column}: {severity} {clean(finding.message)}"
