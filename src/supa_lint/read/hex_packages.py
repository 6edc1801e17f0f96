"""Reads which versions of which packages an Elixir project allows (mix.exs), or has locked
(mix.lock)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supa_lint.model import Facts, Package, package_name
from supa_lint.source import File

_ALLOWED = re.compile(r"\{\s*+:(?P<name>\w++)\s*+,\s*+\"(?P<specifier>[\w.+<>=~ -]{1,200})\"")
_LOCKED = re.compile(
    r"^[^\S\n]*+\"(?P<name>\w++)\":\s?\{:hex,\s?:\w++,\s?\"(?P<version>[\w.+-]{1,50})\"",
    re.MULTILINE,
)
_COMMENT = re.compile(r"#[^\n]*")
_NAMES = ("mix.exs", "mix.lock")


def is_hex_package_file(path: str) -> bool:
    """Whether the file at `path` (with `/`) says which Elixir packages a project needs."""
    return path.rpartition("/")[2] in _NAMES


def read(file: File) -> Facts:
    """The packages the file names."""
    found = _locked(file) if file.path.endswith(".lock") else _allowed(file)
    return Facts(file.path, packages=tuple(found))


def _allowed(file: File) -> Iterator[Package]:
    """`{:postgrex, "~> 0.19"}`."""
    text = _COMMENT.sub(lambda match: " " * len(match[0]), file.text)
    for found in _ALLOWED.finditer(text):
        specifier = found["specifier"].replace("~>", "~=")
        specifier = specifier.replace(" and ", ",").replace(" or ", "||")
        span = file.span(*found.span("specifier"))
        yield Package(package_name(found["name"]), specifier, span)


def _locked(file: File) -> Iterator[Package]:
    """`"postgrex": {:hex, :postgrex, "0.20.0", ...}`."""
    for found in _LOCKED.finditer(file.text):
        span = file.span(*found.span("version"))
        yield Package(package_name(found["name"]), f"=={found['version']}", span, locked=True)
