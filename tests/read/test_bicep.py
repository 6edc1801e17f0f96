"""Bicep, as the ARM template that it stands for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.knowledge import load
from supa_lint.model import HOLE, Facts, Setting
from supa_lint.read import bicep
from supa_lint.read.pieces import Source
from supa_lint.source import File
from support import DIRECT, REF, places, run, spans

PLATFORMS = load().platforms
HOST = f"db.{REF}.supabase.co"


def read(content: str | bytes) -> tuple[File, Facts]:
    file = File("main.bicep", content.encode() if isinstance(content, str) else content)
    return file, bicep.read(file, PLATFORMS)


def app(env: str, before: str = "", start: str = "= {") -> str:
    return f"""// é
{before}
resource app 'Microsoft.App/containerApps@2024-03-01' {start}
  name: 'api'
  properties: {{
    template: {{ containers: [
      {{
        name: 'api'
        env: [
          {env}
        ]
      }}
    ] }}
  }}
}}
"""


def setting(content: str) -> tuple[File, Setting]:
    file, facts = read(content)
    (found,) = (one for one in facts.settings if one.value.dsn)
    return file, found


@pytest.mark.parametrize(
    "env",
    [
        "{ name: 'DB', value: '{}' }",
        "{ name: 'A', value: 'b' }\n{\nname: 'DB' // why\n  value: '{}'\n}",
        "{\n  'name': 'DB'\n  'value': '''{}'''\n}",
        "{ name: 'DB', value: '{}' }\n{ name: 'A', value: concat('a', b) }\n{ name: c ? 'x' : 'y' }",
    ],
)
@pytest.mark.parametrize("start", ["= {", "= if (a == '{') {", "= [for a in b: {"])
def test_app_settings(env: str, start: str) -> None:
    file, found = setting(app(env.replace("{}", DIRECT), start=start))
    assert (found.name, found.platform and found.platform.id) == ("DB", "azure-container-apps")
    assert found.value.dsn is not None
    span = found.value.span
    assert file.data[span.start : span.end].decode() == DIRECT


def test_the_type_needs_no_version_and_the_resource_no_name_of_its_own() -> None:
    web = "resource a 'Microsoft.Web/sites@2023-12-01' = {\nkind: 'app,linux'\nproperties: { siteConfig: { appSettings: [{ name: 'DB', value: '%s' }] } }\n}"
    _, found = setting(web % DIRECT)
    assert (found.name, found.platform and found.platform.id) == ("DB", "azure-app-service")


@pytest.mark.parametrize(
    ("written", "text", "symbols"),
    [
        ("'a\\'b\\n\\u{e9}\\${c}'", "a'b\né${c}", []),
        ("'${host}'", HOLE, ["bicep:host"]),
        ("host", HOLE, ["bicep:host"]),
        (
            "'a${ host }b${f('x')}c${ {a: 'b'} }'",
            f"a{HOLE}b{HOLE}c{HOLE}",
            ["bicep:host", None, None],
        ),
        ("f('x')", HOLE, [None]),
        ("a.b", HOLE, [None]),
        ("a ? 'b' : 'c'", HOLE, [None]),
        ("'a' == b", HOLE, [None]),
    ],
)
def test_texts(written: str, text: str, symbols: list[str | None]) -> None:
    reader = bicep._Reader(Source.of(File("a.bicep", f"param x string = {written}\n".encode())))
    reader.document()
    ((name, node),) = reader.named
    assert (name, node.raw.text, [hole.symbol for hole in node.raw.holes]) == ("x", text, symbols)


def test_a_parameter_is_filled_in() -> None:
    found = run({"main.bicep": app("{ name: 'DB', value: url }", f"param url string = '{DIRECT}'")})
    assert places(found, "ipv6-endpoint-on-ipv4-platform") == ["main.bicep:2"]
    assert not run({"main.bicep": app("{ name: 'DB', value: url }", "param url string")}).findings


def test_the_password_is_masked_and_nothing_is_said_twice() -> None:
    file, facts = read(
        app(f"{{ name: 'DB', value: '{DIRECT}' }}", f"/* {DIRECT} */\nvar a = f('{DIRECT}')")
    )
    assert "Tr0ub4dour" not in repr(facts)
    assert sum(one.value.dsn is not None for one in facts.settings) == 1
    assert sorted(mention.comment for mention in facts.mentions) == [False, True]
    assert [file.data[s.start : s.end] for s in facts.secrets].count(b"Tr0ub4dour-xk") == 3


PIECES = st.sampled_from(
    [
        *(
            "resource a 'Microsoft.Web/sites@1' = ",
            "param ",
            "var x = ",
            "if (",
            "for a in b: ",
            "'",
        ),
        *("'''", "${", "}", "{", "[", "]", "(", ")", "name: ", "'name'", "value: ", ",", "\n", "="),
        *(
            "//",
            "/*",
            "*/",
            "\\",
            "\\u{",
            "é😀",
            "\ufffc",
            f"'{DIRECT}'",
            "true",
            "12",
            "@",
            "?",
            ":",
        ),
    ]
)


@given(st.lists(PIECES, max_size=40).map(lambda p: "".join(p).encode()) | st.binary())
def test_any_bytes(content: bytes) -> None:
    file, facts = read(app("{ name: 'DB', value: '").encode()[:-30] + content)
    for span in spans(facts):
        assert 0 <= span.start <= span.end <= len(file.data)
    assert "Tr0ub4dour" not in repr(facts)


@pytest.mark.parametrize(
    "part",
    [
        *(
            "[",
            "{",
            "{ a: ",
            "'${",
            "${'",
            "'${'",
            "(",
            "resource a 'b' = ",
            "param a ",
            "a: [\n",
            "'",
        ),
        *(
            "{a:[",
            "'''",
            "/*",
            "\\u{",
            "x\n",
            "resource a 'b' = {}\n",
            "param a string = 'b'\n",
            "{a: ([",
        ),
    ],
)
def test_long_files_do_not_hang(part: str) -> None:
    assert not read(app("").replace("// é", part * 10_000))[1].mentions
