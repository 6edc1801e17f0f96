"""`diagnose`: from the text of an error to the rule and the place."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest

from supa_lint.cli import main
from supa_lint.diagnose import matches
from supa_lint.knowledge import load
from support import REF, TRANSACTION

CANARY = "Tr0ub4dour-xk"
CODE = 'import os\n\nimport asyncpg\n\npool = asyncpg.create_pool(os.environ["DATABASE_URL"])\n'
PREPARED = "prepared-statements-in-transaction-mode"


def ids(text: str) -> list[str]:
    return [match.rule.id for match in matches(text, load())]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        'prepared statement "__asyncpg_stmt_1__" already exists',
        'PREPARED STATEMENT "S1" ALREADY EXISTS',
        'ERROR:  prepared\n   statement "a" already\r\n   exists\nLINE 1: ...',
        r'{"level":"error","msg":"prepared statement \"a\" already exists\nfoo"}',
        '\x1b[31mprepared\x1b[0m statement \x1b[1m"a"\x1b[0m already exists',
        '[31mprepared[0m statement "a" already exists',
        "prepared statement “a” already exists",
        'Nov 22 10:00:00 web-1 app[17]: (psycopg.errors) prepared statement "a" already exists\n'
        * 3,
        "prepared statement already exists",
    ],
)
def test_a_symptom_is_found_however_it_is_written(text: str) -> None:
    assert PREPARED in ids(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "\0",
        "all is well",
        "prepared statement",
        'prepared statement "a" ' + "x " * 400 + "already exists",
        "unprepared statement alreadyexists",
    ],
)
def test_other_text_is_not(text: str) -> None:
    assert ids(text) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("ENETUNREACH", "ipv6-endpoint-on-ipv4-platform"),
        ("network is unreachable", "ipv6-endpoint-on-ipv4-platform"),
        ("max clients reached", "session-mode-in-serverless"),
        ("self-signed certificate", "verification-without-ca"),
        ("P1012", "prisma-url-in-schema"),
    ],
)
def test_a_part_of_a_symptom_is_enough(text: str, rule: str) -> None:
    assert rule in ids(text)


@pytest.mark.parametrize("text", ["error", "connection", "database", "timeout", "the", "is not"])
def test_a_word_that_says_nothing_is_not(text: str) -> None:
    assert ids(text) == []


def test_each_symptom_finds_its_rule() -> None:
    for rule in load().rules.values():
        for symptom in rule.data.get("symptoms", []):
            assert rule.id in ids(f"ERROR: {symptom.replace('*', 'aws-0-x.y.z:6543')} (at 12:00)")


def test_the_most_specific_symptom_comes_first() -> None:
    user = f'FATAL: password authentication failed for user "postgres.{REF}"'
    assert ids(user)[0] == "dotted-user-on-direct-host"
    assert "bare-user-on-shared-pooler" not in ids(user)
    assert ids(user.replace(f".{REF}", ""))[0] == "bare-user-on-shared-pooler"


def test_the_place_in_the_project_is_shown(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".env").write_text(f"DATABASE_URL={TRANSACTION}\n")
    (project / "db.py").write_text(CODE)
    assert main(["diagnose", 'prepared statement "a" does not exist']) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{PREPARED}: ")
    assert "\n    db.py:5:8\n" in out
    assert ".env:1 DATABASE_URL is set here" in out
    assert "statement_cache_size=0" in out
    assert CANARY not in out


def test_a_cause_in_the_project_comes_before_one_with_a_longer_symptom(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bracketed = TRANSACTION.replace(CANARY, f"[{CANARY}]")
    (project / ".env").write_text(f"DATABASE_URL={bracketed}\n")
    assert main(["diagnose", f'password authentication failed for user "postgres.{REF}"']) == 0
    out = capsys.readouterr().out
    assert out.startswith("brackets-around-password: ")
    assert "dotted-user-on-direct-host" in out.partition("other causes")[2]
    assert CANARY not in out


def test_an_ignored_rule_is_a_cause_all_the_same(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".env").write_text(f"DATABASE_URL={TRANSACTION}\n")
    (project / "db.py").write_text(CODE)
    (project / "supa-lint.toml").write_text(f'ignore = ["{PREPARED}"]\n')
    assert main(["diagnose", 'prepared statement "a" does not exist']) == 0
    assert "db.py:5:8" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (
            f'could not translate host name "db.{REF}.supabase.co" to address: Name or service not'
            " known",
            "ipv6-endpoint-on-ipv4-platform",
        ),
        ('invalid URI query parameter: "pgbouncer"', "parameter-rejected-by-client"),
        ("Network is unreachable", "ipv6-endpoint-on-ipv4-platform"),
        (
            "Error: P1002\n\nThe database server was reached but timed out.\n\nContext: Timed out "
            "trying to acquire a postgres advisory lock (SELECT pg_advisory_lock(72707369)).",
            "migrations-in-transaction-mode",
        ),
        (
            "sqlalchemy.exc.MissingGreenlet: greenlet_spawn has not been called; can't call await",
            "scheme-rejected-by-client",
        ),
    ],
)
def test_the_likeliest_cause_comes_first(text: str, rule: str) -> None:
    assert ids(text)[0] == rule


def test_without_a_place_it_says_what_to_look_at(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", "Tenant or user not found"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Nothing that supa-lint sees in this project")
    assert "bare-user-on-shared-pooler: " in out
    assert "help: " in out
    assert "supa-lint check --environ" in out
    assert "{" not in out


def test_unknown_text(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", f"the printer is on fire {TRANSACTION} password={CANARY}"]) == 1
    captured = capsys.readouterr()
    assert "supa-lint rules" in captured.out
    assert CANARY not in captured.out + captured.err
    assert "printer" not in captured.out


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_standard_input(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:
    data = b"\xff\xfe log " + TRANSACTION.encode() + b"\nTenant or user not found\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert main(["diagnose", *arguments]) == 0
    captured = capsys.readouterr()
    assert "bare-user-on-shared-pooler" in captured.out
    assert CANARY not in captured.out + captured.err


def test_words_need_no_quotes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", "Tenant", "or", "user", "not", "found"]) == 0


def test_no_text_is_wrong_use(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", "  "]) == 2
    assert "needs the text" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        'no pg_hba.conf entry for host "' * 30_000,
        'prepared statement "' * 50_000,
        "." * 1_000_000,
        "\x1b[" * 500_000,
        "[0;" * 300_000,
    ],
)
def test_a_long_log_does_not_hang(text: str) -> None:
    assert ids(text) == []
