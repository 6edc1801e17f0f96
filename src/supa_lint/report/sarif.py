"""SARIF 2.1.0, in the shape GitHub code scanning and the editors' viewers make the most of.

No snippet is written, no `uri` for the root (it would tell where the project lies on this disk),
and one region per finding, on one line: GitHub shows an alert in a pull request only when all of
its lines are in the diff.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import quote as percent_encode

from supa_lint import HOMEPAGE, __version__
from supa_lint.knowledge import Rule
from supa_lint.model import Finding, Note, Related, Severity, Span
from supa_lint.report import Report, fingerprint
from supa_lint.report.places import locate_first_line, quote
from supa_lint.report.text import clean, clean_lines

Object = dict[str, Any]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_LONGEST = 1024
"""GitHub's limit for a description."""

_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
_SECURITY_GROUPS = frozenset({"exposure", "tls"})
_SECURITY = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.INFO: "2.0"}
"""CVSS-like, and a string: GitHub refuses the whole upload otherwise."""


def render(report: Report) -> str:
    rules = sorted(report.rules.values(), key=lambda rule: rule.id)
    index = {rule.id: position for position, rule in enumerate(rules)}
    run: Object = {
        "tool": {
            "driver": {
                "name": "supa-lint",
                "semanticVersion": __version__,
                "informationUri": HOMEPAGE,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "automationDetails": {"id": "supa-lint/"},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The project's root folder."}}},
        "invocations": [_invocation(report.notes)],
        "results": _results(report, index),
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule) -> Object:
    why, help = clean_lines(rule.why), clean_lines(rule.help)
    security = rule.group in _SECURITY_GROUPS
    properties: Object = {
        "tags": [rule.group, "supabase", "postgres", *(["security"] if security else [])],
        "precision": rule.confidence,
        "problem.severity": _PROBLEM[rule.severity],
    }
    if security:
        properties["security-severity"] = _SECURITY[rule.severity]
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.id.split("-")),
        "shortDescription": {"text": _shorten(_sentence(clean(rule.summary)))},
        "fullDescription": {"text": _shorten(_sentence(clean(why)))},
        "help": {
            "text": f"{help}\n\n{why}",
            "markdown": f"**What to do:** {help}\n\n{why}\n\n[{rule.id}]({rule.url})",
        },
        "helpUri": rule.url,
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
        "properties": properties,
    }


def _results(report: Report, index: dict[str, int]) -> list[Object]:
    @cache
    def line_hashes(path: str) -> tuple[str, ...]:
        file = report.files.get(path)
        return fingerprint.line_hashes(file) if file is not None and file.tracked else ()

    seen: Counter[tuple[str, str, str]] = Counter()
    results: list[Object] = []
    for finding in report.findings:
        location = _location(report, finding.span)
        line: int = location["physicalLocation"]["region"]["startLine"]
        key = (finding.rule, finding.span.path, _name(report, finding.span.path, line))
        seen[key] += 1
        fingerprints = {"supaLint/v1": fingerprint.own(*key, seen[key])}
        hashes = line_hashes(finding.span.path)
        if line <= len(hashes):
            fingerprints["primaryLocationLineHash"] = hashes[line - 1]
        result: Object = {
            "ruleId": finding.rule,
            "ruleIndex": index[finding.rule],
            "level": _LEVEL[finding.severity],
            "message": {"text": _message(finding)},
            "locations": [location],
            "partialFingerprints": fingerprints,
        }
        if finding.related:
            result["relatedLocations"] = [
                {"id": id, **_location(report, related.span), "message": _text(related.message)}
                for id, related in _numbered(finding.related)
            ]
        results.append(result)
    return results


def _name(report: Report, path: str, line: int) -> str:
    """The name that a line begins with, read from the masked line."""
    file = report.files.get(path)
    if file is None:
        return ""
    start = file.line_starts[line - 1]
    shown = quote(report, Span(path, start, start), 200)
    return fingerprint.name_on(shown.text) if shown is not None else ""


def _message(finding: Finding) -> str:
    """The message, with a link to each related place: GitHub shows only places that are linked."""
    text = _sentence(_escape(finding.message))
    links = [
        f"[{_escape(related.message).rstrip('.')}]({id})"
        for id, related in _numbered(finding.related)
    ]
    return f"{text} Places involved: {', '.join(links)}." if links else text


def _numbered(related: Iterable[Related]) -> Iterable[tuple[int, Related]]:
    return enumerate(dict.fromkeys(related), 1)


def _location(report: Report, span: Span) -> Object:
    region = locate_first_line(report, span, utf16=True)
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(span.path),
            "region": {
                "startLine": region.line,
                "startColumn": region.column,
                "endLine": region.end_line,
                "endColumn": region.end_column,
            },
        }
    }


def _invocation(notes: tuple[Note, ...]) -> Object:
    invocation: Object = {"executionSuccessful": True}
    if notes:
        invocation["toolExecutionNotifications"] = [
            {
                "level": "warning",
                "message": _text(note.text),
                "locations": [{"physicalLocation": {"artifactLocation": _artifact(note.path)}}],
            }
            for note in notes
        ]
    return invocation


def _artifact(path: str) -> Object:
    uri = percent_encode(path, safe="/", errors="surrogateescape")
    return {"uri": uri, "uriBaseId": _ROOT}


def _text(text: str) -> Object:
    return {"text": _sentence(_escape(text))}


def _escape(text: str) -> str:
    """`text` cleaned, and free of what SARIF would read as a link."""
    text = re.sub(r"\[([A-Z][A-Z_-]+)\]", r"\1", clean(text))
    return re.sub(r"([\[\]])", r"\\\1", text)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rsplit(" ", 1)[0] + "…"
