"""The loading of what supa-lint knows, and of what users add to it (`extend-rules`)."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import time
from pathlib import Path
from textwrap import dedent

import pytest

from supa_lint import knowledge
from supa_lint.config import ConfigError
from supa_lint.extend import extend
from supa_lint.knowledge import Knowledge, build, load, parse
from support import DIRECT, SESSION, TRANSACTION, places, run

ROOT = Path(__file__).parents[1]

RULE = """\
    summary: A database of the team that nobody may use
    severity: error
    when:
      endpoint.remote: yes
      dsn.database: postgres
    at: dsn.database
    message: "{setting.name} uses the database {dsn.database}"
    help: Use the database app.
    why: The house says so.
"""
CLIENT = """\
    label: our pool
    language: python
    calls:
      - to: [house.db.connect]
        dsn: [0, dsn]
    schemes: {accepts: [postgresql], error: no such scheme}
    params: {accepts: [$libpq, ssl], others: rejects, error: 'unknown parameter {rejected}'}
    facts:
      prepares:
        - when: {option.prepare: no}
          is: no
        - is: yes
          because: our pool prepares every query by name
    'off': Pass prepare=False
"""
PLATFORM = """\
    label: the house's scheduler
    deployed: yes
    model: ephemeral
    manifest:
      - files: [job.yaml]
        contains: {schedule: present}
    declares:
      - {at: variables, container: ''}
    ipv6: no
    fix: Use port 6543.
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), "utf-8")
    return folder


def error(folder: Path, name: str, text: str, **other: str) -> str:
    """What is said about one file of the user's, without the folder."""
    write(folder, {name: text} | other)
    with pytest.raises(ConfigError) as raised:
        load([folder])
    return str(raised.value).replace(f"{folder.as_posix()}/", "")


# --- user files work ----------------------------------------------------------------------------


def test_a_rule_of_the_users(tmp_path: Path) -> None:
    known = load([write(tmp_path, {"checks/house/shared-database.yaml": RULE})])
    assert known.rules["shared-database"].group == "house"
    report = run({".env": f"A=1\nDATABASE_URL={SESSION}\n"}, knowledge=known)
    assert places(report, "shared-database") == [".env:2"]
    (finding,) = report.findings
    assert finding.message == "DATABASE_URL uses the database postgres"
    assert places(run({".env": f"DATABASE_URL={SESSION}\n"}), "shared-database") == []


def test_a_client_of_the_users(tmp_path: Path) -> None:
    known = load([write(tmp_path, {"clients/house.yaml": CLIENT})])
    code = "import os\nfrom house import db\n\npool = db.connect(os.environ['DATABASE_URL']{})\n"
    files = {".env": f"DATABASE_URL={TRANSACTION}\n", "app.py": code.format("")}
    report = run(files, knowledge=known)
    assert places(report, "prepared-statements-in-transaction-mode") == ["app.py:4"]
    report = run(files | {"app.py": code.format(", prepare=False")}, knowledge=known)
    assert report.findings == ()
    files[".env"] = f"DATABASE_URL={SESSION}&pgbouncer=true\n"
    rejected = places(run(files, knowledge=known), "parameter-rejected-by-client")
    assert rejected == [".env:1"]


def test_a_platform_of_the_users(tmp_path: Path) -> None:
    known = load([write(tmp_path, {"platforms/scheduler.yaml": PLATFORM})])
    files = {"job.yaml": f"schedule: daily\nvariables:\n  DATABASE_URL: {DIRECT}\n"}
    report = run(files, knowledge=known)
    assert places(report, "ipv6-endpoint-on-ipv4-platform") == ["job.yaml:3"]
    assert "the house's scheduler" in report.findings[0].message
    assert run(files).findings == ()


def test_a_rule_may_ask_for_facts_of_a_client_of_the_users(tmp_path: Path) -> None:
    rule = RULE.replace("dsn.database: postgres", "client.pooled: yes\n      client.library: house")
    client = CLIENT.replace("prepares:", "pooled: yes\n      prepares:")
    write(tmp_path, {"checks/house/pooled.yaml": rule, "clients/house.yaml": client})
    files = {".env": f"DATABASE_URL={SESSION}\n"}
    files["app.py"] = "import house, os\nhouse.db.connect(os.environ['DATABASE_URL'])\n"
    report = run(files, knowledge=load([tmp_path]))
    assert places(report, "pooled") == [".env:1"]


def test_a_user_file_may_replace_a_shipped_one(tmp_path: Path) -> None:
    rule = RULE.replace("severity: error", "severity: info\n    replaces: yes")
    known = load([write(tmp_path, {"checks/tls/missing-sslmode.yaml": rule})])
    assert known.rules["missing-sslmode"].severity == "info"
    assert known.rules.keys() == load().rules.keys()


def test_a_user_rule_has_a_page_that_exists(tmp_path: Path) -> None:
    own = RULE + "    url: https://wiki.example.com/rules\n"
    write(tmp_path, {"checks/house/a.yaml": RULE, "checks/house/b.yaml": own})
    known = load([tmp_path])
    assert known.rules["a"].url.endswith("/docs/extending.md")
    assert (ROOT / "docs/extending.md").is_file()
    assert known.rules["b"].url == "https://wiki.example.com/rules"
    assert known.rules["missing-sslmode"].url.endswith("/docs/rules/missing-sslmode.md")


def test_changed_files_are_read_again(tmp_path: Path) -> None:
    write(tmp_path, {"checks/house/a.yaml": RULE})
    assert load([tmp_path]).rules["a"].severity == "error"
    write(tmp_path, {"checks/house/a.yaml": RULE.replace("error", "info")})
    assert load([tmp_path]).rules["a"].severity == "info"
    assert "a" not in load().rules


def test_several_folders(tmp_path: Path) -> None:
    one = write(tmp_path / "one", {"checks/house/a.yaml": RULE})
    two = write(tmp_path / "two", {"checks/house/b.yaml": RULE + "    overrides: [a]\n"})
    assert {"a", "b"} <= load([one, two]).rules.keys()
    twice = write(tmp_path / "three", {"checks/house/a.yaml": RULE})
    with pytest.raises(ConfigError, match="the id 'a' is taken"):
        load([one, twice])


def test_the_examples_of_the_documentation_work(tmp_path: Path) -> None:
    text = (ROOT / "docs/extending.md").read_text("utf-8")
    files = dict(re.findall(r"```yaml\n# ci/lint/(\S+)\n(.*?)```", text, re.DOTALL))
    assert {name.partition("/")[0] for name in files} == {"checks", "clients", "platforms"}
    known = load([write(tmp_path, files)])
    report = run({".env": f"DATABASE_URL={TRANSACTION}\n"}, knowledge=known)
    assert places(report, "superuser-in-application") == [".env:1"]
    code = "import os\nfrom acme import db\n\npool = db.connect(os.environ['DATABASE_URL'])\n"
    report = run({".env": f"DATABASE_URL={TRANSACTION}\n", "app.py": code}, knowledge=known)
    assert places(report, "prepared-statements-in-transaction-mode") == ["app.py:4"]
    job = f"env:\n  DATABASE_URL: {DIRECT}\n"
    report = run({"nightly.job.yaml": job}, knowledge=known)
    assert places(report, "ipv6-endpoint-on-ipv4-platform") == ["nightly.job.yaml:2"]


# --- broken user files --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("severity: error", "severity: eror"), "2:11: severity: must be one of error, warning"),
        (("severity: error", "severity: eror"), "did you mean 'error'?"),
        (("    severity: error\n", ""), "1:1: the key 'severity' is missing"),
        (("    summary: A", "    sumary: A"), "1:1: unknown key 'sumary'; did you mean 'summary'?"),
        (("    at: dsn.database\n", ""), "1:1: the key 'at' is missing: 'when' needs it"),
        (("    why: The house says so.\n", ""), "the key 'why' is missing"),
        (("why: The house says so.", "why: [a]"), "9:6: why: must be text"),
        (("endpoint.remote: yes", "endpoint.remte: yes"), "unknown fact 'endpoint.remte'"),
        (("endpoint.remote: yes", "endpoint.remte: yes"), "did you mean 'endpoint.remote'?"),
        (
            ("endpoint.remote: yes", "endpoint.remote: 1"),
            "4:20: when.endpoint.remote: must be one of yes",
        ),
        (("endpoint.remote: yes", "endpoint.mode: pooled"), "must be one of direct, session"),
        (("endpoint.remote: yes", "tls: [disable, no]"), "quote the word, which YAML takes for"),
        (("endpoint.remote: yes", "dsn.user: {matches: '['}"), "matches: is no regular expression"),
        (("endpoint.remote: yes", "dsn.user: {nt: x}"), "unknown key 'nt'; did you mean 'not'?"),
        (("endpoint.remote: yes", "dsn.user: []"), "dsn.user: must not be empty"),
        (("endpoint.remote: yes", "dsn.user:"), "must be text or a number or yes or no, or a list"),
        (("endpoint.remote: yes", "version.asyncpg: newest"), "must be a range of versions"),
        (("endpoint.remote: yes", "client.prepars: yes"), "did you mean 'client.prepares'?"),
        (("endpoint.remote: yes", "client.library: asyncpgg"), "did you mean 'asyncpg'?"),
        (("endpoint.remote: yes", "client.library: {not: [asincpg]}"), "did you mean 'asyncpg'?"),
        (("endpoint.remote: yes", "platform.id: vercell"), "did you mean 'vercel'?"),
        (("endpoint.remote: yes", "use.cursr: present"), "unknown use 'cursr'"),
        (
            ("endpoint.remote: yes", "any: [{client.prepars: yes}, {tls: absent}]"),
            "did you mean 'client.prepares'?",
        ),
        (
            ("endpoint.remote: yes", "any: [{tls: absent}, {endpoint.remte: yes}]"),
            "did you mean 'endpoint.remote'?",
        ),
        (("at: dsn.database", "at: dsn.databse"), "did you mean 'dsn.database'?"),
        (("at: dsn.database", "at: use.nothing"), "8:5: at: unknown use 'nothing'"[3:]),
        (("at: dsn.database", "at: dsn\n    places: [life]"), "did you mean 'live'?"),
        (("at: dsn.database", "at: dsn\n    overrides: [tls-disable]"), "mean 'tls-disabled'?"),
        (("at: dsn.database", "at: dsn\n    aliases: [tls-disabled]"), "this id is taken"),
        (("at: dsn.database", "at: dsn\n    checked: 2026-13-01"), "must be a date"),
        (("at: dsn.database", "at: dsn\n    replaces: yes"), "nothing to replace: unknown id"),
        (("{dsn.database}", "{dsn.databse}"), "unknown name in braces 'dsn.databse'"),
        (("Use the database app.", "Use {dsn}."), "help: unknown name in braces 'dsn'"),
        (
            ("    when:\n      endpoint.remote: yes\n      dsn.database: postgres\n", ""),
            "'when' is",
        ),
        (("severity: error", "severity: error\n    severity: info"), "'severity' stands twice"),
        (("severity: error", "severity: [error"), "is not YAML"),
        (("severity: error", "off: error"), "2:1: quote the key 'off', which YAML takes for"),
    ],
)
def test_a_broken_rule_is_a_clear_error(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    assert change[0] in RULE
    said = error(tmp_path, "checks/house/a.yaml", RULE.replace(*change))
    assert said.startswith("checks/house/a.yaml:")
    assert says in said


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("language: python", "language: Python"), "2:11: language: must be a word in lower case"),
        (("to: [", "too: ["), "4:5: calls: unknown key 'too'; did you mean 'to'?"),
        (("dsn: [0, dsn]", "dsn: {url: 0}"), "must be a list"),
        (
            ("$libpq", "$libqp"),
            "7:20: params.accepts: unknown list of parameters '$libqp'; did you",
        ),
        (("others: rejects", "others: reject"), "did you mean 'rejects'?"),
        (("is: yes", "iss: yes"), "unknown key 'iss'; did you mean 'is'?"),
        (("option.prepare", "optin.prepare"), "unknown fact 'optin.prepare'"),
        (("option.prepare: no", "use.cursor: present"), "unknown use 'cursor'"),
        (("'off'", "off"), "quote the key 'off'"),
    ],
)
def test_a_broken_client_is_a_clear_error(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    assert change[0] in CLIENT
    said = error(tmp_path, "clients/house.yaml", CLIENT.replace(*change))
    assert said.startswith("clients/house.yaml:")
    assert says in said


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("model: ephemeral", "model: lambda"), "3:8: model: must be one of ephemeral, long-lived"),
        (("ipv6: no", "ipv6: maybe"), "ipv6: must be one of yes, no, opt-in, unknown"),
        (("ipv6: no", "ipv6: [{when: {services: present}, is: no}]"), "unknown fact 'services'"),
        (("ipv6: no", "ipv6: 6"), "ipv6: must be one of yes, no, opt-in, unknown"),
        (("    deployed: yes\n", ""), "the key 'deployed' is missing"),
    ],
)
def test_a_broken_platform_is_a_clear_error(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    assert change[0] in PLATFORM
    said = error(tmp_path, "platforms/scheduler.yaml", PLATFORM.replace(*change))
    assert said.startswith("platforms/scheduler.yaml:")
    assert says in said


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("house.yaml", "house.yaml: is not read: data files are checks/<group>/<id>.yaml"),
        ("checks/house.yaml", "checks/house.yaml: is not read"),
        ("checks/house/a.yml", "checks/house/a.yml: is not read"),
        ("clients/team/a.yaml", "clients/team/a.yaml: is not read"),
        ("notes.txt", "has no data files"),
        ("checks/house/Our_Rule.yaml", "kebab-case"),
        ("checks/Our House/a.yaml", "kebab-case"),
        ("checks/house/missing-sslmode.yaml", "the id 'missing-sslmode' is taken"),
    ],
)
def test_a_file_at_the_wrong_place_is_an_error(tmp_path: Path, name: str, says: str) -> None:
    assert says in error(tmp_path, name, RULE)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"extend-rules: .*nowhere: no such folder"):
        load([tmp_path / "nowhere"])


def test_all_problems_are_listed(tmp_path: Path) -> None:
    wrong = RULE.replace("severity: error", "severity: eror").replace("why:", "whi:")
    lines = error(tmp_path, "checks/house/a.yaml", wrong, **{"clients/b.yaml": "[]"}).splitlines()
    assert [line.split(":")[:2] for line in lines] == [
        ["checks/house/a.yaml", "1"],
        ["checks/house/a.yaml", "2"],
        ["checks/house/a.yaml", "9"],
        ["clients/b.yaml", "1"],
    ]
    many = "\n".join(f"key{n}: 1" for n in range(100))
    lines = error(tmp_path, "checks/house/a.yaml", many).splitlines()
    assert len(lines) == 21
    assert lines[-1].endswith("more")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"\x00",
        b"a: \xff",
        b"---\n---\n",
        b"[" * 100_000,
        b"a: &a [*a]",
        b"a: !!python/object/apply:os.system [x]",
        b"a: !!int x",
        b"a: " + b"9" * 5000,
        b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(
            b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in range(98, 110)
        ),
        b"x" * 2_000_000,
        b"when: {dsn.user: {matches: '(" + b"(" * 500 + b"'}}",
        b"summary: 2026-11-22\nseverity: .nan\nat: 0x1f\nmessage: ~\nhelp: 1:30\nwhy: {a: 1}\n",
    ],
    ids=lambda data: repr(data[:20]),
)
def test_any_bytes_are_a_clear_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "checks/house/a.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    began = time.monotonic()
    with pytest.raises(ConfigError, match=r"a\.yaml:\d+:\d+: "):
        load([tmp_path])
    assert time.monotonic() - began < 5


def test_what_was_pasted_by_mistake_is_not_shown(tmp_path: Path) -> None:
    said = error(
        tmp_path, "checks/house/a.yaml", f"{DIRECT}: 1\nwhen: {{'{SESSION}': 1}}\nat: '{DIRECT}'\n"
    )
    assert "Tr0ub4dour" not in said
    assert "checks/house/a.yaml:1:1: unknown key" in said


# --- what is shipped ----------------------------------------------------------------------------


def test_shipped_files_pass_the_checks_of_user_files() -> None:
    names = parse(ROOT / "rules")["names"]
    empty = {"checks": {}, "clients": {}, "platforms": {}, "endpoints": {}, "names": names}
    found = extend(empty, [ROOT / "rules"])
    assert found["checks"].keys() == load().rules.keys()
    assert found["clients"] == {name: spec.data for name, spec in load().clients.items()}


def test_the_compiled_knowledge_loads_fast() -> None:
    compile_knowledge = runpy.run_path(str(ROOT / "hatch_build.py"))["compile_knowledge"]
    compiled = compile_knowledge(ROOT)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        known = build(json.loads(compiled))
        took.append(time.perf_counter() - began)
    assert known == load()
    assert min(took) < 0.05  # some milliseconds; machines differ


def test_lists_of_parameters_are_resolved_at_load_time() -> None:
    listed = load().names["parameter-lists"]["libpq"]
    accepts = load().clients["psycopg"].data["params"]["accepts"]
    assert set(listed) < set(accepts)
    assert "$" not in json.dumps([spec.data.get("params") for spec in load().clients.values()])


def test_former_ids() -> None:
    tables = parse(ROOT / "rules")
    tables["checks"]["missing-sslmode"]["aliases"] = ["no-sslmode"]
    known = build(tables)
    assert known.aliases == {"no-sslmode": "missing-sslmode"}
    assert known.current("no-sslmode") == "missing-sslmode"
    assert known.current("tls") == "tls"


def test_a_suppression_may_use_a_former_id() -> None:
    tables = parse(ROOT / "rules")
    tables["checks"]["missing-sslmode"]["aliases"] = ["no-sslmode"]
    text = f"DATABASE_URL={SESSION.partition('?')[0]}\n"
    known = build(tables)
    assert places(run({".env": text}, knowledge=known), "missing-sslmode") == [".env:1"]
    report = run({".env": f"# supa-lint: ignore[no-sslmode] why\n{text}"}, knowledge=known)
    assert report.findings == ()
    assert report.suppressed == 1


def test_overrides_may_use_a_former_id(tmp_path: Path) -> None:
    tables = parse(ROOT / "rules")
    tables["checks"]["missing-sslmode"]["aliases"] = ["no-sslmode"]
    rule = RULE + "    overrides: [no-sslmode]\n"
    extended = extend(tables, [write(tmp_path, {"checks/house/a.yaml": rule})])
    assert extended["checks"]["a"]["overrides"] == ["missing-sslmode"]
    report = run({".env": f"X={SESSION.partition('?')[0]}\n"}, knowledge=build(extended))
    assert {finding.rule for finding in report.findings} == {"a"}


def test_a_user_rule_may_not_take_a_former_id(tmp_path: Path) -> None:
    tables = parse(ROOT / "rules")
    tables["checks"]["missing-sslmode"]["aliases"] = ["no-sslmode"]
    with pytest.raises(ConfigError, match="'no-sslmode' was once that of 'missing-sslmode'"):
        extend(tables, [write(tmp_path, {"checks/house/no-sslmode.yaml": RULE})])


def test_former_ids_are_no_ids() -> None:
    known = load()
    groups = {rule.group for rule in known.rules.values()}
    assert known.aliases.keys() & (known.rules.keys() | groups) == set()


# --- adding one thing touches one file ----------------------------------------------------------


@pytest.fixture
def shipped_and_one(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "rules", tmp_path / "rules"))


def after(folder: Path, name: str, text: str) -> Knowledge:
    """What is known when a file is added to `rules/`; nothing else changes."""
    before = {path for path in folder.rglob("*") if path.is_file()}
    write(folder, {name: text})
    assert {path for path in folder.rglob("*") if path.is_file()} - before == {folder / name}
    return build(parse(folder))


def test_adding_a_rule_touches_one_file(shipped_and_one: Path) -> None:
    known = after(shipped_and_one, "checks/address/shared-database.yaml", RULE)
    report = run({".env": f"DATABASE_URL={SESSION}\n"}, knowledge=known)
    assert places(report, "shared-database") == [".env:1"]


def test_adding_a_client_touches_one_file(shipped_and_one: Path) -> None:
    known = after(shipped_and_one, "clients/house.yaml", CLIENT)
    code = "import house, os\n\nhouse.db.connect(os.environ['DATABASE_URL'])\n"
    report = run({".env": f"DATABASE_URL={TRANSACTION}\n", "app.py": code}, knowledge=known)
    assert places(report, "prepared-statements-in-transaction-mode") == ["app.py:3"]


def test_adding_a_platform_touches_one_file(shipped_and_one: Path) -> None:
    known = after(shipped_and_one, "platforms/scheduler.yaml", PLATFORM)
    job = f"schedule: daily\nvariables:\n  DATABASE_URL: {DIRECT}\n"
    report = run({"job.yaml": job}, knowledge=known)
    assert places(report, "ipv6-endpoint-on-ipv4-platform") == ["job.yaml:3"]


@pytest.mark.parametrize(
    "name",
    ["checks/exposure/committed-access-token", "platforms/encore", "platforms/koyeb"],
)
def test_what_was_added_to_show_it_is_named_in_no_other_file(name: str) -> None:
    """No list, registry or branch of the program knows of them."""
    word = name.rpartition("/")[2].encode()
    others = [*(ROOT / "src").rglob("*.py"), *(ROOT / "rules").rglob("*.yaml")]
    own = ROOT / "rules" / f"{name}.yaml"
    assert own.is_file()
    assert [path for path in others if path != own and word in path.read_bytes()] == []


def test_the_shipped_knowledge_is_kept() -> None:
    assert load() is load()
    assert knowledge.load(()) is load([])
