from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.clients import Clients
from supa_lint.knowledge import load
from supa_lint.model import Facts, PasswordKind, Setting
from supa_lint.read import Context, grammar, toml
from supa_lint.read import read as dispatch
from supa_lint.source import File

HOST = "db.qzxwvutsrponmlkjihgf.supabase.co"
DSN = f"postgresql://postgres:Tr0ub4dour-xk@{HOST}:5432/postgres"
BOM = b"\xef\xbb\xbf"


def read(content: str | bytes, path: str = "a.toml") -> tuple[File, Facts]:
    file = File(path, content.encode() if isinstance(content, str) else content)
    return file, toml.read(file, load().platforms)


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


def settings(facts: Facts) -> dict[str, Setting]:
    return {f"{s.container}:{s.name}": s for s in facts.settings}


@pytest.mark.parametrize("before", [b"", BOM, "# é\r\n".encode()])
def test_a_setting_and_its_places(before: bytes) -> None:
    file, facts = read(before + f'[env]\r\nDATABASE_URL = "{DSN}" # why\r\n'.encode(), "fly.toml")
    (setting,) = facts.settings
    assert setting.platform is not None
    assert (setting.name, setting.container, setting.platform.id) == ("DATABASE_URL", "", "fly")
    assert at(file, setting) == f'DATABASE_URL = "{DSN}"'
    assert at(file, setting.value) == DSN
    dsn = setting.value.dsn
    assert dsn is not None
    assert dsn.host is not None
    assert at(file, dsn.host) == HOST
    assert (at(file, dsn.password), dsn.password.kind) == ("Tr0ub4dour-xk", PasswordKind.LITERAL)
    assert [file.data[s.start : s.end].decode() for s in facts.secrets] == ["Tr0ub4dour-xk"]
    assert not facts.mentions


def test_tables_dotted_keys_and_lists_make_one_tree() -> None:
    _, facts = read(
        f"""
        a.b = 1
        [servers."eu.west".db]
        url = '{DSN}'
        [[hyperdrive]]
        localConnectionString = "{DSN}"
        [[hyperdrive]]
        localConnectionString = "{DSN}"
        [hyperdrive.limits]
        size = 3
        [x]
        y = {{ z.w = '{DSN}', list = [{{ q = '{DSN}' }}] }}
        """
    )
    assert set(settings(facts)) == {
        "a:b",
        "servers.eu.west.db:url",
        "hyperdrive.0:localConnectionString",
        "hyperdrive.1:localConnectionString",
        "hyperdrive.1.limits:size",
        "x.y.z:w",
        "x.y.list.0:q",
    }


def test_strings_of_every_kind() -> None:
    file, facts = read(
        f"[supabase]\na = '{DSN}'\nb = '''\n{DSN}'''\nc = \"\"\"\r\n{DSN}\"\"\"\nd = 6543\n"
        f'e = "{DSN.replace("xk", chr(92) + "u0041")}"\nf = ""\ng = """\\\n   {DSN}"""\n'
    )
    found = settings(facts)
    for name in "abcg":
        value = found[f"supabase:{name}"].value
        assert value.dsn is not None
        assert value.dsn.host is not None
        assert at(file, value.dsn.host) == HOST
    assert at(file, found["supabase:a"].value) == DSN
    assert found["supabase:d"].value.text == "6543"
    assert found["supabase:f"].value.text == ""
    escaped = found["supabase:e"].value.dsn
    assert escaped is not None
    assert escaped.host is not None
    assert at(file, escaped.host) == HOST
    assert at(file, escaped.password) == "Tr0ub4dour-\\u0041"


def test_supabase_reads_variables_by_a_function() -> None:
    _, facts = read('[edge_runtime.secrets]\nsupabase = "env(SUPABASE_X)"\n')
    hole = facts.settings[0].value.hole
    assert hole is not None
    assert hole.variable == "SUPABASE_X"


def test_comments_are_mentions_and_what_is_broken_is_not_lost() -> None:
    file, facts = read(
        f"# {DSN}\na = '{DSN}'\nlist = [1] # {DSN}\nbad = \"{DSN}\n[ok]\nz = '{DSN}'"
    )
    assert ":a" in settings(facts)
    assert [m.comment for m in facts.mentions] == [True, True, False]
    assert {at(file, m.dsn) for m in facts.mentions} == {DSN}


def test_deep_nesting_ends() -> None:
    for content in ("a = " + "[" * 5000, "a = " + "{b=" * 5000, "a." * 5000 + f"b = '{DSN}'"):
        _, facts = read(content)
        assert not facts.notes


PIECES = st.sampled_from(
    [
        "[env]\n",
        "[[a]]\n",
        "a",
        ".b",
        " = ",
        '"',
        "'",
        '"""',
        "'''",
        "\\",
        "\\u00e9",
        "{",
        "}",
        "[",
        "]",
        ",",
        "# ",
        "\n",
        "\r\n",
        "é",
        "\ufffd",
        "\ufffc",
        "${X}",
        "supabase",
        DSN,
    ]
)


@given(st.lists(PIECES, max_size=30).map(lambda p: "".join(p).encode()) | st.binary())
def test_any_bytes(content: bytes) -> None:
    file, facts = read(content, "fly.toml")
    spans = [s.span for s in facts.settings] + [s.value.span for s in facts.settings]
    for span in (*spans, *facts.secrets, *(m.dsn.span for m in facts.mentions)):
        assert 0 <= span.start <= span.end <= len(file.data)


@given(st.lists(st.sampled_from(["a", "é", "😀", " ", "'", "\\\\", "\\t", "#", "="])))
def test_the_text_at_a_span_is_the_value(pieces: list[str]) -> None:
    content = f'supabase = "é"\nk = "{"".join(pieces)}"\n'
    file, facts = read(content)
    setting = settings(facts)[":k"]
    assert tomllib.loads(f'v = "{at(file, setting.value)}"') == {"v": tomllib.loads(content)["k"]}


def test_a_text_that_takes_too_long_is_read_as_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "_SECONDS", 0.1)
    file = File("a.toml", b"x=[\n" * 100_000 + f"\n{DSN}\n".encode())
    knowledge = load()
    facts = dispatch(file, Context(knowledge, Clients(knowledge.clients.values())))
    assert isinstance(facts, Facts)
    assert "too long" in facts.notes[0].text
    assert [at(file, mention.dsn) for mention in facts.mentions] == [DSN]
