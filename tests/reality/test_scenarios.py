"""Each experiment: what the drivers do to a project, and what supa-lint says of the same files."""

from __future__ import annotations

import pytest

from reality import install
from reality.benches import Work
from reality.judge import disagreement
from reality.record import Record, Result, drivers_of
from reality.scenario import Experiment, experiments

pytestmark = pytest.mark.reality


@pytest.mark.parametrize("experiment", experiments(), ids=lambda one: one.id)
def test_the_run_and_the_lint_agree(experiment: Experiment, work: Work, record: Record) -> None:
    try:
        outcome = work.outcomes[experiment.id].result()
    except install.NotInstalledError as error:
        pytest.fail(str(error), pytrace=False)
    wrong = disagreement(experiment, outcome)
    if wrong is not None:
        pytest.fail(wrong, pytrace=False)
    record.results.append(
        Result(experiment.id, outcome.said, list(outcome.finds), drivers_of(experiment))
    )
