from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.knowledge import Platforms
from supa_lint.model import HOLE, Facts, PasswordKind, Setting
from supa_lint.read import ini
from supa_lint.source import File

HOST = "db.qzxwvutsrponmlkjihgf.supabase.co"
DSN = f"postgresql://postgres:Tr0ub4dour-xk@{HOST}:5432/postgres"


def read(content: str | bytes, path: str = "alembic.ini") -> tuple[File, Facts]:
    file = File(path, content.encode() if isinstance(content, str) else content)
    return file, ini.read(file, Platforms())


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


def settings(facts: Facts) -> dict[str, Setting]:
    return {f"{s.container}:{s.name}": s for s in facts.settings}


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", "# é\r\n".encode()])
@pytest.mark.parametrize("line", [f"sqlalchemy.url = {DSN}", f"sqlalchemy.url:{DSN}  "])
def test_a_setting_and_its_places(line: str, before: bytes) -> None:
    file, facts = read(before + f"[alembic]\r\n; {DSN}\r\n{line}\r\n[x]\r\n".encode())
    (setting,) = facts.settings
    assert (setting.container, setting.name) == ("alembic", "sqlalchemy.url")
    assert at(file, setting) == line.strip()
    assert at(file, setting.value) == DSN
    assert [m.comment for m in facts.mentions] == [True]


def test_percent_signs_of_configparser() -> None:
    file, facts = read(f"[alembic]\nurl = postgresql://u:a%%40b@{HOST}:%(port)s/d\n")
    dsn = facts.settings[0].value.dsn
    assert dsn is not None
    assert dsn.host is not None
    assert at(file, dsn.host) == HOST
    assert (dsn.password.kind, dsn.password.reserved) == (PasswordKind.LITERAL, frozenset())
    assert dsn.port is not None
    assert dsn.port.text == HOLE


def test_keywords_and_parts() -> None:
    file, facts = read(
        f"[databases]\napp = host={HOST} port=5432 user=postgres\n"
        f"[service]\nhost={HOST}\nport=6543\nuser=postgres\npassword=Tr0ub4dour-xk\n",
        "pgbouncer.ini",
    )
    found = settings(facts)
    dsn = found["databases:app"].value.dsn
    assert dsn is not None
    assert dsn.spelling == "keywords"
    assert set(found) >= {"service:host", "service:port", "service:user", "service:password"}
    assert found["service:password"].value.text == "***"
    assert "Tr0ub4dour-xk" in {file.data[s.start : s.end].decode() for s in facts.secrets}


def test_values_of_several_lines() -> None:
    file, facts = read(
        f"[tox]\nsetenv =\n    DATABASE_URL={DSN}\n    B = 2\ncommands =\n    psql {DSN}\n    x\n"
    )
    found = settings(facts)
    assert set(found) == {"tox.setenv:DATABASE_URL", "tox.setenv:B"}
    assert at(file, found["tox.setenv:DATABASE_URL"].value) == DSN
    assert [at(file, m.dsn) for m in facts.mentions] == [DSN]


def test_the_environment_of_a_service() -> None:
    file, facts = read(
        f'[Service]\nEnvironment="A={DSN}"\nEnvironment=B={DSN} C=2\nenvironment=D="{DSN}",E=1\n',
        "app.service",
    )
    assert [s.name for s in facts.settings] == list("ABCDE")
    assert [at(file, s.value) for s in facts.settings if s.value.dsn] == [DSN] * 3
    assert not facts.mentions


def test_properties() -> None:
    jdbc = f"jdbc:postgresql://{HOST}:5432/postgres?prepareThreshold=0"
    file, facts = read(
        f"# {DSN}\n! {DSN}\nspring.datasource.url={jdbc}\n"
        "spring.datasource.username : ${DB_USER:postgres}\n"
        "spring.datasource.password=Tr0ub4\\\n   dour-xk\n"
        "spring.datasource.hikari.maximum-pool-size 5\n"
        f"other=${{DATABASE_URL:${{X:{DSN}}}}}\nref=${{spring.datasource.url}}\n",
        "application.properties",
    )
    found = settings(facts)
    assert set(found) == {
        "spring.datasource:spring.datasource.url",
        "spring.datasource:spring.datasource.username",
        "spring.datasource:spring.datasource.password",
        "spring.datasource.hikari:spring.datasource.hikari.maximum-pool-size",
        ":other",
        ":ref",
    }
    url = found["spring.datasource:spring.datasource.url"].value
    assert url.dsn is not None
    assert (url.dsn.spelling, at(file, url)) == ("jdbc", jdbc)
    hole = found["spring.datasource:spring.datasource.username"].value.hole
    assert hole is not None
    assert hole.default is not None
    assert (hole.variable, hole.default.text) == ("DB_USER", "postgres")
    hole = found[":other"].value.hole
    assert hole is not None
    assert hole.default is not None
    assert hole.default.hole is not None
    assert hole.default.hole.default is not None
    assert at(file, hole.default.hole.default) == DSN
    reference = found[":ref"].value.hole
    assert reference is not None
    assert reference.variable is None
    assert [m.comment for m in facts.mentions][:1] == [True]
    assert len(facts.mentions) == 2


def test_password_files() -> None:
    file, facts = read(
        f"# {HOST}:5432:a:b:c\n{HOST}:5432:postgres:postgres:Tr0ub4\\:dour\r\n{HOST}:6543:*:x\n",
        ".pgpass",
    )
    found = settings(facts)
    names = ("host", "port", "database", "user", "password", "sslmode")
    assert set(found) == {f"0:{name}" for name in names}
    assert found["0:sslmode"].value.hole is not None
    assert at(file, found["0:host"].value) == HOST
    assert at(file, found["0:password"].value) == "Tr0ub4\\:dour"
    assert found["0:password"].value.text == "***"


PIECES = st.sampled_from(
    [
        *("[a]\n", "[", "]", "a", ".b", " = ", ":", "=", "%%", "%(x)s", "\\", "\\u00e9", "\\\n"),
        *("${X:", "}", "#", "!", ";", '"', "Environment=", "\n", "\r\n", "\n  ", "é", "\ufffd"),
        *(HOLE, "supabase", "h:1:d:u:p\n", DSN),
    ]
)
PATHS = st.sampled_from(["alembic.ini", "a.properties", ".pgpass", "x.service"])


@given(st.lists(PIECES, max_size=30).map(lambda p: "".join(p).encode()) | st.binary(), PATHS)
def test_any_bytes(content: bytes, path: str) -> None:
    file, facts = read(content, path)
    spans = [s.span for s in facts.settings] + [s.value.span for s in facts.settings]
    for span in (*spans, *facts.secrets, *(m.dsn.span for m in facts.mentions)):
        assert 0 <= span.start <= span.end <= len(file.data)


@given(st.lists(st.sampled_from(["a", "é", "😀", " ", "#", "=", "/", ";", '"', ":", "[", "]"])))
def test_the_text_at_a_span_is_the_value(pieces: list[str]) -> None:
    value = "".join(pieces).strip()
    for path in ("alembic.ini", "a.properties"):
        file, facts = read(f"supabase = é\nk = {value}\nz = 1\n", path)
        found = settings(facts)
        assert at(file, found[":k"].value) == value
        assert at(file, found[":z"]) == "z = 1"


def test_a_url_in_a_password_file_is_no_entry() -> None:
    _, facts = read(
        "postgresql://postgres.abc:kX7vQ2mZp9wL@db.abc.supabase.co:6543/x:y\n", ".pgpass"
    )
    assert "kX7" not in repr(facts)
    assert facts.mentions
