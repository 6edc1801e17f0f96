"""Elixir: Ecto's configuration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.clients import Clients
from supa_lint.knowledge import load
from supa_lint.model import HOLE, Call, Const, Expr, Facts, Symbol, Value
from supa_lint.model import Mapping as Table
from supa_lint.read import elixir
from supa_lint.source import File
from support import DIRECT, REF, TRANSACTION, places, run, spans

HOST = f"db.{REF}.supabase.co"
CLIENTS = Clients(load().clients.values())


def read(content: str | bytes, path: str = "config/runtime.exs") -> tuple[File, Facts]:
    file = File(path, content.encode() if isinstance(content, str) else content)
    return file, elixir.read(file, CLIENTS.wanted)


def calls(content: str, path: str = "config/runtime.exs") -> tuple[Call, ...]:
    return read(f"import Config\n{content}", path)[1].calls


def option(written: str, before: str = "") -> tuple[str, Expr | None]:
    """The text at the place of an option that is written so, and what it is read as."""
    file, facts = read(
        f"# é\nimport Config\n{before}\nconfig :a, A.Repo, pool: 1, x: ({written}),\n  y: 2\n"
    )
    (call,) = facts.calls
    assert (call.callee, call.complete, call.keyword("y") is not None) == (
        "Config.A.Repo",
        True,
        True,
    )
    found = call.keyword("x")
    assert found is not None
    return file.data[found.span.start : found.span.end].decode(), found


@pytest.mark.parametrize(
    "written",
    [
        f'"{HOST}"',
        f'~c"{HOST}"',
        f"'{HOST}'",
        f'to_charlist("{HOST}")',
        f'String.trim(" {HOST} ")',
        f'"db." <> "{HOST[3:]}"',
        f'"db.{REF}" <> ".supabase.co"',
        f'nil || "{HOST}"',
        f'if(System.get_env("A"), do: "{HOST}", else: "{HOST}")',
    ],
)
def test_texts(written: str) -> None:
    _, found = option(written)
    assert isinstance(found, Value)
    assert found.text == HOST


def test_a_text_has_its_place() -> None:
    assert option(f'"{HOST}"')[0] == HOST
    place, found = option('"#{user}@#{1}\\u{e9}:5432"')
    assert isinstance(found, Value)
    assert place == "#{user}@#{1}\\u{e9}:5432"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("nil", None),
        ("6_543", 6543),
        ('String.to_integer("5")', 5),
    ],
)
def test_constants(written: str, value: object) -> None:
    _, found = option(written)
    assert isinstance(found, Const)
    assert found.value is value or found.value == value


def test_atoms_and_modules() -> None:
    for written in (":unnamed", "App.Types", ":public_key.cacerts_get", "CAStore.file_path"):
        given = f"{written}()" if "_" in written else written
        _, found = option(given)
        assert isinstance(found, Symbol)
        assert found.name == written


@pytest.mark.parametrize(
    ("written", "default"),
    [
        ('System.get_env("DB")', None),
        ('System.fetch_env!("DB")', None),
        ('System.get_env("DB", "5432")', "5432"),
        ('System.get_env("DB") || "5432"', "5432"),
        ('String.to_integer(System.get_env("DB") || "5432")', "5432"),
        ('System.get_env("DB", "5432") |> String.to_integer()', "5432"),
        ('System.get_env("DB") || raise "DB is missing"', None),
        ('System.get_env("DB") ||\n  raise """\n  missing\n  """', None),
        ('env!("DB", :string!)', None),
        ('env!("DB", :integer, 5432)', "5432"),
        ("name", None),
        ("@name", None),
    ],
)
def test_variables_of_the_environment(written: str, default: str | None) -> None:
    before = '@name System.get_env("DB")\nname = System.get_env("DB")'
    _, found = option(written, before)
    assert isinstance(found, Value)
    assert found.hole is not None
    assert found.hole.variable == "DB"
    assert (found.hole.default and found.hole.default.text) == default


@pytest.mark.parametrize(
    "written",
    [
        "name",
        "@name",
        'System.get_env("A") == "1"',
        'if System.get_env("A"), do: [:inet6], else: []',
        "fn a -> a end",
        "&String.trim/1",
        "%{a: 1}",
        "a.b",
        'Path.join("a", "b")',
        'String.split("a")',
        "case a do\n b -> c\nend",
        "~w(a b)",
        "99999999999999999999999999",
    ],
)
def test_what_is_unknown(written: str) -> None:
    _, found = option(written)
    assert not isinstance(found, Const | Symbol | Table)
    assert not isinstance(found, Value) or HOLE in found.text


def test_keyword_lists() -> None:
    for written in (
        "[verify: :verify_none]",
        "[{:verify, :verify_none}]",
        '["verify": :verify_none]',
    ):
        _, found = option(written)
        assert isinstance(found, Table)
        assert found.complete
        verify = found.get("verify")
        assert isinstance(verify, Symbol)
        assert verify.name == ":verify_none"


@pytest.mark.parametrize(
    ("given", "ssl", "complete"),
    [
        ("ssl: true", True, True),
        ("[ssl: true]", True, True),
        ("[{:ssl, true}]", True, True),
        ("[ssl: true] ++ []", True, True),
        ("[ssl: true] ++ [ssl: false]", True, True),
        ("Keyword.merge([ssl: true], ssl: false)", False, True),
        ("Keyword.put([ssl: true], :ssl, false)", False, True),
        ("[ssl: true] ++ more", True, False),
        ("more ++ [ssl: true]", None, False),
        ("Keyword.merge(more, ssl: true)", True, False),
        ("more", None, False),
        ("options", True, True),
    ],
)
def test_options_from_elsewhere(given: str, ssl: bool | None, complete: bool) -> None:
    (call,) = calls(f"options = [ssl: true]\nconfig(:a, A.Repo, {given})")
    found = call.keyword("ssl")
    assert (found.value if isinstance(found, Const) else None, call.complete) == (ssl, complete)


@pytest.mark.parametrize(
    ("block", "within"),
    [
        ("{}", ()),
        ("if config_env() == :prod do\n{}\nend", ("config_env.prod",)),
        ("if config_env() == :prod, do: {}", ("config_env.prod",)),
        ("if Mix.env() == :prod do\n{}\nend", ("config_env.prod",)),
        ("env = config_env()\nif :prod == env do\n{}\nend", ("config_env.prod",)),
        ("if config_env() == :test do\nelse\n{}\nend", ("dev", "other", "prod")),
        ("unless config_env() in [:dev, :test] do\n{}\nend", ("other", "prod")),
        ("if config_env() not in [:dev, :test] do\n{}\nend", ("other", "prod")),
        ("if not (config_env() == :test) do\n{}\nend", ("dev", "other", "prod")),
        ("if config_env() != :prod do\n{}\nend", ("dev", "other", "test")),
        ("case config_env() do\n:prod -> {}\n_ -> nil\nend", ("config_env.prod",)),
        ("case config_env() do\nx when x in [:a] -> {}\nend", ("if",)),
        ("if config_env() == :prod and a do\n{}\nend", ("config_env.prod", "if")),
        ("if config_env() == :prod or a do\n{}\nend", ("if",)),
        ('if System.get_env("A") do\n{}\nend', ("if",)),
        ("if config_env() == :staging do\n{}\nend", ("config_env.other", "if")),
        ("for a <- [1] do\n{}\nend", ("if",)),
    ],
)
def test_for_which_environments(block: str, within: tuple[str, ...]) -> None:
    (call,) = calls(block.replace("{}", "config :a, A.Repo, ssl: true"))
    assert call.within == tuple(
        one if one == "if" or "." in one else f"config_env.{one}" for one in within
    )


@pytest.mark.parametrize(
    ("path", "within"),
    [
        ("config/config.exs", [()]),
        ("apps/a/config/dev.exs", [("config_env.dev",)]),
        ("config/prod.secret.exs", [("config_env.prod",)]),
        ("config/releases.exs", [("config_env.prod",)]),
        ("config/supabase.exs", [("if",)]),
        ("config/test.exs", []),
    ],
)
def test_the_name_of_a_file_tells(path: str, within: list[tuple[str, ...]]) -> None:
    assert [call.within for call in calls("config :a, A.Repo, ssl: true", path)] == within


def test_what_is_for_tests_only_is_left_out() -> None:
    assert not calls("if config_env() == :test do\nconfig :a, A.Repo, ssl: true\nend")
    assert not calls(
        "if config_env() == :prod do\nif config_env() == :dev do\nconfig :a, A.Repo, ssl: true\nend\nend"
    )


def test_names_of_a_block_stay_in_it() -> None:
    (call,) = calls(
        'host = "a"\nif config_env() == :prod do\nhost = "b"\nend\nconfig :a, A.Repo, hostname: host'
    )
    host = call.keyword("hostname")
    assert isinstance(host, Value)
    assert host.text == "a"
    (call,) = calls("url = fn url -> config(:a, A.Repo, hostname: url) end")
    assert not isinstance(call.keyword("hostname"), Value)


def test_what_may_configure_anything() -> None:
    (call,) = calls("for repo <- [A.Repo] do\nconfig :a, repo, ssl: true\nend")
    assert (call.callee, call.complete) == ("Config.*", False)
    (call,) = calls('import_config "../b/#{x}.exs"')
    assert (call.callee, call.args) == ("Config.*", ())
    (call,) = calls('import_config "prod.secret.exs"', "a/config/prod.exs")
    (named,) = call.args
    assert isinstance(named, Symbol)
    assert named.name == "a/config/prod.secret.exs"
    assert not calls('import_config "#{config_env()}.exs"\nimport_config "#{Mix.env()}.exs"')


def test_what_is_no_configuration_of_a_module() -> None:
    assert not calls(
        "config :a, ecto_repos: [A.Repo]\nconfig :a, :b, url: 1\nconfig :a, A.Web, url: 1"
    )
    assert not read("config :a, A.Repo, ssl: true")[1].calls  # nothing is imported


def test_a_repository_that_changes_its_configuration() -> None:
    code = "defmodule A.Repo do\n  use Ecto.Repo, otp_app: :a\n  def {}\nend\n"
    for head in ("init(_, config), do: {:ok, config}", "init(_, c) when true do\n{:ok, c}\nend"):
        (call,) = read(code.replace("{}", head), "lib/repo.ex")[1].calls
        assert (call.callee, call.complete) == ("Config.A.Repo", False)
    assert not read(code.replace("{}", "all(a), do: a"), "lib/repo.ex")[1].calls


def test_other_calls() -> None:
    _, facts = read(
        'defmodule A do\ndef go(x) do\nopts = [hostname: "a", port: 5432]\n'
        "{:ok, pid} = Postgrex.start_link(opts)\nPostgrex.query(pid, x)\nend\nend\n",
        "lib/a.ex",
    )
    (call,) = facts.calls
    assert (call.callee, [name for name, _ in call.keywords]) == (
        "Postgrex.start_link",
        ["hostname", "port"],
    )


def test_the_variables_that_are_read() -> None:
    _, facts = read(
        'import Config\nurl = System.get_env("A")\nother = String.replace(url, ":6543", ":5432")\n'
        'third = Enum.map(System.fetch_env!("B"), & &1)\nlog(env!("C"))\n'
        'a = System.get_env("D") <> "?ssl=true"\nb = "#{System.get_env("E")}?ssl=true"\n'
    )
    assert {one.variable: one.rewritten for one in facts.reads} == {
        "A": {"port"},
        "B": {"*"},
        "C": frozenset(),
        "D": {"params"},
        "E": {"params"},
    }


def test_the_password_is_masked_and_nothing_is_said_twice() -> None:
    file, facts = read(
        f'import Config\nconfig :a, A.Repo, url: "{DIRECT}", password: "Tr0ub4dour-xk"\n'
        f'dsn = "{DIRECT}"\n# {DIRECT}\n'
    )
    assert "Tr0ub4dour" not in repr(facts)
    assert len(facts.calls) == 1
    assert [setting.name for setting in facts.settings] == ["dsn"]
    assert [mention.comment for mention in facts.mentions] == [True]
    assert [file.data[s.start : s.end] for s in facts.secrets].count(b"Tr0ub4dour-xk") == 4


@pytest.mark.parametrize(
    "code",
    [
        "config :a, A.Repo, url: System.get_env({})",
        "System.fetch_env!({})",
        "import_config {}",
        "config :a, A.Repo, [{}: 1]",
        "config :a, A.Repo, [{{{}, 1}}]",
        "config :a, {}, url: 1",
        "config {}, A.Repo, url: {}",
        "raise {}",
        "@a {}\nconfig :a, A.Repo, url: @a, x: [{}], y: {{{}, {}}}, hostname: {}",
    ],
)
def test_a_secret_is_no_name(code: str) -> None:
    _, facts = read(
        "import Config\n" + code.replace("{{", "{").replace("}}", "}").replace("{}", f'"{DIRECT}"')
    )
    assert "Tr0ub4dour" not in repr(facts)


RUNTIME = """import Config

if config_env() == :prod do
  database_url =
    System.get_env("DATABASE_URL") ||
      raise "environment variable DATABASE_URL is missing"

  config :app, App.Repo,
    # ssl: true,
    url: database_url,
    pool_size: String.to_integer(System.get_env("POOL_SIZE") || "10")
end
"""
CONFIG = 'import Config\n\nconfig :app, App.Repo, {}\n\nimport_config "#{config_env()}.exs"\n'
DEV = (
    'import Config\n\nconfig :app, App.Repo, hostname: "localhost", prepare: :unnamed, ssl: true\n'
)
ENV = f"DATABASE_URL={TRANSACTION.replace('?sslmode=require', '')}\n"
PREPARED, PLAIN = "prepared-statements-in-transaction-mode", "plaintext-by-default"


@pytest.mark.parametrize(
    ("files", "prepared", "plain"),
    [
        ({}, True, True),
        ({"config/dev.exs": DEV}, True, True),
        (
            {"config/config.exs": CONFIG.replace("{}", "migration_primary_key: [type: :uuid]")},
            True,
            True,
        ),
        ({"config/config.exs": CONFIG.replace("{}", "prepare: :unnamed")}, False, True),
        ({"config/prod.exs": CONFIG.replace("{}", "ssl: [cacertfile: path]")}, True, False),
        ({"config/test.exs": CONFIG.replace("{}", "ssl: true, prepare: :unnamed")}, True, True),
        ({"config/config.exs": 'import Config\nimport_config "secret.exs"\n'}, False, False),
        (
            {
                "config/config.exs": 'import Config\nimport_config "other.exs"\n',
                "config/other.exs": CONFIG.replace("{}", "ssl: true"),
            },
            True,
            False,
        ),
        (
            {"lib/repo.ex": "defmodule App.Repo do\nuse Ecto.Repo\ndef init(_, c), do: c\nend\n"},
            False,
            False,
        ),
    ],
)
def test_an_application(files: dict[str, str], prepared: bool, plain: bool) -> None:
    found = run({"config/runtime.exs": RUNTIME, ".env": ENV, **files})
    assert places(found, PREPARED) == ["config/runtime.exs:8"] * prepared
    assert places(found, PLAIN) == ["config/runtime.exs:8"] * plain


def test_options_on_condition() -> None:
    more = 'if System.get_env("POOLED") do\n  config :app, App.Repo, prepare: :unnamed\nend\n'
    found = run({"config/runtime.exs": RUNTIME + more, ".env": ENV})
    assert not places(found, PREPARED)
    assert places(found, PLAIN)


def test_very_many_calls() -> None:
    many = 'config :app, App.Repo, url: "' + TRANSACTION + '"\n'
    found = run({"config/runtime.exs": "import Config\n" + many * 1_000}, pedantic=True)
    assert not places(found, PREPARED)


PIECES = st.sampled_from(
    [
        *("import Config\n", "config :a, A.Repo, ", "config(", "url: ", "ssl: [", "]", ")", "("),
        *(
            "do\n",
            "end\n",
            "else\n",
            "if ",
            "case ",
            "-> ",
            "fn ",
            "|> ",
            "<> ",
            "++ ",
            "|| ",
            "= ",
        ),
        *(
            "System.get_env(",
            '"X"',
            "env!(",
            '"',
            '"""\n',
            "#{",
            "}",
            "~s(",
            "@a ",
            ":b",
            "'",
            "\n",
        ),
        *(
            "def init(",
            "defmodule A.Repo do\n",
            "use Ecto.Repo\n",
            "import_config ",
            "é😀",
            "\ufffc",
        ),
        *(
            f'"{DIRECT}"',
            "raise ",
            ", ",
            "\\u{",
            "\\",
            "# ",
            "config_env() == :prod ",
            "\0",
            "& ",
            "%{",
        ),
    ]
)


@given(st.lists(PIECES, max_size=40).map(lambda p: "".join(p).encode()) | st.binary())
def test_any_bytes(content: bytes) -> None:
    file, facts = read(b"import Config\nconfig :a, A.Repo, url: " + content)
    for span in spans(facts):
        assert 0 <= span.start <= span.end <= len(file.data)
    assert "Tr0ub4dour" not in repr(facts)


@given(st.lists(st.sampled_from(["a", "é", "😀", " ", "=", "/", "[", ",", "$", "'"]), min_size=1))
def test_the_text_at_a_span_is_the_value(pieces: list[str]) -> None:
    value = "".join(pieces)
    assert option(f'"{value}"')[0] == value


@pytest.mark.parametrize(
    "part",
    [
        *("[", "config :a, A.Repo, [", "if a do\n", "fn a -> ", "x = x <> x\n", "a |> ", '"#{'),
        *(
            "x = [x, x]\n",
            'System.get_env("A") || ',
            "config :a, A.Repo, ssl: true\n",
            "def a do\n",
        ),
        *("if config_env() == :prod do\nend\n", "x = 1\n", "import_config a\n", "@a @a\n", "not "),
    ],
)
def test_long_files_do_not_hang(part: str) -> None:
    _, facts = read('import Config\nx = "a"\n' + part * 10_000)
    assert not any(call.keyword("url") for call in facts.calls)
