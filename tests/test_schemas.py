"""The JSON Schemas of the data files, held against the files, the README and a real validator."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from supa_lint import schema
from supa_lint.data_files import read
from supa_lint.versions import all_match

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "src/supa_lint/schemas"
KINDS = {"check": "checks/*/*.yaml", "client": "clients/*.yaml", "platform": "platforms/*.yaml"}
FILES = [
    pytest.param(kind, path, id=f"{kind}: {path.stem}")
    for kind, pattern in KINDS.items()
    for path in sorted((ROOT / "rules").glob(pattern))
]


@cache
def raw(kind: str) -> Any:
    return json.loads((SCHEMAS / f"{kind}.schema.json").read_bytes())


def validator(kind: str) -> Any:
    formats = jsonschema.FormatChecker(["regex", "date"])

    @formats.checks("version-range")  # type: ignore[untyped-decorator]
    def _is_range(text: object) -> bool:
        words = ("present", "absent", "unknown")
        return not isinstance(text, str) or text in words or bool(all_match(text, text))

    documents = [raw(path.name.partition(".")[0]) for path in SCHEMAS.glob("*.json")]
    pairs = [(one["$id"], Resource.from_contents(one)) for one in documents]
    registry: Any = Registry().with_resources(pairs)
    return jsonschema.Draft202012Validator(raw(kind), registry=registry, format_checker=formats)


@pytest.mark.parametrize("kind", [*KINDS, "conditions"])
def test_the_schemas_are_schemas(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(raw(kind))


@pytest.mark.parametrize(("kind", "path"), FILES)
def test_every_data_file_fits_its_schema(kind: str, path: Path) -> None:
    table = read(path)
    problems = [f"{list(e.absolute_path)}: {e.message}" for e in validator(kind).iter_errors(table)]
    assert problems == []
    assert list(schema.violations(schema.load(kind), table)) == []


@pytest.mark.parametrize(("kind", "path"), FILES)
def test_every_data_file_is_dated_and_sourced(kind: str, path: Path) -> None:
    assert {"checked", "sources"} <= set(read(path))


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_described(kind: str) -> None:
    bare = [key for key, inner in schema.load(kind)["properties"].items() if not described(inner)]
    assert bare == []


def described(node: Any) -> bool:
    return bool(node.get("description"))


# --- the README names the same keys -------------------------------------------------------------


def blocks(text: str) -> Iterator[Any]:
    """The YAML blocks of a part of the README."""
    import yaml

    for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE):
        yield yaml.safe_load(re.sub(r"^    ", "", block, flags=re.MULTILINE))


def part(heading: str) -> str:
    text = (ROOT / "rules/README.md").read_text("utf-8")
    return text.partition(f"\n## {heading}")[2].partition("\n## ")[0]


def named(node: Any, value: Any) -> set[str]:
    """The keys of `value` that the schema has a name for, or should have."""
    if isinstance(value, list):
        return {key for one in value for key in named(node.get("items", {}), one)}
    if not isinstance(value, dict):
        return set()
    for branch in node.get("anyOf", ()):
        if branch.get("type") == "object":
            node = branch
    if set(node.get("properties", ())) == {"matches", "not"}:
        return set()
    if "properties" not in node or "patternProperties" in node:
        others = node.get("additionalProperties") or {}
        return {key for one in value.values() for key in named(others, one)}
    rows = ((key, named(node["properties"].get(key, {}), one)) for key, one in value.items())
    return {name for key, below in rows for name in (key, *below)}


def declared(node: Any, seen: tuple[int, ...] = ()) -> set[str]:
    """All keys that the schema has a name for, without those of conditions."""
    if id(node) in seen or not isinstance(node, dict):
        return set()
    seen = (*seen, id(node))
    if "patternProperties" in node or set(node.get("properties", {})) in (
        {"matches", "not"},
        {"matches"},
        {"when", "is", "because"},
    ):
        return set()
    children = [*node.get("anyOf", ()), node.get("items"), node.get("additionalProperties")]
    properties = node.get("properties", {})
    children += properties.values()
    return set(properties).union(*(declared(child, seen) for child in children))


@pytest.mark.parametrize(
    ("kind", "heading"),
    [("check", "`checks/"), ("client", "`clients/"), ("platform", "`platforms/")],
)
def test_the_readme_names_the_keys_of_the_schema(kind: str, heading: str) -> None:
    (example,) = blocks(part(heading))
    assert named(schema.load(kind), example) - {"is", "when"} == declared(schema.load(kind)) - {
        "is",
        "when",
    }


def test_the_readme_names_the_facts_of_the_schema() -> None:
    rows = re.findall(r"^\| (`.*?) \|", part("Facts"), re.MULTILINE)
    table = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    when = schema.load("conditions")["$defs"]["when"]
    assert {name for name in table if "<" not in name} == set(when["properties"]) - {"any"}
    families = {name.partition(".")[0] for name in table if "<" in name}
    families |= set(re.findall(r"`(option|version|use)\.<", part("Facts")))
    assert families == {
        re.sub(r"\W.*", "", pattern.lstrip("^")) for pattern in when["patternProperties"]
    }


# --- the small validator and the real one -------------------------------------------------------


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict | list):
        rows = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in rows:
            yield from paths(inner, (*path, key))


def broken(table: Any, chance: random.Random) -> Any:
    """A copy with one thing changed."""
    result = copy.deepcopy(table)
    *around, key = chance.choice([*paths(table)])
    holder = result
    for step in around:
        holder = holder[step]
    other: Callable[[], Any] = chance.choice(
        [lambda: 3, lambda: "", lambda: "[x", lambda: True, list, dict, lambda: {"not": ["a"]}]
    )
    if isinstance(holder, dict) and chance.random() < 0.4:
        value = holder.pop(key)
        if chance.random() < 0.5:
            holder[f"{key}x"] = value
    else:
        holder[key] = other()
    return result


@pytest.mark.parametrize("kind", KINDS)
def test_both_validators_agree_on_broken_files(kind: str) -> None:
    real = validator(kind)
    files = [read(path) for path in sorted((ROOT / "rules").glob(KINDS[kind]))]
    chance = random.Random(20261122)  # noqa: S311 (no secret)
    wrong = 0
    for _ in range(150):
        table = broken(chance.choice(files), chance)
        found = list(schema.violations(schema.load(kind), table))
        assert bool(found) is not real.is_valid(table), (table, found)
        wrong += bool(found)
    assert wrong > 50
