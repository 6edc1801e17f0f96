"""What well-known programs do with their arguments: data of rules/names.yaml."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from supa_lint.knowledge import load


class Programs(NamedTuple):
    """Names of programs, in lower case, by what they do."""

    searching: frozenset[str]
    """Look for their arguments."""
    carrying: frozenset[str]
    """Take a value to another place."""
    printing: frozenset[str]
    running: frozenset[str]
    """Run the program that stands among their arguments."""
    not_running: frozenset[str]
    """Words, not programs, before which nothing is run."""
    elsewhere: frozenset[str]
    """Run it where other variables are set."""
    running_scripts: frozenset[str]
    """Have scripts of their own, named after `run`."""


@cache
def programs() -> Programs:
    """Those that supa-lint ships."""
    table = load().names["programs"]
    rows = {name.replace("-", "_"): frozenset(words) for name, words in table.items()}
    return Programs(**rows)
