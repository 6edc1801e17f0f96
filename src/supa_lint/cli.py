"""The command line: parses arguments, runs a command, tells what went wrong, exits.

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
from typing import NoReturn

from supa_lint import HOMEPAGE, __version__, commands
from supa_lint.commands import CLEAN, FAILURE, FINDINGS, MISUSE
from supa_lint.usage import UsageError

COMMANDS = ("check", "rules", "explain", "diagnose", "inspect", "map")
SEVERITIES = ("error", "warning", "info")
FORMATS = ("full", "concise", "json", "sarif", "github")
_MANY = 10_000
"""Objects to make before garbage is looked for."""


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
    parsers = parser.add_subparsers(metavar="COMMAND", required=True)

    check = parsers.add_parser("check", help="lint files (the default command)")
    check.set_defaults(run=commands.check)
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

    rules = parsers.add_parser("rules", help="list all rules")
    rules.set_defaults(run=commands.list_rules)
    rules.add_argument("--format", choices=("text", "json"), default="text")

    explain = parsers.add_parser("explain", help="show the page of a rule")
    explain.set_defaults(run=commands.explain)
    explain.add_argument("rule", metavar="RULE-ID")

    diagnose = parsers.add_parser(
        "diagnose", help="say what causes an error message, and where in this project"
    )
    diagnose.set_defaults(run=commands.diagnose_text)
    diagnose.add_argument(
        "text", nargs="*", metavar="TEXT", help="the error; standard input without one, or for `-`"
    )

    inspect = parsers.add_parser(
        "inspect", help="say what the connection string on standard input reaches"
    )
    inspect.set_defaults(run=commands.inspect_text)
    inspect.add_argument("--format", choices=("text", "json"), default="text")
    inspect.add_argument("given", nargs="*", help=argparse.SUPPRESS)

    show = parsers.add_parser(
        "map", help="show which setting reaches what, through which client, from where"
    )
    show.set_defaults(run=commands.show_map)
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
