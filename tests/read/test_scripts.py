"""Scripts inside data files: the steps of CI jobs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.clients import Clients
from supa_lint.knowledge import load
from supa_lint.model import Facts, Setting, Value
from supa_lint.read import ini, jsonc, yaml
from supa_lint.source import File
from support import DIRECT, REF, run

KNOWN = load()
HOST = f"db.{REF}.supabase.co"
POOLER = (
    f"postgresql://postgres.{REF}:Tr0ub4dour-xk@aws-0-eu-west-1.pooler.supabase.com:6543/postgres"
)


def read(path: str, content: str) -> tuple[File, Facts]:
    file = File(path, content.encode())
    return file, yaml.read(file, KNOWN.platforms)


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


def only(facts: Facts, name: str) -> Setting:
    found = [setting for setting in facts.settings if setting.name == name]
    assert len(found) == 1
    return found[0]


# Each with the container that the script belongs to.
JOBS = {
    "GitHub": (
        ".github/workflows/deploy.yml",
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n          SCRIPT\n",
        "jobs.a.steps.0.run",
    ),
    "a composite action": (
        "action.yml",
        "runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: |\n        SCRIPT\n",
        "runs.steps.0.run",
    ),
    "Gitea": (
        ".gitea/workflows/a.yml",
        "jobs:\n  a:\n    steps:\n      - run: >-\n          SCRIPT\n",
        "jobs.a.steps.0.run",
    ),
    "GitLab": (
        ".gitlab-ci.yml",
        "a:\n  stage: x\n  script:\n    - echo hello\n    - 'SCRIPT'\n",
        "a.script",
    ),
    "CircleCI": (
        ".circleci/config.yml",
        "version: 2.1\njobs:\n  a:\n    steps:\n      - checkout\n      - run: SCRIPT\n",
        "jobs.a.steps.1.run",
    ),
    "CircleCI with a name": (
        ".circleci/config.yml",
        "version: 2.1\njobs:\n  a:\n    steps:\n      - run:\n          name: x\n          command: |\n            SCRIPT\n",
        "jobs.a.steps.0.run.command",
    ),
    "Bitbucket": (
        "bitbucket-pipelines.yml",
        "pipelines:\n  default:\n    - step:\n        script:\n          - SCRIPT\n",
        "pipelines.default.0.step.script",
    ),
    "Azure": (
        "azure-pipelines.yml",
        "steps:\n  - bash: |\n      SCRIPT\n    displayName: x\n",
        "steps.0.bash",
    ),
    "Cloud Build": (
        "cloudbuild.yaml",
        "steps:\n  - name: postgres\n    entrypoint: bash\n    args: ['-c', 'SCRIPT']\n",
        "steps.0.args",
    ),
    "compose": (
        "compose.yml",
        "services:\n  a:\n    command: SCRIPT\n",
        "services.a.command",
    ),
    "compose with a list": (
        "compose.yml",
        "services:\n  a:\n    entrypoint: [sh, -c, 'SCRIPT']\n",
        "services.a.entrypoint",
    ),
    "Kubernetes": (
        "k8s/a.yaml",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: a\n"
        "      command: [/bin/sh, -c]\n      args: ['SCRIPT']\n",
        "spec.containers.0.args",
    ),
    "Render": (
        "render.yaml",
        "services:\n  - type: web\n    preDeployCommand: SCRIPT\n",
        "services.0.preDeployCommand",
    ),
    "Travis": (".travis.yml", "language: node_js\nscript:\n  - SCRIPT\n", "script"),
    "CodeBuild": (
        "buildspec.yml",
        "phases:\n  build:\n    commands:\n      - SCRIPT\n",
        "phases.build.commands",
    ),
}


@pytest.mark.parametrize(("path", "content", "container"), JOBS.values(), ids=JOBS)
def test_what_the_script_of_a_job_sets(path: str, content: str, container: str) -> None:
    file, facts = read(path, content.replace("SCRIPT", f'export DB="{DIRECT}"'))
    setting = only(facts, "DB")
    assert setting.container == container
    assert setting.of_script
    assert setting.platform is not None
    assert setting.value.dsn is not None
    assert setting.value.dsn.host is not None
    assert at(file, setting.value.dsn.host) == HOST
    assert at(file, setting) == f'DB="{DIRECT}"'
    assert not facts.mentions


def test_a_script_in_another_language_only_mentions() -> None:
    content = f"""\
jobs:
  a:
    steps:
      - shell: python
        run: |
          DB = "{DIRECT}"
"""
    file, facts = read(".github/workflows/a.yml", content)
    assert [setting.name for setting in facts.settings] == ["shell"]
    assert [at(file, mention.dsn) for mention in facts.mentions] == [DIRECT]


def test_powershell() -> None:
    content = f"steps:\n  - pwsh: |\n      $env:DB = '{DIRECT}'\n"
    file, facts = read("azure-pipelines.yml", content)
    setting = only(facts, "DB")
    assert setting.value.dsn is not None
    assert at(file, setting.value) == DIRECT


def test_a_command_that_sets_a_variable_elsewhere() -> None:
    content = f"""\
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - run: >
          flyctl secrets set
          DATABASE_URL="{POOLER}"
          --app shop
"""
    file, facts = read(".github/workflows/a.yml", content)
    setting = only(facts, "DATABASE_URL")
    assert setting.platform is not None
    assert setting.platform.id == "fly"
    assert not setting.of_script
    assert setting.value.dsn is not None
    assert setting.value.dsn.host is not None
    assert at(file, setting.value.dsn.host) == "aws-0-eu-west-1.pooler.supabase.com"


def test_arguments_of_a_program_of_cloud_build() -> None:
    content = f"""\
steps:
  - name: gcr.io/google.com/cloudsdktool/cloud-sdk
    entrypoint: gcloud
    args: [run, deploy, shop, --set-env-vars, 'DATABASE_URL={POOLER},A=1']
"""
    _, facts = read("cloudbuild.yaml", content)
    setting = only(facts, "DATABASE_URL")
    assert setting.platform is not None
    assert setting.platform.id == "cloud-run"


def test_json_documents_hold_scripts_too() -> None:
    content = '{"steps": [{"name": "x", "script": "DB=\\"' + DIRECT + '\\"\\necho"}]}'
    file = File("cloudbuild.json", content.encode())
    facts = jsonc.read(file, KNOWN.platforms)
    setting = only(facts, "DB")
    assert at(file, setting.value) == DIRECT
    assert not facts.mentions


def test_a_script_sees_the_variables_of_its_job() -> None:
    workflow = f"""\
env:
  REF: {REF}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - env:
          PASSWORD: ${{{{ secrets.PASSWORD }}}}
        run: |
          URL="postgresql://postgres:$PASSWORD@db.$REF.supabase.co:5432/postgres"
          pg_dump "$URL" > dump.sql
"""
    report = run({".github/workflows/a.yml": workflow})
    found = {finding.rule for finding in report.findings}
    assert "ipv6-endpoint-on-ipv4-platform" in found


def test_what_a_script_sets_stays_in_it() -> None:
    """Code of the project does not run with the variable of some step."""
    workflow = f"""\
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: DATABASE_URL="{POOLER}" ./check
"""
    code = 'import asyncpg, os\nasyncpg.connect(os.environ["DATABASE_URL"])\n'
    report = run({".github/workflows/a.yml": workflow, "app.py": code})
    assert "app.py" not in {finding.span.path for finding in report.findings}


@given(st.text(max_size=80), st.sampled_from(sorted(JOBS)))
def test_any_script_is_survived(script: str, job: str) -> None:
    path, content, _ = JOBS[job]
    file = File(path, content.replace("SCRIPT", f"{script} postgres").encode("utf-8", "replace"))
    facts = yaml.read(file, KNOWN.platforms)
    for setting in facts.settings:
        assert 0 <= setting.span.start <= setting.span.end <= len(file.data)


LINES = st.lists(st.sampled_from(["echo é 😀", "# why", "", "  true && \\", "A='x y'"]), max_size=4)


@given(LINES, st.sampled_from(["|", "|-", "|+", "| # why"]), st.sampled_from(["\n", "\r\n"]))
def test_spans_are_exact(lines: list[str], style: str, end_of_line: str) -> None:
    script = [f"    {line}" for line in ["echo", *lines, f'DB="{DIRECT}"', "echo"]]
    content = end_of_line.join(["phases:", " é:", f"  commands: {style}", *script, ""])
    file, facts = read("buildspec.yml", content)
    assert at(file, only(facts, "DB").value) == DIRECT


def test_a_command_in_a_list_is_no_variable() -> None:
    """`NAME=value` alone is one, also where no platform is known."""
    _, facts = read("any.yaml", f"run: ['DB={DIRECT} npm start', 'DB={DIRECT}']\n")
    assert [setting.name for setting in facts.settings] == ["DB"]
    assert len(facts.mentions) == 1


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("compose.yml", 'services:\n  a:\n    command: ["pg_dump", "${URL}"]\n'),
        ("compose.yml", "services:\n  a:\n    command: pg_dump $URL\n"),
        (
            "compose.yml",
            "services:\n  a:\n    environment: [URL]\n    command: sh -c 'pg_dump \"$$URL\"'\n",
        ),
        (
            "compose.yml",
            "services:\n  a:\n    env_file: .env\n"
            '    entrypoint: ["sh", "-c", "pg_dump $${URL}"]\n',
        ),
        (
            "pod.yml",
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - command: [pg_dump]\n"
            "      args: [$(URL)]\n",
        ),
        ("a.service", "[Service]\nEnvironment=URL=x\nExecStart=-/usr/bin/pg_dump ${URL}\n"),
    ],
)
def test_variables_that_a_platform_puts_into_a_command(path: str, content: str) -> None:
    file = File(path, content.encode())
    reader = ini.read if path.endswith(".service") else yaml.read
    call, *_ = reader(file, KNOWN.platforms, Clients(KNOWN.clients.values())).calls
    given = call.keyword("dbname")
    assert isinstance(given, Value)
    assert given.hole is not None
    assert given.hole.variable == "URL"


@pytest.mark.parametrize(
    ("path", "dotenv", "seen"),
    [
        ("Taskfile.yml", "['.env']", True),
        ("ops/Taskfile.yml", "['../.env']", True),
        ("Taskfile.yml", "['.env.ops', '.env']", False),
        ("Taskfile.yml", "['config/.env']", False),
        ("Taskfile.yml", "['{{.HOME}}/.env']", False),
        ("Taskfile.yml", "['.env.ops']\nenv:\n  URL: x", True),
    ],
)
def test_another_env_file_makes_variables_unknown(path: str, dotenv: str, seen: bool) -> None:
    content = f"dotenv: {dotenv}\ntasks:\n  dump:\n    cmds: ['pg_dump \"$URL\"']\n"
    file = File(path, content.encode())
    (call,) = yaml.read(file, KNOWN.platforms, Clients(KNOWN.clients.values())).calls
    given = call.keyword("dbname")
    assert isinstance(given, Value)
    assert given.hole is not None
    assert given.hole.variable == ("URL" if seen else None)
