from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.clients import Clients
from supa_lint.knowledge import load
from supa_lint.model import Facts, PasswordKind, Setting
from supa_lint.read import Context, xml
from supa_lint.read import read as dispatch
from supa_lint.source import File
from support import DIRECT, REF, places, run

HOST = f"db.{REF}.supabase.co"
KEYWORDS = f"Host={HOST};Port=5432;Username=postgres;Password=Tr0ub4dour-xk"
JDBC = f"jdbc:postgresql://{HOST}:5432/postgres?sslmode=require"


def read(content: str | bytes, path: str = "Web.config") -> tuple[File, Facts]:
    file = File(path, content.encode() if isinstance(content, str) else content)
    return file, xml.read(file)


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


def only(facts: Facts) -> Setting:
    (found,) = facts.settings
    return found


@pytest.mark.parametrize(
    ("element", "name", "value"),
    [
        (f'<add name="Db" connectionString="{KEYWORDS}" providerName="Npgsql" />', "Db", KEYWORDS),
        (f"<add\n connectionString='{KEYWORDS}'\n name='Db'/>", "Db", KEYWORDS),
        (f'<add key="DATABASE_URL" value="{DIRECT}"/>', "DATABASE_URL", DIRECT),
        (f'<property name="a.url" value="{JDBC}" />', "a.url", JDBC),
        (f'<property name="a.url">\n  {JDBC}\n</property>', "a.url", JDBC),
        (f'<x:property name="é">{JDBC}</x:property>', "é", JDBC),
        (f'<a name="url"> <![CDATA[ {JDBC}&a=b&amp;c=d ]]></a>', "url", f"{JDBC}&a=b&amp;c=d"),
        (f'<a><![CDATA[ <b name="x">host=x</b> ]]></a><b name="c">{JDBC}</b>', "c", JDBC),
    ],
)
def test_a_name_and_a_value(element: str, name: str, value: str) -> None:
    file, facts = read(f'<?xml version="1.0"?>\n<é>\n{element}\n</é>\n')
    found = only(facts)
    assert (found.name, found.exported) == (name, False)
    assert at(file, found.value) == value
    assert name in at(file, found)
    assert value in at(file, found)
    assert not facts.mentions


def test_parameters_behind_entities() -> None:
    file, facts = read(
        f'<add key="U" value="{JDBC}&amp;user=a&#38;x=&#x62;&amp;prepareThreshold=0"/>'
    )
    dsn = only(facts).value.dsn
    assert dsn is not None
    assert {p.name: p.value.text for p in dsn.params} == {
        "sslmode": "require",
        "user": "a",
        "x": "b",
        "prepareThreshold": "0",
    }
    assert [at(file, p.value) for p in dsn.params][:1] == ["require"]


def test_the_password_is_masked() -> None:
    file, facts = read(f'<add name="A" connectionString="{KEYWORDS}"/>')
    dsn = only(facts).value.dsn
    assert dsn is not None
    assert dsn.password.kind is PasswordKind.LITERAL
    assert at(file, dsn.password) == "Tr0ub4dour-xk"
    assert "Tr0ub4dour" not in repr(facts)


@pytest.mark.parametrize(
    ("content", "comment"),
    [
        (f'<!-- <add name="A" connectionString="{DIRECT}"/> -->', True),
        (f"<jdbc-url>{DIRECT}</jdbc-url>", False),
        (f'<data url="{DIRECT}"/>', False),
        (f'<add name="A" other="{DIRECT}"/>', False),
    ],
)
def test_what_is_a_mention(content: str, comment: bool) -> None:
    _, facts = read(content)
    assert not facts.settings
    assert [mention.comment for mention in facts.mentions] == [comment]


@pytest.mark.parametrize(
    ("path", "content", "settings"),
    [
        ("Web.config", f'<add name="A" connectionString="{KEYWORDS}"/>', 1),
        ("Web.Release.config", f'\ufeff\n<add name="A" connectionString="{KEYWORDS}"/>', 1),
        ("pom.xml", f'<property name="A">{JDBC}</property>', 1),
        (
            ".ebextensions/a.config",
            f"option_settings:\n  aws:elasticbeanstalk:application:environment:\n    DB: {DIRECT}\n",
            1,
        ),
        (
            ".ebextensions/a.config",
            f'{{"option_settings": {{"aws:elasticbeanstalk:application:environment": {{"DB": "{DIRECT}"}}}}}}',
            1,
        ),
        # Erlang's
        ("sys.config", f'[{{app, [{{url, "{DIRECT}"}}]}}].\n', 0),
    ],
)
def test_files_of_that_ending(path: str, content: str, settings: int) -> None:
    knowledge = load()
    context = Context(knowledge, Clients(knowledge.clients.values()))
    facts = dispatch(File(path, content.encode()), context)
    assert isinstance(facts, Facts)
    assert len([setting for setting in facts.settings if setting.value.dsn]) == settings
    assert not facts.notes


def test_what_is_found_there() -> None:
    line = f'<add name="A" connectionString="{KEYWORDS.replace(HOST, f"{REF}.supabase.co")}"/>\n'
    assert places(run({"Web.config": f"<a>\n{line}</a>\n"}), "not-a-database-host") == [
        "Web.config:2"
    ]
    assert places(run({"Web.config": f"<a>\n<!-- {line} -->\n</a>\n"}), "not-a-database-host") == []


PIECES = st.sampled_from(
    [
        *("<add ", "/>", ">", "</a>", "<!--", "-->", 'name="A" ', "key='B' ", 'connectionString="'),
        *('"', "value='", "'", "&amp;", "&#0;", "&#xFFFFFF;", "&", "é😀", "\r\n", "=", "<?", "]]>"),
        *("\ufffc", KEYWORDS, JDBC, DIRECT),
    ]
)


@given(st.lists(PIECES, max_size=30).map(lambda p: "".join(p).encode()) | st.binary())
def test_any_bytes(content: bytes) -> None:
    file, facts = read(content)
    spans = [span for s in facts.settings for span in (s.span, s.value.span)]
    for span in (*spans, *facts.secrets, *(m.dsn.span for m in facts.mentions)):
        assert 0 <= span.start <= span.end <= len(file.data)


@given(st.lists(st.sampled_from(["a", "é", "😀", " ", "=", ";", ">", "/", "'", "?"]), max_size=20))
def test_the_text_at_a_span_is_the_value(pieces: list[str]) -> None:
    value = f"{JDBC}&x={''.join(pieces)}y"
    file, facts = read(f'<é/>\n<add key="A" value="{value}"/>')
    assert at(file, only(facts).value) == value


@pytest.mark.parametrize(
    "part",
    [
        "<a ",
        "<!--",
        "<![CDATA[",
        "<a name='x'><![CDATA[://",
        '<a b="',
        "&amp;",
        "<a name='x' value='://' ",
        "<",
    ],
)
def test_long_files_take_linear_time(part: str) -> None:
    began = time.process_time()
    read(part * 100_000)
    assert time.process_time() - began < 10
