"""What an import's specifier means: a package by its name, or a module of the project."""

from __future__ import annotations

import re
from typing import NamedTuple

_OWN = re.compile(r"(?:\.{1,2}(?=/|$)|/|[@~]/|~(?=\w)|#/?|\$lib(?=/|$)|src/)")
_SUFFIX = re.compile(r"\.(?:[cm]?[jt]sx?|json)$")
_SPELLED = re.compile(r"[@\w./:~$#*^+-]{1,200}", re.ASCII)
_VERSION = re.compile(r"(?<=[^/@:])@[^/]*")


class Specifier(NamedTuple):
    """A module as dotted names begin: `pg`, `drizzle-orm/node-postgres`, `lib.db`."""

    name: str
    own: bool
    """Whether it is a module of the project, not a package."""


def specifier(text: str) -> Specifier:
    """The module that the text of an import names.

    Prefixes (`npm:`, `node:`, `https://`) and versions go; `./lib/db.js` and `@/lib/db` become
    `lib.db`.
    """
    if not _SPELLED.fullmatch(text):
        return Specifier("?", own=False)
    if _OWN.match(text):
        path = text
        while match := _OWN.match(path):
            path = path[match.end() :].lstrip("/")
        path = _SUFFIX.sub("", path).removesuffix("/index") or "index"
        return Specifier(path.replace("/", "."), own=True)
    name = re.sub(r"^(?:npm:/?|node:|https?://(?:[^/@]*@)?)", "", text)
    return Specifier(_VERSION.sub("", name), own=False)


def stem(path: str) -> str:
    """What a module at `path` is called: its base name without the suffix."""
    return _SUFFIX.sub("", path.rpartition("/")[2])
