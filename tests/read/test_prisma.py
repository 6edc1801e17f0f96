"""The reader of Prisma schemas."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.model import Call, Facts, Listing, Value
from supa_lint.read.prisma import read
from supa_lint.source import File
from support import spans

DSN = "postgresql://postgres:Tr0ub4dour-xk@db.qzxwvutsrponmlkjihgf.supabase.co:5432/postgres"

SCHEMA = f"""\
// url = "{DSN}"
generator client {{
  provider        = "prisma-client-js"   // é
  previewFeatures = ["driverAdapters",
                     "multiSchema"]
  engineType      = "client"
}}

datasource db {{
  provider  = "postgresql"
  url       = env("DATABASE_URL")
  directUrl = "{DSN}"
  // shadowDatabaseUrl = env("SHADOW_URL")
}}

model User {{
  id  Int    @id
  url String @default("x")
}}
"""


def facts(source: str) -> Facts:
    found = read(File("prisma/schema.prisma", dedent(source).encode()))
    assert "Tr0ub4dour" not in repr(found)
    return found


def call(source: str, callee: str) -> Call:
    (only,) = [one for one in facts(source).calls if one.callee == callee]
    return only


def words(call: Call) -> dict[str, object]:
    """What a call gets, as text."""
    result: dict[str, object] = {}
    for name, value in call.keywords:
        if isinstance(value, Listing):
            result[name] = [one.text for one in value.items if isinstance(one, Value)]
        elif isinstance(value, Value):
            result[name] = f"${value.hole.variable}" if value.hole else value.text
    return result


def test_the_datasource() -> None:
    assert words(call(SCHEMA, "prisma.datasource")) == {
        "provider": "postgresql",
        "url": "$DATABASE_URL",
        "directUrl": "postgresql://db.qzxwvutsrponmlkjihgf.supabase.co",
        "previewFeatures": ["driverAdapters", "multiSchema"],
        "engineType": "client",
    }


def test_the_generator() -> None:
    assert words(call(SCHEMA, "prisma.generator")) == {
        "provider": "prisma-client-js",
        "previewFeatures": ["driverAdapters", "multiSchema"],
        "engineType": "client",
    }


def test_what_stands_beside_the_calls() -> None:
    found = facts(SCHEMA)
    assert [one.variable for one in found.reads] == ["DATABASE_URL"]
    assert [(one.container, one.name, one.exported) for one in found.settings] == [
        ("datasource db", "directUrl", False)
    ]
    assert [one.comment for one in found.mentions] == [True]


def test_spans_are_exact() -> None:
    data = b"\xef\xbb\xbf" + SCHEMA.encode()
    found = read(File("schema.prisma", data))
    datasource = next(one for one in found.calls if one.callee == "prisma.datasource")
    assert data[datasource.span.start : datasource.span.end].startswith(b"datasource db {")
    assert data[datasource.span.start : datasource.span.end].endswith(b"}")
    url, direct = datasource.keyword("url"), datasource.keyword("directUrl")
    assert isinstance(url, Value)
    assert data[url.span.start : url.span.end] == b'env("DATABASE_URL")'
    assert isinstance(direct, Value)
    assert direct.dsn
    assert direct.dsn.port
    assert data[direct.dsn.port.span.start : direct.dsn.port.span.end] == b"5432"
    (setting,) = found.settings
    assert data[setting.span.start : setting.span.end] == f'directUrl = "{DSN}"'.encode()


@pytest.mark.parametrize(
    "source",
    [
        'datasource db {\n  provider = "mysql"\n  url = env("X")\n}',
        'datasource db {\n  provider = "cockroachdb"\n  url = env("X")\n}',
        'datasource db {\n  url = env("X")\n}',
        '// datasource db {\n//  provider = "postgresql"\n// }',
        "model datasource {\n  provider String\n}",
        "",
    ],
)
def test_no_datasource_of_postgres(source: str) -> None:
    assert not facts(source).calls


@pytest.mark.parametrize(
    "source",
    [
        'datasource db {\n  provider = "postgres"\n  url = env("X")\n}',
        'datasource db {\n  provider = ["sqlite", "postgresql"]\n  url = env("X")\n}',
        'datasource db { // why\n  provider = "postgresql"\n  url = env( "X" ) // url = env("Y")\n}',
        'datasource db {\r\n  provider = "postgresql"\r\n  url = env("X")\r\n',
        'datasource a {\n}\ndatasource db {\n  provider = "postgresql"\n  url = env("X")\n}',
    ],
)
def test_spellings(source: str) -> None:
    assert words(call(source, "prisma.datasource"))["url"] == "$X"


def test_a_generator_of_something_else_has_no_say() -> None:
    source = (
        'generator zod {\n provider = "zod-prisma"\n engineType = "library"\n}\n'
        'generator c {\n provider = "prisma-client"\n}\n'
        'datasource db {\n provider = "postgresql"\n}'
    )
    assert words(call(source, "prisma.datasource")) == {"provider": "postgresql"}


PIECES = (
    *("datasource", " db ", "{", "}", "\n", '"', "=", "url", "provider", "env(", ")", "[", "]"),
    *('"postgresql"', "//", f'"{DSN}"', "generator", "é", "\\", "\ufffc", "\r\n", ",", " "),
)


@given(st.binary(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_anything_at_all(source: bytes | str) -> None:
    data = source.encode() if isinstance(source, str) else source
    found = read(File("a.prisma", data))
    assert all(0 <= span.start <= span.end <= len(data) for span in spans(found))
    assert "Tr0ub4dour" not in repr(found)
