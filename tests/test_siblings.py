"""What is set beside a connection."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from supa_lint.config import Config
from supa_lint.knowledge import load
from supa_lint.lint import Linked, connect
from supa_lint.model import Connection, Setting
from supa_lint.siblings import other_project, override, placeholder, second_pooler
from support import DIRECT, REF, SESSION, TRANSACTION, tree_of

OTHER = "abcdefzyxwvutsrqponm"
DEDICATED = DIRECT.replace(":5432", ":6543")


def linked(files: Mapping[str, str]) -> Linked:
    return connect(tree_of(files), Config(), load())


def of(found: Linked, name: str, path: str = ".env") -> Connection:
    (one,) = (
        connection
        for connection in found.connections
        if connection.setting
        and (connection.setting.name, connection.setting.span.path) == (name, path)
    )
    return one


def lines(**settings: str) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def name_of(setting: Setting | None) -> str | None:
    return setting.name if setting else None


# --- another project ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"SUPABASE_URL": f"https://{OTHER}.supabase.co"}, "SUPABASE_URL"),
        ({"SUPABASE_URL": f"https://{REF}.supabase.co"}, None),
        ({"SUPABASE_URL": "https://project-ref.supabase.co"}, None),
        ({"SUPABASE_URL": "https://api.example.com"}, None),
        ({"OLD_SUPABASE_URL": f"https://{OTHER}.supabase.co"}, None),
        ({"DIRECT_URL": DIRECT.replace(REF, OTHER)}, "DIRECT_URL"),
        ({"DIRECT_URL": DIRECT.replace(REF, f"{REF}-rr-eu-west-1-abcde")}, None),
        ({"DIRECT_URL": DIRECT.replace(REF, "your-project-ref")}, None),
        ({"DIRECT_URL": "postgres://u:kX7vQ2mZp9wL@db.example.com/x"}, None),
        ({"POSTGRES_URL": DIRECT, "DIRECT_URL": DIRECT.replace(REF, OTHER)}, "DIRECT_URL"),
        # The API says which project is meant, whatever another DSN names.
        (
            {
                "DIRECT_URL": DIRECT.replace(REF, OTHER),
                "SUPABASE_URL": f"https://{REF}.supabase.co",
            },
            None,
        ),
    ],
)
def test_another_project_beside_it(settings: dict[str, str], found: str | None) -> None:
    one = linked({".env": lines(**settings, DATABASE_URL=SESSION)})
    assert name_of(other_project(of(one, "DATABASE_URL"), one.project)) == found


def test_the_api_may_stand_below() -> None:
    files = {".env": lines(DATABASE_URL=SESSION, SUPABASE_URL=f"https://{OTHER}.supabase.co")}
    one = linked(files)
    assert name_of(other_project(of(one, "DATABASE_URL"), one.project)) == "SUPABASE_URL"


def test_of_two_dsns_the_first_says_which_project_is_meant() -> None:
    files = {".env": lines(DATABASE_URL=SESSION, DIRECT_URL=DIRECT.replace(REF, OTHER))}
    one = linked(files)
    assert other_project(of(one, "DATABASE_URL"), one.project) is None
    assert name_of(other_project(of(one, "DIRECT_URL"), one.project)) == "DATABASE_URL"


@pytest.mark.parametrize(
    ("name", "dsn"),
    [
        ("ANALYTICS_URL", SESSION),
        ("DATABASE_URL", SESSION.replace(REF, "your-project-ref")),
        ("DATABASE_URL", SESSION.replace(f".{REF}", "")),
    ],
)
def test_what_may_well_be_of_another_project(name: str, dsn: str) -> None:
    one = linked({".env": lines(SUPABASE_URL=f"https://{OTHER}.supabase.co", **{name: dsn})})
    assert other_project(of(one, name), one.project) is None


def test_a_mention_has_no_sibling() -> None:
    one = linked({"README.md": f"`{SESSION}`\n"})
    (connection,) = one.connections
    assert connection.setting is None
    for sibling in (other_project, override, placeholder):
        assert sibling(connection, one.project) is None


# --- a second pooler ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "settings", "found"),
    [
        (DEDICATED, {"POSTGRES_URL": TRANSACTION}, "POSTGRES_URL"),
        (DEDICATED, {"API_KEY": "x", "A_URL": DIRECT, "POSTGRES_URL": SESSION}, "POSTGRES_URL"),
        (DEDICATED, {"POSTGRES_URL": TRANSACTION.replace(REF, OTHER)}, None),
        (DEDICATED, {"POSTGRES_URL": TRANSACTION.replace(f".{REF}", "")}, None),
        (DEDICATED, {"POSTGRES_URL": DIRECT}, None),
        (DEDICATED, {"DIRECT_URL": SESSION}, None),  # that is what migrations take
        (DEDICATED, {"migration_url": SESSION}, None),
        (DIRECT, {"POSTGRES_URL": TRANSACTION}, None),
        (SESSION, {"POSTGRES_URL": TRANSACTION}, None),
    ],
)
def test_the_shared_pooler_beside_the_dedicated_one(
    own: str, settings: dict[str, str], found: str | None
) -> None:
    one = linked({".env": lines(DATABASE_URL=own, **settings)})
    assert name_of(second_pooler(of(one, "DATABASE_URL"), one.project)) == found


# --- a placeholder --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"SUPABASE_KEY": "your-secret-key", "X": "1"}, "SUPABASE_KEY"),
        ({"X": "1", "SUPABASE_KEY": "[YOUR-KEY]"}, "SUPABASE_KEY"),
        ({"SUPABASE_KEY": "kX7vQ2mZp9wL"}, None),
        ({}, None),
    ],
)
def test_a_word_to_be_replaced_beside_it(settings: dict[str, str], found: str | None) -> None:
    one = linked({".env": lines(DATABASE_URL=SESSION, **settings)})
    assert name_of(placeholder(of(one, "DATABASE_URL"), one.project)) == found


def test_another_file_is_not_beside_it() -> None:
    one = linked(
        {".env": lines(DATABASE_URL=SESSION), ".env.local": lines(SUPABASE_KEY="your-secret-key")}
    )
    assert placeholder(of(one, "DATABASE_URL"), one.project) is None


def test_another_container_of_the_file_is_beside_it() -> None:
    compose = (
        "services:\n"
        f"  api:\n    environment:\n      DATABASE_URL: {SESSION}\n"
        "  web:\n    environment:\n      SUPABASE_KEY: your-secret-key\n"
    )
    one = linked({"compose.yml": compose})
    connection = of(one, "DATABASE_URL", "compose.yml")
    assert name_of(placeholder(connection, one.project)) == "SUPABASE_KEY"


# --- the same variable in another file ------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        (".env.local", lines(DATABASE_URL=SESSION), True),
        (".env.local", lines(A="1", DATABASE_URL=SESSION), True),
        (".env.local", lines(DATABASE_URL="kX7vQ2mZp9wL"), True),
        (".env.local", lines(DATABASE_URL="your-database-url"), False),
        (
            ".env.local",
            lines(DATABASE_URL=SESSION.replace("Tr0ub4dour-xk", "[YOUR-PASSWORD]")),
            False,
        ),
        (".env.local", lines(DIRECT_URL=SESSION), False),
        (".env.example", lines(DATABASE_URL=SESSION), False),
        ("app/.env", lines(DATABASE_URL=SESSION), False),
        (
            "compose.yml",
            f"services:\n  api:\n    environment:\n      DATABASE_URL: {SESSION}\n",
            True,
        ),
        (
            "compose.yml",
            "services:\n  api:\n    environment:\n      DATABASE_URL: ${DATABASE_URL}\n",
            False,
        ),
        ("render.yaml", "services:\n- envVars:\n  - {key: DATABASE_URL, sync: false}\n", False),
        ("dump.sh", f"pg() {{\n  DATABASE_URL='{SESSION}' pg_dump\n}}\n", False),
    ],
)
def test_a_file_that_sets_it_over(path: str, text: str, found: bool) -> None:
    one = linked({".env": lines(DATABASE_URL=TRANSACTION), path: text})
    other = override(of(one, "DATABASE_URL"), one.project)
    assert (other.span.path if other else None) == (path if found else None)


TO_FILL_IN = SESSION.replace("Tr0ub4dour-xk", "[YOUR-PASSWORD]")


@pytest.mark.parametrize(
    ("path", "text", "mentioned"),
    [
        (".env.local", lines(DATABASE_URL=SESSION), True),
        (".env.local", lines(DATABASE_URL=TO_FILL_IN), False),
        (".env.supabase.local", lines(DATABASE_URL=SESSION), False),
        ("prod.env", lines(DATABASE_URL=SESSION), False),
        (
            "compose.yml",
            f"services:\n  api:\n    environment:\n      DATABASE_URL: {SESSION}\n",
            True,
        ),
    ],
)
def test_what_is_to_be_filled_in_and_overridden_is_only_mentioned(
    path: str, text: str, mentioned: bool
) -> None:
    base = ".env" if path != ".env.supabase.local" else ".env.docker"
    one = linked({base: lines(DATABASE_URL=TO_FILL_IN), path: text})
    assert (of(one, "DATABASE_URL", base).mention is not None) is mentioned
    one = linked({base: lines(DATABASE_URL=TRANSACTION), path: text})
    assert of(one, "DATABASE_URL", base).mention is None


def test_a_file_does_not_override_itself() -> None:
    one = linked({".env": lines(DATABASE_URL=TRANSACTION)})
    assert override(of(one, "DATABASE_URL"), one.project) is None
