"""Reads which versions of which packages a Python project allows, or has locked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from supa_lint.model import Facts, Note, Package, Span, package_name
from supa_lint.source import File

Table = dict[str, Any]

_REQUIREMENTS = re.compile(r"(?:^|[-_.])(?:requirements|constraints)(?=[-_.])")

# One PEP 508 requirement: name, extras, range (bare or in parentheses), and what may follow it.
_REQUIREMENT = re.compile(
    r"""\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)
    (?:\s*\[[^\]\n]*\])?
    (?:[\s(]*(?P<specifier>(?:===|[~=!<>]=|[<>=])[^;\s#()@](?:[^;#()@\n]*[^;\s#()@])?))?
    [\s)]*(?:$|[;@\#].*)""",
    re.VERBOSE,
)
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_RANGE = re.compile(r"[\w.*+!<>=~^|,\s-]*", re.ASCII)
_OPTIONS = re.compile(r"\s(?:--?[a-z]|\#).*")
_LOCKED = re.compile(rb"^\[\[packages?\]\]", re.MULTILINE)
_LOCKED_NAME = re.compile(rb'^name = "([A-Za-z0-9._-]+)"', re.MULTILINE)
_LOCKED_VERSION = re.compile(rb'^version = "([A-Za-z0-9.!+_-]+)"', re.MULTILINE)
_LOCKED_JSON = re.compile(r'"([A-Za-z0-9._-]+)"[ \t]*:[ \t]*\{')
_LONGEST = 1000
_MOST = 5000


def is_package_file(path: str) -> bool:
    """Whether the file at `path` (with `/`) says which packages a project needs, by its name."""
    folder, _, name = path.rpartition("/")  # it is asked of every path: pathlib is too slow
    if name in _READERS:
        return True
    if not name.lower().endswith((".txt", ".in")):
        return False
    return _REQUIREMENTS.search(name.lower()) is not None or (
        name.endswith((".txt", ".in")) and folder.rpartition("/")[2] == "requirements"
    )


def read(file: File) -> Facts:
    """The packages the file names. What cannot be read becomes a note."""
    reader = _READERS.get(PurePosixPath(file.path).name, _requirements)
    try:
        return Facts(file.path, packages=tuple(islice(reader(file), _MOST)))
    except (ValueError, RecursionError, _UnreadableError) as error:
        return Facts(file.path, notes=(Note(file.path, _reason(error)),))


class _UnreadableError(Exception):
    """The file is not what its name says. The message quotes nothing of it."""


def _reason(error: Exception) -> str:
    """Why a file could not be read, without a word of what stands in it."""
    if isinstance(error, _UnreadableError):
        return str(error)
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON: {error.msg} (line {error.lineno})"
    where = re.search(r"\(at (line \d+, column \d+|end of document)\)$", str(error))
    return "not valid TOML" + (f" ({where[1]})" if where else "")


# --- requirements files -------------------------------------------------------------------------


def _lines(file: File) -> Iterator[tuple[int, str]]:
    """Each line without its comment and options, and where it begins in the file's text."""
    at = 0
    for line in file.text.splitlines(keepends=True):
        yield at, _OPTIONS.sub("", line.rstrip("\r\n")).rstrip()
        at += len(line)


def _requirements(file: File) -> Iterator[Package]:
    """A requirements or constraints file of pip. Where there are hashes, a tool locked it."""
    locked = "--hash=" in file.text
    for start, line in _lines(file):
        package = _requirement(file, line.rstrip("\\ "), start)
        if package:
            yield replace(package, locked=locked and package.specifier.startswith("=="))


def _requirement(file: File, text: str, start: int) -> Package | None:
    """The package of one requirement that stands in the file's text at `start`."""
    found = _REQUIREMENT.fullmatch(text) if len(text) < _LONGEST else None
    if not found:
        return None
    end = found.end("specifier") if found["specifier"] else found.end("name")
    span = file.span(start + found.start("name"), start + end)
    return Package(package_name(found["name"]), _range(found["specifier"] or ""), span)


def _range(text: object) -> str:
    """A version range, or empty (any version) for what does not look like one."""
    return text.strip() if isinstance(text, str) and _RANGE.fullmatch(text) else ""


# --- TOML ---------------------------------------------------------------------------------------


class _Finder:
    """Finds where the strings and keys of a TOML file stand: `tomllib` keeps no positions."""

    def __init__(self, file: File) -> None:
        self.file = file
        self._at = 0

    def enter(self, header: str) -> None:
        """Look from the line that begins so; from the start of the file where there is none."""
        found = re.search("^[ \t]*" + header, self.file.text, re.MULTILINE)
        self._at = found.end() if found else 0

    def requirement(self, text: object) -> Package | None:
        """The package of a PEP 508 string."""
        if not isinstance(text, str):
            return None
        found = self._find("[\"']" + re.escape(text) + "[\"']")
        package = _requirement(self.file, text, found.start() + 1 if found else 0)
        return replace(package, span=self._nowhere) if package and not found else package

    def entry(self, name: str, wanted: object) -> Package | None:
        """The package of an entry `name = "^1.2"` (a table, or a list of them, with `version`)."""
        if not _NAME.fullmatch(name):
            return None
        rows = wanted if isinstance(wanted, list) else [wanted]
        ranges = [_range(row.get("version") if isinstance(row, dict) else row) for row in rows]
        specifier = " || ".join(ranges) if all(ranges) else ""
        key = rf"^[ \t]*(?:\[[^\]\n]*\.)?[\"']?({re.escape(name)})[\"']?[ \t]*"
        found = self._find(rf"{key}=[ \t]*[\"']({re.escape(specifier)})[\"']")
        found = found or self._find(rf"{key}[=\]]")
        span = self._nowhere
        if found:
            span = self.file.span(found.start(1), found.end(found.re.groups))
        return Package(package_name(name), specifier, span)

    @property
    def _nowhere(self) -> Span:
        return Span(self.file.path, 0, 0)

    def _find(self, pattern: str) -> re.Match[str] | None:
        compiled = re.compile(pattern, re.MULTILINE)
        found = compiled.search(self.file.text, self._at) or compiled.search(self.file.text)
        if found:
            self._at = found.end()
        return found


def _toml(file: File) -> Table:
    import tomllib

    return tomllib.loads(file.text)


def _at(table: object, *keys: str) -> Table:
    """The table at a path of keys; empty when there is none."""
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def _pyproject(file: File) -> Iterator[Package]:
    """PEP 621 and PEP 735, and what PDM, uv and Poetry had before them. `[build-system]` is not
    what runs."""
    data = _toml(file)
    finder = _Finder(file)
    for header, lists in (
        (r"dependencies\b", [_at(data, "project").get("dependencies")]),
        (r"\[project\.optional-dep", _at(data, "project", "optional-dependencies").values()),
        (r"\[dependency-groups", _at(data, "dependency-groups").values()),
        (r"\[tool\.pdm\.dev-dep", _at(data, "tool", "pdm", "dev-dependencies").values()),
        (r"dev-dependencies\b", [_at(data, "tool", "uv").get("dev-dependencies")]),
        (r"constraint-dependencies\b", [_at(data, "tool", "uv").get("constraint-dependencies")]),
    ):
        finder.enter(header)
        texts = (text for one in lists if isinstance(one, list) for text in one)
        yield from filter(None, map(finder.requirement, texts))
    poetry = _at(data, "tool", "poetry")
    finder.enter(r"\[tool\.poetry\.")
    tables = [_at(poetry, "dependencies"), _at(poetry, "dev-dependencies")]
    tables += [_at(group, "dependencies") for group in _at(poetry, "group").values()]
    for table in tables:
        entries = (finder.entry(*one) for one in table.items() if one[0] != "python")
        yield from filter(None, entries)


def _pipfile(file: File) -> Iterator[Package]:
    data = _toml(file)
    finder = _Finder(file)
    for header in ("packages", "dev-packages"):
        finder.enter(rf"\[{header}\]")
        yield from filter(None, (finder.entry(*one) for one in _at(data, header).items()))


# --- lock files ---------------------------------------------------------------------------------


def _locked(file: File) -> Iterator[Package]:
    """poetry.lock, uv.lock, pdm.lock, pylock.toml: written by tools, in one shape, and long. So the
    few lines that matter are picked out instead of parsing all of it."""
    data = file.data
    entries = [found.end() for found in _LOCKED.finditer(data)]
    if not entries and not re.search(rb"^packages? = \[\]", data, re.MULTILINE):
        raise _UnreadableError("not a lock file as Poetry, uv or PDM write it")
    for start in entries:
        end = data.find(b"\n[", start)
        end = len(data) if end < 0 else end
        name, version = (
            _LOCKED_NAME.search(data, start, end),
            _LOCKED_VERSION.search(data, start, end),
        )
        if name and version:
            yield Package(
                package_name(name[1].decode("ascii")),
                "==" + version[1].decode("ascii"),
                Span(file.path, *_around(name.span(), version.span())),
                locked=True,
            )


def _around(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return min(one[0], other[0]), max(one[1], other[1])


def _pipfile_lock(file: File) -> Iterator[Package]:
    data = json.loads(file.text)
    places = {found[1]: found.span(1) for found in _LOCKED_JSON.finditer(file.text)}
    for table in (_at(data, "default"), _at(data, "develop")):
        for name, entry in table.items():
            version = _range(_at(entry).get("version"))
            if version and _NAME.fullmatch(name):
                span = file.span(*places.get(name, (0, 0)))
                yield Package(package_name(name), version, span, locked=True)


# --- line by line -------------------------------------------------------------------------------


def _setup_cfg(file: File) -> Iterator[Package]:
    """`install_requires` and the extras of setuptools."""
    section = key = ""
    for start, line in _lines(file):
        if line.startswith("["):
            section, key = line.strip("[]"), ""
        elif line[:1].isalpha():
            key, _, value = line.partition("=")
            key = key.strip()
            start, line = start + len(line) - len(value), value
        if section == "options.extras_require" or (section, key) == ("options", "install_requires"):
            package = _requirement(file, line, start)
            if package:
                yield package


def _conda(file: File) -> Iterator[Package]:
    """The dependencies of an environment file, conda's own (`name=2.0` is a prefix) and pip's."""
    inside = False
    for start, line in _lines(file):
        if line[:1].isalpha():
            inside = line == "dependencies:"
        item = re.fullmatch(r"""(\s*-\s*["']?)([^"']*)["']?""", line)
        if not inside or not item:
            continue
        start += item.start(2)
        conda = re.fullmatch(r"([\w.-]+)=([\w.]+)(?:=[\w.*]*)?", item[2], re.ASCII)
        package = _requirement(file, item[2], start)
        if conda:
            span = file.span(start, start + conda.end(2))
            package = Package(package_name(conda[1]), f"=={conda[2]}.*", span)
        if package and package.name != "python":
            yield package


_READERS: dict[str, Callable[[File], Iterator[Package]]] = {
    "pyproject.toml": _pyproject,
    "Pipfile": _pipfile,
    "Pipfile.lock": _pipfile_lock,
    "poetry.lock": _locked,
    "uv.lock": _locked,
    "pdm.lock": _locked,
    "pylock.toml": _locked,
    "setup.cfg": _setup_cfg,
    "environment.yml": _conda,
    "environment.yaml": _conda,
}
