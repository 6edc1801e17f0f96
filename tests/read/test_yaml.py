from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.knowledge import Platforms
from supa_lint.model import Facts, Setting
from supa_lint.read import yaml
from supa_lint.source import File

DSN = "postgresql://postgres:Tr0ub4dour-xk@db.qzxwvutsrponmlkjihgf.supabase.co:5432/postgres"
HOST = "db.qzxwvutsrponmlkjihgf.supabase.co"


def read(content: str | bytes, path: str = "config.yaml") -> tuple[File, Facts]:
    file = File(path, content.encode() if isinstance(content, str) else content)
    return file, yaml.read(file, Platforms())


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


def settings(facts: Facts) -> dict[str, Setting]:
    return {f"{s.container}.{s.name}".lstrip("."): s for s in facts.settings}


def host_of(file: File, setting: Setting) -> str:
    dsn = setting.value.dsn
    assert dsn is not None
    assert dsn.host is not None
    return at(file, dsn.host)


@pytest.mark.parametrize(
    "written",
    [
        DSN,
        f"'{DSN}'",
        f'"{DSN}"',
        f"&url {DSN}",
        f"!!str '{DSN}'",
        f'!Sub "{DSN}"',
        f">-\n  {DSN}",
        f"|\n  {DSN}\n",
        f"&a |- # why\n    {DSN}",
        f'"{DSN[:20]}\\\n  {DSN[20:]}"',
    ],
)
@pytest.mark.parametrize("before", ["", "\ufeff", "é: 😀\n", "# é\r\n---\r\n"])
def test_a_scalar_in_any_style(written: str, before: str) -> None:
    file, facts = read(f"{before}url: {written}\nlast: 1\n")
    setting = settings(facts)["url"]
    assert setting.value.dsn is not None
    escaped = "\\" in written
    assert at(file, setting.value) == (written.strip('"') if escaped else DSN)
    assert host_of(file, setting) == (at(file, setting.value) if escaped else HOST)
    assert at(file, setting) == f"url: {written}".rstrip()
    assert not facts.mentions
    assert not facts.notes


def test_json_with_tabs_escapes_and_no_blanks() -> None:
    content = '{\n\t"a":{"é":"\\ud83d\\ude00\\/","URL":"DSN"},\n\t"b":["x","DSN"]}'
    content = content.replace("DSN", DSN)
    file, facts = read(content, "config.json")
    setting = settings(facts)["a.URL"]
    assert at(file, setting) == f'"URL":"{DSN}"'
    assert host_of(file, setting) == HOST
    assert [at(file, m.dsn) for m in facts.mentions] == [DSN]
    assert not facts.notes


def test_comments_are_mentions() -> None:
    file, facts = read(f"# {DSN}\na: 'x' # é {DSN}\nb: a#{DSN}\r\n")
    assert [(at(file, m.dsn), m.comment) for m in facts.mentions if m.comment] == [(DSN, True)] * 2


def test_a_script_is_not_a_setting() -> None:
    file, facts = read(f"run: |\n  export URL={DSN}\n  # {DSN}\nfolded: >\n  a\n\n  {DSN}\n")
    assert not facts.settings
    found = sorted((m.dsn.span.start, at(file, m.dsn), m.comment) for m in facts.mentions)
    assert [row[1:] for row in found] == [(DSN, False), (DSN, True), (DSN, False)]


def test_documents_are_apart() -> None:
    _, facts = read(f"a: {{url: {DSN}}}\n---\na: {{url: {DSN}}}\nb: 1\n")
    assert list(settings(facts)) == ["a.url", "#2.a.url", "#2.b"]


def test_aliases_and_merge_keys() -> None:
    file, facts = read(
        f"base: &base\n  url: {DSN}\n  x: 1\n"
        "one:\n  <<: *base\n  x: 2\n"
        f"two: {{<<: [*base, {{y: 3}}]}}\nurl: &url '{DSN}'\nagain: *url\n"
    )
    found = settings(facts)
    assert host_of(file, found["one.url"]) == HOST
    assert at(file, found["one.url"]) == f"url: {DSN}"
    assert at(file, found["one.x"]) == "x: 2"
    assert {"two.url", "two.x", "two.y"} <= found.keys()
    assert at(file, found["again"]) == "again"
    assert at(file, found["again"].value) == DSN


def test_tags_are_harmless() -> None:
    _, facts = read(
        "a: !Ref X\nb: !GetAtt [a, b]\nc: !vault |\n  supabase\nd: !!map:x {e: x.supabase.co}\n"
    )
    found = settings(facts)
    assert found["a"].value.hole is not None
    assert found["c"].value.hole is not None
    assert "d.e" in found


def test_keys_that_may_be_secrets_are_masked() -> None:
    _, facts = read(f"'{DSN}':\n  sb_secret_Tr0ub4dour: supabase\n")
    assert "Tr0ub4dour" not in repr(facts)
    assert facts.settings[0].container == "***"


@pytest.mark.parametrize("template", ["{{- if .Values.x }}", "{% if x %}", "<% x %>: y: z"])
def test_templates_are_read_as_text(template: str) -> None:
    file, facts = read(f"a:\n  {template}\n  url: {DSN}\n {{{{ end }}}}\n")
    assert [at(file, m.dsn) for m in facts.mentions] == [DSN]
    assert not facts.notes


def test_an_error_is_noted_only_in_a_file_that_matters() -> None:
    file, facts = read(f"a: {DSN}\nb: [Tr0ub4dour-xk\n")
    assert [at(file, m.dsn) for m in facts.mentions] == [DSN]
    assert facts.notes[0].text == "is not valid YAML (line 3): read as plain text"
    assert read("a: [b\n")[1] == Facts("config.yaml")


def test_control_characters_are_survived() -> None:
    file, facts = read(f"a: x\x00\x07y\nurl: {DSN}\n".encode() + b"c: \xff\xfe\n")
    assert host_of(file, settings(facts)["url"]) == HOST


def test_utf16_is_noted() -> None:
    assert "UTF-16" in read(f"url: {DSN}".encode("utf-16"))[1].notes[0].text


@pytest.mark.parametrize("deep", ["[" * 5000, "- " * 5000, '{"a":' * 5000])
def test_deep_nesting_is_read_as_text(deep: str) -> None:
    file, facts = read(f"{deep}\n# {DSN}\n")
    assert [at(file, m.dsn) for m in facts.mentions] == [DSN]
    assert "nested deeper" in facts.notes[0].text


def test_deep_aliases_are_cut_off() -> None:
    levels = "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 500))
    _, facts = read(f"a0: &a0 [{DSN}]\n{levels}url: {DSN}\n")
    assert "url" in settings(facts)
    assert facts.notes


def test_alias_bombs_are_defused() -> None:
    levels = "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 20))
    file, facts = read(f"a0: &a0 [{DSN}]\n{levels}url: {DSN}\n")
    assert "url" in settings(facts)
    assert [at(file, m.dsn) for m in facts.mentions] == [DSN]
    assert "aliases" in facts.notes[0].text


def test_an_alias_of_itself_is_unknown() -> None:
    _, facts = read(f"a: &a\n  b: *a\n  url: {DSN}\n")
    assert settings(facts)["a.b"].value.hole is not None


PIECES = st.sampled_from(
    [
        *("a", "b", ":", ": ", "- ", "\n", "\n  ", "\r\n", "\r", "'", '"', "|", ">-", "\\", "\\n"),
        *("&a ", "*a", "<<: ", "!Ref ", "!Sub ", "{", "}", "[", "]", ",", "? ", "---\n", "#", " "),
        *("\t", "é", "😀", "\ufeff", "\x85", "\u2028", "\ufffc", "\x00", "%YAML 1.1\n", DSN),
        *("${A}", "{{ x }}"),
    ]
)


@given(st.lists(PIECES).map(lambda p: "".join(p).encode()) | st.binary())
def test_any_bytes(content: bytes) -> None:
    file, facts = read(content)
    spans = [s.span for s in facts.settings] + [s.value.span for s in facts.settings]
    for span in (*spans, *facts.secrets, *(m.dsn.span for m in facts.mentions)):
        assert 0 <= span.start <= span.end <= len(file.data)


@given(
    st.lists(st.sampled_from(["a", "é", "😀", " ", "'", '"', "\\", ": ", " #", "-", "supabase"]))
)
def test_the_text_at_a_span_is_the_value(pieces: list[str]) -> None:
    import yaml as pyyaml

    value = "".join(pieces)
    content = pyyaml.safe_dump({"supabase": "é", "k": value}, allow_unicode=True, width=20)
    file, facts = read(content)
    written = at(file, settings(facts)["k"].value)
    if "\\" not in written and "''" not in written:
        assert "".join(written.split()) == "".join(value.split())
