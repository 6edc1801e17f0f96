"""The reader of Node's package files."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.model import Facts
from supa_lint.read.node_packages import is_node_package_file, read, scripts
from supa_lint.source import File
from supa_lint.versions import all_match


def found(path: str, source: str, names: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    facts = read(File(path, source.encode()), names)
    assert not facts.notes
    assert all(one.locked == (not path.endswith("package.json")) for one in facts.packages)
    return [(one.name, one.specifier) for one in facts.packages]


def at_spans(path: str, source: str) -> list[str]:
    """What stands at the spans."""
    data = source.encode()
    return [data[one.span.start : one.span.end].decode() for one in read(File(path, data)).packages]


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("package.json", True),
        ("apps/web/package.json", True),
        ("package-lock.json", True),
        ("npm-shrinkwrap.json", True),
        ("pnpm-lock.yaml", True),
        ("yarn.lock", True),
        ("bun.lock", True),
        ("deno.lock", True),
        ("tsconfig.json", False),
        ("poetry.lock", False),
        ("my-package.json", False),
    ],
)
def test_names_of_files(path: str, is_one: bool) -> None:
    assert is_node_package_file(path) == is_one


def test_package_json() -> None:
    source = """{
      "name": "pg",
      "dependencies": { "pg": "^8.11.0", "@prisma/client": "6.x", "next.js_x": "1.2.3" },
      "devDependencies": {
        "prisma": "~6.1",
        "local": "workspace:*",
        "alias": "npm:pg@^8.1"
      },
      "peerDependencies": { "react": "19" }
    }"""
    assert found("package.json", source) == [
        ("pg", "^8.11.0"),
        ("@prisma/client", "==6.*"),
        ("next-js-x", "1.2.3"),
        ("prisma", "~6.1"),
        ("local", ""),
        ("alias", "^8.1"),
    ]
    assert at_spans("package.json", source)[:2] == ['pg": "^8.11.0', '@prisma/client": "6.x']


@pytest.mark.parametrize(
    ("written", "inside", "outside"),
    [
        ("16", ">=16,<17", ">=17"),
        ("16.x", ">=16,<17", ">=17"),
        ("1.2", ">=1.2,<1.3", ">=1.3"),
        ("^5.0.0", ">=5,<6", ">=6"),
        ("^5 || ^6", ">=5,<7", ">=7"),
        (">=14 <16", ">=14,<16", ">=16"),
        ("5.x || 6.x", ">=5,<7", "<5"),
        ("1.0.0 - 2.1.3", ">=1,<=2.1.3", ">=3"),
    ],
)
def test_ranges(written: str, inside: str, outside: str) -> None:
    source = json.dumps({"dependencies": {"x": written}})
    ((_, specifier),) = found("package.json", source)
    assert all_match(specifier, inside) is True
    assert all_match(specifier, outside) is False


@pytest.mark.parametrize(
    "written",
    ["latest", "*", "", "workspace:^", "file:../x", "git+https://example.org/x.git#1", "catalog:"],
)
def test_what_is_no_range_allows_anything(written: str) -> None:
    ((_, specifier),) = found("package.json", json.dumps({"dependencies": {"x": written}}))
    assert specifier == ""


PACKAGE_LOCK = """{ "lockfileVersion": 3, "packages": {
  "": { "name": "x", "version": "1.0.0", "dependencies": { "pg": "^8" } },
  "node_modules/pg": {
    "version": "8.11.3",
    "resolved": "x"
  },
  "node_modules/other/node_modules/pg": { "version": "7.0.0" },
  "node_modules/alias": { "name": "real", "version": "2.0.0" },
  "apps/api/node_modules/@prisma/client": { "version": "6.1.0" }
}}"""
PACKAGE_LOCK_1 = """{
  "lockfileVersion": 1,
  "dependencies": {
    "pg": {
      "version": "8.11.3",
      "dependencies": {
        "deep": {
          "version": "1.0.0"
        }
      }
    }
  }
}"""
PNPM = """lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      '@prisma/client':
        specifier: ^6
        version: 6.1.0(prisma@6.1.0)
      pg:
        specifier: 'catalog:'
        version: 8.11.3
packages:
  pg@8.11.3:
    resolution: {integrity: x}
"""
PNPM_5 = """lockfileVersion: 5.4
packages:
  /@prisma/client/4.1.0_prisma@4.1.0:
    dev: false
  /pg/8.11.3:
    dev: false
"""
YARN = """# yarn lockfile v1

"@prisma/client@^6.0.0", "@prisma/client@^6.1.0":
  version "6.1.0"
  resolved "x"

pg@^8.11.0:
  version "8.11.3"
  dependencies:
    pg-pool "^3"
"""
BERRY = """__metadata:
  version: 8

"@prisma/client@npm:^6.1.0":
  version: 6.1.0
  resolution: "@prisma/client@npm:6.1.0"

"own@workspace:.":
  version: 0.0.0-use.local

"pg@npm:^8.11.0":
  version: 8.11.3
"""
BUN = """{
  "lockfileVersion": 1,
  "packages": {
    "@prisma/client": ["@prisma/client@6.1.0", "", { "peerDependencies": {} }, "sha512-x"],
    "pg": ["pg@8.11.3", "", {}, "sha512-x"],
    "other/pg": ["pg@7.0.0", "", {}, "sha512-x"],
  }
}
"""

DENO = """{
  "version": "5",
  "specifiers": {
    "npm:@prisma/client@6": "6.1.0_prisma@6.9.0",
    "npm:pg@^8.11.0": "8.11.3"
  },
  "npm": {
    "pg@8.11.3": { "integrity": "sha512-x", "dependencies": ["pg-pool"] }
  },
  "workspace": { "dependencies": ["npm:pg@^8.11.0"] }
}
"""
DENO_3 = """{
  "version": "3",
  "packages": {
    "specifiers": {
      "npm:@prisma/client@^6.0.0": "npm:@prisma/client@6.1.0_prisma@6.9.0",
      "npm:pg@8": "npm:pg@8.11.3"
    }
  }
}
"""


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("pnpm-lock.yaml", PNPM),
        ("pnpm-lock.yaml", PNPM_5),
        ("yarn.lock", YARN),
        ("yarn.lock", BERRY),
        ("bun.lock", BUN),
        ("deno.lock", DENO),
        ("deno.lock", DENO_3),
        ("yarn.lock", YARN.replace("\n", "\r\n")),
    ],
)
def test_lock_files(path: str, source: str) -> None:
    version = "4.1.0" if source is PNPM_5 else "6.1.0"
    assert found(path, source) == [("@prisma/client", f"=={version}"), ("pg", "==8.11.3")]
    first, second = at_spans(path, source)
    assert first.startswith("@prisma/client")
    assert first.endswith(version)
    assert second.startswith("pg")
    assert second.endswith("8.11.3")


def test_what_comes_from_jsr() -> None:
    source = '{"specifiers": {"jsr:@db/postgres@~0.19.5": "0.19.5", "jsr:@std/fs@1": "1.0.1"}}'
    assert found("deno.lock", source) == [("@db/postgres", "==0.19.5"), ("@std/fs", "==1.0.1")]


def test_npms_lock_files() -> None:
    assert found("package-lock.json", PACKAGE_LOCK) == [
        ("pg", "==8.11.3"),
        ("alias", "==2.0.0"),
        ("@prisma/client", "==6.1.0"),
    ]
    assert found("package-lock.json", PACKAGE_LOCK_1) == [("pg", "==8.11.3")]


def test_only_the_names_that_matter() -> None:
    assert found("yarn.lock", YARN, frozenset({"pg"})) == [("pg", "==8.11.3")]
    source = json.dumps({"dependencies": {"a.b": "1.0.0", "c": "2.0.0"}})
    assert found("package.json", source, frozenset({"a-b"})) == [("a-b", "1.0.0")]


@pytest.mark.parametrize("source", ["{", "[1", "\x00", "{" * 100_000, '{"dependencies": {'])
def test_what_is_no_json_is_said(source: str) -> None:
    (note,) = read(File("package.json", source.encode())).notes
    assert "JSON" in note.text


@pytest.mark.parametrize(
    "source", ["[]", "1", '{"dependencies": []}', '{"dependencies": {"x": 1}}']
)
def test_odd_json(source: str) -> None:
    assert read(File("package.json", source.encode())) == Facts("package.json")


@pytest.mark.parametrize(
    "data",
    [
        b'"node_modules/' * 50_000,
        b'"a/' * 50_000,
        b"    a:\n" + b"\n" * 100_000,
        b"    a:\n      specifier: x\n" * 20_000,
        b"a@" * 50_000,
        b'  "a": [ "' + b"a@" * 50_000,
        b'"npm:a@' * 50_000,
        b'"npm:' + b"@" * 50_000,
        b'"npm:a@": "npm:' * 50_000,
    ],
)
def test_does_not_hang(data: bytes) -> None:
    for path in ("package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "deno.lock"):
        assert read(File(path, data)).path == path


FILES = [
    "package.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
    "deno.lock",
]
LOCKS = [PACKAGE_LOCK, PNPM, YARN, BERRY, BUN, DENO, DENO_3]


@given(
    st.sampled_from(FILES),
    st.binary(max_size=100)
    | st.tuples(st.sampled_from(LOCKS), st.integers(0, 400)).map(lambda p: p[0][p[1] :].encode()),
)
def test_anything_at_all(path: str, data: bytes) -> None:
    for one in read(File(path, data)).packages:
        assert 0 <= one.span.start <= one.span.end <= len(data)


def test_what_scripts_set() -> None:
    """`scripts` are commands of a shell, inside JSON."""
    dsn = "postgresql://postgres:Tr0ub4dour-xk@db.qzxwvutsrponmlkjihgf.supabase.co:5432/postgres"
    content = {
        "description": f"not {dsn}",
        "scripts": {"push": f'DB="{dsn}" drizzle-kit push', "psql": f"psql {dsn}", "x": 1},
    }
    file = File("package.json", json.dumps(content).encode())
    facts = scripts(file, {}, lambda callee: False)
    assert [(one.name, one.container) for one in facts.settings] == [
        ("DB", "scripts.push.drizzle-kit@1"),
        ("psql", "scripts.psql"),
    ]
    for setting in facts.settings:
        span = setting.value.span
        assert file.data[span.start : span.end].decode() == dsn
    assert len(facts.mentions) == 1


@pytest.mark.parametrize("content", ["[]", '{"scripts": "postgres://a@b/c supabase.co"}', "{", ""])
def test_scripts_of_another_shape(content: str) -> None:
    file = File("package.json", content.encode())
    assert not scripts(file, {}, lambda callee: False).settings
