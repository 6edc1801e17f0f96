"""The Python reader and the bytes: exact spans, syntax of other versions, and any input at all."""

from __future__ import annotations

import dataclasses
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supa_lint.model import HOLE, MASK, Facts, Span, Value
from supa_lint.read.python import newer, read
from supa_lint.read.python.literals import Layout
from supa_lint.read.python.scope import module_name
from supa_lint.source import File
from support import spans

REF = "qzxwvutsrponmlkjihgf"
HOST = f"db.{REF}.supabase.co"
BOM = b"\xef\xbb\xbf"


def facts(data: str | bytes) -> tuple[File, Facts]:
    file = File("app/db.py", data.encode() if isinstance(data, str) else data)
    return file, read(file, lambda callee: callee.endswith("connect"))


def at(file: File, span: Span | None) -> str:
    assert span is not None
    return file.data[span.start : span.end].decode()


def given_to_connect(data: str | bytes) -> tuple[File, Value]:
    file, found = facts(data)
    value = found.calls[0].args[0]
    assert isinstance(value, Value)
    return file, value


# --- spans --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "literal",
    [
        f'"postgresql://postgres:Tr0ub4dour-xk@{HOST}:6543/postgres"',
        f"'''postgresql://postgres:Tr0ub4dour-xk@{HOST}:6543/postgres'''",
        f'r"postgresql://postgres:Tr0ub4dour-xk@{HOST}:6543/postgres"',
        f'("postgresql://postgres:Tr0ub4dour-xk@"  # é\n  "{HOST}" \\\n  ":6543/postgres")',
        f'"postgresql://postgres:Tr0ub4dour-xk@" + "{HOST}" + ":6543/postgres"',
        f'f"postgresql://postgres:Tr0ub4dour-xk@{HOST}:6543/{{db}}"',
        f"f\"postgresql://{{os.environ['a:b@c']}}:Tr0ub4dour-xk@{HOST}:6543/{{db}}\"",
        f'f"postgresql://{{user:>{{width}}}}:Tr0ub4dour-xk@{HOST}:6543/{{db}}"',
        f'f"postgresql://{{user}}:" f"Tr0ub4dour-xk@{HOST}" ":6543/postgres"',
        f'"postgresql://{{u}}:Tr0ub4dour-xk@{HOST}:6543/postgres".format(u=user)',
        f'"postgresql://%s:Tr0ub4dour-xk@{HOST}:6543/postgres" % user',
    ],
)
@pytest.mark.parametrize("start", ["", "\ufeff", "# é ü\n", "x = 'é'; "])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_parts_of_a_dsn_stand_where_they_are_said_to(
    literal: str, start: str, line_end: str
) -> None:
    source = f"{start}import os, psycopg\npsycopg.connect({literal})\n".replace("\n", line_end)
    file, value = given_to_connect(source)
    assert value.dsn is not None
    assert value.dsn.host is not None
    assert at(file, value.dsn.host.span) == HOST
    assert at(file, value.dsn.password.span) == "Tr0ub4dour-xk"
    assert value.dsn.port is not None
    assert at(file, value.dsn.port.span) == "6543"


@pytest.mark.parametrize(
    "literal",
    [
        f'"postgresql://postgres:Tr0ub4dour\\x2dxk@{HOST}:6543/postgres"',
        f'f"postgresql://postgres:Tr0ub4dour\\x2dxk@{HOST}:{{6543}}/postgres"',
    ],
)
def test_behind_an_escape_the_whole_literal_stands_for_its_parts(literal: str) -> None:
    file, value = given_to_connect(f"import psycopg\npsycopg.connect({literal})")
    assert value.dsn is not None
    assert value.dsn.host is not None
    assert value.dsn.host.text == HOST
    assert at(file, value.dsn.host.span) in (HOST, literal)
    assert "Tr0ub4dour" in at(file, value.dsn.password.span)


def test_an_unknown_escape_warns_nobody() -> None:
    _, value = given_to_connect(f'import x\nx.connect("postgresql://a:\\d@{HOST}/postgres")')
    assert value.dsn is not None


def test_a_hole_character_in_the_file_is_no_hole() -> None:
    _, value = given_to_connect(f'import x\nx.connect("postgresql://a:b@{HOST}/{HOLE}")')
    assert not value.holes
    assert HOLE not in value.text


# --- syntax of other versions -------------------------------------------------------------------

_NEWER = f"""\
import os, asyncpg, psycopg
from settings import config
type Url = str
class Box[T]: url: str = "postgresql://a:Tr0ub4dour-xk@{HOST}:5432/postgres"
URL = f"postgresql://{{os.environ["USER"]}}:Tr0ub4dour-xk@{HOST}:6543/postgres"
OPTIONS = {{"ssl": "require", **config}}
def first[T](x: T = None, *args, k: int = 1, **kw) -> T:
    global URL
    with open("é") as f, open("b"):
        x += 1
    if x:
        return psycopg.connect(URL, -1, None, True, [1, (2, *x)], prepare_threshold=0, **OPTIONS)
    elif not x and (y := await asyncpg.connect(Box.url)):
        yield [print("postgresql://a:Tr0ub4dour-xk@{HOST}:5432/postgres") for a in x if a]
    else:
        x["a"]["b"]: int = x[1:2] or (1 if x else 2)
    try:
        pass
    except* ValueError as e:
        raise
    finally:
        del x
    for i in range(3):
        while i % 2:
            lambda z: z
    match x:
        case {{"a": 1}}: asyncpg.connect()
t = "a" "b" b"c" if False else None
# postgresql://a:Tr0ub4dour-xk@{HOST}:5432/postgres
""".replace(' b"c"', "")


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows the syntax itself")
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_newer_syntax(start: str, line_end: str) -> None:
    file, found = facts((start + _NEWER).replace("\n", line_end))
    assert not found.notes
    assert [one.callee for one in found.calls] == [
        "psycopg.connect",
        "asyncpg.connect",
        "asyncpg.connect",
    ]
    url = found.calls[0].args[0]
    assert isinstance(url, Value)
    assert url.dsn is not None
    assert url.dsn.host is not None
    assert at(file, url.dsn.host.span) == HOST
    assert [name for name, _ in found.calls[0].keywords] == ["prepare_threshold", "ssl"]
    assert not found.calls[0].complete
    assert [one.name for one in found.settings] == ["url", "URL"]
    assert [one.comment for one in found.mentions] == [False, True]
    assert {one.variable for one in found.reads} == {"USER"}
    for mention in found.mentions:
        assert at(file, mention.dsn.span).startswith("postgresql://a")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="this Python does not know the syntax")
def test_both_parsers_say_the_same() -> None:
    source = _NEWER.replace("await ", "")
    file = File("app/db.py", source.encode())
    assert newer.parse(source, file) is not None


@pytest.mark.parametrize(
    "source",
    [
        "print 'python 2'\nexcept E, e:",
        "def (",
        "x = '\0'",
        'type X = b"é"',
        "type X = " + "9" * 5000,
        "(" * 3000,
        "x = " + "(" * 150 + ")" * 150,
        "type X = " + "-" * 20_000 + "1",
        "type X = " + "not " * 20_000 + "1",
        "type X = " + "lambda: " * 20_000 + "1",
        "type X = " + "[" * 20_000,
        "type X = 1\n" + "x = " + "a if b else " * 20_000 + "c",
        "type X = 1\n" + "x = " + "a ** " * 20_000 + "c",
        "-" * 100_000 + "1",
        "a" + ".b" * 50_000,
        "a" + "()" * 50_000,
        "a = 1" + " + 1" * 50_000,
        "\n".join("if x:\n" + " " * i for i in range(1, 200)),
    ],
)
def test_what_cannot_be_read_is_said(source: str) -> None:
    _, found = facts(source)
    assert all(note.path == "app/db.py" and note.text for note in found.notes)
    assert found.notes or not found.mentions


def test_a_long_chain_of_elif_and_sums_is_read() -> None:
    branches = "".join(f"elif x == {i}:\n    y = {i}\n" for i in range(150))
    total = " + ".join(f"'{i}'" for i in range(150))
    _, value = given_to_connect(f"import p\nif x:\n    y = 0\n{branches}\np.connect({total})")
    assert value.text == MASK


def _chain(line: str) -> str:
    """Sixty lines, each of which names the one before or after it."""
    return "".join(line.format(i=i, j=i - 1, k=i + 1) + "\n" for i in range(1, 60))


@pytest.mark.parametrize(
    "source",
    [
        "a0 = 'x'\n" + _chain("a{i} = a{j} + a{j}") + "x.connect(a59)",
        "a0 = ['x']\n" + _chain("a{i} = [a{j}, a{j}, a{j}]") + "x.connect(a59)",
        "a0 = f0()\n" + _chain("a{i} = a{j}.b(a{j}, a{j})") + "x.connect(a59)",
        _chain("def f{j}(x): return f{i}(x) + f{i}(x)") + "x.connect(f0(1))",
        _chain("class C{j}(C{i}, C{k}): x = C{i}.x") + "x.connect(C0.x)",
        "D = {\n" + "\n".join(f"'k{i}': 'v{i}'," for i in range(3000)) + "}\n"
        + "\n".join(f"x.connect(D['k{i}'])" for i in range(300)),
    ],
)  # fmt: skip
def test_what_grows_without_end_is_cut_short(source: str) -> None:
    _, found = facts(source)  # it would take days, or gigabytes
    assert found.calls


# --- any input ----------------------------------------------------------------------------------

_WORDS = r"""x y url connect DATABASES os self = + % ( ) [ ] { } , : . * ** "a" 'b' f"{x}" f" rb" \
import from as def class if else: for in with return yield lambda await global try: except
environ getenv ( "postgresql://a:b@db.supabase.co:6543/x" .format( .replace( ["x"] = += := @
None True 1 -1 é"""
_TOKENS = st.sampled_from(_WORDS.split()) | st.sampled_from(
    ["\n", "\n    ", "\r", "\r\n", "\f", "\t", "\x00", "\ufeff", HOLE, "# postgresql://a:b@c:1/d\n"]
)


def check(data: bytes) -> None:
    file, found = facts(data)
    for span in spans(tuple(getattr(found, field.name) for field in dataclasses.fields(found))):
        assert 0 <= span.start <= span.end <= len(data)
        assert span.path == file.path


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    check(data)


@given(st.lists(_TOKENS, max_size=30))
def test_any_tokens(tokens: list[str]) -> None:
    check(" ".join(tokens).encode())


_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=f"\0{HOLE}"), max_size=8
)
_QUOTES = st.sampled_from(["'", '"', "'''", '"""'])


@st.composite
def _literal(draw: st.DrawFn) -> str:
    prefix = draw(st.sampled_from(["", "r", "u", "f", "rf", "F"]))
    quote = draw(_QUOTES)
    pieces = draw(st.lists(_TEXT | st.sampled_from(["{{", "}}", "{x}", "{x:>{y}}", "\\n", "\\'"])))
    text = "".join(pieces)
    if "f" in prefix.lower():
        text = "".join(
            piece if piece[:1] in "{}" else piece.replace("{", "").replace("}", "")
            for piece in pieces
        )
    return prefix + quote + text + quote


@settings(max_examples=300)
@given(
    st.lists(_literal(), min_size=1, max_size=3),
    st.sampled_from(["", "\ufeff", "é = 1\n", "\r", "x = 1\r\n"]),
    st.sampled_from([" ", " # é'\n ", "\r\n", "\r", "\f", " \\\n"]),
)
def test_segments_are_exact(literals: list[str], start: str, between: str) -> None:
    """Whatever a literal looks like: what a segment maps stands there, byte for byte."""
    import ast
    import warnings

    file = File("a.py", f"{start}x = ({between.join(literals)})".encode())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(file.text)
        except (SyntaxError, ValueError):
            return
    (statement,) = tree.body[-1:]
    assert isinstance(statement, ast.Assign)
    layout = Layout(file)
    node = statement.value
    if isinstance(node, ast.JoinedStr):
        raws = [one for one in layout.parts(node) if not isinstance(one, ast.FormattedValue)]
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        raws = [layout.text(node)]
        assert raws[0].text == node.value
    else:
        return
    for raw in raws:
        for segment in raw.segments:
            text = raw.text[segment.start : segment.end].encode()
            assert file.data[segment.offset : segment.offset + len(text)] == text
        plain = "\\" not in file.text and "\r" not in "".join(literals)
        if plain and raw.text:
            covered = sum(segment.end - segment.start for segment in raw.segments)
            assert covered == len(raw.text)


@pytest.mark.parametrize(
    ("path", "name", "package"),
    [
        ("a.py", "a", ""),
        ("a/b.py", "a.b", "a"),
        ("a/__init__.py", "a", "a"),
        ("a/b/__init__.pyi", "a.b", "a.b"),
        ("__init__.py", "", ""),
        ("script", "script", ""),
    ],
)
def test_module_names(path: str, name: str, package: str) -> None:
    assert module_name(path) == (name, package)
