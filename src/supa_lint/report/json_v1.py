"""JSON for other programs. Its shape is published as `report.schema.json`, beside this module.

The version grows when a key changes its meaning or goes away; new keys may come at any time.
"""

from __future__ import annotations

import json
from typing import Any

from supa_lint.model import Finding, Severity, Span
from supa_lint.report import Report
from supa_lint.report.places import locate
from supa_lint.report.text import clean, clean_lines

VERSION = 1


def render(report: Report) -> str:
    document = {
        "version": VERSION,
        "findings": [_finding(report, finding) for finding in report.findings],
        "notes": [{"path": clean(n.path), "message": clean(n.text)} for n in report.notes],
        "summary": {
            "errors": report.count(Severity.ERROR),
            "warnings": report.count(Severity.WARNING),
            "infos": report.count(Severity.INFO),
            "files": report.checked,
            "suppressed": report.suppressed,
            "withheld": report.withheld,
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _finding(report: Report, finding: Finding) -> dict[str, Any]:
    rule = report.rules[finding.rule]
    return {
        "rule": finding.rule,
        "group": rule.group,
        "severity": str(finding.severity),
        "confidence": rule.confidence,
        **_place(report, finding.span),
        "message": clean(finding.message),
        "help": clean_lines(finding.help),
        "url": rule.url,
        "related": [
            {**_place(report, related.span), "message": clean(related.message)}
            for related in finding.related
        ],
    }


def _place(report: Report, span: Span) -> dict[str, Any]:
    region = locate(report, span)
    return {
        "path": clean(span.path),
        "line": region.line,
        "column": region.column,
        "end_line": region.end_line,
        "end_column": region.end_column,
    }
