from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.clients import Clients
from supa_lint.knowledge import Platforms, load
from supa_lint.model import Facts, Setting
from supa_lint.read import Context, grammar, jsonc, yaml
from supa_lint.read import read as dispatch
from supa_lint.source import File

HOST = "db.qzxwvutsrponmlkjihgf.supabase.co"
DSN = f"postgresql://postgres:Tr0ub4dour-xk@{HOST}:5432/postgres"


def read(content: str | bytes, path: str = "a.json") -> tuple[File, Facts]:
    file = File(path, content.encode() if isinstance(content, str) else content)
    return file, jsonc.read(file, load().platforms)


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


def settings(facts: Facts) -> dict[str, Setting]:
    return {f"{s.container}:{s.name}": s for s in facts.settings}


def test_comments_and_trailing_commas() -> None:
    file, facts = read(
        f"""// {DSN}
        {{
          "vars": {{"A": "{DSN}", /* {DSN} */ "PORT": 6543,}},
          "env": {{"staging": {{"vars": {{"A": "{DSN}"}}}}}}, // {DSN}
        }}""",
        "wrangler.jsonc",
    )
    found = settings(facts)
    assert set(found) == {":A", ":PORT", "env.staging:A"}
    assert {s.platform.id for s in facts.settings if s.platform} == {"cloudflare-workers"}
    assert at(file, found[":A"]) == f'"A": "{DSN}"'
    assert at(file, found[":A"].value) == DSN
    assert [m.comment for m in facts.mentions] == [True, True, True]


def test_npgsql_keywords_of_appsettings() -> None:
    file, facts = read(
        f'{{"ConnectionStrings": {{"Default": "Host={HOST};Port=5432;Username=postgres"}}}}',
        "appsettings.Production.json",
    )
    (setting,) = facts.settings
    assert setting.container == "ConnectionStrings"
    assert setting.value.dsn is not None
    assert setting.value.dsn.spelling == "npgsql"
    assert setting.value.dsn.host is not None
    assert at(file, setting.value.dsn.host) == HOST


def test_task_definitions_declare_by_name_and_value() -> None:
    _, facts = read(
        json.dumps(
            {"containerDefinitions": [{"environment": [{"name": "DATABASE_URL", "value": DSN}]}]}
        ),
        "task-definition.json",
    )
    setting = settings(facts)["containerDefinitions.0:DATABASE_URL"]
    assert setting.platform is not None
    assert setting.platform.id == "aws-ecs"


@pytest.mark.parametrize(
    "content",
    [
        f'{{"a": {{"url": "{DSN}"}} "b": {{"url": "{DSN}"}}}}',
        f'{{"a": {{"url": "{DSN}"}}, "b": {{"url": "{DSN}"',
        f'{{"url": "{DSN}"}}\n{{"url": "{DSN}"}}\n',
    ],
)
def test_what_is_broken_is_not_lost(content: str) -> None:
    file, facts = read(content)
    found = [s.value.dsn for s in facts.settings] + [m.dsn for m in facts.mentions]
    assert len({dsn.span for dsn in found if dsn and at(file, dsn) == DSN}) == 2


def test_escapes() -> None:
    file, facts = read(f'{{"supabase": "a\\ud83d\\ude00\\u0041 \\"{DSN}", "x": "\\ud83d"}}')
    assert {at(file, m.dsn) for m in facts.mentions} == {DSN}


def test_the_same_as_by_the_reader_of_yaml() -> None:
    content = json.dumps(
        {"supabase": {"url": DSN, "list": [{"name": "PORT", "value": 6543}, "X=1", None, True]}}
    )
    file, facts = read(content)
    other = yaml.read(file, load().platforms)
    assert facts.settings
    assert facts.settings == other.settings
    assert facts.mentions == other.mentions


def test_deep_nesting_ends() -> None:
    for content in ("[" * 50_000, '{"a":' * 50_000, "[" * 50_000 + "]" * 50_000):
        _, facts = read(content)
        assert not facts.notes


PIECES = st.sampled_from(
    [
        '{"supabase": ',
        '"a": ',
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        "\\",
        "\\u00e9",
        "\\ud83d",
        "//",
        "/*",
        "*/",
        "\n",
        "\t",
        "é",
        "\ufffd",
        "\ufffc",
        "${X}",
        "1",
        "null",
        f'"{DSN}"',
        DSN,
    ]
)


@given(st.lists(PIECES, max_size=30).map(lambda p: "".join(p).encode()) | st.binary())
def test_any_bytes(content: bytes) -> None:
    file, facts = read(content, "vercel.json")
    spans = [s.span for s in facts.settings] + [s.value.span for s in facts.settings]
    for span in (*spans, *facts.secrets, *(m.dsn.span for m in facts.mentions)):
        assert 0 <= span.start <= span.end <= len(file.data)


@given(st.text(st.characters(exclude_characters="\r\n")), st.booleans())
def test_the_text_at_a_span_is_the_value(value: str, ascii_only: bool) -> None:
    content = json.dumps({"supabase": "é", "k": value}, ensure_ascii=ascii_only)
    file = File("a.json", content.encode("utf-8", "surrogatepass"))
    setting = settings(jsonc.read(file, Platforms()))[":k"]
    span = setting.value.span
    assert json.loads(b'"%s"' % file.data[span.start : span.end]) == value


def test_a_text_that_takes_too_long_is_read_as_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "_SECONDS", 0.1)
    file = File("a.json", b"[a]]\n" * 100_000 + f"\n{DSN}\n".encode())
    knowledge = load()
    facts = dispatch(file, Context(knowledge, Clients(knowledge.clients.values())))
    assert isinstance(facts, Facts)
    assert "too long" in facts.notes[0].text
    assert [at(file, mention.dsn) for mention in facts.mentions] == [DSN]
