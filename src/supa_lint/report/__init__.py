"""What a run found, and the formats it is told in (one module each)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from supa_lint.knowledge import Rule
from supa_lint.model import Finding, Note, Severity, Span
from supa_lint.source import File


@dataclass(frozen=True)
class Report:
    """The result of a run. `findings` are sorted by path and place, suppressed ones left out."""

    findings: tuple[Finding, ...]
    rules: Mapping[str, Rule]
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

    def count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)
