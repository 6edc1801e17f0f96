from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.knowledge import Platforms, PlatformSpec
from supa_lint.model import HOLE, Facts, Hole, Setting, Span
from supa_lint.raw import Raw
from supa_lint.read import yaml
from supa_lint.read.nodes import Branch, Entry, Listing, Scalar, find, split
from supa_lint.source import File

DSN = "postgresql://postgres:Tr0ub4dour-xk@db.qzxwvutsrponmlkjihgf.supabase.co:5432/postgres"
HOST = "db.qzxwvutsrponmlkjihgf.supabase.co"


def spec(name: str, **data: Any) -> PlatformSpec:
    table = {"label": name.title(), "deployed": True, "model": "long-lived", "ipv6": False, **data}
    return PlatformSpec(name, {key.replace("_", "-"): value for key, value in table.items()})


COMPOSE = spec(
    "compose",
    deployed=False,
    manifest=[
        {"files": ["compose.yml", "docker-compose*.yml"], "contains": {"services": "present"}}
    ],
    interpolation="compose",
    declares=[{"at": "services.*.environment", "container": "services.*"}],
    env_files=[{"at": "services.*.env_file", "container": "services.*"}],
    builds=[{"at": "services.*.build", "container": "services.*"}],
    ignores=["**.description"],
    ipv6=[
        {"when": {"tree.services.*.network_mode": "host"}, "is": "unknown"},
        {"when": {"tree.networks.*.enable_ipv6": True}, "is": True},
        {"is": False},
    ],
)
ACTIONS = spec(
    "actions",
    deployed=False,
    model="ci",
    manifest=[{"files": [".github/workflows/*.yml"], "contains": {"jobs": "present"}}],
    interpolation="github",
    declares=[
        {"at": "env", "container": ""},
        {"at": "jobs.*.env", "container": "jobs.*"},
        {"at": "jobs.*.steps.*.env", "container": "jobs.*.steps.*"},
    ],
    ipv6=[
        {"when": {"tree.jobs.*.runs-on": {"matches": "^(ubuntu|macos|windows)-"}}, "is": False},
        {"is": "unknown"},
    ],
)
KUBERNETES = spec(
    "kubernetes",
    manifest=[
        {
            "files": ["*.yaml"],
            "contains": {"kind": ["Deployment", "Secret", "Pod"], "apiVersion": "present"},
        }
    ],
    interpolation="kubernetes",
    declares=[
        {"at": "**.containers.*.env", "container": "**.containers.*"},
        {"at": "data", "container": "", "encoding": "base64"},
        {"at": "stringData", "container": ""},
    ],
    ipv6="unknown",
)
RENDER = spec(
    "render",
    manifest=[{"files": ["render.yaml"]}],
    interpolation="none",
    declares=[
        {"at": "services.*.envVars", "container": "services.*"},
        {"at": "vars", "container": "", "exported": False},
        {"at": "binding.url"},
    ],
)
SPECS = Platforms((one.id, one) for one in (ACTIONS, COMPOSE, KUBERNETES, RENDER))


def read(path: str, content: str) -> tuple[File, Facts]:
    file = File(path, content.encode())
    return file, yaml.read(file, SPECS)


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


def declared(facts: Facts) -> dict[tuple[str, str], Setting]:
    return {(s.container, s.name): s for s in facts.settings if s.platform is not None}


def host_of(setting: Setting) -> str:
    dsn = setting.value.dsn
    assert dsn is not None
    assert dsn.host is not None
    return dsn.host.text


# --- settings anywhere


def test_a_key_with_a_scalar_is_a_setting_of_what_it_stands_in() -> None:
    file, facts = read("config.yml", f"db:\n  main:\n    url: {DSN}\n    port: 6543\ntop: x\n")
    found = {(s.container, s.name): s for s in facts.settings}
    assert list(found) == [("db.main", "url"), ("db.main", "port"), ("", "top")]
    assert found["db.main", "port"].value.text == "6543"
    assert at(file, found["db.main", "port"]) == "port: 6543"
    assert all(s.platform is None for s in facts.settings)


@pytest.mark.parametrize(
    ("item", "whole"),
    [
        (f"{{name: URL, value: '{DSN}'}}", f"URL, value: '{DSN}'"),
        (f"{{value: {DSN}, key: URL}}", f"{DSN}, key: URL"),
        (f"{{variable: URL, default: {DSN}}}", f"URL, default: {DSN}"),
        (f"{{Name: URL, Value: {DSN}}}", f"URL, Value: {DSN}"),
        (f"URL={DSN}", f"URL={DSN}"),
        (f'"URL={DSN}"', f'"URL={DSN}"'),
    ],
)
def test_an_item_of_a_list_may_be_a_setting(item: str, whole: str) -> None:
    file, facts = read("config.yml", f"env:\n  - {item}\n")
    (setting,) = facts.settings
    assert (setting.container, setting.name) == ("env", "URL")
    assert at(file, setting) == whole
    assert at(file, setting.value) == DSN
    assert host_of(setting) == HOST


def test_other_items_with_a_dsn_are_mentions() -> None:
    file, facts = read("config.yml", f"args: [--db-url, {DSN}, '--url={DSN}']\n")
    assert not facts.settings
    assert [at(file, m.dsn) for m in facts.mentions] == [DSN, DSN]


def test_a_command_with_a_dsn_is_a_mention_too() -> None:
    file, facts = read("config.yml", f"run: psql {DSN}\n")
    assert facts.settings[0].value.dsn is None
    assert [(at(file, m.dsn), m.comment) for m in facts.mentions] == [(DSN, False)]


def test_a_document_about_other_things_has_no_settings() -> None:
    assert read("config.yml", "name: x\nport: 80\n")[1] == Facts("config.yml")
    _, facts = read("k8s.yaml", f"name: x\n---\nurl: {DSN}\n")
    assert [s.container for s in facts.settings] == ["#2"]


def test_unknown_interpolation_is_a_hole() -> None:
    _, facts = read("config.yml", "supabase:\n  host: ${DB_HOST}\n  port: '{{ .Values.port }}'\n")
    assert [s.value.hole for s in facts.settings] == [Hole(), Hole()]


# --- platforms


def test_compose() -> None:
    file, facts = read(
        "deploy/compose.yml",
        f"""services:
  api:
    build: {{context: ../api}}
    env_file: [.env, {{path: ../prod.env}}, "${{X}}", /etc/x.env, ../../x.env]
    environment:
      DATABASE_URL: {DSN}
      HOST: ${{DB_HOST:-{HOST}}}
      PASSED_ON:
    description: psql {DSN}
  worker:
    build: ..
    network_mode: host
    env_file: .env
    environment: ["URL={DSN}", PASSED_ON, 7]
""",
    )
    (platform,) = facts.platforms
    assert (platform.id, platform.label, platform.ipv6) == ("compose", "Compose", "unknown")
    assert (platform.deployed, at(file, platform)) == (False, "services")

    found = declared(facts)
    assert host_of(found["services.api", "DATABASE_URL"]) == HOST
    assert host_of(found["services.worker", "URL"]) == HOST
    here = found["services.api", "DATABASE_URL"].platform
    there = found["services.worker", "URL"].platform
    assert here is not None
    assert there is not None
    assert (at(file, here), here.ipv6) == ("api", "no")
    assert (at(file, there), there.ipv6) == ("worker", "unknown")

    default = found["services.api", "HOST"].value.holes[0].default
    assert default is not None
    assert default.text == HOST
    for container in ("services.api", "services.worker"):
        assert found[container, "PASSED_ON"].value.hole == Hole(variable="PASSED_ON")

    assert [(e.path, e.container) for e in facts.env_files] == [
        ("deploy/.env", "services.api"),
        ("prod.env", "services.api"),
        ("deploy/.env", "services.worker"),
    ]
    assert [(b.path, b.container) for b in facts.builds] == [
        ("api", "services.api"),
        ("", "services.worker"),
    ]
    assert "description" not in {s.name for s in facts.settings}
    assert [at(file, m.dsn) for m in facts.mentions] == [DSN]


def test_a_condition_on_anything_in_the_file() -> None:
    content = "services: {a: {environment: {X: 1}}}\nnetworks: {n: {enable_ipv6: yes}}\n"
    _, facts = read("compose.yml", content)
    (setting,) = facts.settings
    assert setting.platform is not None
    assert setting.platform.ipv6 == facts.platforms[0].ipv6 == "yes"


def test_actions_containers_and_runners() -> None:
    _, facts = read(
        ".github/workflows/ci.yml",
        f"""env: {{A: "${{{{ secrets.URL }}}}"}}
jobs:
  hosted:
    runs-on: ubuntu-latest
    env: {{B: {DSN}}}
    steps:
      - run: make
        env: {{C: "${{{{ env.B }}}}"}}
  own:
    runs-on: [self-hosted, linux]
    env: {{D: 1}}
  listed:
    runs-on: [x, macos-14]
    env: {{E: 1}}
  matrix:
    runs-on: ${{{{ matrix.os }}}}
    env: {{F: 1}}
""",
    )
    said = {
        (s.container, s.name): s.platform.ipv6 for s in facts.settings if s.platform is not None
    }
    assert said == {
        ("", "A"): "no",
        ("jobs.hosted", "B"): "no",
        ("jobs.hosted.steps.0", "C"): "no",
        ("jobs.own", "D"): "unknown",
        ("jobs.listed", "E"): "no",
        ("jobs.matrix", "F"): "unknown",
    }
    found = declared(facts)
    assert found["", "A"].value.hole == Hole()
    assert found["jobs.hosted.steps.0", "C"].value.hole == Hole(variable="B")


def test_a_workflow_elsewhere_is_none() -> None:
    assert read("docs/.github/workflows/ci.yml", "jobs: {}\nenv: {A: 1}\n")[1].platforms == ()


def test_kubernetes_documents_and_secrets() -> None:
    encoded = base64.b64encode(DSN.encode()).decode()
    folded = f"{encoded[:60]}\n    {encoded[60:]}"
    file, facts = read(
        "k8s/app.yaml",
        f"""apiVersion: v1
kind: Secret
data:
  URL: {encoded}
  FOLDED: >-
    {folded}
  OTHER: "?"
stringData: {{PLAIN: {DSN}}}
---
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: web
          env:
            - {{name: URL, value: "postgres://$(USER)@{HOST}/x"}}
            - name: FROM_SECRET
              valueFrom: {{secretKeyRef: {{name: app, key: URL}}}}
---
kind: Deployment
""",
    )
    found = declared(facts)
    container = "#2.spec.template.spec.containers.0"
    assert list(found) == [
        ("", "URL"),
        ("", "FOLDED"),
        ("", "OTHER"),
        ("", "PLAIN"),
        (container, "URL"),
        (container, "FROM_SECRET"),
    ]
    for name, written in (("URL", encoded), ("FOLDED", folded)):
        assert host_of(found["", name]) == HOST
        assert at(file, found["", name].value) == written
        assert written in [file.data[s.start : s.end].decode() for s in facts.secrets]
    user = found[container, "URL"].value.dsn
    assert user is not None
    assert user.user is not None
    assert user.user.holes == (Hole(variable="USER"),)
    assert found[container, "FROM_SECRET"].value.hole == Hole()
    assert len(facts.platforms) == 1


def test_values_that_are_known_elsewhere() -> None:
    _, facts = read(
        "render.yaml",
        f"""services:
  - name: api
    envVars:
      - {{key: A, value: {DSN}}}
      - {{key: B, sync: false}}
      - {{key: C, fromDatabase: {{name: db}}}}
      - {{fromGroup: g}}
vars: {{D: {{value: {DSN}}}, E: {{Fn::Sub: "{DSN}"}}, F: [1]}}
binding: {{url: {DSN}}}
""",
    )
    found = declared(facts)
    holes = {name: s.value.hole is not None for (_, name), s in found.items()}
    assert holes == {
        "A": False,
        "B": True,
        "C": True,
        "D": False,
        "E": False,
        "F": True,
        "url": False,
    }
    assert {name: s.exported for (_, name), s in found.items()} == dict.fromkeys("ABC", True) | {
        "D": False,
        "E": False,
        "F": False,
        "url": True,
    }


def test_a_manifest_by_its_name_alone() -> None:
    _, facts = read("render.yaml", "previews: {}\n")
    assert [(p.id, p.span.start, p.span.end) for p in facts.platforms] == [("render", 0, 0)]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("present", "yes"),
        ("absent", "no"),
        ("one", "yes"),
        ("three", "no"),
        (["three", "two"], "yes"),
        ({"not": "one"}, "no"),
        ({"not": "three"}, "yes"),
        ({"matches": "^tw"}, "yes"),
    ],
)
def test_a_list_is_what_one_of_its_items_is(wanted: object, said: str) -> None:
    rows = [{"when": {"tree.list": wanted}, "is": True}, {"is": False}]
    one = spec("one", manifest=[{"files": ["x.yml"]}], ipv6=rows)
    facts = yaml.read(File("x.yml", b"list: [one, two]\n"), Platforms(one=one))
    assert facts.platforms[0].ipv6 == said


def test_a_key_that_repeats_is_survived() -> None:
    content = "jobs: {a: {steps: [{env: {A: 1}}]}, a: 1}\n"
    _, facts = read(".github/workflows/ci.yml", content)
    assert [s.container for s in facts.settings] == ["jobs.a.steps.0"]


def test_values_of_several_lines_are_mentions() -> None:
    _, facts = read("compose.yml", f'services: {{a: {{environment: {{X: "a\\n{DSN}\\n"}}}}}}\n')
    assert not facts.settings
    (mention,) = facts.mentions
    assert mention.dsn.host is not None
    assert mention.dsn.host.text == HOST


KEYS = ["services", "environment", "env_file", "build", "a", "*", "**", "name", "value", "env"]
KEYS += ["jobs", "steps", "kind", "apiVersion", "data", "containers", "description", "Fn::Sub", ""]
SCALARS = st.sampled_from(["${A:-x}", DSN, f"A={DSN}", "A", "Secret", "../x", "", "QQ==", 1, None])
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.tuples(st.sampled_from(KEYS), inner), max_size=4).map(tuple)
    ),
    max_leaves=12,
)


def dumped(node: object) -> str:
    """JSON, with the keys of a mapping (a tuple of pairs) as they are, repeated ones too."""
    if isinstance(node, tuple):
        return "{" + ",".join(f"{json.dumps(key)}: {dumped(value)}" for key, value in node) + "}"
    if isinstance(node, list):
        return "[" + ",".join(map(dumped, node)) + "]"
    return json.dumps(node)


@given(TREES, st.sampled_from(["compose.yml", ".github/workflows/a.yml", "render.yaml", "k.yaml"]))
def test_any_tree(tree: object, path: str) -> None:
    file, facts = read(
        path, "{services: &a " + dumped(tree) + ", jobs: *a, kind: Pod, apiVersion: *a}"
    )
    spans = [s.span for s in facts.settings] + [s.value.span for s in facts.settings]
    for span in (*spans, *facts.secrets, *(m.dsn.span for m in facts.mentions)):
        assert 0 <= span.start <= span.end <= len(file.data)
    assert "Tr0ub4dour" not in repr(facts)


# --- patterns


def leaf(text: str) -> Scalar:
    return Scalar(Raw(text, Span("a", 0, 0)), Span("a", 0, 0), plain=True)


def branch(**children: Any) -> Branch:
    span = Span("a", 0, 0)
    return Branch(tuple(Entry(key, span, child) for key, child in children.items()), span)


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a.b", ["a.b"]),
        ("a.*", ["a.b", "a.c"]),
        ("*.0", ["d.0"]),
        ("d.*.b", ["d.0.b"]),
        ("**.b", ["a.b", "d.0.b"]),
        ("**.c.**", ["a.c"]),
        ("a.b.c", []),
        ("x", []),
    ],
)
def test_patterns(pattern: str, paths: list[str]) -> None:
    listing = Listing((branch(b=leaf("3")), leaf("4")), leaf("").span)
    root = branch(a=branch(b=leaf("1"), c=leaf("2")), d=listing)
    assert [".".join(match.path) for match in find(root, split(pattern))] == paths


def test_a_scalar_shows_no_text() -> None:
    assert "Tr0ub4dour" not in repr(leaf(DSN))
    assert HOLE not in repr(leaf(HOLE))
