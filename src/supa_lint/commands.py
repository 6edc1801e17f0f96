"""What each command does with its options: the command line's way to the stages of `lint.py`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from supa_lint.usage import UsageError

if TYPE_CHECKING:
    from supa_lint.report import Report
    from supa_lint.workspace import Workspace

CLEAN, FINDINGS, MISUSE, FAILURE = 0, 1, 2, 3
"""Exit codes."""
_MAX_INPUT = 4_000_000
"""Bytes of standard input that `diagnose` and `inspect` look at."""


def check(options: argparse.Namespace) -> int:
    from supa_lint.lint import Options, failing, lint
    from supa_lint.model import Severity
    from supa_lint.progress import Progress
    from supa_lint.workspace import open_workspace

    outputs = _outputs(options.formats, options.outputs)
    stdin = _standard_input(options)
    paths = options.paths if stdin is None else [options.stdin_filename or "stdin"]
    names = None if options.environ is None else _names(options.environ)
    workspace = open_workspace(
        [Path(path) for path in paths],
        config_file=options.config,
        stdin=stdin,
        names=names,
        environ=os.environ,
        platform=options.platform,
    )
    config = workspace.config
    select = _rule_names(_names(options.select) or config.select or (), workspace)
    ignore = _rule_names([*config.ignore, *_names(options.ignore)], workspace)
    progress = Progress(sys.stderr, shown=sys.stderr.isatty() and os.environ.get("TERM") != "dumb")
    report = lint(
        workspace.tree,
        config,
        workspace.knowledge,
        Options(
            paths=workspace.paths,
            select=select or None,
            ignore=ignore,
            min_severity=Severity(options.min_severity or config.min_severity or Severity.INFO),
            pedantic=options.pedantic or config.pedantic,
        ),
        workspace.given,
        progress,
    )
    progress.close()
    _write(report, outputs, options.color)
    if report.failed:
        return FAILURE
    level = Severity(options.fail_on or config.fail_on or Severity.WARNING)
    return FINDINGS if failing(report, level) and not options.exit_zero else CLEAN


def _rule_names(names: Sequence[str], workspace: Workspace) -> tuple[str, ...]:
    """The names as rules are called now. A former name works, and says so."""
    for name in names:
        if name not in workspace.rule_names:
            from supa_lint.config import unknown

            raise UsageError(unknown("rule", name, workspace.rule_names))
        now = workspace.knowledge.current(name)
        if now != name:
            print(f"supa-lint: the rule {name} is now called {now}", file=sys.stderr)
    return tuple(workspace.knowledge.current(name) for name in names)


def _standard_input(options: argparse.Namespace) -> bytes | None:
    if "-" not in options.paths:
        if options.stdin_filename:
            raise UsageError("--stdin-filename goes with the path `-`")
        return None
    if len(options.paths) > 1:
        raise UsageError("`-` stands for standard input; no other path can go with it")
    from supa_lint.discover import MAX_SIZE

    data = sys.stdin.buffer.read(MAX_SIZE + 1)
    if len(data) > MAX_SIZE:
        raise UsageError(f"standard input is larger than {MAX_SIZE // 1_000_000} MB")
    return data


def _outputs(
    formats: Sequence[str] | None, files: Sequence[str] | None
) -> list[tuple[str, str | None]]:
    """Each format with the file it goes to. The last format without a file goes to the terminal."""
    formats, files = formats or ["full"], files or []
    if len(files) > len(formats):
        raise UsageError("each --output goes with a --format of its own")
    pairs: list[tuple[str, str | None]] = list(zip(formats, files, strict=False))
    rest = formats[len(files) :]
    if len(rest) > 1:
        raise UsageError("only one --format can go to standard output; give the others an --output")
    return pairs + [(name, None) for name in rest]


def _write(report: Report, outputs: Sequence[tuple[str, str | None]], color: str) -> None:
    from supa_lint.report import render

    for name, target in outputs:
        if target is None:
            text = render(report, name, color=_wants_color(color))
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
            continue
        try:
            Path(target).write_text(render(report, name), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{target}: cannot be written: {error.strerror}") from None


def _wants_color(choice: str) -> bool:
    """Colour on a terminal only, unless NO_COLOR, FORCE_COLOR or --color says otherwise."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _names(values: Sequence[str] | None) -> list[str]:
    """Rule names of an option that may be given several times, each with several names."""
    return [name.strip() for value in values or () for name in value.split(",") if name.strip()]


def list_rules(options: argparse.Namespace) -> int:
    from supa_lint.workspace import open_knowledge

    rules = open_knowledge().rules.values()
    if options.format == "json":
        import json

        rows = [
            {
                "id": rule.id,
                "group": rule.group,
                "severity": rule.severity.value,
                "confidence": rule.confidence,
                "summary": rule.summary,
                "checked": rule.data.get("checked"),
                "url": rule.url,
            }
            for rule in rules
        ]
        print(json.dumps(rows, indent=2))
        return CLEAN
    width = max(len(rule.id) for rule in rules)
    group = ""
    for rule in sorted(rules, key=lambda rule: (rule.group, rule.id)):
        if rule.group != group:
            print(f"{'' if not group else chr(10)}{rule.group}")
            group = rule.group
        print(f"  {rule.id:<{width}}  {rule.severity:<7}  {rule.summary}")
    return CLEAN


def explain(options: argparse.Namespace) -> int:
    from supa_lint.config import unknown
    from supa_lint.pages import page
    from supa_lint.workspace import open_knowledge

    knowledge = open_knowledge()
    name = knowledge.current(options.rule)
    if name not in knowledge.rules:
        raise UsageError(unknown("rule", name, knowledge.rules))
    print(page(knowledge.rules[name]), end="")
    return CLEAN


def diagnose_text(options: argparse.Namespace) -> int:
    from supa_lint.diagnose import diagnose
    from supa_lint.workspace import open_workspace

    if options.text in ([], ["-"]):
        text = _read_input("Paste the error, then press Ctrl-D:")
    else:
        text = " ".join(options.text)
    if not text.strip():
        raise UsageError("diagnose needs the text of an error, as an argument or on standard input")
    matched, answer = diagnose(text, open_workspace())
    _print(answer)
    return CLEAN if matched else FINDINGS


def inspect_text(options: argparse.Namespace) -> int:
    from supa_lint.inspect_dsn import inspect, render_json, render_text
    from supa_lint.workspace import open_knowledge

    if options.given:
        raise UsageError(
            "inspect reads the connection string from standard input: as an argument it would "
            "stay in the shell's history. Run `supa-lint inspect` and paste it, or pipe it in"
        )
    if sys.stdin.isatty():
        from getpass import getpass

        try:
            text = getpass("Connection string (not shown): ")
        except EOFError:
            text = ""
    else:
        text = _read_input("")
    found = inspect(text, open_knowledge())
    _print(render_json(found) if options.format == "json" else render_text(found))
    return CLEAN


def show_map(options: argparse.Namespace) -> int:
    from supa_lint.connection_map import FORMATS, connection_map
    from supa_lint.workspace import open_workspace

    _print(FORMATS[options.format](connection_map(open_workspace())))
    return CLEAN


def _read_input(prompt: str) -> str:
    """Standard input as text, whatever its bytes are."""
    if sys.stdin.isatty():
        print(prompt, file=sys.stderr)
    return sys.stdin.buffer.read(_MAX_INPUT).decode("utf-8", "replace")


def _print(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
