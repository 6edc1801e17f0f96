"""What a run found, and the formats it is told in (one module each)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

from supa_lint.knowledge import Rule
from supa_lint.model import Finding, Note, Severity, Span
from supa_lint.source import File

FORMATS: Mapping[str, str] = {
    "full": "supa_lint.report.full",
    "concise": "supa_lint.report.concise",
    "json": "supa_lint.report.json_v1",
    "sarif": "supa_lint.report.sarif",
    "github": "supa_lint.report.github",
}
"""The module of each format, imported only when the format is asked for. Its `render(report)`
returns the whole text, each line ended."""

FOR_PEOPLE = frozenset({"full", "concise"})
"""The formats a terminal may show in colour."""


@dataclass(frozen=True)
class Report:
    """The result of a run. `findings` are sorted by path and place, suppressed ones left out."""

    findings: tuple[Finding, ...]
    rules: Mapping[str, Rule]
    """At least the rule of every finding."""
    files: Mapping[str, File] = field(default_factory=dict, repr=False)
    """At least every file that a finding points at."""
    secrets: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    """Where secrets stand in those files: no quoted line shows them."""
    checked: int = 0
    """How many files were read."""
    suppressed: int = 0
    """How many findings were left out because a suppression or per-file ignore says so."""
    withheld: int = 0
    """How many `info` findings only `--pedantic` would show."""
    notes: tuple[Note, ...] = ()
    """Files that could not be read, and why."""
    failed: bool = False
    """Whether supa-lint itself broke on some file, whatever findings are shown."""

    def secrets_in(self, path: str, start: int, end: int) -> Sequence[tuple[int, int]]:
        """The secrets of a file that reach into a stretch of its bytes, as stretches that are
        sorted and apart."""
        if path not in self._secrets:
            apart: list[tuple[int, int]] = []
            for secret in sorted(self.secrets.get(path, ())):
                if apart and secret.start <= apart[-1][1]:
                    apart[-1] = apart[-1][0], max(secret.end, apart[-1][1])
                elif secret.start < secret.end:
                    apart.append((secret.start, secret.end))
            self._secrets[path] = apart
        known = self._secrets[path]
        first = bisect_right(known, start, key=lambda stretch: stretch[1])
        return known[first : bisect_left(known, end, key=lambda stretch: stretch[0])]

    @cached_property
    def _secrets(self) -> dict[str, list[tuple[int, int]]]:
        return {}

    def count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)


def render(report: Report, format: str, *, color: bool = False) -> str:
    """`report` in one of `FORMATS`. `color` counts only for the formats people read.

    Raises KeyError for a format that does not exist.
    """
    options: dict[str, Any] = {"color": color} if format in FOR_PEOPLE else {}
    text: str = import_module(FORMATS[format]).render(report, **options)
    return text
