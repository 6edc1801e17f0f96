"""Env files that scripts write, and variables that commands read from a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.knowledge import PlatformSpec, load
from supa_lint.model import HOLE, Facts, Span
from supa_lint.raw import Raw, Segment
from supa_lint.read import shell, yaml
from supa_lint.read.written import lines
from supa_lint.source import File
from support import DIRECT, REF, SESSION, TRANSACTION, places, run

ROWS = {
    "fly": {"run": "fly secrets import", "pairs": "lines"},
    "aws-lambda": {
        "run": "aws lambda create-function",
        "options": ["--environment"],
        "separator": ",",
        "inside": "Variables",
        "ipv6": "opt-in",
    },
}
PLATFORMS = {
    name: PlatformSpec(
        name,
        {"label": name, "deployed": True, "model": "ephemeral", "ipv6": False, "commands": [row]},
    )
    for name, row in ROWS.items()
}


def read(content: str, path: str = "deploy.sh") -> tuple[File, Facts]:
    file = File(path, content.encode())
    return file, shell.read(file, PLATFORMS, lambda callee: False)


def at(file: File, span: Span) -> str:
    return file.data[span.start : span.end].decode()


@pytest.mark.parametrize(
    ("script", "container"),
    [
        (f"cat > .env <<EOF\nA=1\nDB={DIRECT}\nEOF\n", "//.env"),
        (
            f"cat <<'EOF' >> .env.production\n# why\n\nexport DB='{DIRECT}'\nEOF\n",
            "//.env.production",
        ),
        (f"cat <<-EOF > $HOME/app/.env\n\tDB={DIRECT}  # why\n\tEOF\n", "//.env"),
        (f"sudo tee -a /etc/app.env >/dev/null <<EOF\r\nDB={DIRECT}\r\nEOF\r\n", "//app.env"),
        (f"cat <<EOF | sudo tee .env\nDB={DIRECT}\nEOF\n", "//.env"),
        (f'echo "DB={DIRECT}" >> .env', "//.env"),
        (f'F=".env.local"\ncat > "$F" <<EOF\nDB={DIRECT}\nEOF\n', "//.env.local"),
        (f'echo -e "DB={DIRECT}\\n" > .env', "//.env"),
        (f'printf "DB={DIRECT}\\n" > .env', "//.env"),
        (f'echo "DB={DIRECT}" | sudo tee .env', "//.env"),
        (f'{{\n  echo "DB={DIRECT}"\n  echo A=1\n}} > .env', "//.env"),
        (f"f() {{\n  echo DB='{DIRECT}' > .env\n}}", "//f..env"),
    ],
)
def test_what_a_script_writes_to_an_env_file(script: str, container: str) -> None:
    file, facts = read(script)
    (found,) = (setting for setting in facts.settings if setting.value.dsn)
    assert (found.name, found.container, found.platform) == ("DB", container, None)
    assert found.of_script
    assert at(file, found.value.span) == DIRECT
    assert at(file, found.span).startswith("DB=")
    assert not facts.mentions


def test_a_heredoc_has_holes() -> None:
    _, facts = read('cat > .env <<EOF\nDB="$H/${P:-1}"\nX=$(date)\nEOF\n')
    value = next(setting.value for setting in facts.settings if setting.name == "DB")
    assert value.text == f"{HOLE}/{HOLE}"
    assert [hole.variable for hole in value.holes] == ["H", "P"]
    _, facts = read("cat > .env <<'EOF'\nDB=$H/d\nEOF\n")
    assert facts.settings[0].value.holes == ()


@pytest.mark.parametrize(
    "script",
    [
        f"cat > .env.example <<EOF\nDB={DIRECT}\nEOF\n",
        f"cat > compose.yml <<EOF\nDB={DIRECT}\nEOF\n",
        f"cat <<EOF\nDB={DIRECT}\nEOF\n",
        f"cat > .env <<EOF\nPut this there:\nDB={DIRECT}\nEOF\n",
        f"ssh host <<EOF\nDB={DIRECT}\nEOF\n",
        f'echo "DB={DIRECT}" | base64 > .env',
        f'echo "DB={DIRECT}" 2> .env',
        f'echo "DB={DIRECT}" > "$ENV_FILE"',
        f'F=.env\nF=b.txt\necho "DB={DIRECT}" > "$F"',
        f'printf "DB=%s\\n" "{DIRECT}" > .env',
        f"cat other > .env <<EOF\nDB={DIRECT}\nEOF\n",
        f'while read -r x; do fly secrets import; done <<< "DB={DIRECT}"',
        "cat > .env <<EOF\nDB=postgresql://postgres:[YOUR-PASSWORD]@db.abc.supabase.co/postgres\nEOF\n",
    ],
)
def test_what_stays_a_mention(script: str) -> None:
    _, facts = read(script)
    assert not [setting for setting in facts.settings if setting.value.dsn]
    assert facts.mentions


@pytest.mark.parametrize(
    "script",
    [
        f"fly secrets import <<EOF\nA=1\nDB={DIRECT}\nEOF\n",
        f"cat <<EOF | fly secrets import --stage\nDB={DIRECT}\nEOF\n",
        f'echo "DB={DIRECT}" | fly secrets import',
    ],
)
def test_lines_that_a_command_reads(script: str) -> None:
    file, facts = read(script)
    (found,) = (setting for setting in facts.settings if setting.value.dsn)
    assert (found.name, found.platform and found.platform.id) == ("DB", "fly")
    assert at(file, found.value.span) == DIRECT


@pytest.mark.parametrize(
    "given",
    [
        f'"Variables={{A=1,DB={DIRECT}}}"',
        f"'Variables={{DB={DIRECT},A=1}}'",
        f'\'{{"Variables": {{"A": "1", "DB": "{DIRECT}"}}}}\'',
        f'"{{\\"Variables\\": {{\\"DB\\": \\"{DIRECT}\\"}}}}"',
    ],
)
def test_variables_inside_an_argument(given: str) -> None:
    file, facts = read(f"aws lambda create-function --environment {given} --runtime x")
    (found,) = (setting for setting in facts.settings if setting.value.dsn)
    assert (found.name, found.platform and found.platform.id) == ("DB", "aws-lambda")
    assert at(file, found.value.span) == DIRECT
    # Whether the function is in a network with IPv6 is said elsewhere.
    assert found.platform is not None
    assert found.platform.ipv6 == "opt-in"


@pytest.mark.parametrize("given", ["file://env.json", '"{broken"', "[]", "Variables={}", "{}"])
def test_other_arguments_set_nothing(given: str) -> None:
    assert not read(f"aws lambda create-function --environment {given}")[1].settings


# --- variables for later steps ----------------------------------------------------------------

WORKFLOW = """\
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: FIRST
      - run: SECOND
      - run: pg_dump "$DB" > dump.sql
"""


def workflow(first: str, second: str = "'true'") -> Facts:
    content = WORKFLOW.replace("FIRST", first).replace("SECOND", second)
    file = File(".github/workflows/ci.yml", content.encode())
    return yaml.read(file, load().platforms)


@pytest.mark.parametrize("name", ["$GITHUB_ENV", '"$GITHUB_ENV"', "${GITHUB_ENV}"])
def test_what_a_step_sets_for_later_ones(name: str) -> None:
    (found,) = (s for s in workflow(f"echo 'DB={DIRECT}' >> {name}").settings if s.value.dsn)
    assert (found.name, found.container) == ("DB", "jobs.test")
    assert found.platform is not None
    assert found.platform.id == "github-actions"


def test_two_steps_that_set_the_same_are_both_kept() -> None:
    facts = workflow(f"echo 'DB={DIRECT}' >> $GITHUB_ENV", f"echo 'DB={SESSION}' >> $GITHUB_ENV")
    containers = [setting.container for setting in facts.settings if setting.value.dsn]
    assert containers == ["jobs.test", "jobs.test.steps.1.run"]


def test_a_later_step_connects_with_it() -> None:
    path = ".github/workflows/ci.yml"
    first = f"echo 'DB={TRANSACTION}' >> $GITHUB_ENV"
    written = WORKFLOW.replace("FIRST", first).replace("SECOND", "'true'")
    rule = "dump-in-transaction-mode"
    assert places(run({path: written}), rule) == [f"{path}:8"]
    assert places(run({path: written.replace(TRANSACTION, SESSION)}), rule) == []


# --- any text ---------------------------------------------------------------------------------

TEXTS = st.text(alphabet=st.sampled_from("aA=1 \t\n\r#'\"é$\\;😀x"), max_size=60)


@given(TEXTS)
def test_any_lines(text: str) -> None:
    data = text.encode()
    raw = Raw(text, Span("a.sh", 0, len(data)), (), (Segment(0, len(text), 0),))
    for line in lines(raw):
        span = line.value.raw.span
        assert data[span.start : span.end].decode() == line.value.text
        assert line.span.start <= span.start <= span.end <= line.span.end


PIECES = ["cat > .env <<EOF\n", "EOF\n", "tee .env <<-'E'\n", "E\n", "A=1\n", "\tB='$X'\n"]
PIECES += ["echo A=1 >> .env", " | ", "{ ", "}", "> .env\n", "<<<", "$(", ")", f"DB={DIRECT}\n"]
PIECES += ["fly secrets import ", 'aws lambda create-function --environment "Variables={A=', '}"\n']


@given(st.lists(st.sampled_from([*PIECES, "\\\n", "é😀", "\r\n", "#"]), max_size=20))
def test_any_script(pieces: list[str]) -> None:
    file, facts = read("".join(pieces))
    for setting in facts.settings:
        for span in (setting.span, setting.value.span):
            assert 0 <= span.start <= span.end <= len(file.data)


def test_many_heredocs_take_linear_time() -> None:
    facts = read("cat >> .env <<EOF\nA=1\nEOF\n" * 3000)[1]
    assert len(facts.settings) == 3000


OTHER = SESSION.replace(REF, "abcdefghijklmnopqrst")


@pytest.mark.parametrize(
    "script",
    [
        f"SUPABASE_URL=https://abcdefghijklmnopqrst.supabase.co\ncat > .env <<EOF\nDB_URL={SESSION}\nEOF\n",
        f"DATABASE_URL={OTHER}\necho 'SUPABASE_URL=https://{REF}.supabase.co' > .env\n",
        f"if x; then\ncat > .env <<EOF\nDATABASE_URL={OTHER}\nEOF\nelse\ncat > .env <<EOF\n"
        f"DATABASE_URL={SESSION}\nSUPABASE_URL=https://{REF}.supabase.co\nEOF\nfi\n",
        f"echo 'DATABASE_URL={OTHER}' > .env\necho 'SUPABASE_URL=https://{REF}.supabase.co' > b.env\n",
    ],
)
def test_a_file_is_apart_from_the_script_that_writes_it(script: str) -> None:
    assert places(run({"deploy.sh": script}), "mixed-projects") == []


def test_a_file_is_filled_by_what_the_script_sets() -> None:
    script = (
        f"H=db.{REF}.supabase.co\ncat > .env <<EOF\nDB_HOST=$H\nDB_PORT=5432\nDB_USER=$U\nEOF\n"
    )
    script = f"U=postgres.{REF}\n{script}"
    assert places(run({"deploy.sh": script}), "dotted-user-on-direct-host") == ["deploy.sh:1"]
    # Set twice, nobody knows to what.
    assert not run({"deploy.sh": f"H=localhost\n{script}"}).findings
