"""The JavaScript reader on anything at all: an answer, in time, with spans inside the file."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supa_lint.knowledge import load
from supa_lint.model import Facts
from supa_lint.read.imports import Imports
from supa_lint.read.javascript import read
from supa_lint.source import File
from support import spans

PLATFORMS = load().platforms
DSN = "postgresql://postgres:Tr0ub4dour-xk@db.qzxwvutsrponmlkjihgf.supabase.co:5432/postgres"
PIECES = (
    *("(", ")", "{", "}", "[", "]", "`", "${", '"', "'", ";", ",", "=", "=>", "<", ">", "</a>"),
    *("const x", "let y", "x", "y", "this", "super", "class A", " extends A", "function f()"),
    *(
        "process.env",
        ".X",
        '["X"]',
        "?.",
        "!",
        " ?? ",
        " + ",
        "...",
        ": string",
        " as T",
        "import ",
    ),
    *("return ", "await ", "new ", "require", "module.exports", "export default ", "/", "//", "/*"),
    *(f'"{DSN}"', f"`{DSN}`", "\n", "é", "\\", "1", "\ufffc", ".replace", ".split", "async "),
)


def survives(data: bytes, path: str) -> Facts:
    imports = Imports({"x@": "npm:y@"}, {"": {"x": "./x.ts"}})
    found = read(File(path, data), lambda callee: len(callee) % 2 == 0, imports)
    spans_are_inside(found, data)
    return found


def spans_are_inside(found: Facts, data: bytes) -> None:
    for span in spans(found):
        assert 0 <= span.start <= span.end <= len(data)
    assert "Tr0ub4dour" not in repr(found)


many = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)


@many
@given(st.binary(max_size=300), st.sampled_from(["a.js", "a.ts"]))
def test_any_bytes(data: bytes, path: str) -> None:
    survives(data, path)


@many
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from(["a.tsx", "a.mts"]))
def test_any_code(pieces: list[str], path: str) -> None:
    survives("".join(pieces).encode(), path)


MANIFEST = (
    *("{", "}", "[", "]", ", ", "apps: ", "env: ", "env_production: ", "...", "process.env.X", "1"),
    *("DATABASE_URL: ", f'"{DSN}"', f"`{DSN}`", "() => (", ")", "x", "null", '"', "\n", "é"),
)


@many
@given(st.lists(st.sampled_from(MANIFEST), max_size=30))
def test_any_manifest(pieces: list[str]) -> None:
    start = "const x = { apps: [{ env: { DATABASE_URL: process.env.X } }] };\nmodule.exports = "
    data = (start + "".join(pieces)).encode()
    found = read(File("ecosystem.config.js", data), bool, None, PLATFORMS)
    spans_are_inside(found, data)


@pytest.mark.parametrize("code", ['""DSN", {{', '[""DSN"]'])
def test_a_password_beside_what_the_parser_left_out_is_no_name(code: str) -> None:
    data = f"module.exports = {code.replace('DSN', DSN)}".encode()
    found = read(File("ecosystem.config.js", data), bool, None, PLATFORMS)
    spans_are_inside(found, data)


@pytest.mark.parametrize("quote", "'\"`")
def test_the_text_at_the_span_of_a_declared_variable(quote: str) -> None:
    data = f"module.exports = {{apps: [{{env: {{é: 1, DATABASE_URL: {quote}{DSN}{quote}}}}}]}}".encode()
    found = read(File("ecosystem.config.js", data), bool, None, PLATFORMS)
    (setting,) = (one for one in found.settings if one.name == "DATABASE_URL")
    assert setting.value.dsn is not None
    host = setting.value.dsn.host
    assert host is not None
    assert data[host.span.start : host.span.end].decode() == host.text


@many
@given(st.text(max_size=20), st.sampled_from("'\"`"))
def test_the_text_at_a_span_is_the_value(before: str, quote: str) -> None:
    text = "".join(char for char in before if char.isprintable() and char not in "*/")
    data = f"/* {text} */ connect({quote}{DSN}{quote})".encode()
    (call,) = read(File("a.ts", data), lambda callee: callee == "connect").calls
    dsn = getattr(call.args[0], "dsn", None)
    assert dsn is not None
    for part in (dsn.scheme, dsn.user, dsn.host, dsn.port, dsn.database):
        assert data[part.span.start : part.span.end].decode() == part.text


@pytest.mark.parametrize(
    "data",
    [
        b'\'\'<{(b{"\n{[$*//\n""``]b*/>`{[}{,[[;`',  # the grammar loops without end
        b"<a {{b:>c:d(e f)",
        b"a<b," * 20_000,
        b"(" * 50_000,
        b"{f();" * 20_000,
        b"({a:" * 20_000,
        b"`${" * 20_000,
        b"x=" + b"a+" * 50_000 + b"1",
        b"x" + b".a()" * 10_000,
        b"x=x+(" * 2_000,
        b"(()=>" * 5_000,
        b"class A extends A{x=this.x;" * 1_000,
        b"c(" + b"a||" * 5_000 + b"1)",
        b"".join(b"const a%d=[a%d,a%d];" % (i, i - 1, i - 1) for i in range(1, 60)),
        b"".join(b"const a%d=`${a%d}${a%d}`;" % (i, i - 1, i - 1) for i in range(1, 60)),
        b"x=f();" * 5_000,
        b"const o={};" + b"o.a=1;" * 5_000 + b"c(o)",
        b">`" * 20_000,
        b"\0" * 20_000,
    ],
)
def test_does_not_hang(data: bytes) -> None:
    survives(data, "a.tsx")


def test_what_is_not_read_as_code_is_read_as_text() -> None:
    for data in (b"a<b,\n" * 20_000, b"<a {{b:>c:d(e f)"):
        found = read(File("a.tsx", data + f'\n"{DSN}"'.encode()), bool)
        assert len(found.mentions) == 1
        assert found.notes
    assert len(read(File("a.js", f'const a = "{DSN}"'.encode("utf-16")), bool).mentions) == 0


def test_a_bundle_is_read_as_text() -> None:
    line = "a(b);" * 10_000
    file = File("app.js", f'{line}\nconst u = "{DSN}";\n'.encode())
    facts = read(file, lambda callee: True)
    assert facts.calls == ()
    assert len(facts.mentions) == 1
    assert facts.notes == ()
    written = File("app.js", f'{"a(b);" * 9}\nconst u = "{DSN}";\n'.encode() * 900)
    assert read(written, lambda callee: True).calls


def test_bytes_that_are_not_utf_8() -> None:
    data = b'\xef\xbb\xbf// \xff\nconst url = "' + DSN.encode() + b'"; connect("\xff" + url)'
    found = read(File("a.js", data), lambda callee: callee == "connect")
    (setting,) = found.settings
    assert data[setting.span.start : setting.span.end].startswith(b"url = ")


def test_a_large_component_is_no_trouble() -> None:
    block = """
    export function Part%d({ a, b }: Props) {
      const [state, setState] = useState<string | null>(null);
      useEffect(() => { fetch(`/api/${a}`).then((r) => r.json()).then((d) => setState(d)) }, [a]);
      return (
        <div className="flex" onClick={() => b(state)}>
          {state ? <span>{state}</span> : <Loader size={12} />}
          <Foo bar={{ a: 1, b: "two", c: [1, 2, 3] }} />
        </div>
      );
    }
    """
    data = "".join(block % number for number in range(90)).encode()
    assert not survives(data, "a.tsx").notes


@pytest.mark.parametrize("text", ['import p from "%s"\np()', 'const p = require("%s")\np("x")'])
def test_a_dsn_where_a_module_is_named_shows_no_password(text: str) -> None:
    facts = read(File("a.ts", (text % DSN).encode()), lambda callee: True)
    assert "Tr0ub4dour" not in repr(facts)
