"""The command line: parses arguments, calls `lint()`, writes, exits.

Exit codes: 0 no finding at or above the failing level; 1 findings; 2 wrong use, unreadable
configuration, or a path that does not exist; 3 supa-lint itself failed on some file.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from supa_lint import __version__

if TYPE_CHECKING:
    from supa_lint.config import Config
    from supa_lint.discover import Tree
    from supa_lint.knowledge import Knowledge
    from supa_lint.report import Report

CLEAN, FINDINGS, MISUSE, FAILURE = 0, 1, 2, 3
COMMANDS = ("check", "rules", "explain")
SEVERITIES = ("error", "warning", "info")
FORMATS = ("full", "concise", "json", "sarif", "github")


class UsageError(Exception):
    """The command was used wrongly; the text says how to use it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run supa-lint; the exit code is returned."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or (arguments[0] not in COMMANDS and arguments[0] not in ("-h", "--help", "--version")):
        arguments.insert(0, "check")
    options = _parser().parse_args(arguments)
    from supa_lint.config import ConfigError

    try:
        result: int = options.run(options)
        sys.stdout.flush()
    except (UsageError, ConfigError) as error:
        print(f"supa-lint: {error}", file=sys.stderr)
        return MISUSE
    except BrokenPipeError:
        # `supa-lint | head`: the reader has enough. Keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINDINGS
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="supa-lint",
        description="Finds Supabase Postgres connections that will fail, leak or fall over where "
        "they run. Without a command it checks the whole project.",
    )
    parser.add_argument("--version", action="version", version=f"supa-lint {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    check = commands.add_parser("check", help="lint files (the default command)")
    check.set_defaults(run=_check)
    check.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="files or folders to show findings of; `-` reads standard input. The whole project "
        "is read for context in any case.",
    )
    check.add_argument(
        "--format",
        dest="formats",
        action="append",
        choices=FORMATS,
        help="how to tell; may be given several times, each with its own --output",
    )
    check.add_argument(
        "--output", dest="outputs", action="append", metavar="FILE", help="write the format there"
    )
    check.add_argument("--select", action="append", metavar="RULE", help="run these rules or groups only")
    check.add_argument("--ignore", action="append", metavar="RULE", help="leave these rules or groups out")
    check.add_argument("--min-severity", choices=SEVERITIES, help="show findings from this level on")
    check.add_argument("--fail-on", choices=SEVERITIES, help="exit with 1 from this level on (default: warning)")
    check.add_argument("--exit-zero", action="store_true", help="exit with 0 even with findings")
    check.add_argument("--pedantic", action="store_true", help="show advice (info) too")
    check.add_argument("--config", type=Path, metavar="FILE", help="read this configuration")
    check.add_argument("--stdin-filename", metavar="PATH", help="what the file on standard input is called")
    check.add_argument("--color", choices=("auto", "always", "never"), default="auto")

    rules = commands.add_parser("rules", help="list all rules")
    rules.set_defaults(run=_rules)
    rules.add_argument("--format", choices=("text", "json"), default="text")

    explain = commands.add_parser("explain", help="show the page of a rule")
    explain.set_defaults(run=_explain)
    explain.add_argument("rule", metavar="RULE-ID")
    return parser


def _check(options: argparse.Namespace) -> int:
    from supa_lint.config import load, validate
    from supa_lint.discover import find_root
    from supa_lint.knowledge import load as load_knowledge
    from supa_lint.lint import Options, failing, lint
    from supa_lint.model import Severity

    outputs = _outputs(options.formats, options.outputs)
    paths = [Path(path) for path in options.paths]
    stdin = _standard_input(options)
    if stdin is not None:
        paths = [Path(options.stdin_filename or "stdin")]
    for path in paths if stdin is None else ():
        if not path.exists() and not path.is_symlink():
            raise UsageError(f"{path}: no such file or folder")
    root = find_root([path.absolute() for path in paths])
    relative = [_relative(path, root) for path in paths]
    config = load(root, options.config)
    knowledge = load_knowledge()
    named = {*knowledge.rules, *(rule.group for rule in knowledge.rules.values())}
    validate(config, rules=named, platforms=knowledge.platforms)
    for name in [*_names(options.select), *_names(options.ignore)]:
        if name not in named:
            from supa_lint.config import unknown

            raise UsageError(unknown("rule", name, named))

    tree = _discover(root, relative, config, knowledge, stdin)
    report = lint(
        tree,
        config,
        knowledge,
        Options(
            paths=tuple(relative),
            select=tuple(_names(options.select)) or config.select,
            ignore=(*config.ignore, *_names(options.ignore)),
            min_severity=Severity(options.min_severity or config.min_severity or Severity.INFO),
            pedantic=options.pedantic or config.pedantic,
        ),
    )
    _write(report, outputs, options.color)
    if any(finding.rule == "internal-error" for finding in report.findings):
        return FAILURE
    level = Severity(options.fail_on or config.fail_on or Severity.WARNING)
    return FINDINGS if failing(report, level) and not options.exit_zero else CLEAN


def _discover(
    root: Path, relative: Sequence[str], config: Config, knowledge: Knowledge, stdin: bytes | None
) -> Tree:
    """The project's files; the one on standard input takes the place of the one on disk."""
    from dataclasses import replace

    from supa_lint.discover import discover, virtual_file
    from supa_lint.manifests import is_manifest
    from supa_lint.read.packages import is_package_file

    specs = tuple(knowledge.platforms.values())
    tree = discover(
        root,
        explicit=() if stdin is not None else [path for path in relative if path != "."],
        excluded=config.excluded if config.exclude else None,
        wanted=lambda path: is_package_file(path)
        or path == config.source
        or is_manifest(path, specs),
        code_suffixes=tuple(f".{suffix}" for suffix in knowledge.names["source-suffixes"]),
        needles=_needles(knowledge),
        everything=bool(config.variables) or (stdin is not None and b"upabase" in stdin),
    )
    if stdin is None:
        return tree
    name = relative[0]
    others = tuple(file for file in tree.files if file.path != name)
    return replace(
        tree,
        paths=tuple(sorted({*tree.paths, name})),
        files=(*others, virtual_file(name, stdin)),
    )


def _needles(knowledge: Knowledge) -> tuple[bytes, ...]:
    """Words of code that may open a connection or read a variable."""
    names = [
        name.lstrip("*.").partition(".")[0].rstrip("*")
        for spec in knowledge.clients.values()
        for kind in ("calls", "urls")
        for row in spec.data.get(kind, [])
        for name in row["to"]
    ]
    names += [
        name.rpartition(".")[2]
        for spec in knowledge.clients.values()
        for row in spec.data.get("uses", {}).values()
        for name in row["calls"]
    ]
    words = {name for name in [*names, *knowledge.names["reads"]] if len(name) > 2}
    return tuple(sorted(word.encode() for word in words))


def _standard_input(options: argparse.Namespace) -> bytes | None:
    if "-" not in options.paths:
        if options.stdin_filename:
            raise UsageError("--stdin-filename goes with the path `-`")
        return None
    if len(options.paths) > 1:
        raise UsageError("`-` stands for standard input; no other path can go with it")
    return sys.stdin.buffer.read()


def _relative(path: Path, root: Path) -> str:
    """`path` relative to the project root, with `/`."""
    full = os.path.normpath(os.path.join(os.path.realpath(path.parent), path.name))  # noqa: PTH118
    try:
        return Path(full).relative_to(root).as_posix()
    except ValueError:
        raise UsageError(f"{path}: is not in the project at {root}") from None


def _outputs(formats: Sequence[str] | None, files: Sequence[str] | None) -> list[tuple[str, str | None]]:
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


def _rules(options: argparse.Namespace) -> int:
    from supa_lint.knowledge import load

    rules = load().rules.values()
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


def _explain(options: argparse.Namespace) -> int:
    from supa_lint.config import unknown
    from supa_lint.knowledge import load
    from supa_lint.pages import page

    rules = load().rules
    if options.rule not in rules:
        raise UsageError(unknown("rule", options.rule, rules))
    print(page(rules[options.rule]), end="")
    return CLEAN
