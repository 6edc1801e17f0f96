"""Every example in `rules/checks/` is a test: the bad ones are found, the good ones are not."""

from __future__ import annotations

from typing import Any

import pytest

from supa_lint.config import Config
from supa_lint.knowledge import Rule, load
from supa_lint.model import Severity
from support import places, run

KNOWLEDGE = load()
CONNECTION_RULES = [rule for rule in KNOWLEDGE.rules.values() if rule.when]


def _examples(kind: str) -> list[Any]:
    return [
        pytest.param(rule, example, id=f"{rule.id}: {example['name']}")
        for rule in KNOWLEDGE.rules.values()
        for example in rule.data.get("examples", {}).get(kind, [])
    ]


def _config(example: dict[str, Any]) -> Config:
    given = example.get("config", {})
    return Config(**{key.replace("-", "_"): value for key, value in given.items()})


@pytest.mark.parametrize(("rule", "example"), _examples("bad"))
def test_bad_example_is_reported(rule: Rule, example: dict[str, Any]) -> None:
    report = run(
        example["files"],
        tracked=bool(example.get("tracked", False)),
        config=_config(example),
        pedantic=rule.severity is Severity.INFO,
    )
    assert places(report, rule.id) == sorted(example["expect"])
    others = {finding.rule for finding in report.findings} - {rule.id}
    assert others == set(example.get("also", []))


@pytest.mark.parametrize(("rule", "example"), _examples("good"))
def test_good_example_is_not_reported(rule: Rule, example: dict[str, Any]) -> None:
    report = run(
        example["files"],
        tracked=bool(example.get("tracked", False)),
        config=_config(example),
        pedantic=True,
    )
    assert places(report, rule.id) == []


@pytest.mark.parametrize("rule", CONNECTION_RULES, ids=lambda rule: rule.id)
def test_every_rule_has_examples(rule: Rule) -> None:
    examples = rule.data["examples"]
    assert len(examples["bad"]) >= 2
    assert len(examples["good"]) >= 3
