from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from report.samples import everyday, nasty, one, report
from supa_lint.report import Report, render

SCHEMA = json.loads(files("supa_lint.report").joinpath("report.schema.json").read_bytes())


def document(about: Report) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(render(about, "json"))
    return result


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("about", [everyday(), nasty(), report()])
def test_a_report_is_what_the_schema_says(about: Report) -> None:
    checker = Draft202012Validator.FORMAT_CHECKER
    Draft202012Validator(SCHEMA, format_checker=checker).validate(document(about))


def test_the_schema_names_every_key() -> None:
    about = document(nasty())
    finding, place = SCHEMA["$defs"]["finding"], SCHEMA["$defs"]["place"]
    assert set(about) == set(SCHEMA["required"])
    assert set(about["summary"]) == set(SCHEMA["properties"]["summary"]["required"])
    assert set(about["findings"][0]) == {*finding["required"], *place["required"]}
    assert set(about["findings"][0]["related"][0]) == set(place["required"])


@pytest.mark.parametrize(
    ("key", "value"), [("line", 0), ("message", "a\nb"), ("severity", "note"), ("rule", "E501")]
)
def test_the_schema_refuses_what_is_wrong(key: str, value: object) -> None:
    about = document(everyday())
    about["findings"][0][key] = value
    assert not Draft202012Validator(SCHEMA).is_valid(about)


def test_a_finding() -> None:
    about, _ = one("A: |\n  é🐘 x\n  y\n", "x\n  y", help="Do\n\n    this")
    assert document(about) == {
        "version": 1,
        "findings": [
            {
                "rule": "committed-password",
                "group": "exposure",
                "severity": "error",
                "confidence": "high",
                "path": ".env",
                "line": 2,
                "column": 6,
                "end_line": 3,
                "end_column": 4,
                "message": "This fails.",
                "help": "Do\n\n    this",
                "url": about.rules["committed-password"].url,
                "related": [],
            }
        ],
        "notes": [],
        "summary": {
            "errors": 1,
            "warnings": 0,
            "infos": 0,
            "files": 12,
            "suppressed": 0,
            "withheld": 0,
        },
    }
