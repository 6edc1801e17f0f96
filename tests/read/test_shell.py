from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.knowledge import PlatformSpec
from supa_lint.model import (
    HOLE,
    Call,
    Const,
    Facts,
    Mapping,
    PasswordKind,
    Setting,
    Span,
    Symbol,
    Value,
)
from supa_lint.raw import Raw, Segment
from supa_lint.read import shell
from supa_lint.sealing import Sealer
from supa_lint.source import File

REF = "qzxwvutsrponmlkjihgf"
HOST = f"db.{REF}.supabase.co"
DSN = f"postgresql://postgres:Tr0ub4dour-xk@{HOST}:5432/postgres"
WANTED = {
    f"shell.{name}" for name in ("psql", "pg_dump", "pg_restore", "prisma", "alembic", "dbmate")
}


def spec(name: str, *rows: dict[str, Any]) -> PlatformSpec:
    return PlatformSpec(
        name,
        {"label": name, "deployed": True, "model": "long-lived", "ipv6": False, "commands": rows},
    )


PLATFORMS = {
    one.id: one
    for one in (
        spec("fly", {"run": ["fly secrets set", "flyctl secrets set"], "pairs": "arguments"}),
        spec("heroku", {"run": "heroku config:set", "pairs": "arguments"}),
        spec("netlify", {"run": "netlify env:set", "pairs": "name value"}),
        spec("railway", {"run": "railway variables", "options": ["--set"]}),
        spec("docker", {"run": "docker run", "options": ["-e", "--env"]}),
        spec("run", {"run": "gcloud run deploy", "options": ["--set-env-vars"], "separator": ","}),
        spec(
            "azure",
            {
                "run": "az webapp config appsettings set",
                "options": ["--settings"],
                "several": True,
            },
        ),
        spec(
            "cloudflare", {"run": "wrangler hyperdrive create", "values": ["--connection-string"]}
        ),
    )
}


def read(content: str | bytes, path: str = "deploy.sh") -> tuple[File, Facts]:
    file = File(path, content.encode() if isinstance(content, str) else content)
    return file, shell.read(file, PLATFORMS, WANTED.__contains__)


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


def names(facts: Facts) -> list[str]:
    return [f"{s.container}:{s.name}" for s in facts.settings]


def only(facts: Facts) -> Setting:
    (setting,) = facts.settings
    return setting


def call(content: str) -> Call:
    (found,) = read(content)[1].calls
    return found


def options(call: Call) -> dict[str, object]:
    """Keywords of a call: texts as they are, the variable of a hole, other expressions whole."""
    return {
        name: (value.hole.variable if value.hole else value.text)
        if isinstance(value, Value)
        else value
        for name, value in call.keywords
    }


# --- assignments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "whole"),
    [
        (f"X={DSN}", f"X={DSN}"),
        (f'X="{DSN}"', f'X="{DSN}"'),
        (f"export X='{DSN}' # why", f"X='{DSN}'"),
        (f"local X={DSN}; true", f"X={DSN}"),
        (f"readonly X={DSN} Y=1", f"X={DSN}"),
    ],
)
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", "# é\r\n".encode()])
def test_an_assignment_and_its_places(line: str, whole: str, before: bytes) -> None:
    file, facts = read(before + line.encode() + b"\r\n")
    setting = facts.settings[0]
    assert (setting.name, setting.container, setting.exported) == ("X", "", True)
    assert at(file, setting) == whole
    assert at(file, setting.value) == DSN
    dsn = setting.value.dsn
    assert dsn is not None
    assert (at(file, dsn.password), dsn.password.kind) == ("Tr0ub4dour-xk", PasswordKind.LITERAL)
    assert not facts.mentions


def test_variables_are_holes_with_their_defaults() -> None:
    file, facts = read(
        f'A="postgresql://postgres:$PW@${{HOST:-{HOST}}}:6543/postgres"\n'
        f"B=${{DATABASE_URL:-\"{DSN}\"}}\nC=${{X%/*}}\nD=$(cat x)\nE=${{Y:?no}}\nF='$Z'\nG+=x\nH=(a b)\n"
    )
    values = {s.name: s.value for s in facts.settings}
    dsn = values["A"].dsn
    assert dsn is not None
    assert dsn.host is not None
    (hole,) = dsn.host.holes
    assert hole.variable == "HOST"
    assert hole.default is not None
    assert at(file, hole.default) == HOST
    assert dsn.password.kind is PasswordKind.INTERPOLATED
    hole_of_b = values["B"].hole
    assert hole_of_b is not None
    assert hole_of_b.default is not None
    assert at(file, hole_of_b.default) == DSN
    variables = [hole.variable for name in "CDEGH" for hole in values[name].holes]
    assert variables == [None, None, "Y", None, None]
    assert not values["F"].holes
    assert not facts.mentions


def test_pieces_of_several_kinds_make_one_word() -> None:
    file, facts = read(
        f"A=postgresql://postgres:'Tr0ub4dour-xk'@\"{HOST}\":5432\\/postgres\nB=$'a\\nb'"
    )
    dsn = facts.settings[0].value.dsn
    assert dsn is not None
    assert dsn.host is not None
    assert at(file, dsn.host) == HOST
    assert at(file, dsn.password) == "Tr0ub4dour-xk"


def test_each_function_and_each_command_has_its_own_container() -> None:
    _, facts = read("A=1\nf() { A=2; B=$A psql x; }\nA=3\nB=4 psql y\nC=1 D=2\npsql z\n")
    assert names(facts) == [":A", "f:A", "f.psql@1:B", "#2:A", "psql@2:B", ":C", ":D"]


def test_expressions_of_github() -> None:
    _, facts = read(
        'A="${{ secrets.DB }}"\nB=${{ env.FOO }}\npsql "${{ env.FOO }}?sslmode=require"\n'
    )
    holes = [s.value.hole for s in facts.settings]
    assert [hole and hole.variable for hole in holes] == [None, "FOO"]
    assert None not in holes
    (psql,) = facts.calls
    value = psql.keyword("dbname")
    assert isinstance(value, Value)
    assert [hole.variable for hole in value.holes] == ["FOO"]


# --- commands that set variables ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "platform", "container"),
    [
        (f'fly secrets set A=1 "X={DSN}"', "fly", "fly secrets set"),
        (f"flyctl -a app secrets set X='{DSN}' A=1 --stage", "fly", "flyctl secrets set"),
        (f"heroku config:set A=1 X={DSN} -a app", "heroku", "heroku config:set"),
        (f'railway variables --set "X={DSN}" --set A=1', "railway", "railway variables"),
        (f'sudo docker run -eA=1 --env X="{DSN}" image B=2', "docker", "docker run"),
        (f"gcloud run deploy api --set-env-vars=A=1,X={DSN}", "run", "gcloud run deploy"),
        (f"gcloud run deploy api --set-env-vars ^@@^A=1,2@@X={DSN}", "run", "gcloud run deploy"),
        (
            f'az webapp config appsettings set --settings A=1 X="{DSN}" --name n',
            "azure",
            "az webapp config appsettings set",
        ),
    ],
)
def test_commands_that_set_variables(command: str, platform: str, container: str) -> None:
    file, facts = read(command)
    found = {s.name: s for s in facts.settings}
    assert set(found) == {"A", "X"}
    assert at(file, found["X"].value) == DSN
    assert found["X"].platform is not None
    assert (found["X"].platform.id, found["X"].container) == (platform, container)
    assert found["X"].platform.span == Span("deploy.sh", *_range(file, command))


def _range(file: File, command: str) -> tuple[int, int]:
    start = file.data.find(command.encode())
    return start, start + len(command.encode())


def test_a_name_and_a_value_apart() -> None:
    file, facts = read(f'npx netlify env:set DATABASE_URL "{DSN}" --context production')
    setting = only(facts)
    assert (setting.name, at(file, setting.value)) == ("DATABASE_URL", DSN)
    file, facts = read(f'wrangler hyperdrive create db --connection-string="{DSN}"')
    setting = only(facts)
    assert (setting.name, at(file, setting.value)) == ("connection-string", DSN)


def test_settings_of_one_command_are_together_until_a_name_comes_again() -> None:
    _, facts = read(
        "fly secrets set DB_HOST=a\nfly secrets set DB_PORT=b\nfly secrets set DB_HOST=c\n"
        "env A=1 B=2 psql x\n"
    )
    assert names(facts) == [
        "fly secrets set:DB_HOST",
        "fly secrets set:DB_PORT",
        "fly secrets set#2:DB_HOST",
        "env@1:A",
        "env@1:B",
    ]


# --- calls ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            f"psql -h {HOST} -p 6543 -U postgres",
            {"host": HOST, "port": "6543", "username": "postgres"},
        ),
        (f"psql -h{HOST} -p6543", {"host": HOST, "port": "6543"}),
        (f"psql --host={HOST} --port 6543", {"host": HOST, "port": "6543"}),
        (f"psql -Xqth {HOST}", {"host": HOST}),
        ('psql "$DATABASE_URL" -c "select 1"', {"dbname": "DATABASE_URL", "c": "***"}),
        ("pg_dump --schema-only $URL", {"dbname": "URL"}),
        (f"psql -h {HOST} postgres me", {"host": HOST, "database": "postgres", "username": "me"}),
        (f"psql -h {HOST} -d $DB", {"host": HOST, "database": "DB"}),
        ("psql postgres", {"database": "postgres"}),
        ("PGHOST=$H PGPORT=6543 psql -p 5432", {"host": "H", "port": "5432"}),
        ('"/usr/lib/postgresql/16/bin/pg_dump" -d $U', {"dbname": "U"}),
        ("sudo -u postgres psql -p 1", {"port": "1"}),
        ("docker exec -it db psql -p 1", {"port": "1"}),
        ("if ! psql -p 1; then exit; fi", {"port": "1"}),
        ("x=$(psql -p 1)", {"port": "1"}),
        ("bash -ec 'psql -p 1'", {"port": "1"}),
        ("cat <<EOF | psql -p 1\nx\nEOF\n", {"port": "1"}),
    ],
)
def test_the_tools_of_postgres(command: str, expected: dict[str, object]) -> None:
    assert options(call(command)) == expected


def test_a_call_and_its_places() -> None:
    file, facts = read(f'echo a\npg_dump "{DSN}" \\\n  --file=x > y\n')
    (found,) = facts.calls
    assert (found.callee, found.complete) == ("shell.pg_dump", True)
    assert at(file, found) == f'pg_dump "{DSN}" \\\n  --file=x'
    value = found.keyword("dbname")
    assert isinstance(value, Value)
    assert value.dsn is not None
    assert at(file, value) == DSN
    assert call('psql "$@"').complete is False


def test_the_password_of_a_command_is_masked() -> None:
    file, facts = read(f"PGPASSWORD=Tr0ub4dour-xk psql -h {HOST}")
    value = facts.calls[0].keyword("password")
    assert isinstance(value, Value)
    assert value.text == "***"
    assert "Tr0ub4dour-xk" in {file.data[s.start : s.end].decode() for s in facts.secrets}


@pytest.mark.parametrize(
    "command",
    [
        "pg_dump -Fc -Z9 -n public -f out/db.dump",
        "pg_dump --format=custom --schema 'public' --file=x.sql",
        "pg_restore -j4 -d postgres x.dump",
        "psql -f seed.sql",
    ],
)
def test_options_that_hold_no_secret_are_not_masked(command: str) -> None:
    """`-F***` in a quoted line would only confuse."""
    file, facts = read(f"{command} -h {HOST}\n")
    assert facts.calls[0].keyword("host") is not None
    hidden = {file.data[s.start : s.end].decode() for s in facts.secrets}
    assert hidden <= {"postgres"}


@pytest.mark.parametrize("option", ["-c", "-v", "-f", "--file=", "--anything "])
def test_other_options_are_masked(option: str) -> None:
    file, facts = read(f"psql {option}'x: Tr0ub4dour-xk'\n")
    assert "x: Tr0ub4dour-xk" in {file.data[s.start : s.end].decode() for s in facts.secrets}


def test_other_programs() -> None:
    found = call(f"DATABASE_URL={DSN} npx prisma@5 migrate deploy --schema x --force")
    assert found.callee == "shell.prisma"
    assert [arg.name for arg in found.args if isinstance(arg, Symbol)] == ["migrate", "deploy"]
    assert isinstance(found.keyword("force"), Const)
    found = call(f"alembic -x url={DSN} upgrade head")
    given = found.keyword("x")
    assert isinstance(given, Mapping)
    url = given.get("url")
    assert isinstance(url, Value)
    assert url.dsn is not None
    found = call(f'dbmate --url "{DSN}" up')
    url = found.keyword("url")
    assert isinstance(url, Value)
    assert url.dsn is not None


@pytest.mark.parametrize(
    "content", ["npm install prisma", "which psql", "echo psql", "apt-get install psql", "# psql x"]
)
def test_a_program_that_is_only_named_is_no_call(content: str) -> None:
    assert not read(content)[1].calls


# --- the rest -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "comments"),
    [
        (f'echo "DATABASE_URL={DSN}" >> .env.example', [False]),
        (f"cat <<EOF\nX={DSN}\nEOF\n", [False]),
        (f"printf '%s' {DSN}", [False]),
        (f"true # {DSN}", [True]),
        (f"# {DSN}", [True]),
        (f'grep -q "{DSN}" .env | sed "s#{DSN}#x#"', []),
        (f'if [[ $X == "{DSN}" ]] || [ "$X" = "{DSN}" ]; then true; fi', []),
        (f'case "$X" in *:6543*) echo "{DSN}";; esac', [False]),
    ],
)
def test_other_texts_are_mentions_or_nothing(content: str, comments: list[bool]) -> None:
    file, facts = read(content)
    assert not facts.settings
    assert [m.comment for m in facts.mentions] == comments
    assert {at(file, m.dsn) for m in facts.mentions} <= {DSN}


def test_a_script_inside_another_file() -> None:
    data = f"run: |\n    export X={DSN}\n    psql $X # {DSN}\n".encode()
    file = File("w.yml", data)
    text = f"export X={DSN}\npsql $X # {DSN}\n"
    end = text.index("\n") + 1
    raw = Raw(
        text,
        Span("w.yml", 5, len(data)),
        (),
        (Segment(0, end, 11), Segment(end, len(text), 11 + end + 4)),
    )
    facts = shell.commands([raw], Sealer(file), PLATFORMS, WANTED.__contains__, "jobs.a")
    assert names(facts) == ["jobs.a:X"]
    assert at(file, only(facts)) == f"X={DSN}"
    assert [at(file, found) for found in facts.calls] == ["psql $X"]
    assert [(at(file, m.dsn), m.comment) for m in facts.mentions] == [(DSN, True)]


def test_a_procfile() -> None:
    file, facts = read(f"web: DATABASE_URL={DSN} run\nrelease: alembic upgrade head\n", "Procfile")
    assert names(facts) == ["web.run@1:DATABASE_URL"]
    assert at(file, only(facts).value) == DSN
    assert [found.callee for found in facts.calls] == ["shell.alembic"]


# --- PowerShell and cmd.exe -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        f'$env:X = "{DSN}"',
        f"$X='{DSN}'",
        f'[Environment]::SetEnvironmentVariable("X", "{DSN}", "User")',
        f'setx X "{DSN}"',
        f'if ($true) {{ $env:X = "{DSN}" }}',
        f'$env:X = @"\n{DSN}\n"@',
    ],
)
def test_powershell_assignments(line: str) -> None:
    file, facts = read(f"# {DSN}\r\n{line} # why\r\n<# {DSN} #>", "a.ps1")
    setting = only(facts)
    assert setting.name == "X"
    assert at(file, setting.value) == DSN
    assert [m.comment for m in facts.mentions] == [True, True]


@pytest.mark.parametrize(
    "value",
    [
        "[Runtime.InteropServices.Marshal]::PtrToStringAuto($bstr)",
        "Read-Host",
        "$config.Host",
        '"hunter".ToUpper()',
    ],
)
def test_powershell_expressions_are_no_texts(value: str) -> None:
    _, facts = read(f"$PGPASSWORD = {value}\n$PGUSER = $other\n$PGPORT = 6543\n", "a.ps1")
    password, user, port = facts.settings
    assert password.value.text == HOLE
    assert [hole.variable for hole in user.value.holes] == ["other"]
    assert port.value.text == "6543"


@pytest.mark.parametrize("use", ["$x -replace 'a', $y", '$X.Replace("a", $y)'])
def test_a_powershell_text_that_is_filled_in_is_only_mentioned(use: str) -> None:
    file, facts = read(f'$X = "{DSN}"\n$z = {use}\n', "a.ps1")
    assert [setting.value.dsn for setting in facts.settings if setting.name == "X"] == [None]
    assert at(file, facts.mentions[0].dsn) == DSN


def test_powershell_commands() -> None:
    file, facts = read(
        f'& psql "{DSN}" `\n  -p 6543\nfly secrets set X="a$($y)b$env:Z"\nWrite-Host "{DSN}"\n'
        "$y = Get-Content x | psql\n",
        "a.ps1",
    )
    first, second = facts.calls
    assert options(first)["port"] == "6543"
    assert second.callee == "shell.psql"
    holes = [hole.variable for s in facts.settings if s.name == "X" for hole in s.value.holes]
    assert holes == [None, "Z"]
    assert at(file, facts.mentions[-1].dsn) == DSN


def test_batch_files() -> None:
    unquoted = f"{DSN}?pgbouncer=true&connection_limit=1"
    file, facts = read(
        f'@echo off\r\nREM {DSN}\r\nset A={unquoted}\r\nset "B={DSN}"\r\n'
        f'if "%B%"=="" set C=%B%\r\nsetx D "{DSN}"\r\necho set E={DSN}\r\n'
        'call psql "%A%" -p 6543 ^\r\n  -c x && pg_dump -p 5432\r\n',
        "a.bat",
    )
    values = {s.name: s.value for s in facts.settings}
    assert set(values) == set("ABCD")
    assert [at(file, values[name]) for name in "ABD"] == [unquoted, DSN, DSN]
    assert values["C"].hole is not None
    assert [m.comment for m in facts.mentions] == [True, False]
    psql, dump = facts.calls
    assert options(psql) == {"dbname": "A", "port": "6543", "c": "***"}
    assert options(dump) == {"port": "5432"}


# --- any bytes ------------------------------------------------------------------------------------


def test_a_script_that_takes_too_long_is_read_as_plain_text() -> None:
    file, facts = read(b"A=1 B=2\nfoo\n" * 100_000 + f"{DSN}\n".encode())
    assert "too long" in facts.notes[0].text
    assert [at(file, m.dsn) for m in facts.mentions] == [DSN]


PIECES = st.sampled_from(
    [
        *(
            "A=",
            "$env:X = ",
            "set ",
            "export ",
            "psql ",
            "-h ",
            "--host=",
            "fly secrets set ",
            "-e ",
        ),
        *('"', "'", "`", "$(", ")", "(", "{", "}", "${X:-", "$X", "%X%", "${{ env.X }}", "\\", "^"),
        *(
            "<<E\n",
            "E\n",
            '@"\n',
            '\n"@',
            "[[ ",
            " ]]",
            "# ",
            "<#",
            "#>",
            "REM ",
            ";",
            "|",
            "&&",
            "&",
        ),
        *("\n", "\r\n", " ", "é", "\ufffd", "\ufffc", "web: ", "bash -c ", "f() {", DSN, HOLE),
    ]
)
PATHS = st.sampled_from(["a.sh", "a.ps1", "a.bat", "Procfile"])


@given(st.lists(PIECES, max_size=30).map(lambda p: "".join(p).encode()) | st.binary(), PATHS)
def test_any_bytes(content: bytes, path: str) -> None:
    file, facts = read(content, path)
    spans = [s.span for s in facts.settings] + [s.value.span for s in facts.settings]
    spans += [found.span for found in facts.calls]
    spans += [value.span for found in facts.calls for _, value in found.keywords]
    for span in (*spans, *facts.secrets, *(m.dsn.span for m in facts.mentions)):
        assert 0 <= span.start <= span.end <= len(file.data)


@given(
    st.lists(st.sampled_from(["a", "é", "😀", " ", "#", "=", "/", ";", "&", "$", "*", "\\", "\n"]))
)
def test_the_text_at_a_span_is_the_value(pieces: list[str]) -> None:
    value = "".join(pieces)
    for path, line in (("a.sh", f"é\nX='{value}'\n"), ("a.ps1", f"é\n$X = '{value}'\n")):
        file, facts = read(line, path)
        assert at(file, only(facts).value) == value


POOLER = "aws-0-eu-west-1.pooler.supabase.com"


@pytest.mark.parametrize(
    ("command", "name", "user", "port"),
    [
        (f"psql -h {POOLER} -p 6543 -U postgres shop", "psql", "postgres", "6543"),
        (f"sudo -E pg_dump --host={POOLER} --username 'postgres'", "pg_dump", "postgres", None),
        (f"psql 'host={POOLER} user=postgres'", "psql", "postgres", None),
        (f'pg_restore -d "postgres://postgres@{POOLER}:5432/x" d.dump', "pg_restore", None, "5432"),
        (
            f"npx supabase db push --db-url postgres://postgres@{POOLER}:5432/postgres",
            "supabase",
            "postgres",
            "5432",
        ),
        (f"migrate -database 'postgres://x@{POOLER}:6543/postgres' up", "migrate", "x", "6543"),
        (f'bash -c "pg_isready -h {POOLER} -p 5432"', "pg_isready", None, "5432"),
    ],
)
def test_what_postgres_own_tools_connect_with(
    command: str, name: str, user: str | None, port: str | None
) -> None:
    """No client file is needed to know where they go."""
    file = File("a.sh", f"echo\n{command}\n".encode())
    facts = shell.read(file, PLATFORMS, lambda callee: False)
    assert [setting.name for setting in facts.settings] == [name]
    setting = facts.settings[0]
    assert not setting.exported
    dsn = setting.value.dsn
    assert dsn is not None
    assert dsn.host is not None
    assert file.data[dsn.host.span.start : dsn.host.span.end].decode() == POOLER
    assert port is None or (dsn.port is not None and dsn.port.text == port)
    assert user is None or (dsn.user is not None and dsn.user.text == user)
    assert not facts.mentions


@pytest.mark.parametrize(
    "command",
    [
        'psql "$DATABASE_URL"',
        'psql -h "$HOST" -U postgres',
        f"echo psql -h {POOLER} -p 6543",
        f"say --title postgres://postgres@{POOLER}:5432/postgres",
        f"echo --db-url postgres://postgres@{POOLER}:5432/postgres",
        f"psql -h {POOLER}",
        f"PGHOST={POOLER} PGPORT=6543 psql",  # the variables say it already
    ],
)
def test_tools_that_say_nothing_themselves(command: str) -> None:
    facts = shell.read(File("a.sh", command.encode()), PLATFORMS, lambda callee: False)
    assert not [setting for setting in facts.settings if not setting.exported]


@pytest.mark.parametrize(
    "command",
    [
        f'echo "{DSN}" | vercel env add DATABASE_URL production',
        f"printf '%s' '{DSN}' | vercel --yes env add DATABASE_URL",
        f"vercel env add DATABASE_URL production <<< '{DSN}'",
    ],
)
def test_a_value_that_is_piped_into_a_command(command: str) -> None:
    platforms = {"vercel": spec("vercel", {"run": "vercel env add", "pairs": "name stdin"})}
    file = File("a.sh", command.encode())
    facts = shell.read(file, platforms)
    assert [setting.name for setting in facts.settings] == ["DATABASE_URL"]
    value = facts.settings[0].value
    assert file.data[value.span.start : value.span.end].decode() == DSN
    assert not facts.mentions


@pytest.mark.parametrize(
    "command",
    [
        "vercel env add DATABASE_URL production",
        "cat secret | vercel env add DATABASE_URL production",
        "echo | vercel env add DATABASE_URL production",
    ],
)
def test_a_value_that_comes_from_elsewhere(command: str) -> None:
    platforms = {"vercel": spec("vercel", {"run": "vercel env add", "pairs": "name stdin"})}
    assert not shell.read(File("a.sh", command.encode()), platforms).settings


@pytest.mark.parametrize("option", ["--network host", "--network=host", "--net=host"])
def test_an_option_that_makes_it_another_case(option: str) -> None:
    row = {"run": "docker run", "options": ["-e"], "unless": ["--network", "--net"]}
    platforms = {"docker": spec("docker", row)}
    bridged = shell.read(File("a.sh", f"docker run -e A={DSN} x".encode()), platforms)
    assert [setting.name for setting in bridged.settings] == ["A"]
    file = File("a.sh", f"docker run {option} -e A={DSN} x".encode())
    hosted = shell.read(file, platforms, lambda callee: False)
    assert not hosted.settings
    assert hosted.mentions


@pytest.mark.parametrize(
    "command",
    [
        "python manage.py migrate",
        "poetry run python manage.py migrate",
        "npm run migrate -- --database x",
        "node scripts/run.js migrate",
    ],
)
def test_an_argument_of_a_script_is_no_program(command: str) -> None:
    facts = shell.read(
        File("deploy.sh", command.encode()), {}, lambda callee: callee == "shell.migrate"
    )
    assert facts.calls == ()


def test_a_runner_runs_the_program_behind_it() -> None:
    facts = shell.read(
        File("deploy.sh", b"docker run migrate -database x up"),
        {},
        lambda callee: callee == "shell.migrate",
    )
    assert [call.callee for call in facts.calls] == ["shell.migrate"]


@pytest.mark.parametrize("sign", ["<<", "<< ", "<<<", "<", "<<\n", ">>", "|"])
def test_signs_without_end_do_not_hang(sign: str) -> None:
    """tree-sitter looks back at all of them for each one: it is stopped, or not given them."""
    script = "A=postgres://db.x.supabase.co:5432/x\n" + sign * (200_000 // len(sign))
    facts = shell.read(File("a.sh", script.encode()), {})
    assert facts.settings or facts.mentions


@pytest.mark.parametrize(
    ("command", "sources"),
    [
        ("source ../common.sh", ("../common.sh",)),
        (". ./lib/env.sh; . ./lib/env.sh", ("./lib/env.sh",)),
        ('. "$(dirname "$0")/env.sh"', (f"{HOLE}/env.sh",)),
        ("source 'a b.sh'", (HOLE,)),
        ("source <(./secrets)", (HOLE,)),
        ('source .env; . venv/bin/activate; . ./.env; . "$ROOT/.env"', ()),
        ("source config/.env", ("config/.env",)),
        # What sets variables without their names may set any.
        ('export $(grep -v "^#" "$1" | xargs)', (HOLE,)),
        ('while read -r line; do export "$line"; done < "$1"', (HOLE,)),
        ('declare -x "$name"="$value"', (HOLE,)),
        ('eval "$(keys)"', (HOLE,)),
        ("export $(grep -v '^#' .env | xargs)", ()),
        ('export A B=1 "C=$D"; declare -r E; local f="$1"', ()),
        ("./env.sh", ()),
    ],
)
def test_scripts_that_a_script_sources(command: str, sources: tuple[str, ...]) -> None:
    assert read(f"{command}\n")[1].sources == sources


def test_a_variable_that_is_read_is_not_known() -> None:
    facts = read('read -rp "URL: " DATABASE_URL\n')[1]
    assert [(s.name, s.value.text) for s in facts.settings] == [("DATABASE_URL", HOLE)]


@pytest.mark.parametrize("said", [f'"{DSN}"', f'echo "{DSN}"', f"Write-Output '{DSN}'"])
def test_powershell_pipes(said: str) -> None:
    platforms = {"vercel": spec("vercel", {"run": "vercel env add", "pairs": "name stdin"})}
    command = f"{said} | vercel env add X production 2>&1 | Out-Null\n"
    file = File("a.ps1", command.encode())
    facts = shell.read(file, platforms, lambda callee: False)
    setting = only(facts)
    assert setting.name == "X"
    assert at(file, setting.value) == DSN
    assert setting.platform is not None


def test_a_character_after_a_brace_that_the_grammar_has_no_room_for() -> None:
    """Some took the whole process down: the scanner read outside of a table."""
    code = (
        "from supa_lint.read.grammar import parse\n"
        "for n in range(0x10000, 0x110000, 0x1000):\n"
        "    parse('bash', f'echo {{{chr(n)}'.encode())\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    file, facts = read(f"echo {{\U000d545f\nX='{DSN}' # é\n")
    assert at(file, only(facts).value) == DSN
