"""`check --environ` and `--platform`: the values that only the process knows."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path

import pytest

from supa_lint.cli import main
from supa_lint.environ import read
from supa_lint.usage import UsageError
from support import DIRECT, REF, SESSION, TRANSACTION

CANARY = "Tr0ub4dour-xk"
FORMATS = ("full", "concise", "json", "sarif", "github")
CODE = 'import os\n\nimport asyncpg\n\npool = asyncpg.create_pool(os.environ["DATABASE_URL"])\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "db.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("DATABASE_URL", TRANSACTION)
    monkeypatch.setenv("DIRECT_URL", DIRECT)
    return tmp_path


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """`place rule` of each finding."""
    main(["check", "--format", "concise", *arguments])
    captured = capsys.readouterr()
    assert CANARY not in captured.out + captured.err
    found = [line for line in captured.out.splitlines() if re.search(r"^\S+:\d+:\d+: ", line)]
    lines = [line.split(" ") for line in found]
    return [f"{place} {rule.partition('[')[2][:-1]}" for place, rule, *_ in lines]


def test_a_value_is_joined_with_the_code_that_reads_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(capsys) == []
    assert check(capsys, "--environ", "DATABASE_URL") == [
        "db.py:5:8: prepared-statements-in-transaction-mode"
    ]


def test_it_has_a_line_of_its_own_for_each_name(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = check(capsys, "--environ", "DATABASE_URL,DIRECT_URL", "--platform", "vercel")
    assert "<environment>:2:12: ipv6-endpoint-on-ipv4-platform" in found
    found = check(capsys, "--environ", "DIRECT_URL", "--environ", "DATABASE_URL")
    assert "db.py:5:8: prepared-statements-in-transaction-mode" in found


def test_it_wins_over_a_file_that_sets_the_same_name(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".env").write_text(f"DATABASE_URL={SESSION}\n")
    assert "db.py:5:8: prepared-statements-in-transaction-mode" in check(
        capsys, "--environ", "DATABASE_URL"
    )
    (project / ".env").write_text(f"DATABASE_URL={TRANSACTION}\n")
    assert check(capsys) == ["db.py:5:8: prepared-statements-in-transaction-mode"]
    main(["check", "--environ", "DATABASE_URL"])
    assert "  .env:" not in capsys.readouterr().out


def test_what_is_overridden_is_still_judged_by_itself(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = TRANSACTION.replace(f"postgres.{REF}", "postgres")
    (project / ".env").write_text(f"DATABASE_URL={bare}\n")
    assert check(capsys, "--environ", "DATABASE_URL") == [
        ".env:1:27: bare-user-on-shared-pooler",
        "db.py:5:8: prepared-statements-in-transaction-mode",
    ]


def test_parts_of_a_file_and_of_the_environment_make_one_dsn(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / ".env").write_text("DB_PORT=6543\nDB_USER=postgres\n")
    monkeypatch.setenv("DB_HOST", "aws-0-eu-west-1.pooler.supabase.com")
    monkeypatch.setenv("DB_PASSWORD", CANARY)
    found = check(capsys, "--environ", "DB_HOST,DB_PASSWORD")
    assert ".env:2:9: bare-user-on-shared-pooler" in found


def test_a_container_has_only_what_its_manifest_names(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workflow = project / ".github/workflows/migrate.yml"
    workflow.parent.mkdir(parents=True)
    text = (
        "jobs:\n  go:\n    runs-on: ubuntu-24.04\n    env:\n      NAME: ${{ secrets.DIRECT_URL }}\n"
        "    steps:\n      - run: python db.py\n"
    )
    (project / "db.py").write_text(CODE.replace("DATABASE_URL", "DIRECT_URL"))
    workflow.write_text(text.replace("NAME", "OTHER"))
    assert check(capsys, "--environ", "DIRECT_URL") == []
    workflow.write_text(text.replace("NAME", "DIRECT_URL"))
    found = check(capsys, "--environ", "DIRECT_URL", "--platform", "fly")
    assert found == ["<environment>:1:12: ipv6-endpoint-on-ipv4-platform"]


def test_it_is_shown_whatever_paths_are_given(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "other.py").write_text("x = 1\n")
    monkeypatch.setenv("DATABASE_URL", TRANSACTION.replace(f"postgres.{REF}", "postgres"))
    assert "<environment>:1:14: bare-user-on-shared-pooler" in check(
        capsys, "--environ", "DATABASE_URL", "other.py"
    )


def test_nothing_in_it_is_committed(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", SESSION)
    subprocess.run(["git", "-C", str(project), "add", "."], check=True)
    assert check(capsys, "--environ", "DATABASE_URL") == []


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "value",
    [
        TRANSACTION,
        TRANSACTION.replace("postgres:", ":"),
        f"host=db.{REF}.supabase.co user=postgres password={CANARY}",
        f"postgres://postgres.{REF}:a@b#{CANARY}/?@aws-0-eu-west-1.pooler.supabase.com:6543/postgres",
        f"jdbc:postgresql://db.{REF}.supabase.co:5432/postgres?user=postgres&password={CANARY}",
        CANARY,
        f"\x1b]0;{CANARY}\x07\n\udce9 supabase",
    ],
)
def test_no_output_shows_the_value(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    format: str,
    value: str,
) -> None:
    monkeypatch.setenv("DATABASE_URL", value)
    main(["check", "--pedantic", "--environ", "DATABASE_URL", "--format", format])
    captured = capsys.readouterr()
    assert CANARY not in captured.out + captured.err


def test_facts_and_file_hold_no_secret() -> None:
    file, facts = read(["A", "DB_PASSWORD"], {"A": TRANSACTION, "DB_PASSWORD": CANARY})
    assert file.data == b"A=***\nDB_PASSWORD=***\n"
    assert CANARY not in repr(facts)
    assert [(s.span.start, s.span.end) for s in facts.settings] == [(0, 5), (6, 21)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--environ", "NOWHERE"], "NOWHERE is not set"),
        (["--environ", "DATABASE_URL,EMPTY"], "EMPTY is empty"),
        (["--environ", TRANSACTION], "names of variables"),
        (["--environ", f"p@{CANARY},DATABASE_URL"], "names of variables"),
        (["--environ", CANARY], "one of the variables is not set"),
        (["--environ", "DATABASE_URL,OTHER"], "OTHER holds no Postgres connection string"),
        (["--environ", ""], "names of variables"),
        (["--platform", "vercle"], "did you mean 'vercel'"),
        ([TRANSACTION], "no path"),
        ([f"host=db.x.supabase.co password={CANARY}"], "no path"),
        (["-", "--stdin-filename", TRANSACTION], "no path"),
    ],
)
def test_wrong_use(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.setenv("EMPTY", " ")
    monkeypatch.setenv("OTHER", f"mysql://app:{CANARY}@db.example.com/app")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    assert main(["check", *arguments]) == 2
    captured = capsys.readouterr()
    assert says in captured.err
    assert CANARY not in captured.out + captured.err


def test_argparse_quotes_no_secret(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["check", f"--environment={TRANSACTION}"])
    with pytest.raises(SystemExit):
        main(["rules", TRANSACTION])
    assert CANARY not in capsys.readouterr().err


def test_a_value_needs_a_name() -> None:
    with pytest.raises(UsageError, match="names of variables"):
        read([], {})


def test_a_platform_for_what_no_file_binds(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ipv6 = ".env:1:48: ipv6-endpoint-on-ipv4-platform"
    (project / ".env").write_text(f"DIRECT_URL={DIRECT}\n")
    assert check(capsys) == []
    assert check(capsys, "--platform", "vercel") == [ipv6]
    (project / ".env").rename(project / ".env.local")
    assert check(capsys, "--platform", "vercel") == []


def test_no_file_is_named_as_the_one_that_declares_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".env").write_text(f"DIRECT_URL={DIRECT}\n")
    main(["check", "--platform", "vercel"])
    shown = capsys.readouterr().out
    assert "ipv6-endpoint-on-ipv4-platform" in shown
    assert "is declared here" not in shown


def test_a_platform_does_not_move_what_a_manifest_declares(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "compose.yml").write_text(
        f'services:\n  api:\n    environment:\n      DIRECT_URL: "{DIRECT}"\n'
    )
    found = check(capsys)
    assert found
    assert check(capsys, "--platform", "fly") == found


def test_stated_variables_run_on_the_platform(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "supa-lint.toml").write_text('[variables]\nDATABASE_URL = "direct"\n')
    assert any("ipv6" in line for line in check(capsys, "--platform", "vercel"))
    found = check(capsys, "--platform", "vercel", "--environ", "DATABASE_URL")
    assert not any("ipv6" in line for line in found)
