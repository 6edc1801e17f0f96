"""What the text of an import names in JavaScript: a package, perhaps with a version, or a module of
the project; and the import maps that give such texts another meaning (`deno.json`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from supa_lint.read.nodes import Branch, Entry, Node, Scalar, find
from supa_lint.scope import folder_of, upwards
from supa_lint.source import File

MAPS = frozenset({"deno.json", "deno.jsonc", "import_map.json"})
"""Names of files that hold an import map."""

_OWN = re.compile(r"(?:\.{1,2}(?=/|$)|/|[@~]/|~(?=\w)|#/?|\$lib(?=/|$)|src/)")
_SUFFIX = re.compile(r"\.(?:[cm]?[jt]sx?|json)$")
_SPELLED = re.compile(r"[@\w./:~$#*^+?=&,-]{1,300}", re.ASCII)
_PREFIX = re.compile(r"(?:(?:npm|jsr):/?|node:|https?://(?:[^/@]*@)?)")
_VERSION = re.compile(r"(?<=[^/@:])@([^/]*)")
_QUERY = re.compile(r"[?#].*")
_ENTRY = re.compile(r"/(?:mod|index)\.[cm]?[jt]s$")
_PACKAGE = re.compile(r"(?:@[^/]+/)?[^/]+")


class Specifier(NamedTuple):
    """A module as dotted names begin: `pg`, `drizzle-orm/node-postgres`, `lib.db`."""

    name: str
    own: bool
    """Whether it is a module of the project, not a package."""
    version: str = ""
    """The version or range that stands in the text, of a package."""

    @property
    def package(self) -> str:
        """The package that the module is part of."""
        found = _PACKAGE.match(self.name)
        return found[0] if found else self.name


def specifier(text: str) -> Specifier:
    """The module that the text of an import names.

    Prefixes (`npm:`, `jsr:`, `node:`, `https://`), versions, queries and the entry of a package
    (`/mod.ts`, `/index.js`) go; `./lib/db.js` and `@/lib/db` become `lib.db`.
    """
    if not _SPELLED.fullmatch(text):
        return Specifier("?", own=False)
    if _OWN.match(text):
        path = text
        while match := _OWN.match(path):
            path = path[match.end() :].lstrip("/")
        path = _SUFFIX.sub("", _QUERY.sub("", path)).removesuffix("/index") or "index"
        return Specifier(path.replace("/", "."), own=True)
    prefix = _PREFIX.match(text)
    name = _QUERY.sub("", text[prefix.end() :] if prefix else text)
    if "://" in name:  # no module, but what was pasted where one is named
        return Specifier("?", own=False)
    version = _VERSION.search(name)
    name = _VERSION.sub("", name)
    return Specifier(_ENTRY.sub("", name), own=False, version=version[1] if version else "")


@dataclass(frozen=True)
class Imports:
    """The import maps of a project."""

    everywhere: Mapping[str, str] = field(default_factory=dict)
    """What counts in every project: the URLs under which well-known packages stand."""
    by_folder: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What the maps in a folder say, for that folder and those below."""

    def meant(self, text: str, path: str) -> Specifier:
        """The module that the text of an import in the file at `path` names."""
        own = next((self.by_folder[f] for f in upwards(folder_of(path)) if f in self.by_folder), {})
        return specifier(_mapped(_mapped(text, own), self.everywhere))


def _mapped(text: str, entries: Mapping[str, str]) -> str:
    """What an import map makes of a text. A key that ends like a folder, or before a version,
    stands for all that begins with it; the longest such key counts."""
    if text in entries:
        return entries[text]
    prefixes = (key for key in entries if key.endswith(("/", "@")) and text.startswith(key))
    key = max(prefixes, key=len, default=None)
    return text if key is None else entries[key] + text[len(key) :]


def import_maps(files: Iterable[File]) -> dict[str, dict[str, str]]:
    """The import maps among some files, by their folder."""
    found: dict[str, dict[str, str]] = {}
    for file in files:
        if file.path.rpartition("/")[2] in MAPS:
            entries = {entry.key: text for entry, text in imported(document(file))}
            found.setdefault(folder_of(file.path), {}).update(entries)
    return found


def document(file: File) -> Node:
    """What a JSON file that tools write holds; comments and trailing commas are allowed."""
    from supa_lint.read import grammar, jsonc
    from supa_lint.read.pieces import Source

    try:
        found = jsonc.parse(Source.of(file), broken=True)
    except (grammar.TooSlowError, RecursionError):
        found = None
    return found or Branch((), file.span(0, 0))


def imported(root: Node) -> Iterator[tuple[Entry, str]]:
    """The entries of a document's import map, with what each stands for."""
    for match in find(root, ("imports",)):
        if isinstance(match.node, Branch):
            for entry in match.node.entries:
                node = entry.node
                text = node.raw.text if isinstance(node, Scalar) and not node.plain else ""
                if _SPELLED.fullmatch(text):
                    yield entry, text
