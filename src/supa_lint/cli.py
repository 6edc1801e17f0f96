"""The command line: parses arguments, calls `lint()`, writes, exits.

Exit codes: 0 no finding at or above the failing level; 1 findings; 2 wrong use, unreadable
configuration, or a path that does not exist; 3 supa-lint itself failed on some file.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from supa_lint import HOMEPAGE, __version__
from supa_lint.usage import UsageError

if TYPE_CHECKING:
    from supa_lint.report import Report
    from supa_lint.workspace import Workspace

CLEAN, FINDINGS, MISUSE, FAILURE = 0, 1, 2, 3
COMMANDS = ("check", "rules", "explain", "diagnose", "inspect", "map")
SEVERITIES = ("error", "warning", "info")
FORMATS = ("full", "concise", "json", "sarif", "github")
_MANY = 10_000
"""Objects to make before garbage is looked for."""
_MAX_INPUT = 4_000_000
"""Bytes of standard input that `diagnose` and `inspect` look at."""


class _Parser(argparse.ArgumentParser):
    """Quotes a wrong argument only without the secrets in it: it may be a DSN."""

    def error(self, message: str) -> NoReturn:
        from supa_lint.report.text import clean

        super().error(clean(message))


def main(argv: Sequence[str] | None = None) -> int:
    """Run supa-lint; the exit code is returned."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or (
        arguments[0] not in COMMANDS and arguments[0] not in ("-h", "--help", "--version")
    ):
        arguments.insert(0, "check")
    options = _parser().parse_args(arguments)
    # Facts stay until the end: to look for garbage after each 700 of them took a sixth of a run.
    gc.set_threshold(_MANY)
    from supa_lint.config import ConfigError

    try:
        _check_command(arguments)
        result: int = options.run(options)
        sys.stdout.flush()
    except (UsageError, ConfigError) as error:
        from supa_lint.report.text import clean_lines

        print(f"supa-lint: {clean_lines(str(error))}", file=sys.stderr)
        return MISUSE
    except BrokenPipeError:
        # `supa-lint | head`: the reader has enough. Keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINDINGS if arguments[0] == "check" else CLEAN
    except OSError as error:
        print(f"supa-lint: the system refused: {error.strerror}", file=sys.stderr)
        return FAILURE
    except Exception as error:  # a traceback could show what was scanned
        where = error.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        line = f"{Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno}" if where else "?"
        print(
            f"supa-lint: failed ({type(error).__name__} at {line}). This is a mistake in supa-lint:"
            f" please report it with this line at {HOMEPAGE}/issues",
            file=sys.stderr,
        )
        return FAILURE
    return result


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
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
    check.add_argument(
        "--select", action="append", metavar="RULE", help="run these rules or groups only"
    )
    check.add_argument(
        "--ignore", action="append", metavar="RULE", help="leave these rules or groups out"
    )
    check.add_argument(
        "--min-severity", choices=SEVERITIES, help="show findings from this level on"
    )
    check.add_argument(
        "--fail-on", choices=SEVERITIES, help="exit with 1 from this level on (default: warning)"
    )
    check.add_argument("--exit-zero", action="store_true", help="exit with 0 even with findings")
    check.add_argument("--pedantic", action="store_true", help="show advice (info) too")
    check.add_argument(
        "--config", type=_config_path, metavar="FILE", help="read this configuration"
    )
    check.add_argument(
        "--stdin-filename", metavar="PATH", help="what the file on standard input is called"
    )
    check.add_argument(
        "--environ",
        action="append",
        metavar="NAME",
        help="check the value that this process's environment has for NAME, too (may be given "
        "several times)",
    )
    check.add_argument(
        "--platform",
        metavar="NAME",
        help="where it will run, when no file says so (vercel, render ...)",
    )
    check.add_argument("--color", choices=("auto", "always", "never"), default="auto")

    rules = commands.add_parser("rules", help="list all rules")
    rules.set_defaults(run=_rules)
    rules.add_argument("--format", choices=("text", "json"), default="text")

    explain = commands.add_parser("explain", help="show the page of a rule")
    explain.set_defaults(run=_explain)
    explain.add_argument("rule", metavar="RULE-ID")

    diagnose = commands.add_parser(
        "diagnose", help="say what causes an error message, and where in this project"
    )
    diagnose.set_defaults(run=_diagnose)
    diagnose.add_argument(
        "text", nargs="*", metavar="TEXT", help="the error; standard input without one, or for `-`"
    )

    inspect = commands.add_parser(
        "inspect", help="say what the connection string on standard input reaches"
    )
    inspect.set_defaults(run=_inspect)
    inspect.add_argument("--format", choices=("text", "json"), default="text")
    inspect.add_argument("given", nargs="*", help=argparse.SUPPRESS)

    show = commands.add_parser(
        "map", help="show which setting reaches what, through which client, from where"
    )
    show.set_defaults(run=_map)
    show.add_argument("--format", choices=("text", "mermaid", "json"), default="text")
    return parser


def _check_command(arguments: Sequence[str]) -> None:
    """Raises `UsageError` for what is neither a path nor a command, but nearly one."""
    from supa_lint.config import nearest

    word = arguments[1] if len(arguments) > 1 else ""
    if arguments[0] == "check" and word.isalpha() and not os.path.lexists(word):
        near = nearest(word, COMMANDS)
        if near:
            raise UsageError(f"{word}: no such command, file or folder; did you mean '{near}'?")


def _config_path(text: str) -> Path:
    if "://" in text:
        raise argparse.ArgumentTypeError("a connection string is no configuration file")
    return Path(text)


def _check(options: argparse.Namespace) -> int:
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


def _rules(options: argparse.Namespace) -> int:
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


def _explain(options: argparse.Namespace) -> int:
    from supa_lint.config import unknown
    from supa_lint.pages import page
    from supa_lint.workspace import open_knowledge

    knowledge = open_knowledge()
    name = knowledge.current(options.rule)
    if name not in knowledge.rules:
        raise UsageError(unknown("rule", name, knowledge.rules))
    print(page(knowledge.rules[name]), end="")
    return CLEAN


def _diagnose(options: argparse.Namespace) -> int:
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


def _inspect(options: argparse.Namespace) -> int:
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


def _map(options: argparse.Namespace) -> int:
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
