"""Small projects in memory, for tests of whole stages; and what tests of readers share."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from supa_lint.config import Config
from supa_lint.discover import Tree, virtual_file
from supa_lint.knowledge import Knowledge, load
from supa_lint.lint import Options, lint
from supa_lint.model import Span
from supa_lint.report import Report

REF = "qzxwvutsrponmlkjihgf"
DIRECT = f"postgresql://postgres:Tr0ub4dour-xk@db.{REF}.supabase.co:5432/postgres?sslmode=require"
SESSION = (
    f"postgresql://postgres.{REF}:Tr0ub4dour-xk@aws-0-eu-west-1.pooler.supabase.com"
    ":5432/postgres?sslmode=require"
)
TRANSACTION = SESSION.replace(":5432", ":6543")


def tree_of(files: Mapping[str, str | bytes], *, tracked: bool | None = None) -> Tree:
    """The files as `discover` would give them, without its prefilter."""
    read = [
        replace(
            virtual_file(path, data.encode() if isinstance(data, str) else data), tracked=tracked
        )
        for path, data in sorted(files.items())
    ]
    index = frozenset(files) if tracked else None
    return Tree(paths=tuple(sorted(files)), tracked=index, files=tuple(read))


def run(
    files: Mapping[str, str | bytes],
    *,
    tracked: bool | None = None,
    config: Config | None = None,
    knowledge: Knowledge | None = None,
    **options: Any,
) -> Report:
    """The report on a project of these files."""
    tree = tree_of(files, tracked=tracked)
    return lint(tree, config or Config(), knowledge or load(), Options(**options))


def places(report: Report, rule: str) -> list[str]:
    """`path:line` of each finding of a rule."""
    return sorted(
        f"{finding.span.path}:{report.files[finding.span.path].line_of(finding.span.start)}"
        for finding in report.findings
        if finding.rule == rule
    )


def spans(value: object) -> Iterator[Span]:
    """All spans that a fact holds, however deep."""
    if isinstance(value, Span):
        yield value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from spans(getattr(value, field.name))
    elif isinstance(value, tuple | frozenset):
        for one in value:
            yield from spans(one)
