"""Globs: what they match, and that a set of them says the same as each alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.globs import GlobSet, matches, name_test


@pytest.mark.parametrize(
    ("path", "glob"),
    [
        ("a.py", "a.py"),
        ("x/y/a.py", "a.py"),
        ("x/y/a.py", "*.py"),
        ("x/y/a.py", "x/y/*.py"),
        ("x/y/a.py", "x/**"),
        ("x/y/a.py", "x/**/a.py"),
        ("x/a.py", "x/**/a.py"),
        ("x/y/a.py", "**/a.py"),
        ("a.py", "**/a.py"),
        ("x/y/a.py", "**"),
        ("x/y/a.py", "**/**/**"),
        ("x/y/a.py", "x"),
        ("x/y/a.py", "y"),
        ("x/y/a.py", "x/"),
        ("x/y/a.py", "./x/y"),
        ("x/y/a.py", "/x/*/a.py"),
        ("x/.env.local", "**/.env*"),
        ("x/.env", "x/*"),
        ("a1.py", "a[0-9].py"),
        ("ab.py", "a[!0-9].py"),
        ("ab.py", "a?.py"),
        ("a[.py", "a[.py"),
    ],
)
def test_glob_matches(path: str, glob: str) -> None:
    assert matches(path, glob)


@pytest.mark.parametrize(
    ("path", "glob"),
    [
        ("x/y/a.py", "x/*.py"),
        ("x/y/a.py", "x/a.py"),
        ("x/y/a.py", "/a.py"),
        ("x/y/a.py", "./a.py"),
        ("x/y/a.py", "y/a.py"),
        ("xy/a.py", "x/**"),
        ("x", "x/**"),
        ("a.pyc", "*.py"),
        ("A.py", "a.py"),
        ("a1.py", "a[!0-9].py"),
        ("a/b.py", "a?b.py"),
        ("x/a.py", "x/**/b/a.py"),
    ],
)
def test_glob_does_not_match(path: str, glob: str) -> None:
    assert not matches(path, glob)


def test_globs_do_not_try_all_ways() -> None:
    assert not matches("a/" * 400 + "b", "**/a/" * 40 + "c")


_NAMES = st.sampled_from(["a", "b", "a.py", "b.py", "ab", ".env", "a.b.py", "*x"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=5).map("/".join)
_GLOB_NAMES = st.sampled_from(
    [
        "a",
        "b",
        "a.py",
        "*.py",
        "*",
        "**",
        "a*",
        "?",
        "[ab]",
        "[!a]*",
        ".env",
        "*.b.*",
        "*b",
        "a?*",
        "*?.py",
        "**x",
    ]
)
_GLOBS = st.tuples(
    st.sampled_from(["", "/", "./"]),
    st.lists(_GLOB_NAMES, min_size=1, max_size=4),
    st.sampled_from(["", "/"]),
).map(lambda parts: parts[0] + "/".join(parts[1]) + parts[2])


@given(st.lists(_GLOBS, max_size=6), st.lists(_PATHS, min_size=1, max_size=6))
def test_a_set_finds_what_each_glob_alone_finds(globs: list[str], paths: list[str]) -> None:
    together = GlobSet(globs)
    for path in paths:
        assert together.matching(path) == {glob for glob in globs if matches(path, glob)}


@given(_GLOBS, _PATHS)
def test_a_glob_says_what_its_definition_says(glob: str, path: str) -> None:
    names = [name for name in glob.split("/") if name not in ("", ".")]
    if "/" not in glob.rstrip("/"):
        names.insert(0, "**")
    expression = "".join(
        "(?:[^/]+/)*" if name == "**" else f"{_expression(name)}/" for name in names
    )
    expression = f"{expression}[^/].*" if names[-1] == "**" else f"{expression[:-1]}(?:/.*)?"
    assert matches(path, glob) == bool(re.fullmatch(expression, path))


def _expression(name: str) -> str:
    """As the documentation says it: `*`, `?` and `[...]`, none of which means a `/`."""
    return "".join(
        {"*": "[^/]*", "?": "[^/]"}.get(piece)
        or (
            f"[^{piece[2:-1]}/]"
            if piece.startswith("[!")
            else piece
            if piece[0] == "["
            else re.escape(piece)
        )
        for piece in re.findall(r"\[[^\]]*\]|.", name)
    )


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("*a*a*", "aa", True),
        ("*a*a*", "ba", False),
        ("ab*ba", "aba", False),
        ("ab*ba", "abba", True),
        ("*_MIGRATE", "DB_MIGRATE", True),
        ("[a-c]*.yml", "b.yml", True),
        ("[!a-c]*.yml", "b.yml", False),
    ],
)
def test_a_name(pattern: str, name: str, fits: bool) -> None:
    assert name_test(pattern)(name) is fits


def test_many_folders_and_stars_stay_quick() -> None:
    # One expression for all would try every way to share the folders out.
    assert not matches("a/" * 2000 + "b", "**/a/" * 30 + "c")
    assert not matches("a" * 4000 + "b", "*a" * 30 + "*c")
