"""What the repository says that drivers say, without servers: these run with the ordinary tests."""

from __future__ import annotations

import re

import pytest

from reality.record import PAGE, drivers_of, page, recorded
from reality.scenario import experiments, matches
from supa_lint.knowledge import Rule, load

RECORD = recorded()
SAID = {result.id: result.said for result in RECORD.results}


def test_every_experiment_is_recorded_with_these_versions() -> None:
    now = {one.id: drivers_of(one) for one in experiments()}
    then = {result.id: result.drivers for result in RECORD.results}
    assert then == now, "run: pytest -m reality tests/reality --record"


def test_the_page_shows_the_record() -> None:
    assert PAGE.read_text() == page(RECORD), "run: pytest -m reality tests/reality --record"


@pytest.mark.parametrize("experiment", experiments(), ids=lambda one: one.id)
def test_the_record_says_what_is_expected(experiment: object) -> None:
    pass
