"""Tables of data files that configure a client: Spring's datasource, Rails' database.yml."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.clients import Clients
from supa_lint.knowledge import ClientSpec, Platforms, load
from supa_lint.model import Call, Const, Facts, PasswordKind, Value
from supa_lint.model import Mapping as Table
from supa_lint.read import ini, jsonc, yaml
from supa_lint.source import File
from support import REF, places, run

KNOWN = load()
CLIENTS = Clients(KNOWN.clients.values())
HOST = "aws-0-eu-west-1.pooler.supabase.com"
JDBC = f"jdbc:postgresql://{HOST}:6543/postgres"


def read(path: str, content: str) -> tuple[File, Facts]:
    file = File(path, content.encode())
    reader = ini.read if path.endswith(".properties") else yaml.read
    return file, reader(file, KNOWN.platforms, CLIENTS)


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


def text(call: Call, name: str) -> Value:
    value = call.keyword(name)
    assert isinstance(value, Value)
    return value


SPRING = {
    "properties": (
        "src/main/resources/application.properties",
        f"# é\nspring.datasource.url = {JDBC}\nspring.datasource.username=app\n"
        "spring.datasource.hikari.data-source-properties.prepareThreshold=0\n",
    ),
    "yaml": (
        "application.yml",
        f"é: 1\nspring:\n  datasource:\n    url: '{JDBC}'\n    username: app\n"
        "    hikari:\n      data-source-properties:\n        prepareThreshold: 0\n",
    ),
    "yaml with dots": (
        "config/application.yaml",
        f"spring.datasource:\n  url: {JDBC}\n  username: app\n"
        "  hikari.data-source-properties.prepareThreshold: 0\n",
    ),
}


@pytest.mark.parametrize(("path", "content"), SPRING.values(), ids=SPRING)
def test_the_datasource_of_spring(path: str, content: str) -> None:
    file, facts = read(path, content)
    assert [call.callee for call in facts.calls] == ["spring.datasource"]
    call = facts.calls[0]
    assert call.complete
    url = text(call, "url")
    assert at(file, url) == JDBC
    assert url.dsn is not None
    assert url.dsn.host is not None
    assert at(file, url.dsn.host) == HOST
    assert at(file, text(call, "username")) == "app"
    hikari = call.keyword("hikari")
    assert isinstance(hikari, Table)
    properties = hikari.get("data-source-properties")
    assert isinstance(properties, Table)
    threshold = properties.get("prepareThreshold")
    assert isinstance(threshold, Const)
    assert threshold.value == 0
    # What the call says is said once.
    assert not facts.mentions
    assert not [setting for setting in facts.settings if setting.value.dsn]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("application-prod.yml", f"spring:\n  datasource:\n    url: {JDBC}\n"),
        ("application-prod.properties", f"spring.datasource.url={JDBC}\n"),
        ("application.yml", f"spring:\n  datasource:\n    url: {JDBC}\n---\nserver.port: 1\n"),
    ],
)
def test_a_profile_only_adds_to_what_another_file_says(path: str, content: str) -> None:
    _, facts = read(path, content)
    assert [call.complete for call in facts.calls] == [False]


def test_a_default_of_spring() -> None:
    content = (
        f"spring:\n  datasource:\n    url: ${{JDBC_URL:{JDBC}}}\n    password: ${{PASSWORD}}\n"
    )
    file, facts = read("application.yml", content)
    url = text(facts.calls[0], "url")
    assert url.hole is not None
    assert url.hole.variable == "JDBC_URL"
    assert url.hole.default is not None
    assert at(file, url.hole.default) == JDBC
    password = text(facts.calls[0], "password")
    assert password.password is not None
    assert password.password.kind is PasswordKind.INTERPOLATED


RAILS = f"""\
<% require "uri" %>
default: &default
  adapter: postgresql
  port: <%= ENV.fetch("DB_PORT") {{ 5432 }} %>
  prepared_statements: false
production:
  <<: *default
  url: <%= ENV.fetch("DATABASE_URL", "postgres://app.{REF}@{HOST}:6543/postgres") %>
staging:
  <<: *default
  host: {HOST}
  username: <%= ENV["DB_USER"] || "app" %>
  password: "<%= ENV['DB_PASSWORD'] %>"
"""


def test_the_database_yml_of_rails() -> None:
    file, facts = read("config/database.yml", RAILS)
    production, staging = facts.calls
    assert production.callee == "rails.database.production"
    assert staging.callee == "rails.database.staging"
    url = text(production, "url").hole
    assert url is not None
    assert url.variable == "DATABASE_URL"
    assert url.default is not None
    assert at(file, url.default) == f"postgres://app.{REF}@{HOST}:6543/postgres"
    prepared = staging.keyword("prepared_statements")
    assert isinstance(prepared, Const)
    assert prepared.value is False
    user = text(staging, "username").hole
    assert user is not None
    assert user.variable == "DB_USER"
    assert user.default is not None
    assert at(file, user.default) == "app"
    assert at(file, text(staging, "host")) == HOST
    assert not facts.notes


def test_other_files_of_the_same_shape_configure_nothing() -> None:
    _, facts = read("config/cable.yml", "production:\n  url: postgres://x\n")
    assert not facts.calls


def test_the_url_of_another_file() -> None:
    """The file itself need not name any database."""
    files = {
        ".env": f"DB_LINK={JDBC}\n",
        "application.yml": "spring:\n  datasource:\n    url: ${DB_LINK}\n    username: app\n",
    }
    found = places(run(files), "prepared-statements-in-transaction-mode")
    assert found == ["application.yml:3"]


def test_the_user_beside_a_jdbc_url() -> None:
    files = {
        "application.properties": f"spring.datasource.url={JDBC}\nspring.datasource.username=app\n",
    }
    assert places(run(files), "bare-user-on-shared-pooler") == ["application.properties:2"]
    files["application.properties"] = files["application.properties"].replace("app", f"app.{REF}")
    assert not places(run(files), "bare-user-on-shared-pooler")


def test_the_password_beside_a_jdbc_url() -> None:
    content = f"spring.datasource.url={JDBC}\nspring.datasource.password=Tr0ub4dour-xk\n"
    report = run({"application.properties": content}, tracked=True)
    assert places(report, "committed-password") == ["application.properties:2"]


KEYS = st.sampled_from(["url", "spring", "datasource", "spring.datasource", "a", "<<", "hikari"])
VALUES = st.sampled_from(
    [
        JDBC,
        "${A:" + JDBC + "}",
        "${",
        "${A:${B:x}}",
        "<%= ENV['A'] || 'x' %>",
        "<%",
        "",
        "1",
        "true",
    ]
)
TREES = st.recursive(
    VALUES, lambda inner: st.lists(st.tuples(KEYS, inner), min_size=1, max_size=3), max_leaves=8
)


def written(tree: object, indent: int = 0) -> str:
    if isinstance(tree, str):
        return f" {tree}\n"
    assert isinstance(tree, list)
    pairs = (f"{' ' * indent}{key}:{written(value, indent + 1)}" for key, value in tree)
    return "\n" + "".join(pairs)


@given(TREES, st.sampled_from(["application.yml", "config/database.yml", "application.properties"]))
def test_any_tree_is_survived(tree: object, path: str) -> None:
    file, facts = read(path, written(tree) + "# postgres")
    for call in facts.calls:
        assert 0 <= call.span.start <= call.span.end <= len(file.data)
        for _, value in call.keywords:
            if isinstance(value, Value) and value.dsn is not None:
                assert at(file, value) == JDBC


NPGSQL = (
    "Host=db.qzxwvutsrponmlkjihgf.supabase.co;Port=5432;Username=postgres;Password=Tr0ub4dour-xk"
)


def test_a_connection_string_is_a_call_by_itself() -> None:
    rows = [{"files": ["app*.json"], "at": "Strings.*", "call": "net.string", "spelling": "npgsql"}]
    spec = ClientSpec(
        "net", {"label": "net", "language": "csharp", "configured": rows, "calls": []}
    )
    text = f'{{"Strings": {{"A": "{NPGSQL}", "B": "postgres://u:Tr0ub4dour-xk@h.co/d", "C": 1}}}}'
    file = File("app.json", text.encode())
    facts = jsonc.read(file, Platforms(), Clients([spec]))
    (call,) = facts.calls
    assert (call.callee, call.keywords, call.complete) == ("net.string.A", (), False)
    (value,) = call.args
    assert isinstance(value, Value)
    assert value.hole is not None
    assert value.hole.variable == "A"
    assert file.data[value.span.start : value.span.end].decode() == NPGSQL
    # Each is a setting all the same.
    assert [setting.name for setting in facts.settings] == ["A", "B", "C"]
    assert "Tr0ub4dour" not in repr(facts)


def test_another_file_overrides_a_connection_string() -> None:
    def settings(host: str, password: str) -> str:
        return (
            f'{{"ConnectionStrings": {{"Default": "Host={host};Port=5432;Username=postgres;'
            f'Password={password};SSL Mode=Require"}}}}'
        )

    template = settings("db.[YOUR-REF].supabase.co", "[YOUR-PASSWORD]")
    files = {
        "appsettings.json": template,
        "appsettings.Development.json": settings("127.0.0.1", "postgres"),
    }
    assert places(run(files), "placeholder-in-live-config") == []
    assert places(run({"appsettings.json": template}), "placeholder-in-live-config") == [
        "appsettings.json:1"
    ]
