from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supa_lint.model import Facts
from supa_lint.read import literals
from supa_lint.source import File
from support import DIRECT, REF, places, run

HOST = "aws-0-eu-west-1.pooler.supabase.com"
URL = f"postgresql://postgres.{REF}:Tr0ub4dour-xk@{HOST}:6543/postgres"
NPGSQL = f"Host={HOST};Port=6543;Username=postgres.{REF};Password=Tr0ub4dour-xk"
JDBC = f"jdbc:postgresql://{HOST}:6543/postgres"


def read(path: str, content: str | bytes) -> tuple[File, Facts]:
    file = File(path, content.encode() if isinstance(content, str) else content)
    return file, literals.read(file)


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


GIVEN = [
    ("main.go", 'const dbURL = "@@"', "dbURL", URL),
    ("main.go", "\tdsn := `@@` // é", "dsn", URL),
    ("main.go", 'db, err := sql.Open("postgres", "@@")', "", URL),
    ("main.go", 'cfg := Config{\n\tDatabaseURL: "@@",\n}', "DatabaseURL", URL),
    ("main.go", 'db, err := pgx.Connect(context.Background(), "@@")', "", URL),
    ("main.rs", 'let url: &str = "@@";', "url", URL),
    ("main.rs", 'let url = r#"@@"#;', "url", URL),
    ("main.rs", "fn f<'a>(x: &'a str) { PgPool::connect(\"@@\").await }", "", URL),
    ("Db.cs", 'var c = new NpgsqlConnection("@@");', "c", NPGSQL),
    ("Db.cs", 'private const string Dsn = @"@@";', "Dsn", NPGSQL),
    ("Db.cs", 'options.UseNpgsql("@@")', "", NPGSQL),
    ("Db.java", 'static final String DB_URL = "@@";', "DB_URL", JDBC),
    ("Db.java", 'Connection c = DriverManager.getConnection("@@", "u", "p");', "c", JDBC),
    ("Db.kt", 'val url: String = "@@"', "url", JDBC),
    ("db.php", "'url' => '@@',", "url", URL),
    ("db.php", '<?php\n// it\'s\n$dsn = "@@";', "dsn", URL),
    ("db.php", "<?php\n$dsn = <<<'EOT'\n@@\nEOT;\n", "dsn", URL),
    ("db.php", '<?php\n$dsn = new PDO(<<<"EOT"\r\n@@\r\n  EOT, 1);\n', "dsn", URL),
    ("db.php", "<?php\n$a = <<<EOT\nit's\nEOT;\n$dsn = '@@';", "dsn", URL),
    ("db.rb", 'DB = Sequel.connect("@@")', "DB", URL),
    ("db.rb", "# it's\nurl = '@@'", "url", URL),
    ("config.exs", 'config :shop, Shop.Repo,\n  url: "@@"', "url", URL),
    ("db.dart", "final url = '@@';", "url", URL),
    ("Db.swift", 'let url = "@@"', "url", URL),
    ("Db.scala", 'val url = "@@"', "url", JDBC),
]


@pytest.mark.parametrize(("path", "code", "name", "dsn"), GIVEN)
def test_a_literal_that_is_given_to_something(path: str, code: str, name: str, dsn: str) -> None:
    file, facts = read(path, code.replace("@@", dsn))
    assert [setting.name for setting in facts.settings] == [name]
    setting = facts.settings[0]
    assert not setting.exported
    assert at(file, setting.value) == dsn
    assert setting.value.dsn is not None
    assert setting.value.dsn.host is not None
    assert at(file, setting.value.dsn.host) == HOST
    assert not facts.mentions


MENTIONED = [
    ("main.go", 'fmt.Println("@@")'),
    ("main.go", '// dsn := "@@"'),
    ("main.go", 'if url == "@@" {'),
    ("main.go", 'cmd := cobra.Command{Example: "@@"}'),
    ("main.go", 'return fmt.Errorf("@@")'),
    ("main.go", 'dsn := "use @@ here"'),
    ("main.go", "const help = `\n  export DATABASE_URL=@@\n`"),
    ("main.rs", '/* let url = "@@"; */'),
    ("Db.java", 'log.info("@@");'),
    ("db.php", "echo '@@';"),
    ("db.php", "echo <<<'EOT'\n@@\nEOT;"),
    ("db.rb", "puts '@@'"),
    ("config.exs", '@moduledoc """\nurl: @@\n"""'),
    ("db.dart", "child: Text('@@'),"),
    ("Db.cs", 'if (url.StartsWith("@@")) {'),
    ("Db.swift", 'TextField(placeholder: "@@")'),
]


@pytest.mark.parametrize(("path", "code"), MENTIONED)
def test_any_other_literal_is_only_mentioned(path: str, code: str) -> None:
    file, facts = read(path, code.replace("@@", URL))
    assert not facts.settings
    assert [at(file, mention.dsn) for mention in facts.mentions] == [URL]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("main.go", 'dsn := getEnv("DB_LINK", "@@")'),
        ("main.rs", 'let u = env::var("DB_LINK").unwrap_or_else(|_| "@@".to_string());'),
        ("Db.cs", 'var u = Environment.GetEnvironmentVariable("DB_LINK") ?? "@@";'),
        ("Db.kt", 'val u = System.getenv("DB_LINK") ?: "@@"'),
        ("db.php", "'url' => env('DB_LINK', '@@'),"),
        ("db.rb", 'url = ENV["DB_LINK"] || "@@"'),
        ("db.rb", 'url = ENV.fetch("DB_LINK", "@@")'),
        ("config.exs", 'url = System.get_env("DB_LINK") || "@@"'),
    ],
)
def test_a_default_counts_where_nothing_sets_the_variable(path: str, code: str) -> None:
    file, facts = read(path, code.replace("@@", URL))
    assert not facts.settings
    defaults = [one for one in facts.reads if one.default is not None]
    assert [one.variable for one in defaults] == ["DB_LINK"]
    assert defaults[0].default is not None
    assert at(file, defaults[0].default) == URL
    bare = code.replace("@@", URL.replace(f".{REF}", ""))
    assert places(run({path: bare}), "bare-user-on-shared-pooler")
    assert not places(
        run({path: bare, ".env": f"DB_LINK={DIRECT}\n"}), "bare-user-on-shared-pooler"
    )


def test_pieces_that_are_put_in_are_not_known() -> None:
    code = f'dsn := fmt.Sprintf("postgresql://postgres.%s:%s@{HOST}:%d/postgres", ref, pw, port)'
    _, facts = read("main.go", code)
    dsn = facts.settings[0].value.dsn
    assert dsn is not None
    assert dsn.user is not None
    assert not dsn.user.known
    assert dsn.port is not None
    assert not dsn.port.known


def test_escapes() -> None:
    _, facts = read("db.php", '<?php $url = "pgsql://x\\"y"; $dsn = "postgres://u:p\\$w@h:5432/d";')
    assert [setting.name for setting in facts.settings] == ["dsn"]


@settings(deadline=None)
@given(st.binary(max_size=60), st.sampled_from(GIVEN), st.binary(max_size=60))
def test_any_bytes_are_survived(
    before: bytes, case: tuple[str, str, str, str], after: bytes
) -> None:
    path, code, _, dsn = case
    data = before + b"\n" + code.replace("@@", dsn).encode() + b"\n" + after
    file, facts = read(path, data)
    for setting in facts.settings:
        assert 0 <= setting.span.start <= setting.value.span.start
        assert setting.value.span.end <= setting.span.end <= len(data)
        assert setting.value.dsn is not None
        assert at(file, setting.value) == dsn


def test_open_quotes_without_end_take_no_time() -> None:
    for path, piece in (
        ("a.rs", b'r#"'),
        ("a.go", b"`"),
        ("a.kt", b'"""'),
        ("a.cs", b"/*"),
        ("a.php", b"<<<A\n"),
    ):
        _, facts = read(path, piece * 100_000)
        assert not facts.settings


def test_many_arguments_before_a_literal_are_survived() -> None:
    # With a comma inside a repeated class this took twice as long for each comma more.
    text = f'connect({"," * 200}x "{URL}")'
    _, facts = read("main.go", text)
    assert facts.mentions
