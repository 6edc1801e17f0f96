from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from supa_lint.config import (
    VARIABLE_KINDS,
    Config,
    ConfigError,
    Deploy,
    configures,
    load,
    misnamed_config_files,
    nearest,
    validate,
)
from supa_lint.model import Severity

REF = "qzxwvutsrponmlkjihgf"

FULL = f"""
select = ["address", "tls"]
ignore = ["missing-sslmode"]
exclude = ["legacy/**"]
min-severity = "warning"
fail-on = "error"
pedantic = true
ipv4-add-on = ["{REF}"]
extend-rules = ["ci/lint"]

[per-file-ignores]
"scripts/**" = ["committed-password"]

[variables]
DATABASE_URL = "shared-pooler:transaction"

[[deploy]]
paths = ["apps/api/**"]
platform = "render"
"""

SCHEMA: dict[str, Any] = json.loads(
    files("supa_lint").joinpath("config.schema.json").read_text("utf-8")
)


def _load(root: Path, text: str) -> Config:
    (root / "supa-lint.toml").write_text(text, "utf-8")
    return load(root)


def _error(root: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        _load(root, text)
    return str(caught.value)


def test_no_configuration(tmp_path: Path) -> None:
    assert load(tmp_path) == Config()
    assert load(tmp_path).select is None


def test_every_key(tmp_path: Path) -> None:
    assert _load(tmp_path, FULL) == Config(
        source="supa-lint.toml",
        select=("address", "tls"),
        ignore=("missing-sslmode",),
        per_file_ignores=(("scripts/**", ("committed-password",)),),
        exclude=("legacy/**",),
        min_severity=Severity.WARNING,
        fail_on=Severity.ERROR,
        pedantic=True,
        ipv4_add_on=frozenset({REF}),
        variables={"DATABASE_URL": "shared-pooler:transaction"},
        deploy=(Deploy(("apps/api/**",), "render"),),
        extend_rules=("ci/lint",),
    )
    assert set(tomllib.loads(FULL)) == set(SCHEMA["properties"])


def test_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "shop"\n[tool.supa-lint]\nipv4-add-on = true\n'
        '[tool.supa-lint.variables]\nA = "local"\n'
        '[[tool.supa-lint.deploy]]\npaths = ["a"]\nplatform = "fly"\n'
    )
    config = load(tmp_path)
    assert config.source == "pyproject.toml"
    assert config.ipv4_add_on is True
    assert config.variables == {"A": "local"}
    assert config.deploy == (Deploy(("a",), "fly"),)


def test_pyproject_without_a_table_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("this is [not toml")
    assert load(tmp_path) == Config()
    (tmp_path / "pyproject.toml").write_text('[dependency-groups]\ndev = ["supa-lint"]\n')
    assert load(tmp_path) == Config()


@pytest.mark.parametrize("table", ["tool.supalint", "tool.supa_lint", "supa-lint"])
def test_misspelt_table(tmp_path: Path, table: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[{table}]\npedantic = true\n")
    with pytest.raises(ConfigError, match=r"did you mean \[tool.supa-lint\]\?"):
        load(tmp_path)


def test_both_files_configure(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.supa-lint]\n")
    assert "keep one of the two" in _error(tmp_path, "")


def test_explicit_file(tmp_path: Path) -> None:
    _load(tmp_path, "pedantic = true")
    other = tmp_path / "ci.toml"
    other.write_text('ignore = ["tls"]')
    assert load(tmp_path, other).ignore == ("tls",)
    assert load(tmp_path, other).pedantic is False
    with pytest.raises(ConfigError, match=r"cannot be read: No such file"):
        load(tmp_path, tmp_path / "missing.toml")
    (tmp_path / "pyproject.toml").write_text("")
    with pytest.raises(ConfigError, match=r"has no table \[tool.supa-lint\]"):
        load(tmp_path, tmp_path / "pyproject.toml")


def test_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "supa-lint.toml").write_bytes(b"\xef\xbb\xbfpedantic = true\r\n")
    assert load(tmp_path).pedantic is True


WRONG = [
    ('selct = ["tls"]', "supa-lint.toml: unknown key 'selct'; did you mean 'select'?"),
    ("per_file_ignores = {}", "did you mean 'per-file-ignores'?"),
    ('select = "tls"', "supa-lint.toml: select: must be a list of texts"),
    ("ignore = [1]", "ignore: must be a list of texts"),
    ('ignore = [""]', "ignore: must be a list of texts"),
    ('per-file-ignores = ["a"]', "per-file-ignores: must be a table"),
    ('[per-file-ignores]\n"a/*" = "x"', 'per-file-ignores."a/*": must be a list of texts'),
    ('min-severity = "warn"', "must be one of error, warning, info; did you mean 'warning'?"),
    ("fail-on = 1", "fail-on: must be one of error, warning, info"),
    ('pedantic = "yes"', "pedantic: must be true or false"),
    ('ipv4-add-on = "yes"', "ipv4-add-on: must be true, false, or a list of project refs"),
    ('ipv4-add-on = ["short"]', "list of project refs (20 letters)"),
    ("variables = []", "variables: must be a table"),
    (
        '[variables]\nA = "shared-pooler:transactional"',
        "variables.A: must be one of direct, dedicated-pooler, shared-pooler:session, "
        "shared-pooler:transaction, local; did you mean 'shared-pooler:transaction'?",
    ),
    ('[deploy]\nplatform = "fly"', "deploy: must be an array of tables: [[deploy]]"),
    ("deploy = [1]", "deploy: must be an array of tables"),
    ('[[deploy]]\nplatform = "fly"', "deploy.paths: must be a list of texts"),
    ('[[deploy]]\npaths = []\nplatform = "fly"', "deploy.paths: must not be empty"),
    ('[[deploy]]\npaths = ["a"]', "deploy.platform: must be the id of a platform"),
    (
        '[[deploy]]\npath = ["a"]\nplatform = "fly"',
        "deploy: unknown key 'path'; did you mean 'paths'?",
    ),
    ('extend-rules = "ci"', "extend-rules: must be a list of texts"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_wrong_key_or_value(tmp_path: Path, text: str, message: str) -> None:
    assert message in _error(tmp_path, text)


def test_toml_errors_have_line_and_column(tmp_path: Path) -> None:
    error = _error(tmp_path, 'pedantic = true\nselect = ["a"\nignore = 1\n')
    assert error.startswith("supa-lint.toml: is not valid TOML: ")
    assert "line 3, column" in error


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", b"a = " + b"[" * 5000, b"a = " + b"1" * 5000, b"\x00", b'a = "\n']
)
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "supa-lint.toml").write_bytes(data)
    with pytest.raises(ConfigError, match=r"^supa-lint\.toml: "):
        load(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        '[variables]\nA = "postgresql://postgres:Tr0ub4dour-xk@h/postgres"',
        '[variables]\n"postgresql://u:Tr0ub4dour-xk@h/postgres" = "none"',
        'select = "Tr0ub4dour-xk"',
        '"postgresql://u:Tr0ub4dour-xk@h" = 1',
        'fail-on = "Tr0ub4dour-xk"',
    ],
)
def test_no_value_is_quoted(tmp_path: Path, text: str) -> None:
    assert "Tr0ub4dour" not in _error(tmp_path, text)


def _accepted(root: Path, text: str) -> bool:
    try:
        _load(root, text)
    except ConfigError:
        return False
    return True


@pytest.mark.parametrize("text", [FULL, "", "ipv4-add-on = false", *(text for text, _ in WRONG)])
def test_the_schema_says_what_the_loader_says(tmp_path: Path, text: str) -> None:
    validator = jsonschema.Draft7Validator(SCHEMA)
    assert validator.is_valid(tomllib.loads(text)) is _accepted(tmp_path, text)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    kinds = SCHEMA["properties"]["variables"]["additionalProperties"]["enum"]
    assert tuple(kinds) == VARIABLE_KINDS


def test_names_are_validated_against_what_is_known() -> None:
    rules = {"tls-disabled", "missing-sslmode", "tls"}
    validate(
        Config(select=("tls",), deploy=(Deploy(("a",), "fly"),)), rules=rules, platforms={"fly"}
    )
    config = Config(source="supa-lint.toml", ignore=("tls-disable",))
    with pytest.raises(ConfigError) as caught:
        validate(config, rules=rules, platforms=())
    assert str(caught.value) == (
        "supa-lint.toml: ignore: unknown rule 'tls-disable'; did you mean 'tls-disabled'?"
    )
    config = Config(source="supa-lint.toml", per_file_ignores=(("a/*", ("nonsense",)),))
    with pytest.raises(ConfigError, match=r"per-file-ignores.\"a/\*\": unknown rule 'nonsense'$"):
        validate(config, rules=rules, platforms=())
    config = Config(source="supa-lint.toml", deploy=(Deploy(("a",), "rendr"),))
    with pytest.raises(
        ConfigError, match=r"deploy.platform: unknown platform 'rendr'; did you mean"
    ):
        validate(config, rules=rules, platforms={"render"})


def test_configures(tmp_path: Path) -> None:
    assert not configures(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\n")
    assert not configures(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.supa-lint]\n")
    assert configures(tmp_path)


def test_misnamed_config_files() -> None:
    misnamed = [
        ".supa-lint.toml",
        "supalint.toml",
        "supa_lint.toml",
        "Supa-Lint.toml",
        ".supalintrc",
        "supa-lint.yaml",
        ".supa-lint.yml",
        "apps/api/supa-lint.toml",
        ".config/supa-lint.toml",
    ]
    fine = [
        "supa-lint.toml",
        "pyproject.toml",
        ".github/workflows/supa-lint.yml",
        "supa-lint.sarif",
        "supa-lint.json",
        "docs/supa-lint.md",
        "bin/supa-lint",
        "src/supa_lint/config.py",
        "tests/projects/a/supa-lint.toml",
        "eslint.toml",
    ]
    assert misnamed_config_files([*misnamed, *fine]) == misnamed


@pytest.mark.parametrize("text", ["tool = 3", "tool = [1]", "tool = 'supa-lint'"])
def test_a_pyproject_without_a_table_of_tools_configures_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"{text} # supa-lint\n")
    assert load(tmp_path).source is None


def test_what_globs_decide() -> None:
    config = Config(
        exclude=("legacy/**",),
        per_file_ignores=(("scripts/**", ("tls",)), ("*.sh", ("missing-sslmode",))),
    )
    assert config.excluded("legacy/a/b.py")
    assert not config.excluded("a.py")
    assert config.ignored_in("scripts/a.sh") == {"tls", "missing-sslmode"}
    assert config.ignored_in("a.py") == frozenset()


def test_nearest() -> None:
    assert nearest("TLS_disabled", ["tls-disabled", "unserved-port"]) == "tls-disabled"
    assert nearest("xyz", ["tls-disabled"]) is None
