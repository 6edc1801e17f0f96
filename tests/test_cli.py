"""The command line as people and CI use it: arguments, output, exit codes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from supa_lint.cli import main
from support import DIRECT, REF, TRANSACTION

BARE = TRANSACTION.replace(f"postgres.{REF}", "postgres")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with one finding, in the current folder."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".env").write_text(f"DATABASE_URL={BARE}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return tmp_path


def test_findings_exit_with_1(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 1
    out = capsys.readouterr().out
    assert "bare-user-on-shared-pooler" in out
    assert ".env:1:" in out
    assert "Tr0ub4dour" not in out


def test_a_clean_project_exits_with_0(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / ".env").write_text(f"DATABASE_URL={TRANSACTION}\n")
    assert main(["check"]) == 0
    assert "No findings" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["Makefile", "justfile", "ops.mk"])
def test_a_file_of_recipes_that_names_a_variable_is_read(
    project: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".env").write_text(f"DATABASE_URL={TRANSACTION}\n")
    (project / name).write_text('dump:\n\tpg_dump "${DATABASE_URL}"\n')
    assert main(["check", "--format", "concise"]) == 1
    assert capsys.readouterr().out.startswith(f"{name}:2:")


def test_exit_zero(project: Path) -> None:
    assert main(["check", "--exit-zero"]) == 0


def test_fail_on(project: Path) -> None:
    (project / ".env").write_text(f"DATABASE_URL={TRANSACTION.partition('?')[0]}\n")
    assert main(["check"]) == 1
    assert main(["check", "--fail-on", "error"]) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "nowhere.env"], "no such file"),
        (["inpsect"], "did you mean 'inspect'?"),
        (["check", "expalin"], "did you mean 'explain'?"),
        (["check", "--select", "bare-user-on-shared-pool"], "bare-user-on-shared-pooler"),
        (["explain", "missing-ssl-mode"], "missing-sslmode"),
        (["check", "--format", "json", "--format", "sarif"], "--output"),
        (["check", "--stdin-filename", ".env"], "`-`"),
        (["check", "/"], "not in the project"),
    ],
)
def test_wrong_use_exits_with_2(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    if arguments[-1] == "/":
        arguments = ["check", ".env", "/"]
    assert main(arguments) == 2
    assert says in capsys.readouterr().err


def test_wrong_configuration_exits_with_2(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "supa-lint.toml").write_text("ignroe = []\n")
    assert main([]) == 2
    assert "ignore" in capsys.readouterr().err


def test_several_outputs_in_one_run(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sarif = ["--format", "sarif", "--output", "a.sarif"]
    other = ["--format", "json", "--output", "a.json", "--format", "concise"]
    assert main(["check", *sarif, *other]) == 1
    assert json.loads((project / "a.sarif").read_text())["runs"][0]["results"]
    assert json.loads((project / "a.json").read_text())["findings"]
    assert capsys.readouterr().out.startswith(".env:1:")


def test_standard_input(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = io.TextIOWrapper(io.BytesIO(f"X=1\nDATABASE_URL={BARE}\n".encode()))
    monkeypatch.setattr(sys, "stdin", given)
    assert main(["check", "-", "--stdin-filename", ".env", "--format", "concise"]) == 1
    assert capsys.readouterr().out.startswith(".env:2:")


def test_paths_choose_what_is_shown_not_what_is_read(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".env").write_text(f"DATABASE_URL={DIRECT}\n")
    (project / "vercel.json").write_text("{}\n")
    (project / "other.py").write_text("x = 1\n")
    assert main(["check", "other.py"]) == 0
    capsys.readouterr()
    assert main(["check", "vercel.json"]) == 1
    assert "ipv6-endpoint-on-ipv4-platform" in capsys.readouterr().out


def test_rules_and_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    assert "bare-user-on-shared-pooler" in capsys.readouterr().out
    assert main(["rules", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"id", "group", "severity", "summary", "checked"} <= rows[0].keys()
    assert main(["explain", "bare-user-on-shared-pooler"]) == 0
    assert capsys.readouterr().out.startswith("# bare-user-on-shared-pooler")


def test_version_imports_nothing_it_does_not_need() -> None:
    code = (
        "import sys; from supa_lint.cli import main\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "heavy = {'yaml', 'libcst', 'dotenv', 'packaging', 'json', 'supa_lint.lint',\n"
        " 'supa_lint.workspace', 'supa_lint.inspect_dsn', 'supa_lint.report.text'}\n"
        "sys.exit(f'imported {heavy & sys.modules.keys()}' if heavy & sys.modules.keys() else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_is_written_to_a_closed_pipe(project: Path) -> None:
    command = f"{sys.executable} -m supa_lint check | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert "Traceback" not in done.stderr


RULE = """\
summary: A pooler in Ireland
severity: warning
when: {endpoint.region: eu-west-1}
at: dsn.host
message: "{setting.name} goes to Ireland"
help: Move it to Frankfurt.
why: Our data stays in Germany.
aliases: [irish-database]
"""


def test_rules_of_the_project(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "ci/lint/checks/house").mkdir(parents=True)
    (project / "ci/lint/checks/house/database-in-ireland.yaml").write_text(RULE)
    (project / "supa-lint.toml").write_text('extend-rules = ["ci/lint"]\n')
    assert main(["check", "--format", "concise"]) == 1
    assert "[database-in-ireland] DATABASE_URL goes to Ireland" in capsys.readouterr().out
    assert main(["check", "--ignore", "irish-database"]) == 1
    captured = capsys.readouterr()
    assert "database-in-ireland" not in captured.out
    assert "irish-database is now called database-in-ireland" in captured.err
    assert main(["explain", "irish-database"]) == 0
    assert "Germany" in capsys.readouterr().out


def test_a_broken_rule_of_the_project(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "ci/lint/checks/house").mkdir(parents=True)
    path = project / "ci/lint/checks/house/database-in-ireland.yaml"
    path.write_text(RULE.replace("endpoint.region", "endpoint.regoin"))
    (project / "supa-lint.toml").write_text('extend-rules = ["ci/lint"]\n')
    assert main(["check"]) == 2
    err = capsys.readouterr().err
    assert "database-in-ireland.yaml:3" in err
    assert "endpoint.region" in err


@pytest.mark.parametrize(
    "arguments", [[], ["check", "vercel.json"], ["--ignore", "meta"], ["--select", "tls-disabled"]]
)
def test_a_reader_that_breaks_exits_with_3(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("Tr0ub4dour-xk")

    (project / "vercel.json").write_text("{}\n")
    monkeypatch.setattr("supa_lint.read.env.read", fail)
    assert main(arguments) == 3
    captured = capsys.readouterr()
    assert "internal-error" in captured.out
    assert "Tr0ub4dour" not in captured.out + captured.err


def test_anything_else_that_breaks_exits_with_3(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("Tr0ub4dour-xk")

    monkeypatch.setattr("supa_lint.lint.link", fail)
    assert main([]) == 3
    err = capsys.readouterr().err
    assert "ValueError" in err
    assert "Tr0ub4dour" not in err
    assert "Traceback" not in err


def test_a_folder_of_rules_that_is_not_there(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "supa-lint.toml").write_text('extend-rules = ["ci/lnt"]\n')
    assert main(["check"]) == 2
    assert "ci/lnt: no such folder" in capsys.readouterr().err


def test_a_connection_string_is_no_configuration_file(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["check", "--config", BARE])
    assert stopped.value.code == 2
    assert "Tr0ub4dour" not in capsys.readouterr().err
