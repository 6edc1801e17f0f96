"""Reads which versions of which packages a Node project allows, or has locked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath

from supa_lint.knowledge import PlatformSpec
from supa_lint.model import Facts, Note, Package, Span, package_name
from supa_lint.read import text as plain
from supa_lint.read.imports import MAPS, Specifier, document, imported, specifier
from supa_lint.read.nodes import Scalar, find
from supa_lint.read.pieces import with_rest
from supa_lint.sealing import Sealer
from supa_lint.source import File

_SECTIONS = ("dependencies", "devDependencies", "optionalDependencies")
_NAME = re.compile(r"(?:@[a-z0-9~-][\w.~-]{0,100}/)?[a-z0-9~-][\w.~-]{0,100}", re.ASCII)
_RANGE = re.compile(r"[\w.*+<>=~^|\s-]{1,200}", re.ASCII)
_PARTIAL = re.compile(r"(?<![\w.^~<>=-])v?=?(\d+(?:\.\d+)?)(?:\.[xX*])*(?![\w.-])")
_VERSION = re.compile(r"\d[\w.+-]{0,100}", re.ASCII)
_MOST = 5000

_COMMANDS = (("scripts", "*"), ("tasks", "*"), ("tasks", "*", "command"))

# Lock files are written by tools, in few shapes, and long: entries are picked out by their shape.
_NPM = re.compile(
    rb'"(?P<within>[^"\n]*/)?node_modules/(?P<name>(?:@[^"/\n]+/)?[^"/\n]+)"\s*:\s*\{\s*'
    rb'(?:"name"\s*:\s*"[^"\n]*"\s*,\s*)?"version"\s*:\s*"(?P<version>[^"\n]+)"'
)
_NPM_OLD = re.compile(
    rb'^    "(?P<name>[^"\n]+)"\s*:\s*\{\s*"version"\s*:\s*"(?P<version>[^"\n]+)"', re.MULTILINE
)
_PNPM = re.compile(
    rb"^ {4,8}'?(?P<name>[^\s':]+)'?:\r?\n +specifier: [^\n]*\n"
    rb" +version: '?(?P<version>[^\s('_]+)",
    re.MULTILINE,
)
_PNPM_OLD = re.compile(
    rb"^  '?/(?P<name>(?:@[^\s/']+/)?[^\s/@']+)[/@](?P<version>[^\s:('_]+)", re.MULTILINE
)
_YARN = re.compile(
    rb'^"?(?P<name>(?:@[^\s/"]+/)?[^\s@/"]+)@[^\n]*:\r?\n  "?version"?:? "?(?P<version>[^\s"]+)',
    re.MULTILINE,
)
_BUN = re.compile(
    rb'^[ \t]*"(?P<name>(?:@[^"/\n]+/)?[^"/\n]+)"\s*:\s*\[\s*"[^"\n]+@(?P<version>[^"@\n]+)"',
    re.MULTILINE,
)
# `npm:pg@^8` is what code asks for; what follows a version after `_` are its peers.
_DENO = re.compile(
    rb'"(?:npm|jsr):/?(?P<name>(?:@[^"/@\n]+/)?[^"/@\n]+)@[^"\n]*"\s*:\s*'
    rb'"(?:(?:npm|jsr):(?:@[^"/@\n]+/)?[^"/@\n]+@)?(?P<version>[^"_@\n]+)(?:_[^"\n]*)?"'
)


def is_node_package_file(path: str) -> bool:
    """Whether the file at `path` (with `/`) says which packages a Node project needs."""
    return path.rpartition("/")[2] in _READERS


def read(file: File, names: frozenset[str] = frozenset()) -> Facts:
    """The packages the file names, of those in `names` (empty: of all).

    A name is written as in Python's packages, with `-` for each run of `-`, `_` and `.`. What
    cannot be read becomes a note.
    """
    reader = _READERS[PurePosixPath(file.path).name]
    wanted = frozenset(map(package_name, names))
    found = (one for one in reader(file) if not wanted or one.name in wanted)
    try:
        return Facts(file.path, packages=tuple(islice(found, _MOST)))
    except json.JSONDecodeError as error:
        note = Note(file.path, f"not valid JSON: {error.msg} (line {error.lineno})")
    except (ValueError, RecursionError):
        note = Note(file.path, "is not JSON that can be read")
    return Facts(file.path, notes=(note,))


def scripts(
    file: File, platforms: Mapping[str, PlatformSpec], wanted: Callable[[str], bool]
) -> Facts:
    """What the commands in `scripts` of a package.json, or `tasks` of a deno.json, set and call,
    and all DSNs of the file."""
    from supa_lint.read import shell

    text = plain.read(file)
    if not text.mentions and not any(key in file.data for key in (b'"scripts"', b'"tasks"')):
        return text
    sealer = Sealer(file)
    root = document(file)
    found: list[Facts] = []
    for pattern in _COMMANDS:
        for match in find(root, pattern):
            if not isinstance(match.node, Scalar):
                continue
            home = ".".join(match.path)
            found.append(shell.commands([match.node.raw], sealer, platforms, wanted, home))
    facts = Facts(
        file.path,
        settings=tuple(setting for one in found for setting in one.settings),
        calls=tuple(call for one in found for call in one.calls),
        sources=tuple(dict.fromkeys(text for one in found for text in one.sources)),
        notes=tuple(dict.fromkeys(note for one in found for note in one.notes)),
    )
    return with_rest(facts, file, sealer)


def imported_package(found: Specifier, span: Span) -> Package:
    """The package that an import names with a version."""
    return Package(package_name(found.package), _range(found.version), span, of_import=True)


# --- package.json -------------------------------------------------------------------------------


def _manifest(file: File) -> Iterator[Package]:
    data = json.loads(file.text)
    if not isinstance(data, dict):
        return
    for section in _SECTIONS:
        table = data.get(section)
        if not isinstance(table, dict):
            continue
        opening = re.search(rf'"{section}"\s*:\s*\{{', file.text)
        at = opening.end() if opening else 0
        entries = {
            found[1]: found
            for found in re.compile(r'"([^"\\\n]+)"\s*:\s*"([^"\\\n]*)"').finditer(
                file.text, at, _closing(file.text, at)
            )
        }
        for name, wanted in table.items():
            entry = entries.get(name)
            if not isinstance(wanted, str) or not _NAME.fullmatch(name):
                continue
            span = Span(file.path, 0, 0)
            if entry is not None and entry[2] == wanted:
                span = file.span(entry.start(1), entry.end(2))
            yield Package(package_name(name), _range(wanted), span)


def _closing(text: str, at: int) -> int:
    """Where the object of strings that is open at `at` ends."""
    found = text.find("}", at)
    return found if found >= 0 else len(text)


def _range(text: str) -> str:
    """A range of npm as `versions` reads it; empty (any version) for a tag, a path or a link."""
    bare = text.strip()
    alias = re.fullmatch(r"npm:@?[^@\s]+@(.+)", bare) or re.fullmatch(r"workspace:(.+)", bare)
    bare = alias[1] if alias else bare
    if (
        not _RANGE.fullmatch(bare)
        or not re.search(r"\d", bare)
        or re.match(r"[a-uw-z]", bare, re.I)
    ):
        return ""
    hyphen = re.fullmatch(r"(\d[\w.+-]*)\s+-\s+(\d+\.\d+\.\d[\w.+-]*)", bare)
    if hyphen:
        return f">={hyphen[1]} <={hyphen[2]}"
    # Half a version is a range: `16` and `16.x` are any 16, which PEP 440 writes `==16.*`.
    return _PARTIAL.sub(r"==\1.*", bare)


def _import_map(file: File) -> Iterator[Package]:
    """The packages that a deno.json names with a version."""
    for entry, text in imported(document(file)):
        found = specifier(text)
        if found.version:
            span = Span(file.path, entry.span.start, entry.node.span.end)
            yield replace(imported_package(found, span), of_import=False)


# --- lock files ---------------------------------------------------------------------------------


def _picked(file: File, *patterns: re.Pattern[bytes]) -> Iterator[Package]:
    """What the first pattern that finds anything finds."""
    for pattern in patterns:
        some = False
        for found in pattern.finditer(file.data):
            some = True
            name = found["name"].decode("utf-8", "replace")
            version = found["version"].decode("utf-8", "replace")
            if b"node_modules/" in (found.groupdict().get("within") or b""):
                continue  # it belongs to another package alone
            if _NAME.fullmatch(name) and _VERSION.fullmatch(version):
                span = Span(file.path, found.start("name"), found.end("version"))
                yield Package(package_name(name), f"=={version}", span, locked=True)
        if some:
            return


def _npm(file: File) -> Iterator[Package]:
    yield from _picked(file, _NPM, _NPM_OLD)


def _pnpm(file: File) -> Iterator[Package]:
    yield from _picked(file, _PNPM, _PNPM_OLD)


def _yarn(file: File) -> Iterator[Package]:
    for one in _picked(file, _YARN):
        if not one.specifier.endswith("-use.local"):  # a workspace of this very project
            yield one


def _bun(file: File) -> Iterator[Package]:
    yield from _picked(file, _BUN)


def _deno(file: File) -> Iterator[Package]:
    yield from _picked(file, _DENO)


_READERS: dict[str, Callable[[File], Iterator[Package]]] = {
    "package.json": _manifest,
    "package-lock.json": _npm,
    "npm-shrinkwrap.json": _npm,
    "pnpm-lock.yaml": _pnpm,
    "yarn.lock": _yarn,
    "bun.lock": _bun,
    "deno.lock": _deno,
    **dict.fromkeys(MAPS, _import_map),
}
