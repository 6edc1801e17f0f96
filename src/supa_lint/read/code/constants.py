"""Which constants and properties of code are settings: those that hold a DSN, a key or a Supabase
host, and the parts of a connection beside such a host."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from supa_lint.dsn.parts import role_of
from supa_lint.model import Const, Setting, Span, Value
from supa_lint.raw import Raw
from supa_lint.read.code.terms import Term, as_text

TELLING = re.compile(r"postgres|supabase|://|eyJ|sb_|host\s{0,9}=", re.IGNORECASE)
"""What a text has that may tell something of a connection."""
_HOST = re.compile(r"supabase\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant, or an entry of a table, that is given a value."""

    name: str
    container: str
    span: Span
    table: int = 0
    """Id of the table it stands in, where tables of one container are apart."""


class Constants:
    """Gathers constants, and decides in the end which of them are settings."""

    def __init__(self, seal: Callable[[Raw, str], Value]) -> None:
        self._seal = seal
        self._found: list[tuple[Constant, Raw, set[int]]] = []

    def add(
        self, constant: Constant, value: Term, resolved: Term | None, literals: set[int]
    ) -> None:
        """Note a constant and what it is given. `resolved` is what it is worth after all that code
        does with it; `literals` are the string literals in its value."""
        if not isinstance(value, Raw | Const):
            return
        raw = as_text(value)
        if isinstance(resolved, Raw) and resolved.text == raw.text:
            raw = replace(raw, rewritten=resolved.rewritten)
        self._found.append((constant, raw, literals))

    def settings(self) -> Iterator[tuple[Setting, set[int]]]:
        """The settings, and the string literals that they are made of."""
        with_host = {
            (one.container, one.table)
            for one, raw, _ in self._found
            if _HOST.search(raw.text) and role_of(one.name) == "host"
        }
        for one, raw, literals in self._found:
            beside = (one.container, one.table) in with_host and role_of(one.name) != ""
            if beside or self._tells(one.name, raw):
                value = self._seal(raw, one.name)
                yield Setting(one.name, value, one.span, one.container, exported=False), literals

    def _tells(self, name: str, raw: Raw) -> bool:
        if not TELLING.search(raw.text):
            return False
        value = self._seal(raw, name)
        host = _HOST.search(raw.text) and not re.search(r"\s", raw.text.strip())
        return bool(value.dsn or value.ref or value.secret or host)
