"""`map`: what the readers and the linker understood."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from supa_lint.config import Config
from supa_lint.connection_map import FORMATS, connection_map
from supa_lint.knowledge import load
from supa_lint.workspace import Workspace
from support import DIRECT, REF, SESSION, TRANSACTION, tree_of

CANARY = "Tr0ub4dour-xk"
FILES = {
    ".env": (
        f"# {SESSION}\nDATABASE_URL={TRANSACTION}\nDIRECT_URL={DIRECT}\nKEY=sb_secret_{CANARY}\n"
    ),
    "api/db.py": (
        'import os\n\nimport asyncpg\n\npool = asyncpg.create_pool(os.environ["DATABASE_URL"])\n'
    ),
    "api/other.py": 'import os\n\nimport psycopg\n\nc = psycopg.connect(os.environ["ELSEWHERE"])\n',
    "settings.py": f'LEGACY = "{SESSION}"\n',
    "vercel.json": "{}\n",
}


def show(files: Mapping[str, str], format: str = "text") -> str:
    workspace = Workspace(Config(), load(), tree_of(files))
    text = FORMATS[format](connection_map(workspace))
    assert CANARY not in text
    assert "\x1b" not in text
    return text


def test_text() -> None:
    assert show(FILES) == (
        "DATABASE_URL  .env:2\n"
        f"   -> the shared pooler in transaction mode, IPv4, project {REF}, eu-west-1\n"
        "      -> asyncpg (names prepared statements)  api/db.py:5\n"
        "         -> Vercel (outbound IPv6: no)  vercel.json:1\n"
        "DIRECT_URL  .env:3\n"
        f"   -> a direct connection, IPv6, project {REF}\n"
        "      -> no client seen\n"
        "         -> Vercel (outbound IPv6: no)  vercel.json:1\n"
        "LEGACY  settings.py:1\n"
        f"   -> the shared pooler in session mode, IPv4, project {REF}, eu-west-1\n"
        "      -> unknown client (code reads it, but supa-lint sees no call)\n"
        "         -> unknown platform\n"
        "\n"
        "Clients that no connection string was followed to:\n"
        "  psycopg  api/other.py:5  reads ELSEWHERE\n"
        "\n"
        "Connection strings in comments and prose: 1\n"
    )


def test_several_clients_of_one_setting_share_its_line() -> None:
    second = FILES["api/db.py"].replace("create_pool", "connect")
    text = show({**FILES, "api/jobs.py": second})
    assert text.count("DATABASE_URL") == 1
    assert "api/db.py:5" in text
    assert "api/jobs.py:5" in text


def test_a_constant_stands_with_its_client_only() -> None:
    code = f'import psycopg\n\nURL = "{TRANSACTION}"\nconnection = psycopg.connect(URL)\n'
    rows = json.loads(show({"db.py": code}, "json"))["connections"]
    assert [(row["setting"]["name"], row["client"]["library"]) for row in rows] == [
        ("URL", "psycopg")
    ]


def test_a_client_that_is_given_another_client_connects_through_it() -> None:
    code = (
        'import postgres from "postgres";\n'
        'import { drizzle } from "drizzle-orm/postgres-js";\n'
        "const client = postgres(process.env.DATABASE_URL);\n"
        "export const db = drizzle(client);\n"
    )
    text = show({".env": f"DATABASE_URL={TRANSACTION}\n", "db.ts": code})
    assert "postgres.js" in text
    assert "no connection string was followed to" not in text


def test_json() -> None:
    data = json.loads(show(FILES, "json"))
    first = data["connections"][0]
    assert first == {
        "setting": {"name": "DATABASE_URL", "path": ".env", "line": 2, "place": "live"},
        "endpoint": {
            "label": "the shared pooler in transaction mode",
            "kind": "shared-pooler",
            "mode": "transaction",
            "family": "ipv4",
            "project": REF,
            "region": "eu-west-1",
        },
        "client": {
            "library": "asyncpg",
            "label": "asyncpg",
            "path": "api/db.py",
            "line": 5,
            "prepares": True,
        },
        "read_by_unknown_code": False,
        "platform": {"label": "Vercel", "ipv6": "no", "path": "vercel.json", "line": 1},
    }
    assert data["connections"][2]["client"] is None
    assert data["connections"][2]["platform"] is None
    assert data["loose_clients"] == [
        {"label": "psycopg", "path": "api/other.py", "line": 5, "variables": ["ELSEWHERE"]}
    ]
    assert data["mentioned"] == 1


def test_a_call_for_something_else_is_no_loose_client() -> None:
    laravel = (
        "<?php return ['connections' => [\n"
        "'mysql' => ['driver' => 'mysql', 'url' => env('OLD_URL')],\n"
        "'pgsql' => ['driver' => 'pgsql', 'url' => env('NEW_URL')],\n]];\n"
    )
    package = '{"scripts": {"dev": "wrangler pages dev ./build"}}\n'
    data = json.loads(show({"config/database.php": laravel, "package.json": package}, "json"))
    assert data["loose_clients"] == [
        {"label": "Laravel", "path": "config/database.php", "line": 3, "variables": ["NEW_URL"]}
    ]


def _nodes(chart: str) -> dict[str, str]:
    return dict(re.findall(r'^  (\w+)[(\[]+"(.*)"[)\]]+$', chart, re.MULTILINE))


def test_mermaid() -> None:
    chart = show(FILES, "mermaid")
    assert chart.startswith("flowchart LR\n")
    nodes = _nodes(chart)
    edges = re.findall(r"^  (\w+) --> (\w+)$", chart, re.MULTILINE)
    assert len(nodes) + len(edges) + 1 == len(chart.splitlines())
    named = {nodes[left]: nodes[right] for left, right in edges}
    endpoint = named["DATABASE_URL<br/>.env:2"]
    assert endpoint.startswith("the shared pooler in transaction mode")
    assert named[endpoint] == "asyncpg (names prepared statements)<br/>api/db.py:5"
    assert named[named[endpoint]] == "Vercel (outbound IPv6: no)"
    assert named["ELSEWHERE"] == "unknown"


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_project(format: str) -> None:
    text = show({}, format)
    assert text.endswith("\n")


def test_names_cannot_leave_their_place() -> None:
    path = 'a"]-->x\x1b[31m<script>#`.env'
    chart = show({path: f"DATABASE_URL={TRANSACTION}\n"}, "mermaid")
    nodes: Any = _nodes(chart).values()
    assert len(nodes) == 4
    for text in nodes:
        assert not set(text.replace("<br/>", "")) & set('"<>`[]{}|')
    assert "DATABASE_URL" in show({path: f"DATABASE_URL={TRANSACTION}\n"})


def test_clients_that_a_configuration_file_makes() -> None:
    knexfile = """module.exports = {
  test: { client: 'pg', connection: process.env.TEST_URL },
  production: { client: 'pg', connection: process.env.DATABASE_URL },
};
"""
    files = {
        ".env": f"DATABASE_URL={TRANSACTION}\n",
        "knexfile.js": knexfile,
        "src/config.js": "module.exports = { production: { url: process.env.ELSEWHERE } };\n",
    }
    text = show(files)
    assert "-> Knex (no named prepared statements)  knexfile.js:3" in text
    assert "no connection string was followed" not in text
