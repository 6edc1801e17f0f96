"""Tables that PHP files return: Laravel's config/database.php."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.clients import Clients
from supa_lint.knowledge import load
from supa_lint.model import HOLE, Call, Const, Facts, Value
from supa_lint.model import Mapping as Table
from supa_lint.read import Context, php
from supa_lint.read import read as dispatch
from supa_lint.source import File
from support import DIRECT, REF, places, run

PATH = "config/database.php"
HOST = f"db.{REF}.supabase.co"
KNOWLEDGE = load()
CLIENTS = Clients(KNOWLEDGE.clients.values())


def read(content: str | bytes) -> tuple[File, Facts]:
    file = File(PATH, content.encode() if isinstance(content, str) else content)
    return file, php.read(file, CLIENTS)


def connection(inside: str) -> tuple[File, Call]:
    file, facts = read(
        f"<?php\n\nuse A\\B;\n// return [1];\nreturn ['connections' => ['pgsql' => [{inside}]]];\n"
    )
    (call,) = facts.calls
    assert call.callee == "laravel.database.pgsql"
    return file, call


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (f"'{HOST}'", HOST),
        (f'"{HOST}"', HOST),
        (f"/* é */ '{HOST}' // why\n", HOST),
        (f"<<<'EOT'\n{HOST}\nEOT", HOST),
        (f"'{HOST}', 'a' => <<<EOT\nit's ] => $x\n  EOT", HOST),
    ],
)
def test_texts(written: str, text: str) -> None:
    file, call = connection(f"# why\n'é' => 1, 'host' => {written}, 'port' => 6543,")
    host, port = call.keyword("host"), call.keyword("port")
    assert isinstance(host, Value)
    assert isinstance(port, Const)
    assert (host.text, at(file, host), port.value) == (text, text, 6543)


@pytest.mark.parametrize(
    ("written", "default"),
    [
        ("env('DB_HOST')", None),
        (f"env('DB_HOST', '{HOST}')", HOST),
        (f'env("DB_HOST", "{HOST}",)', HOST),
        ("env('DB_HOST', null)", None),
        ("env('DB_HOST', gethostname())", HOLE),
    ],
)
def test_variables_of_the_environment(written: str, default: str | None) -> None:
    file, call = connection(f"'host' => {written}")
    host = call.keyword("host")
    assert isinstance(host, Value)
    assert host.hole is not None
    assert host.hole.variable == "DB_HOST"
    found = host.hole.default
    assert (found and found.text) == default
    assert at(file, host) == written


@pytest.mark.parametrize(
    "written",
    [
        "gethostname()",
        "env('A').'x'",
        "env($x)",
        "$x ? 'a' : 'b'",
        "'a' . 'b'",
        '"$host"',
        "(string) 'x'",
        "[1, 2] + [3]",
        "extension_loaded('x') ? array_filter([A::B => env('C')]) : []",
        "A::B",
        "",
    ],
)
def test_what_is_unknown(written: str) -> None:
    _, call = connection(f"'host' => {written}, 'port' => 1")
    host, port = call.keyword("host"), call.keyword("port")
    assert isinstance(host, Value)
    assert host.hole is not None
    assert (host.hole.variable, host.hole.default) == (None, None)
    assert isinstance(port, Const)


@pytest.mark.parametrize("key", ["PDO::ATTR_EMULATE_PREPARES", "\\PDO::ATTR_EMULATE_PREPARES"])
@pytest.mark.parametrize("brackets", ["[{}]", "array({})"])
def test_constants_as_keys(key: str, brackets: str) -> None:
    _, call = connection(f"'options' => {brackets.format(f'{key} => TRUE')}")
    options = call.keyword("options")
    assert isinstance(options, Table)
    value = options.get("PDO::ATTR_EMULATE_PREPARES")
    assert isinstance(value, Const)
    assert value.value is True


@pytest.mark.parametrize(
    ("inside", "complete"),
    [
        ("'host' => 'x'", True),
        ("'host' => 'x', ['a' => 1], 2", True),
        ("'host' => 'x', ...$others", False),
        ("...$others, 'host' => 'x'", False),
        ("'host' => 'x', $key => 1", False),
        ("'host' => 'x', 'options' => [...$others]", True),
        ("'host' => 'x'], ...$connections, 'other' => [", False),
    ],
)
def test_keys_that_nobody_knows(inside: str, complete: bool) -> None:
    _, facts = read(f"<?php return ['connections' => ['pgsql' => [{inside}]]];")
    call = facts.calls[0]
    assert call.complete is complete
    assert [name for name, _ in call.keywords] in (["host"], ["host", "options"])
    options = call.keyword("options")
    assert not isinstance(options, Table) or not options.complete


def test_a_table_of_a_function_is_not_that_of_the_file() -> None:
    _, facts = read(
        "<?php $f = function () { return ['connections' => ['pgsql' => ['host' => 'x']]]; };\n"
        "return merge($f(), ['connections' => ['pgsql' => ['sslmode' => 'require']]]);\n"
    )
    assert not facts.calls


def test_the_password_is_masked_and_nothing_is_said_twice() -> None:
    file, facts = read(
        "<?php return ['connections' => ['a' => ['driver' => 'pgsql', 'password' => 'Tr0ub4dour-xk',"
        f" 'url' => '{DIRECT}']]]; $dsn = '{DIRECT}';"
    )
    assert "Tr0ub4dour" not in repr(facts)
    assert len(facts.calls) == 1
    assert [at(file, setting.value) for setting in facts.settings] == [DIRECT]
    assert facts.settings[0].name == "dsn"
    assert not facts.mentions
    assert [file.data[s.start : s.end] for s in facts.secrets].count(b"Tr0ub4dour-xk") == 3


def test_other_files_have_no_table() -> None:
    context = Context(KNOWLEDGE, CLIENTS)
    content = f"<?php return ['connections' => ['a' => ['url' => '{DIRECT}']]];".encode()
    for path, calls in ((PATH, 1), ("config/app.php", 0)):
        facts = dispatch(File(path, content), context)
        assert isinstance(facts, Facts)
        assert len(facts.calls) == calls
    assert not read(f"<?php\n$x = ['connections' => ['a' => ['url' => '{DIRECT}']]];")[1].calls


CONFIG = """<?php
return ['connections' => ['pgsql' => [
    'driver' => 'pgsql',
    'url' => env('DB_URL'),
    'host' => env('DB_HOST', '127.0.0.1'),
    'port' => env('DB_PORT', '5432'),
    'username' => env('DB_USERNAME', 'root'),
    'sslmode' => env('DB_SSLMODE', 'prefer'),
]]];
"""
ENV = f"DB_HOST=aws-0-eu-west-1.pooler.supabase.com\nDB_PORT=6543\nDB_USERNAME=postgres.{REF}\n"


def test_a_laravel_application() -> None:
    found = run({PATH: CONFIG, ".env": ENV})
    assert places(found, "missing-sslmode") == []  # DB_SSLMODE may be set anywhere
    assert places(found, "prepared-statements-in-transaction-mode") == ["config/database.php:3"]
    found = run({PATH: CONFIG, ".env": f"{ENV.replace('6543', '5432')}DB_SSLMODE=require\n"})
    assert not found.findings
    plain = CONFIG.replace("env('DB_SSLMODE', 'prefer')", "'prefer'")
    assert places(run({PATH: plain, ".env": ENV}), "missing-sslmode") == ["config/database.php:5"]
    # The skeleton of every Laravel application, with a database of its own.
    assert not run({PATH: CONFIG, ".env": "DB_HOST=db\nDB_PORT=5432\n"}).findings


PIECES = st.sampled_from(
    [
        *("<?php ", "return ", "[", "]", "array(", ")", "(", "{", "}", "=>", ",", ";", "'", '"'),
        *("'connections'", "'pgsql'", "env('X', ", "env(", "PDO::A", "\\", "$x", "1", "true"),
        *("<<<'A'\n", "\nA", "<<<A\n"),
        *("//", "/*", "*/", "#", "\n", "é😀", "\ufffc", f"'{DIRECT}'", "'host' => ", "?", ":"),
    ]
)


@given(st.lists(PIECES, max_size=40).map(lambda p: "".join(p).encode()) | st.binary())
def test_any_bytes(content: bytes) -> None:
    file, facts = read(b"<?php return ['connections' => ['a' => [" + content)
    spans = [span for s in facts.settings for span in (s.span, s.value.span)]
    spans += [value.span for found in facts.calls for _, value in found.keywords]
    spans += [found.span for found in facts.calls]
    for span in (*spans, *facts.secrets, *(m.dsn.span for m in facts.mentions)):
        assert 0 <= span.start <= span.end <= len(file.data)


@given(st.lists(st.sampled_from(["a", "é", "😀", " ", "=", "/", "[", ",", "#", "$", '"'])))
def test_the_text_at_a_span_is_the_value(pieces: list[str]) -> None:
    value = "".join(pieces)
    file, call = connection(f"'é' => 1, 'x' => '{value}'")
    found = call.keyword("x")
    assert found is not None
    assert at(file, found) == value


@pytest.mark.parametrize(
    "part", ["[", "['a' => ", "env(", "array(", "'a' => [1] . ", "/*", "'", "(", "<<<A\n"]
)
def test_long_files_do_not_hang(part: str) -> None:
    assert not read("<?php return [" + part * 30_000)[1].calls


def test_a_dsn_in_the_place_of_a_variable_is_no_name() -> None:
    _, facts = read(
        "<?php return ['connections' => ['pgsql' => ['url' => "
        "env('postgresql://u:kX7vQ2mZp9wL@h.example.com/d', 'x')]]];"
    )
    assert facts.calls
    assert "kX7vQ2mZp9wL" not in repr(facts)
