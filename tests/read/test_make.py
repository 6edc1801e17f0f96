from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.knowledge import load
from supa_lint.model import HOLE, Call, Facts, Setting, Value
from supa_lint.read import make
from supa_lint.source import File
from support import DIRECT, REF, SESSION, TRANSACTION, places, run

WANTED = {"shell.pg_dump", "shell.prisma"}


def read(content: str | bytes, path: str = "Makefile") -> tuple[File, Facts]:
    file = File(path, content.encode() if isinstance(content, str) else content)
    return file, make.read(file, load().platforms, WANTED.__contains__)


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


def only(facts: Facts) -> Setting:
    (found,) = facts.settings
    return found


def call(facts: Facts) -> Call:
    (found,) = facts.calls
    return found


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("Makefile", f"DB = {DIRECT}\n"),
        ("GNUmakefile", f"DB:={DIRECT}\n"),
        ("Makefile", f"export DB ::= {DIRECT}   # why\n"),
        ("Makefile", f"DB = '{DIRECT}'\r\n"),
        ("Makefile", f"DB = \\\n  {DIRECT}# why\n"),
        ("rules.mk", f"override DB := {DIRECT}"),
        ("Makefile", f"dump other: export DB = {DIRECT}\n"),
        ("Makefile", f"ifeq ($(X),1)\n  DB = {DIRECT}\nendif\n"),
        ("justfile", f"DB := '{DIRECT}'\n"),
        ("Justfile", f'export DB := "{DIRECT}"  # why\n'),
        ("all.just", f'DB:="{DIRECT}"\r\n'),
    ],
)
def test_a_variable_and_its_places(path: str, line: str) -> None:
    file, facts = read(f"# é\n{line}", path)
    found = only(facts)
    assert (found.name, found.platform) == ("DB", None)
    assert found.container == ("dump" if line.startswith("dump") else "")
    # Only what is exported is a variable of the environment, and that of what the file runs.
    assert found.exported is found.of_script is ("export" in line)
    assert at(file, found.value) == DIRECT
    assert at(file, found).startswith("DB")
    assert not facts.mentions


@pytest.mark.parametrize(
    ("path", "line", "default"),
    [
        ("Makefile", f"DB ?= {DIRECT}\n", True),
        ("justfile", f'DB := env_var_or_default("DB", "{DIRECT}")\n', True),
        ("justfile", f"DB := env('DB', '{DIRECT}')\n", True),
        ("justfile", "DB := env_var('DB')\n", False),
    ],
)
def test_a_default_counts_where_nothing_sets_the_variable(
    path: str, line: str, default: bool
) -> None:
    file, facts = read(line, path)
    hole = only(facts).value.hole
    assert hole is not None
    assert hole.variable == "DB"
    assert (hole.default is not None and at(file, hole.default) == DIRECT) is default


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("Makefile", f"DB += {DIRECT}\n"),
        ("Makefile", "DB != cat db\n"),
        ("Makefile", "DB = $(shell cat db)\n"),
        ("justfile", f"DB := '{DIRECT}' + x\n"),
        ("justfile", "DB := `cat db`\n"),
    ],
)
def test_what_is_unknown(path: str, line: str) -> None:
    hole = only(read(line, path)[1]).value.hole
    assert hole is not None
    assert (hole.variable, hole.default) == (None, None)


def test_references_are_holes() -> None:
    url = "postgres://$(USER):${PW}@$(firstword $(HOSTS)):6543/$$x"
    _, facts = read(f"DB = {url}\n")
    value = only(facts).value
    assert [hole.variable for hole in value.holes] == [None]
    assert value.dsn is not None
    assert value.dsn.user is not None
    assert value.dsn.port is not None
    assert [hole.variable for hole in value.dsn.user.holes] == ["USER"]
    assert value.dsn.port.text == "6543"


@pytest.mark.parametrize(
    ("path", "recipe"),
    [
        ("Makefile", 'dump: build\n\t@pg_dump "$(DB)" > $@\n'),
        ("Makefile", "dump:\n# why\n\n\t-@pg_dump \\\n\t  ${DB}\n"),
        ("Makefile", 'dump:\n\tfor f in a b; do pg_dump "$$DB"; done\n'),
        ("justfile", "# why\ndump file='x':\n    @pg_dump {{ DB }} > {{file}}\n"),
        ("justfile", 'dump:\n  #!/usr/bin/env bash\n  set -e\n  pg_dump "$DB"\n'),
    ],
)
def test_a_recipe_is_a_script(path: str, recipe: str) -> None:
    file, facts = read(f"A = 1\n{recipe}", path)
    found = call(facts)
    assert found.callee == "shell.pg_dump"
    assert at(file, found).startswith("pg_dump")
    (value,) = (v for _, v in found.keywords if isinstance(v, Value))
    assert [hole.variable for hole in value.holes] == ["DB"]


@pytest.mark.parametrize(
    ("path", "line", "symbol"),
    [
        ("Makefile", "DB = 1\n", "make:DB"),
        ("Makefile", "export DB = 1\n", None),
        ("Makefile", "DB = 1\nexport A DB\n", None),
        ("Makefile", "DB = 1\nexport A\n", "make:DB"),
        ("Makefile", "export\nDB = 1\n", None),
        ("Makefile", ".EXPORT_ALL_VARIABLES:\nDB = 1\n", None),
        ("justfile", "DB := '1'\n", "make:DB"),
        ("justfile", "set export\nDB := '1'\n", None),
        ("justfile", "set export := false\nDB := '1'\n", "make:DB"),
    ],
)
def test_a_variable_is_a_name_unless_it_is_exported(
    path: str, line: str, symbol: str | None
) -> None:
    reference = "$(DB)" if path == "Makefile" else "{{DB}}"
    _, facts = read(f"{line}dump:\n\tpg_dump {reference}\n", path)
    (value,) = (v for _, v in call(facts).keywords if isinstance(v, Value))
    assert value.hole is not None
    assert (value.hole.symbol, value.hole.variable) == (symbol, None if symbol else "DB")
    assert [definition.name for definition in facts.definitions] == ([symbol] if symbol else [])


def test_what_a_recipe_sets_belongs_to_it() -> None:
    _, facts = read(
        f"a:\n\tX={DIRECT} npx prisma migrate deploy\nb:\n\tfly secrets set X={SESSION}\n"
    )
    assert [(s.container, s.platform and s.platform.id) for s in facts.settings] == [
        ("a.npx@1", None),
        ("b.fly secrets set", "fly"),
    ]


@pytest.mark.parametrize(
    ("path", "content", "comment"),
    [
        ("Makefile", f"# DB = {DIRECT}\n", True),
        ("Makefile", f"define HELP\nDB = {DIRECT}\nendef\n", False),
        ("Makefile", f'help:\n\t@echo "DB={DIRECT}"\n', False),
        ("Makefile", f"help:\n\t# {DIRECT}\n", True),
        ("justfile", f"py:\n  #!/usr/bin/env python3\n  DB = '{DIRECT}'\n", False),
    ],
)
def test_what_is_a_mention(path: str, content: str, comment: bool) -> None:
    _, facts = read(content, path)
    assert (facts.settings, facts.calls) == ((), ())
    assert [mention.comment for mention in facts.mentions] == [comment]


def test_a_dump_through_the_transaction_pooler() -> None:
    rule = "dump-in-transaction-mode"
    makefile = 'DB := DSN\ndump:\n\tpg_dump "$(DB)" > dump.sql\n'
    assert places(run({"Makefile": makefile.replace("DSN", TRANSACTION)}), rule) == ["Makefile:3"]
    assert places(run({"Makefile": makefile.replace("DSN", SESSION)}), rule) == []
    # What the environment sets wins over a default.
    files = {"Makefile": makefile.replace(":= DSN", f"?= {TRANSACTION}"), ".env": f"DB={SESSION}\n"}
    assert places(run(files), rule) == []


@pytest.mark.parametrize(
    ("variable", "target", "recipe", "found"),
    [
        ("DB = A", "dump: DB := B", 'dump:\n\tpg_dump "$(DB)"', False),
        ("DB = A", "x dump: DB := B", 'dump: other\n\tpg_dump "$(DB)"', False),
        ("export DB = A", "dump: DB := B", 'dump:\n\tpg_dump "$(DB)"', False),
        ("export DB = A", "dump: export DB := B", 'dump:\n\tpg_dump "$$DB"', False),
        # It is for what the target needs, too.
        ("DB = A", "dump: DB := B", 'dump: do\ndo: pg\npg:\n\tpg_dump "$(DB)"', False),
        ("DB = A", "dump: DB := B", 'dump: do\nother:\n\tpg_dump "$(DB)"', True),
        ("DB = B", "v1.dump: DB := A", 'v1.dump:\n\tpg_dump "$(DB)"', True),
        ("export DB = B", "dump: DB := A", 'dump:\n\tpg_dump "$$DB"', True),
        ("DB = A", "dump: OTHER := B", 'dump:\n\tpg_dump "$(DB)"', True),
    ],
)
def test_a_variable_of_a_target(variable: str, target: str, recipe: str, found: bool) -> None:
    def filled(text: str) -> str:
        return text.replace(" A", f" {TRANSACTION}").replace(" B", f" {SESSION}")

    content = f"{filled(variable)}\n{filled(target)}\n{recipe} > dump.sql\n"
    assert bool(places(run({"Makefile": content}), "dump-in-transaction-mode")) is found


@pytest.mark.parametrize(
    ("path", "content", "found"),
    [
        ("Makefile", 'include .env\nexport\ndump:\n\tpg_dump "$$DB_URL"\n', True),
        ("Makefile", 'dump:\n\tpg_dump "$(DB_URL)"\n', True),
        ("justfile", 'set dotenv-load\ndump:\n    pg_dump "$DB_URL"\n', True),
        ("backup.sh", 'source "$DIR/.env"\npg_dump "$DB_URL"\n', True),
        ("backup.sh", 'X=$(node -p process.env.X)\npg_dump "$DB_URL"\n', True),
        # The variables are those of another file.
        ("Makefile", '-include .env.ops\nexport\ndump:\n\tpg_dump "$$DB_URL"\n', False),
        ("Makefile", 'include ops/prod.env\ndump:\n\tpg_dump "$(DB_URL)"\n', False),
        ("Makefile", 'dump:\n\t. ./.env.ops; pg_dump "$$DB_URL"\n', False),
        ("justfile", 'set dotenv-filename := ".env.ops"\ndump:\n    pg_dump "$DB_URL"\n', False),
        ("backup.sh", '#!/bin/sh\nsource "$DIR/.env.ops"\npg_dump "$DB_URL"\n', False),
        ("backup.sh", 'export $(grep -v "^#" .env.ops | xargs)\npg_dump "$DB_URL"\n', False),
        ("backup.sh", 'dotenv -e .env.ops -- pg_dump "$DB_URL"\n', False),
    ],
)
def test_where_variables_come_from(path: str, content: str, found: bool) -> None:
    files = {path: content, ".env": f"DB_URL={TRANSACTION}\n"}
    assert bool(places(run(files), "dump-in-transaction-mode")) is found


STAGING = SESSION.replace(REF, "abcdefghijklmnopqrst")


@pytest.mark.parametrize(
    "content",
    [
        f"A := {STAGING}\nSUPABASE_URL := https://{REF}.supabase.co\na:\n\tDATABASE_URL=$(A) npm start\n",
        f"a: export DATABASE_URL = {STAGING}\nb: export SUPABASE_URL = https://{REF}.supabase.co\n",
    ],
)
def test_what_is_for_two_targets_is_not_together(content: str) -> None:
    assert places(run({"Makefile": content}), "mixed-projects") == []


# --- any text ---------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *(
            "DB = ",
            "DB := ",
            "?= ",
            "export ",
            "\t",
            "a: b\n",
            "define X\n",
            "endef\n",
            "    ",
            ":",
        ),
        *("$(X)", "$$", "$(", "${", ")", "}", "{{", "}}", "{{ DB }}", "'", '"', "env('DB', 'x')"),
        *("\\\n", "\n", "\r\n", "#", "é😀", HOLE, "\ufffd", f"db.{REF}.supabase.co"),
        *(f"pg_dump {DIRECT}", f"DB={DIRECT}", "cat > .env <<E\nA=1\nE\n"),
    ]
)
PATHS = st.sampled_from(["Makefile", "justfile", "x.mk"])


@given(st.lists(PIECES, max_size=30).map(lambda p: "".join(p).encode()) | st.binary(), PATHS)
def test_any_bytes(content: bytes, path: str) -> None:
    file, facts = read(content, path)
    spans = [span for s in facts.settings for span in (s.span, s.value.span)]
    spans += [found.span for found in facts.calls]
    spans += [value.span for found in facts.calls for _, value in found.keywords]
    for span in (*spans, *facts.secrets, *(m.dsn.span for m in facts.mentions)):
        assert 0 <= span.start <= span.end <= len(file.data)


WORDS = st.lists(st.sampled_from(["a", "é", "😀", " ", "=", ":", "/", ";", "&", "*"]), max_size=20)


@given(WORDS)
def test_the_text_at_a_span_is_the_value(pieces: list[str]) -> None:
    value = "".join(pieces).strip()
    for path, line in (("Makefile", f"é\nX = {value}\n"), ("justfile", f"é\nX := '{value}'\n")):
        file, facts = read(line, path)
        assert at(file, only(facts).value) == value


@pytest.mark.parametrize(
    "content",
    [
        "a:\n\tb\n" * 20000,
        "A = \\\n" * 40000,
        "A = x" + " " * 400_000 + "x\n",
        "A = " + "$(" * 100_000,
        "a: " * 100_000,
        "".join(f"a{n}: a{n + 1}\na{n}: X = 1\na{n}:\n\tb\n" for n in range(8000)),
        " ".join(f"a{n}" for n in range(40_000)) + ": " + " ".join(f"b{n}" for n in range(40_000)),
        "export " * 50_000,
        "a:\n\tcat <<E\n" * 5000,
    ],
)
def test_long_files_do_not_hang(content: str) -> None:
    for name in ("Makefile", "justfile"):
        assert not read(content, name)[1].calls
