"""Names and values of a project give no orders: to a terminal, a CI runner, Markdown or Mermaid."""

from __future__ import annotations

import json

import pytest

from supa_lint.config import Config
from supa_lint.connection_map import FORMATS as MAPS
from supa_lint.connection_map import connection_map
from supa_lint.diagnose import diagnose
from supa_lint.inspect_dsn import inspect, render_json, render_text
from supa_lint.knowledge import load
from supa_lint.report import FORMATS, render
from supa_lint.workspace import Workspace
from support import run, tree_of

ORDERS = "a\u202eb\x9b31m\x1b[2J\u2066[x](http://e.x){0}<img src=x>`##vso[task.complete]\n::set-output name=a::b"
DSN = "postgresql://postgres:Tr0ub4dour-xk@aws-0-eu-west-1.pooler.supabase.com:6543/postgres"
FILES = {
    f"{ORDERS}/.env": f"DATABASE_URL={DSN}\nNEXT_PUBLIC_DATABASE_URL={DSN}?sslmode={ORDERS[:20]}\n",
    "c/compose.yml": f"services:\n  {json.dumps(ORDERS)}:\n    environment:\n      A: {json.dumps(DSN + '?x=' + ORDERS)}\n",
    "d/.env": "DATABASE_URL=postgres://u{0}[x](y):p@{0}.pooler.supabase.com:6543/x\n",
}


def outputs() -> dict[str, str]:
    report = run(FILES, pedantic=True, tracked=True)
    workspace = Workspace(Config(), load(), tree_of(FILES))
    found = {name: render(report, name) for name in FORMATS}
    found |= {f"map {name}": show(connection_map(workspace)) for name, show in MAPS.items()}
    asked = inspect(f"{DSN}?sslmode={ORDERS}".replace("\n", ""), load())
    found |= {"inspect": render_text(asked), "inspect json": render_json(asked)}
    found["diagnose"] = diagnose(f"{ORDERS}: Tenant or user not found", workspace)[1]
    return found


@pytest.fixture(scope="module")
def shown() -> dict[str, str]:
    return outputs()


def test_nothing_drives_a_terminal_or_a_runner(shown: dict[str, str]) -> None:
    for output, text in shown.items():
        for order in ("\u202e", "\u2066", "\x9b", "\x1b", "\\u001b", "\\u202e", "##vso["):
            assert order not in text, output
        assert not any(line.lstrip().startswith("::set-output") for line in text.splitlines())


def test_what_is_marked_up_gets_no_markup(shown: dict[str, str]) -> None:
    for output in ("sarif", "map mermaid"):
        for order in ("<img", "[x](", "{0}"):
            assert order not in shown[output], output
