"""Which parts of a DSN code changes on its way, and what is left of its text then."""

from __future__ import annotations

import re
from collections.abc import Callable

from supa_lint.dsn.rewrite import replaced_scheme, unsure
from supa_lint.model import HOLE
from supa_lint.raw import Raw
from supa_lint.read.code.memory import Memory
from supa_lint.read.code.terms import Parsed, Term, as_text

ANY = frozenset({"*"})
_LONGEST = 200  # characters that are looked for
_SCHEME = re.compile(r"(jdbc:)?(postgres(ql)?)?(\+\w+)?(:(//)?)?", re.IGNORECASE)
_PORT = re.compile(r":?\d{4,5}/?")
_PARAMS = re.compile(r"[?&].*|.*=.*|[\w-]*(ssl|pgbouncer)[\w-]*", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"@?[\w.-]*(supabase|pooler)[\w.-]*?(:\d+)?/?", re.IGNORECASE)
_PASSWORD = re.compile(r"[\[<{(]?[\w -]*(password|passwd|pwd|secret)[\w -]*[\]>})]?", re.IGNORECASE)


def touched(old: str | None, new: str | None) -> frozenset[str]:
    """Parts that `.replace(old, new)` changes in a DSN."""
    if old is None or len(old) > _LONGEST:
        return ANY
    if old == "%" and new == "%%":  # configparser's escape: undone when it is read
        return frozenset()
    if new == "" and not old.strip(" \t\r\n'\"\\"):  # stray quotes and line ends
        return frozenset()
    if old and _SCHEME.fullmatch(old):
        known = new is not None and _SCHEME.fullmatch(new) and old.endswith("://")
        return frozenset({replaced_scheme(old, new) if known and new else "scheme"})
    if _PORT.fullmatch(old):
        return frozenset({"port"})
    if _PASSWORD.fullmatch(old) or old in ("[", "]"):  # the template's brackets
        return frozenset({"password"})
    if _PARAMS.fullmatch(old):
        return frozenset({"params"})
    if host := _HOST.fullmatch(old):
        return frozenset({"host", "port"} if host[2] else {"host"})
    return ANY


def touched_by_pattern(pattern: str | None) -> frozenset[str]:
    """Parts that `re.sub(pattern, ...)` changes in a DSN."""
    if pattern is None or len(pattern) > _LONGEST:
        return ANY
    bare = pattern.lstrip("^").replace("\\", "").replace("?:", "")
    if re.fullmatch(r"\(?postgres(\(ql\)\??|ql)?\)?[\w+?()|*.\[\]]*(:(//)?)?", bare):
        return frozenset({"scheme"})
    if re.fullmatch(r":?\d{4,5}(/|\(\?=/\))?", bare):
        return frozenset({"port"})
    if re.search(r"ssl|pgbouncer|supa=|[&?]\w+=", bare) and "@" not in bare and "://" not in bare:
        return frozenset({"params"})
    return ANY


def touched_by_appending(suffix: str) -> frozenset[str]:
    """Parts that a text at the end of a DSN changes."""
    return frozenset({"params"}) if suffix[:1] in ("?", "&") else ANY


def appended(raw: Raw, memory: Memory) -> Raw:
    """Notes that a variable whose text stands first gets parameters appended."""
    if raw.text.startswith((HOLE + "?", HOLE + "&")) and raw.holes[0].variable:
        memory.rewrites[raw.holes[0].variable].add("params")
    return raw


def replaced(raw: Raw, old: str | None, new: str | None, memory: Memory) -> Raw:
    """`raw.replace(old, new)`."""
    if old and not raw.holes and old not in raw.text:
        return raw
    return memory.rewrite(raw, touched(old, new))


def stripped(raw: Raw, strip: Callable[[str], str]) -> Raw:
    """What `strip` leaves of a text without its ends."""
    text = raw.text if raw.holes else strip(raw.text)
    start = raw.text.find(text)
    return raw if text == raw.text else raw.part(start, start + len(text))


def rewritten(before: Raw, after: Term, memory: Memory, *, certain: bool = True) -> Raw:
    """`before`, once `name = f(name)` made `after` of it. `certain` is no where that may not
    happen."""
    if not isinstance(after, Raw | Parsed):
        return memory.rewrite(before, ANY)
    text = as_text(after)
    parts = text.rewritten if certain else unsure(text.rewritten)
    if (text.text, text.holes) != (before.text, before.holes):
        suffix = text.text.removeprefix(before.text)
        parts |= touched_by_appending(suffix) if suffix != text.text else ANY
    return memory.rewrite(before, parts)
