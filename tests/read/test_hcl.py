from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.clients import Clients
from supa_lint.knowledge import load
from supa_lint.model import HOLE, Const, Facts, Setting, Value
from supa_lint.read import Context, hcl
from supa_lint.read import read as dispatch
from supa_lint.source import File
from support import run

HOST = "db.qzxwvutsrponmlkjihgf.supabase.co"
DSN = f"postgresql://postgres:Tr0ub4dour-xk@{HOST}:5432/postgres"


def read(content: str | bytes, path: str = "main.tf") -> tuple[File, Facts]:
    file = File(path, content.encode() if isinstance(content, str) else content)
    return file, hcl.read(file, load().platforms)


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


def settings(facts: Facts) -> dict[str, Setting]:
    return {f"{s.container}:{s.name}": s for s in facts.settings}


def test_blocks_are_nested_by_type_and_labels() -> None:
    file, facts = read(
        f"""
        resource "example_service" "api" {{
          environment {{
            variables = {{ DATABASE_URL = "{DSN}", "PORT" : 6543 }}
          }}
        }}
        resource "example_service" "worker" {{ x = "{DSN}" }}
        locals {{ a = "{DSN}" }}
        locals {{ b = "{DSN}" }}
        """
    )
    found = settings(facts)
    variables = "resource.example_service.api.environment.variables"
    assert set(found) == {
        f"{variables}:DATABASE_URL",
        f"{variables}:PORT",
        "resource.example_service.worker:x",
        "locals:a",
        "locals:b",
    }
    setting = found[f"{variables}:DATABASE_URL"]
    assert at(file, setting) == f'DATABASE_URL = "{DSN}"'
    assert at(file, setting.value) == DSN
    assert not facts.mentions


def test_blocks_of_a_name_and_a_value_are_a_list() -> None:
    _, facts = read(
        f"""
        resource "azurerm_container_app" "x" {{
          template {{ container {{ env {{
            name  = "A"
            value = "{DSN}"
          }} }} }}
        }}
        resource "azurerm_container_app" "y" {{
          template {{ container {{
            env {{
              name  = "A"
              value = "{DSN}"
            }}
            env {{
              name  = "B"
              value = "b"
            }}
          }} }}
        }}
        """
    )
    assert [(s.name, s.platform and s.platform.id) for s in facts.settings] == [
        ("A", "azure-container-apps"),
        ("A", "azure-container-apps"),
        ("B", "azure-container-apps"),
    ]


def test_documents_inside() -> None:
    _, facts = read(
        f"""
        resource "aws_ecs_task_definition" "a" {{
          container_definitions = jsonencode([{{ environment = [{{ name = "X", value = "{DSN}" }}] }}])
        }}
        resource "aws_ecs_task_definition" "b" {{
          container_definitions = <<EOF
        [{{"environment": [{{"name": "X", "value": "postgres://u:p@${{var.host}}:6543/p"}}]}}]
        EOF
        }}
        """
    )
    for label, host in (("a", HOST), ("b", HOLE)):
        value = settings(facts)[
            f"resource.aws_ecs_task_definition.{label}.container_definitions.0:X"
        ].value
        assert value.dsn is not None
        assert value.dsn.host is not None
        assert value.dsn.host.text == host


def test_a_heredoc_may_be_an_env_file() -> None:
    file, facts = read(
        f"""resource "aws_secretsmanager_secret_version" "x" {{
          secret_string = <<-EOT
            # {DSN}
            DATABASE_URL={DSN}
            export B = "c${{var.q}}"

          EOT
          user_data = <<EOT
        #!/bin/sh
        curl {DSN}
        EOT
        }}"""
    )
    found = settings(facts)
    name = "resource.aws_secretsmanager_secret_version.x.secret_string"
    assert at(file, found[f"{name}:DATABASE_URL"].value) == DSN
    assert at(file, found[f"{name}:B"].value) == "c${var.q}"
    assert sorted(m.comment for m in facts.mentions) == [False, True]
    assert {at(file, m.dsn) for m in facts.mentions} == {DSN}


def test_templates_and_calls_have_holes() -> None:
    file, facts = read(
        """
        locals {
          supabase = "a"
          a = "postgresql://postgres:${var.password}@${var.host}:6543/postgres"
          b = format("postgresql://postgres:%s@%s:%d/postgres%%", urlencode(var.p), local.host, 6543)
          c = "${local.a}"
          d = var.x
          e = "$${not} a hole"
          f = cond ? 1 : 2
        }
        """
    )
    found = settings(facts)

    def holes(value: Value) -> list[str | None]:
        return [hole.symbol for hole in value.holes]

    dsn = found["locals:a"].value.dsn
    assert dsn is not None
    assert dsn.host is not None
    assert [hole.symbol for hole in dsn.host.holes] == ["var:host"]
    assert dsn.port is not None
    assert at(file, dsn.port) == "6543"
    dsn = found["locals:b"].value.dsn
    assert dsn is not None
    assert dsn.host is not None
    assert dsn.port is not None
    assert ([h.symbol for h in dsn.host.holes], dsn.port.text) == (["local:host"], "6543")
    assert holes(found["locals:c"].value) == ["local:a"]
    assert holes(found["locals:d"].value) == ["var:x"]
    assert holes(found["locals:f"].value) == [None]


def test_patterns_are_nothing_and_the_rest_is_a_mention() -> None:
    file, facts = read(
        f"""
        supabase = replace(replace(var.x, ":5432", "{DSN}"), "[YOUR-PASSWORD]", "x")
        b = cond ? regex("{DSN}", var.x) : "${{trimprefix(var.x, "{DSN}")}}"
        c = cond ? "{DSN}" : null # {DSN}
        d = [for x in y : "{DSN}"]
        """
    )
    assert {s.value.text for s in facts.settings} == {HOLE}
    assert [m.comment for m in facts.mentions] == [False, True, False]
    assert {at(file, m.dsn) for m in facts.mentions} == {DSN}


def test_variables_and_locals_are_definitions() -> None:
    _, facts = read(f'variable "db" {{ default = "{DSN}" }}\nlocals {{ host = "{HOST}" }}\n')
    assert {d.name for d in facts.definitions} == {"var:db", "local:host"}
    _, facts = read(f'db = "{DSN}"\n', "prod.tfvars")
    (definition,) = facts.definitions
    assert definition.name == "var:db"
    assert isinstance(definition.value, Value)
    assert definition.value.dsn is not None


def test_variables_that_another_file_puts_together() -> None:
    host = "aws-0-eu-west-1.pooler.supabase.com"
    files = {"prod.auto.tfvars": f'db_host = "{host}"\ndb_port = 5439\ndb_user = "postgres"\n'}
    # There may be a `?sslmode=require` where they are used.
    assert {finding.rule for finding in run(files).findings} == {"unserved-port"}


def test_what_is_broken_is_not_lost() -> None:
    file, facts = read(f'a = "{DSN}"\nb {{ c = = \n d = "{DSN}"\n')
    found = [s.value.dsn for s in facts.settings] + [m.dsn for m in facts.mentions]
    assert len({dsn.span for dsn in found if dsn and at(file, dsn) == DSN}) == 2


def test_deep_nesting_ends() -> None:
    for content in ("a = " + "[" * 5000, "a {\n" * 5000, "a = " + "f(" * 5000, 'x = "${' * 5000):
        _, facts = read(content)
        assert not facts.settings


def test_a_text_that_takes_too_long_is_read_as_plain_text() -> None:
    file = File("main.tf", b' "' * 400_000 + f"\n{DSN}\n".encode())
    knowledge = load()
    facts = dispatch(file, Context(knowledge, Clients(knowledge.clients.values())))
    assert isinstance(facts, Facts)
    assert "too long" in facts.notes[0].text
    assert [at(file, m.dsn) for m in facts.mentions] == [DSN]


PIECES = st.sampled_from(
    [
        "a = ",
        "b {\n",
        'c "d" {\n',
        "}\n",
        '"',
        "${",
        "}",
        "{",
        "[",
        "]",
        "(",
        ")",
        ",",
        "<<E\n",
        "E\n",
        "<<-E\n  ",
        "%{ if x }",
        "format(",
        'replace("a", ',
        "var.x",
        "# ",
        "\\",
        "\\u00e9",
        "\n",
        "\r\n",
        "é",
        "\ufffd",
        "\ufffc",
        "supabase",
        "K=V\n",
        f'"{DSN}"',
        DSN,
        '{"a": "b"}',
        "jsonencode(",
    ]
)


@given(st.lists(PIECES, max_size=30).map(lambda p: "".join(p).encode()) | st.binary())
def test_any_bytes(content: bytes) -> None:
    file, facts = read(content)
    spans = [s.span for s in facts.settings] + [s.value.span for s in facts.settings]
    for span in (*spans, *facts.secrets, *(m.dsn.span for m in facts.mentions)):
        assert 0 <= span.start <= span.end <= len(file.data)


@given(st.lists(st.sampled_from(["a", "é", "😀", " ", "'", "$", "%", "#", "=", "/", "{x"])))
def test_the_text_at_a_span_is_the_value(pieces: list[str]) -> None:
    value = "".join(pieces).replace("${", "$x{").replace("%{", "%x{")
    file, facts = read(f'supabase = "é"\nk = "{value}"\n')
    assert at(file, settings(facts)[":k"].value) == value


RESOURCES = {
    "vercel_project_environment_variable": (
        'key = "DB"\nvalue = "DSN"\ntarget = ["production"]',
        "vercel",
    ),
    "vercel_project": (
        'environment = [{key = "DB", value = "DSN", target = ["preview"]}]',
        "vercel",
    ),
    "render_web_service": ('env_vars = { DB = { value = "DSN" } }', "render"),
    "railway_variable": ('name = "DB"\nvalue = "DSN"', "railway"),
    "heroku_app": ('sensitive_config_vars = { DB = "DSN" }', "heroku"),
    "google_cloud_run_v2_service": (
        'template {\ncontainers {\nenv {\nname = "DB"\nvalue = "DSN"\n}\n}\n}',
        "cloud-run",
    ),
    "aws_lambda_function": ('environment {\nvariables = { DB = "DSN" }\n}', "aws-lambda"),
    "digitalocean_app": (
        'spec {\nservice {\nenv {\nkey = "DB"\nvalue = "DSN"\n}\n}\n}',
        "digitalocean-app-platform",
    ),
    "azurerm_container_app": (
        'template {\ncontainer {\nenv {\nname = "DB"\nvalue = "DSN"\n}\n}\n}',
        "azure-container-apps",
    ),
    "azurerm_container_app_job": (
        'secret {\nname = "DB"\nvalue = "DSN"\n}',
        "azure-container-apps",
    ),
    "azurerm_linux_web_app_slot": ('app_settings = { DB = "DSN" }', "azure-app-service"),
    "azurerm_function_app": ('app_settings = { DB = "DSN" }', "azure-functions"),
    "cloudflare_worker_script": (
        'secret_text_binding {\nname = "DB"\ntext = "DSN"\n}',
        "cloudflare-workers",
    ),
    "cloudflare_workers_script": (
        'bindings = [{ name = "KV", type = "kv" }, { name = "DB", type = "secret_text", text = "DSN" }]',
        "cloudflare-workers",
    ),
    "cloudflare_workers_secret": ('name = "DB"\nsecret_text = "DSN"', "cloudflare-workers"),
    "cloudflare_pages_project": (
        'deployment_configs = { production = { env_vars = { DB = { value = "DSN" } } } }',
        "cloudflare-workers",
    ),
    "netlify_environment_variable": (
        'key = "DB"\nsecret_values = [{ value = "DSN", context = "all" }]',
        "netlify",
    ),
    "fly_machine": ('env = { DB = "DSN" }', "fly"),
    "fly_secret": ('key = "DB"\nvalue = "DSN"', "fly"),
    "heroku_config": ('sensitive_vars = { DB = "DSN" }', "heroku"),
    "kubernetes_secret_v1": ('data = { DB = "DSN" }', "kubernetes"),
    "kubernetes_cron_job_v1": (
        "spec {\njob_template {\nspec {\ntemplate {\nspec {\ncontainer {\nenv {\n"
        'name = "DB"\nvalue = "DSN"\n}\n}\n}\n}\n}\n}\n}',
        "kubernetes",
    ),
    "google_app_engine_standard_app_version": ('env_variables = { DB = "DSN" }', "app-engine"),
    "supabase_edge_function_secrets": (
        'secrets = [{ name = "DB", value = "DSN" }]',
        "supabase-edge-functions",
    ),
}


@pytest.mark.parametrize("resource", RESOURCES)
def test_resources_that_set_variables(resource: str) -> None:
    body, platform = RESOURCES[resource]
    content = f'resource "{resource}" "a" {{\n{body.replace("DSN", DSN)}\n}}\n'
    file = File("main.tf", content.encode())
    facts = hcl.read(file, load().platforms)
    found = [setting for setting in facts.settings if setting.value.dsn]
    assert [(s.name, s.platform and s.platform.id) for s in found] == [("DB", platform)]
    assert found[0].container == f"resource.{resource}.a" or resource == "cloudflare_pages_project"
    assert at(file, found[0].value) == DSN


@pytest.mark.parametrize(
    ("target", "deployed"),
    [('["production"]', True), ('["preview", "development"]', True), ('["development"]', False)],
)
def test_a_variable_of_the_development_environment_is_not_deployed(
    target: str, deployed: bool
) -> None:
    content = (
        'resource "vercel_project_environment_variable" "a" {\n'
        f'key = "DB"\nvalue = "{DSN}"\ntarget = {target}\n}}\n'
    )
    facts = hcl.read(File("main.tf", content.encode()), load().platforms)
    found = [setting for setting in facts.settings if setting.value.dsn]
    assert [bool(setting.platform) for setting in found] == [deployed]


def test_several_bindings_of_a_worker() -> None:
    blocks = "".join(
        f'secret_text_binding {{\nname = "{name}"\ntext = "{DSN}"\n}}\n' for name in ("A", "B")
    )
    _, facts = read(f'resource "cloudflare_workers_script" "a" {{\n{blocks}}}\n')
    assert [(s.name, s.platform and s.platform.id) for s in facts.settings] == [
        ("A", "cloudflare-workers"),
        ("B", "cloudflare-workers"),
    ]


@pytest.mark.parametrize(
    "given",
    [
        f'values = [{{ value = "{DSN}", context = "dev" }}]',
        f'values = [{{ value = "{DSN}", context = "all" }}]\nscopes = ["builds"]',
        f'values = [{{ value = "{DSN}", context = "production" }}, {{ value = "x", context = "dev" }}]',
    ],
)
def test_what_a_variable_of_netlify_is_not_for(given: str) -> None:
    _, facts = read(f'resource "netlify_environment_variable" "a" {{\nkey = "DB"\n{given}\n}}\n')
    assert {setting.platform for setting in facts.settings if setting.value.dsn} == {None}


@pytest.mark.parametrize(
    ("source", "platform"),
    [("terraform-aws-modules/lambda/aws", "aws-lambda"), ("./modules/function", None)],
)
def test_a_module_that_makes_a_function(source: str, platform: str | None) -> None:
    _, facts = read(
        f'module "f" {{\nsource = "{source}"\nenvironment_variables = {{ DB = "{DSN}" }}\n}}\n'
    )
    (found,) = (setting for setting in facts.settings if setting.value.dsn)
    assert (found.name, found.platform and found.platform.id) == ("DB", platform)


def test_a_resource_may_configure_a_client() -> None:
    file = File(
        "main.tf",
        f'''resource "cloudflare_hyperdrive_config" "db" {{
          origin = {{ host = var.host, port = 5432, user = "postgres", password = "Tr0ub4dour-xk" }}
        }}
        variable "host" {{ default = "{HOST}" }}'''.encode(),
    )
    knowledge = load()
    facts = dispatch(file, Context(knowledge, Clients(knowledge.clients.values())))
    assert isinstance(facts, Facts)
    (call,) = facts.calls
    assert call.callee == "hyperdrive.origin.db"
    host, port = call.keyword("host"), call.keyword("port")
    assert isinstance(port, Const)
    assert port.value == 5432
    assert isinstance(host, Value)
    assert host.hole is not None
    assert host.hole.symbol == "var:host"
    assert "Tr0ub4dour" not in repr(facts)
