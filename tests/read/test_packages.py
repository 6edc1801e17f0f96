from __future__ import annotations

import json
import time
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.read.packages import is_package_file, read
from supa_lint.source import File


def rows(path: str, text: str) -> list[tuple[str, str, str]]:
    """Name, range and the stretch of the file that the span covers, of each package."""
    file = File(path, dedent(text).encode())
    facts = read(file)
    assert not facts.notes
    return [
        (one.name, one.specifier, file.data[one.span.start : one.span.end].decode())
        for one in facts.packages
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("requirements.txt", True),
        ("requirements-dev.txt", True),
        ("dev-requirements.txt", True),
        ("dev_requirements.in", True),
        ("requirements.in", True),
        ("apps/api/requirements/base.txt", True),
        ("requirements/prod.in", True),
        ("constraints.txt", True),
        ("pyproject.toml", True),
        ("apps/api/pyproject.toml", True),
        ("Pipfile", True),
        ("Pipfile.lock", True),
        ("poetry.lock", True),
        ("uv.lock", True),
        ("pdm.lock", True),
        ("pylock.toml", True),
        ("setup.cfg", True),
        ("environment.yml", True),
        ("notes.txt", False),
        ("myrequirements.txt", False),
        ("requirements.md", False),
        ("package.json", False),
        ("Cargo.toml", False),
        ("requirements/README.md", False),
    ],
)
def test_package_files_are_known_by_name(path: str, expected: bool) -> None:
    assert is_package_file(path) is expected


def test_requirements() -> None:
    text = """\
        # SQLAlchemy>=9
        -r base.txt
        -c constraints.txt
        -e ./local
        --extra-index-url https://example.invalid/simple
        SQLAlchemy[asyncio] >= 2.0, < 2.1  # why
        asyncpg==0.30.0 ; python_version < "3.13"
        psycopg_pool
        psycopg[binary,pool]~=3.2
        requests (>=2.8.1)
        Django===5.0
        libfoo @ git+https://example.invalid/foo.git@v1
        https://example.invalid/bar.whl
        ./wheels/baz.whl

        zope.interface!=6.0,>5 --config-settings=a=b
        """
    assert rows("requirements.txt", text) == [
        ("sqlalchemy", ">= 2.0, < 2.1", "SQLAlchemy[asyncio] >= 2.0, < 2.1"),
        ("asyncpg", "==0.30.0", "asyncpg==0.30.0"),
        ("psycopg-pool", "", "psycopg_pool"),
        ("psycopg", "~=3.2", "psycopg[binary,pool]~=3.2"),
        ("requests", ">=2.8.1", "requests (>=2.8.1"),
        ("django", "===5.0", "Django===5.0"),
        ("libfoo", "", "libfoo"),
        ("zope-interface", "!=6.0,>5", "zope.interface!=6.0,>5"),
    ]


def test_spans_count_bytes() -> None:
    data = "\ufeff# señor 🐘\r\nasyncpg==0.30.0\r\n".encode()
    (package,) = read(File("requirements.txt", data)).packages
    assert data[package.span.start : package.span.end] == b"asyncpg==0.30.0"


def test_hashed_requirements_are_locked() -> None:
    text = b"asyncpg==0.30.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via x\n"
    (package,) = read(File("requirements/test.txt", text)).packages
    assert (package.specifier, package.locked) == ("==0.30.0", True)
    (package,) = read(File("requirements.txt", b"asyncpg==0.30.0\n")).packages
    assert package.locked is False


def test_pyproject() -> None:
    text = """\
        [build-system]
        requires = ["psycopg2==2.8"]

        [project]
        name = "shop"
        keywords = ["asyncpg"]
        dependencies = [
            'SQLAlchemy[asyncio]>=2.0,<2.1',
            "asyncpg",
        ]

        [project.optional-dependencies]
        pg = ["psycopg[binary]~=3.2; python_version >= '3.11'"]

        [dependency-groups]
        test = ["pytest>=8", {include-group = "lint"}]
        lint = ["ruff"]

        [tool.uv]
        dev-dependencies = ["mypy>1"]
        """
    assert rows("pyproject.toml", text) == [
        ("sqlalchemy", ">=2.0,<2.1", "SQLAlchemy[asyncio]>=2.0,<2.1"),
        ("asyncpg", "", "asyncpg"),
        ("psycopg", "~=3.2", "psycopg[binary]~=3.2"),
        ("pytest", ">=8", "pytest>=8"),
        ("ruff", "", "ruff"),
        ("mypy", ">1", "mypy>1"),
    ]
    file = File("pyproject.toml", dedent(text).encode())
    asyncpg = next(one for one in read(file).packages if one.name == "asyncpg")
    assert file.line_of(asyncpg.span.start) == 9


def test_poetry() -> None:
    text = """\
        [tool.poetry.dependencies]
        python = "^3.11"
        asyncpg = "^0.30"
        SQLAlchemy = {version = "~2.0", extras = ["asyncio"]}
        "psycopg" = "*"
        secret-lib = {git = "https://user:Tr0ub4dour-xk@example.invalid/x.git"}
        numpy = [
            {version = "^1.2", python = "<3.12"},
            {version = "^2.0", python = ">=3.12"},
        ]

        [tool.poetry.group.dev.dependencies]
        pytest = ">=8"

        [tool.poetry.group.dev.dependencies.django]
        version = "5.0.1"
        """
    assert rows("pyproject.toml", text) == [
        ("asyncpg", "^0.30", 'asyncpg = "^0.30'),
        ("sqlalchemy", "~2.0", "SQLAlchemy"),
        ("psycopg", "*", 'psycopg" = "*'),
        ("secret-lib", "", "secret-lib"),
        ("numpy", "^1.2 || ^2.0", "numpy"),
        ("pytest", ">=8", 'pytest = ">=8'),
        ("django", "5.0.1", "django"),
    ]


def test_escaped_text_is_read_without_a_place() -> None:
    data = b'[project]\ndependencies = ["async\\u0070g==0.30.0"]\n'
    (package,) = read(File("pyproject.toml", data)).packages
    assert (package.name, package.specifier) == ("asyncpg", "==0.30.0")
    assert (package.span.start, package.span.end) == (0, 0)


def test_pipfile() -> None:
    text = """\
        [[source]]
        url = "https://example.invalid/simple"

        [dev-packages]
        pytest = "*"

        [packages]
        asyncpg = "==0.30.0"
        django = {version = "~=5.0", extras = ["argon2"]}
        """
    assert rows("Pipfile", text) == [
        ("asyncpg", "==0.30.0", 'asyncpg = "==0.30.0'),
        ("django", "~=5.0", "django"),
        ("pytest", "*", 'pytest = "*'),
    ]


def test_pipfile_lock() -> None:
    text = json.dumps(
        {
            "_meta": {"sources": []},
            "default": {"asyncpg": {"hashes": ["sha256:aa"], "version": "==0.30.0"}},
            "develop": {"Py_Test": {"version": "==8.0"}, "local": {"path": "."}},
        },
        indent=4,
    )
    assert rows("Pipfile.lock", text) == [
        ("asyncpg", "==0.30.0", "asyncpg"),
        ("py-test", "==8.0", "Py_Test"),
    ]
    assert all(one.locked for one in read(File("Pipfile.lock", text.encode())).packages)


POETRY_LOCK = """\
# This file is automatically @generated by Poetry

[[package]]
name = "asyncpg"
version = "0.30.0"
description = "señor"
files = [
    {file = "asyncpg.whl", hash = "sha256:aa"},
]

[package.dependencies]
name = "no-package"

[[package]]
version = "2.0.4"
name = "SQLAlchemy"

[metadata]
lock-version = "2.1"
"""
UV_LOCK = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "asyncpg"
version = "0.30.0"
source = { registry = "https://example.invalid/simple" }
dependencies = [
    { name = "typing-extensions" },
]

[[package]]
name = "workspace-member"
source = { virtual = "." }
"""


def test_lock_files() -> None:
    assert rows("poetry.lock", POETRY_LOCK) == [
        ("asyncpg", "==0.30.0", 'name = "asyncpg"\nversion = "0.30.0"'),
        ("sqlalchemy", "==2.0.4", 'version = "2.0.4"\nname = "SQLAlchemy"'),
    ]
    crlf = File("uv.lock", UV_LOCK.replace("\n", "\r\n").encode())
    (package,) = read(crlf).packages
    assert (package.name, package.specifier, package.locked) == ("asyncpg", "==0.30.0", True)
    assert crlf.line_of(package.span.start) == 5
    assert rows("pylock.toml", '[[packages]]\nname = "psycopg"\nversion = "3.2.1"\n') == [
        ("psycopg", "==3.2.1", 'name = "psycopg"\nversion = "3.2.1"'),
    ]
    assert rows("poetry.lock", "package = []\n") == []


def test_setup_cfg() -> None:
    text = """\
        [metadata]
        name = shop

        [options]
        python_requires = >=3.11
        install_requires =
            SQLAlchemy>=2.0
            # psycopg2
            asyncpg==0.30.0  ; python_version < "3.13"

        [options.extras_require]
        pg = psycopg~=3.2

        [tool:pytest]
        addopts =
            nothing
        """
    assert rows("setup.cfg", text) == [
        ("sqlalchemy", ">=2.0", "SQLAlchemy>=2.0"),
        ("asyncpg", "==0.30.0", "asyncpg==0.30.0"),
        ("psycopg", "~=3.2", "psycopg~=3.2"),
    ]


def test_conda_environment() -> None:
    text = """\
        name: shop
        channels:
          - conda-forge
        dependencies:
          - python=3.12
          - sqlalchemy=2.0
          - psycopg=3.2.1=py312_0
          - pip
          - pip:
            - asyncpg>=0.30  # why
            - "django~=5.0"
        prefix: /opt
        """
    assert rows("environment.yml", text) == [
        ("sqlalchemy", "==2.0.*", "sqlalchemy=2.0"),
        ("psycopg", "==3.2.1.*", "psycopg=3.2.1"),
        ("pip", "", "pip"),
        ("asyncpg", ">=0.30", "asyncpg>=0.30"),
        ("django", "~=5.0", "django~=5.0"),
    ]


@pytest.mark.parametrize(
    ("path", "text", "note"),
    [
        ("pyproject.toml", "[project\nsecret='Tr0ub4dour-xk'", "not valid TOML (line 1, column 9)"),
        ("Pipfile", "= Tr0ub4dour-xk", "not valid TOML (line 1, column 1)"),
        ("Pipfile.lock", '{"Tr0ub4dour-xk" 1}', "not valid JSON: Expecting ':' delimiter (line 1)"),
        ("Pipfile.lock", "[" * 100_000, "nested too deeply"),
        ("pyproject.toml", "a=" + "[" * 100_000, "nested too deeply"),
        ("poetry.lock", "Tr0ub4dour-xk", "not a lock file as Poetry, uv or PDM write it"),
        ("uv.lock", "", "not a lock file as Poetry, uv or PDM write it"),
    ],
)
def test_a_broken_file_is_a_note_that_quotes_nothing(path: str, text: str, note: str) -> None:
    facts = read(File(path, text.encode()))
    assert facts.packages == ()
    assert facts.notes[0].text.startswith(note)
    assert "Tr0ub4dour" not in repr(facts)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", "project = 1\ntool.poetry.dependencies = [1]\n"),
        ("pyproject.toml", "[project]\ndependencies = [1, {}, []]\noptional-dependencies = 3\n"),
        ("pyproject.toml", "[tool.poetry.group]\ndev = 1\n"),
        ("Pipfile", "packages = 1\n"),
        ("Pipfile.lock", "[]"),
        ("Pipfile.lock", '{"default": {"a": 1}}'),
        ("requirements.txt", "\x00\udcff"),
    ],
)
def test_strange_shapes_name_no_package(path: str, text: str) -> None:
    assert read(File(path, text.encode("utf-8", "surrogateescape"))).packages == ()


PATHS = ["requirements.txt", "pyproject.toml", "Pipfile.lock", "uv.lock", "setup.cfg"]


@given(path=st.sampled_from([*PATHS, "environment.yml"]), data=st.binary())
def test_any_bytes_are_survived(path: str, data: bytes) -> None:
    for package in read(File(path, data)).packages:
        assert 0 <= package.span.start <= package.span.end <= len(data)


@pytest.mark.parametrize("path", [*PATHS, "environment.yml"])
@pytest.mark.parametrize(
    "unit",
    [" ", "a", "a ", "-", "a[", "(", "[[package]]\n", 'name = "a"\n', "a==1\n", "- a=1\n", '"'],
)
def test_no_input_makes_it_slow(path: str, unit: str) -> None:
    begun = time.perf_counter()
    read(File(path, b"dependencies:\n" + unit.encode() * (200_000 // len(unit)) + b"!"))
    assert time.perf_counter() - begun < 3
