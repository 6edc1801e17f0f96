"""What the repository says that drivers say, without servers: these run with the ordinary tests."""

from __future__ import annotations

import pytest

from reality.record import PAGE, Record, drivers_of, page, recorded
from reality.scenario import Experiment, experiments, matches
from supa_lint.knowledge import Rule, load

AGAIN = "run: pytest -m reality tests/reality --record"
FAILING = [one for one in experiments() if one.fails and one.finds]


@pytest.fixture(scope="module")
def record() -> Record:
    return recorded()


@pytest.fixture(scope="module")
def said(record: Record) -> dict[str, str]:
    return {result.id: result.said for result in record.results}


def test_every_experiment_is_recorded_with_these_versions(record: Record) -> None:
    now = {one.id: drivers_of(one) for one in experiments()}
    then = {result.id: result.drivers for result in record.results}
    assert then == now, AGAIN


def test_what_fails_was_recorded_as_failing(said: dict[str, str]) -> None:
    now = {one.id: bool(one.fails) for one in experiments()}
    assert {name: bool(text) for name, text in said.items()} == now, AGAIN


def test_the_page_shows_the_record(record: Record) -> None:
    assert PAGE.read_text() == page(record), AGAIN


@pytest.mark.parametrize("experiment", FAILING, ids=lambda one: one.id)
def test_a_rule_has_the_error_among_its_symptoms(
    experiment: Experiment, said: dict[str, str]
) -> None:
    text = said[experiment.id]
    rules = [load().rules[name] for name in experiment.finds]
    known = [symptom for rule in rules for symptom in rule.data.get("symptoms", [])]
    files = " or ".join(_file(rule) for rule in rules)
    assert any(matches(symptom, text) for symptom in known), f"add to {files} the symptom: {text}"


def _file(rule: Rule) -> str:
    return f"rules/checks/{rule.group}/{rule.id}.yaml"
