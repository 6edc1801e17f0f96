"""What imports name, and the import maps of Deno."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.knowledge import load
from supa_lint.model import Facts, Package
from supa_lint.read.imports import Imports, import_maps, specifier
from supa_lint.read.javascript import read
from supa_lint.source import File
from supa_lint.versions import all_match
from support import TRANSACTION, places, run

EVERYWHERE = load().names["imports"]


def named(text: str, imports: Imports | None = None, path: str = "main.ts") -> str:
    found = (imports or Imports(EVERYWHERE)).meant(text, path)
    return f"{found.name}@{found.version}" if found.version else found.name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pg", "pg"),
        ("npm:pg", "pg"),
        ("npm:pg@8", "pg@8"),
        ("npm:/pg@8.11.3", "pg@8.11.3"),
        ("npm:drizzle-orm@0.33.0/postgres-js", "drizzle-orm/postgres-js@0.33.0"),
        ("npm:/drizzle-orm@0.33.0/postgres-js/index.js", "drizzle-orm/postgres-js@0.33.0"),
        ("npm:@prisma/client@6", "@prisma/client@6"),
        ("jsr:@db/postgres", "@db/postgres"),
        ("jsr:@db/postgres@^0.19.4", "@db/postgres@^0.19.4"),
        ("node:fs", "fs"),
        ("https://deno.land/x/postgres@v0.17.0/mod.ts", "@db/postgres@v0.17.0"),
        ("https://deno.land/x/postgres/mod.ts", "@db/postgres"),
        ("https://deno.land/x/postgresjs@v3.3.3/mod.js", "postgres@v3.3.3"),
        ("https://deno.land/x/postgresjs/mod.js", "postgres"),
        ("https://deno.land/x/postgres_x@v1/mod.ts", "deno.land/x/postgres_x@v1"),
        ("https://esm.sh/pg@8", "pg@8"),
        ("https://esm.sh/pg@8.11.3?target=deno", "pg@8.11.3"),
        ("https://esm.sh/postgres", "postgres"),
        ("https://cdn.example.org/pg@8", "cdn.example.org/pg@8"),
        ("./lib/db.ts", "lib.db"),
        ("@/lib/db", "lib.db"),
        ("with space", "?"),
        ("", "?"),
    ],
)
def test_what_an_import_names(text: str, expected: str) -> None:
    assert named(text) == expected


def test_the_package_of_a_module() -> None:
    assert specifier("npm:@neon/x@1/y/z").package == "@neon/x"
    assert specifier("drizzle-orm/pg").package == "drizzle-orm"


def maps(files: dict[str, str]) -> Imports:
    return Imports(
        EVERYWHERE, import_maps(File(path, data.encode()) for path, data in files.items())
    )


def test_the_nearest_import_map_counts() -> None:
    imports = maps(
        {
            "deno.jsonc": """{ // all
                "imports": { "postgres": "npm:postgres@3.4.5", "lib/": "./lib/", }, }""",
            "supabase/functions/import_map.json": '{"imports": {"postgres": "https://deno.land/x/postgres@v0.17.0/mod.ts"}}',
            "supabase/functions/a/deno.json": '{"imports": {"sql": "https://deno.land/x/postgresjs@v3.3.3/mod.js"}}',
            "other.json": '{"imports": {"pg": "npm:nothing"}}',
        }
    )
    assert named("postgres", imports) == "postgres@3.4.5"
    assert named("lib/db.ts", imports) == "lib.db"
    assert named("pg", imports) == "pg"
    assert named("postgres", imports, "supabase/functions/b/index.ts") == "@db/postgres@v0.17.0"
    assert named("sql", imports, "supabase/functions/a/index.ts") == "postgres@v3.3.3"
    assert named("postgres", imports, "supabase/functions/a/index.ts") == "postgres"


@pytest.mark.parametrize(
    "data", ["", "{", "[]", '{"imports": 1}', '{"imports": {"a": 1, "b": "c d"}}', "\0", "{" * 5000]
)
def test_what_is_no_import_map(data: str) -> None:
    assert maps({"deno.json": data}).by_folder.get("", {}) == {}


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    import_maps([File("deno.json", data)])


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    found = named(text, Imports(EVERYWHERE, {"": {"a/": text, text: "npm:pg@8"}}))
    assert all(char.isascii() for char in found)


# --- versions -----------------------------------------------------------------------------------


def packages(source: str, imports: Imports | None = None) -> tuple[Package, ...]:
    facts: Facts = read(File("main.ts", source.encode()), bool, imports or Imports(EVERYWHERE))
    return facts.packages


@pytest.mark.parametrize(
    ("source", "name", "inside"),
    [
        ('import pg from "npm:pg@8"', "pg", ">=8,<9"),
        ('import pg from "npm:pg@8.11.3"', "pg", "==8.11.3"),
        ('const pg = await import("npm:pg@^8.11")', "pg", ">=8.11,<9"),
        ('export { sql } from "https://esm.sh/postgres@3.4.5"; ', "postgres", "==3.4.5"),
        (
            'import * as p from "https://deno.land/x/postgres@v0.17.0/mod.ts"',
            "@db/postgres",
            "==0.17",
        ),
    ],
)
def test_the_version_in_an_import(source: str, name: str, inside: str) -> None:
    (package,) = packages(source)
    assert (package.name, package.of_import) == (name, True)
    assert all_match(package.specifier, inside) is True
    at = source[package.span.start : package.span.end]
    assert at[0] == at[-1] == '"'
    assert "@" in at


def test_no_version() -> None:
    assert packages('import pg from "npm:pg"; import x from "./x@2"; import "y"') == ()


def test_a_version_counts_for_the_file_that_imports_it() -> None:
    url = TRANSACTION.replace("6543", "5432")
    code = 'import pg from "{}"; new pg.Pool({{ connectionString: Deno.env.get("DATABASE_URL") }});'
    files = {
        ".env": f"DATABASE_URL={url}\n",
        "package.json": json.dumps({"dependencies": {"pg": "9.0.0"}}),
        "main.ts": code.format("npm:pg@8.13.1"),
        "src/db.ts": code.format("pg"),
    }
    assert places(run(files), "verification-without-ca") == ["main.ts:1"]


# --- deno.json ----------------------------------------------------------------------------------


DUMP = f"pg_dump {TRANSACTION}"


@pytest.mark.parametrize("task", [DUMP, {"description": "x", "command": DUMP}])
def test_tasks_and_packages_of_deno_json(task: object) -> None:
    tables = {"imports": {"pg": "npm:pg@8.13.1"}, "tasks": {"x": ["y"], "dump": task}}
    url = TRANSACTION.replace("6543", "5432")
    report = run(
        {
            "deno.json": json.dumps(tables),
            ".env": f"DATABASE_URL={url}\n",
            "main.ts": 'import { Pool } from "pg";\n'
            'new Pool({ connectionString: Deno.env.get("DATABASE_URL") });',
        }
    )
    assert places(report, "dump-in-transaction-mode") == ["deno.json:1"]
    assert places(report, "verification-without-ca") == ["main.ts:2"]


def test_a_comment_in_deno_jsonc() -> None:
    report = run(
        {"deno.jsonc": f"""{{
          // "old": "pg_dump {TRANSACTION}"
          "tasks": {{ "dump": "pg_dump {TRANSACTION}", }},
        }}"""}
    )  # fmt: skip
    assert places(report, "dump-in-transaction-mode") == ["deno.jsonc:3"]


def test_a_platform_whose_table_stands_in_deno_json() -> None:
    files = {
        "deno.json": '{"deploy": {"project": "x"}, "tasks": {"a": "b"}}',
        ".env": f"X={TRANSACTION}",
    }
    assert run(files).findings == ()
