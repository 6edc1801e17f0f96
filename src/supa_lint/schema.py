"""The part of JSON Schema that `schemas/` uses, for people's own data files.

A validator of the whole standard takes longer to import than a run of supa-lint may take. The tests
hold this one against the real thing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from supa_lint.config import nearest

Schema = Mapping[str, Any]
Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with the value that `path` (keys, and positions in lists) leads to, or with
    its key."""

    path: Keys
    message: str
    at_key: bool = False


@cache
def load(name: str) -> Schema:
    """The schema `schemas/<name>.schema.json`, every `$ref` replaced by what it refers to."""
    path = Path(__file__).parent / "schemas" / f"{name}.schema.json"
    root: dict[str, Any] = json.loads(path.read_bytes())
    _link(root, root)
    return root


def _link(node: Any, root: Schema) -> None:
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(child, dict) and "$ref" in child:
            file, _, name = child["$ref"].partition("#/$defs/")
            defs = (load(file.removesuffix(".schema.json")) if file else root)["$defs"]
            node[key] = defs[name]
        elif isinstance(child, dict | list):
            _link(child, root)


def violations(schema: Schema, value: object, path: Keys = ()) -> Iterator[Violation]:
    """What keeps `value`, made of tables, lists and scalars, from fitting the schema."""
    if "anyOf" in schema:
        yield from _any_of(schema["anyOf"], value, path)
    if "enum" in schema and not _among(value, schema["enum"]):
        yield Violation(path, _expected(value, schema["enum"]))
    if "type" in schema and not _is(value, schema["type"]):
        yield Violation(path, f"must be {_kinds(schema)}")
    elif isinstance(value, str):
        yield from _in_text(schema, value, path)
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield Violation(path, "must not be empty")
        for number, item in enumerate(value):
            yield from violations(schema.get("items", {}), item, (*path, number))
    elif isinstance(value, dict):
        yield from _in_table(schema, value, path)


def _any_of(branches: Sequence[Schema], value: object, path: Keys) -> Iterator[Violation]:
    """Without a branch that fits: what keeps the value from the first one for its kind."""
    results = [list(violations(branch, value, path)) for branch in branches]
    if not all(results):
        return
    for branch, found in zip(branches, results, strict=True):
        if _is(value, branch.get("type", [])) or ("enum" in branch and _is(value, "scalar")):
            yield from found
            return
    yield Violation(path, "must be " + ", or ".join(map(_kinds, branches)))


def _in_text(schema: Schema, value: str, path: Keys) -> Iterator[Violation]:
    if len(value) < schema.get("minLength", 0):
        yield Violation(path, "must not be empty")
    elif "pattern" in schema and not re.search(schema["pattern"], value):
        yield Violation(path, schema["errorMessage"])
    elif "format" in schema and (problem := _FORMATS[schema["format"]](value)):
        yield Violation(path, problem)


def _in_table(schema: Schema, value: Mapping[str, Any], path: Keys) -> Iterator[Violation]:
    for key in schema.get("required", []):
        if key not in value:
            yield Violation(path, f"the key '{key}' is missing")
    for key, others in schema.get("dependentRequired", {}).items():
        for other in others:
            if key in value and other not in value:
                yield Violation(path, f"the key '{other}' is missing: '{key}' needs it")
    if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value)):
        yield Violation(path, "must not be empty" if not value else "must have only one key")
    properties = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    for key, inner in value.items():
        fitting = [properties[key]] if key in properties else []
        fitting += [one for pattern, one in patterns.items() if re.search(pattern, key)]
        if not fitting:
            others = schema.get("additionalProperties", {})
            if others is False:
                kind = "fact" if path[-1:] == ("when",) else "key"
                yield Violation((*path, key), unknown(kind, key, list(properties)), at_key=True)
                continue
            fitting = [others]
        for one in fitting:
            yield from violations(one, inner, (*path, key))


# --- words --------------------------------------------------------------------------------------


def unknown(kind: str, name: str, known: Sequence[str]) -> str:
    """Says that `name` is no known `kind`, and which one is near. Anything might have been pasted
    there, so it is shown only if it looks like a name."""
    shown = f" '{name}'" if re.fullmatch(r"[\w$.-]{1,60}", name, re.ASCII) else ""
    near = nearest(name, known)
    return f"unknown {kind}{shown}" + (f"; did you mean '{near}'?" if near else "")


_KINDS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "object": (dict, "a table"),
    "array": (list, "a list"),
    "string": (str, "text"),
    "boolean": (bool, "yes or no"),
    "integer": (int, "a whole number"),
    "number": ((int, float), "a number"),
    "scalar": ((str, bool, int, float, type(None)), "one value"),
}


def _is(value: object, kinds: str | Sequence[str]) -> bool:
    """Whether the value is of the kind, or one of the kinds. Booleans are no numbers here."""
    return any(
        isinstance(value, _KINDS[kind][0])
        and not (isinstance(value, bool) and kind in ("integer", "number"))
        for kind in ([kinds] if isinstance(kinds, str) else kinds)
    )


def _kinds(schema: Schema) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(map(_word, schema["enum"]))
    kinds = schema["type"]
    return " or ".join(_KINDS[kind][1] for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _among(value: object, choices: Sequence[object]) -> bool:
    return any(type(value) is type(choice) and value == choice for choice in choices)


def _expected(value: object, choices: Sequence[object]) -> str:
    texts = [choice for choice in choices if isinstance(choice, str)]
    said = "must be one of " + ", ".join(map(_word, choices))
    if isinstance(value, bool) and {"yes", "on", "no", "off"} & set(texts):
        return f"{said}; quote the word, which YAML takes for a yes or a no"
    near = nearest(value, texts) if isinstance(value, str) else None
    return f"{said}; did you mean '{near}'?" if near else said


def _word(choice: object) -> str:
    return str(choice) if isinstance(choice, str) else "yes" if choice else "no"


# --- formats ------------------------------------------------------------------------------------


def _regex(text: str) -> str | None:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression: {error}"
    return _growth(text, scans=False, most=2)


def _file_regex(text: str) -> str | None:
    """An expression that is searched for in files of any size."""
    problem = _regex(text)
    try:
        text.encode()
        return problem or _growth(text, scans=True, most=1)
    except UnicodeEncodeError:
        return "is no text"


def _growth(text: str, *, scans: bool, most: int) -> str | None:
    """Why an expression may take too long: the texts it meets may be made to make it hang."""
    from supa_lint.backtracking import TooLargeError, attacks

    try:
        worst = next(iter(attacks(text, scans=scans)), None)
    except (TooLargeError, RecursionError):
        return "is too large to be sure that it can't be made to hang"
    if worst is None or (worst.degree is not None and worst.degree <= most):
        return None
    return (
        f"could be made to hang, by a text like {worst.text(12)!r}: let no two of its loops take"
        " the same characters, or keep a loop from giving any back (`*+` instead of `*`)"
    )


def _date(text: str) -> str | None:
    from datetime import date

    try:
        valid = len(text) == 10 and date.fromisoformat(text)
    except ValueError:
        valid = False
    return None if valid else "must be a date, as 2026-11-22"


def _version_range(text: str) -> str | None:
    from supa_lint.versions import all_match

    # A range that means something lies in itself.
    if text in ("present", "absent", "unknown") or all_match(text, text):
        return None
    return "must be a range of versions, as >=2.0,<3"


_FORMATS = {
    "regex": _regex,
    "file-regex": _file_regex,
    "date": _date,
    "version-range": _version_range,
}
