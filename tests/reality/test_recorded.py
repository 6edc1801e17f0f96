"""What the repository says that drivers say, without servers: these run with the ordinary tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from reality import lab
from reality.judge import missing_symptom
from reality.record import PAGE, Record, drivers_of, page, recorded
from reality.scenario import Experiment, experiments, matches

AGAIN = "run: pytest -m reality tests/reality --record"
FAILING = [one for one in experiments() if one.fails and one.finds and not one.pending]
FAILING = [one for one in FAILING if not one.although]  # where it is said that no rule sees it
UNCLAIMED = Path(__file__).with_name("unclaimed.txt")
"""Error texts that drivers say and no rule has among its symptoms yet, one pattern a line."""


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
    later = any(matches(pattern, text) for pattern in UNCLAIMED.read_text().splitlines())
    project = "\n".join(experiment.files.values())
    ours = text.startswith("AssertionError") or any(
        pattern in project and matches(pattern, text) for pattern in experiment.fails
    )
    assert later or ours or not (missing := missing_symptom(experiment, text)), missing


@pytest.mark.parametrize("pattern", UNCLAIMED.read_text().splitlines())
def test_what_no_rule_claims_is_still_needed(pattern: str, said: dict[str, str]) -> None:
    needed = [
        one.id
        for one in FAILING
        if matches(pattern, said[one.id]) and missing_symptom(one, said[one.id])
    ]
    assert needed, f"a rule has it now: delete the line from {UNCLAIMED.name}"


@pytest.mark.parametrize("experiment", experiments(), ids=lambda one: one.id)
def test_supa_lint_reports_what_is_expected(experiment: Experiment, tmp_path: Path) -> None:
    """As with the servers, but quick: a rule that changes is seen at once."""
    if experiment.pending:
        return
    lab.write(experiment, tmp_path / "project")
    assert sorted(lab.lint(tmp_path / "project")) == sorted(experiment.finds)
