"""Each experiment: what the drivers do to a project, and what supa-lint says of the same files."""

from __future__ import annotations

from pathlib import Path

import pytest

from reality import install, lab
from reality.record import Record, Result, drivers_of
from reality.scenario import Experiment, experiments, matches
from reality.servers import Servers

pytestmark = pytest.mark.reality


@pytest.mark.parametrize("experiment", experiments(), ids=lambda one: one.id)
def test_the_run_and_the_lint_agree(
    experiment: Experiment, servers: Servers, record: Record, tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    lab.write(experiment, folder, servers.ca.read_bytes())
    found = lab.lint(folder)
    try:
        outcome = lab.perform(experiment, folder, servers)
    except install.NotInstalledError as error:
        pytest.fail(str(error), pytrace=False)

    versions = " ".join(f"{name} {version}" for name, version in drivers_of(experiment).items())
    change = f"Where reality has changed, change {experiment.data} and the symptoms of its rules."
    if experiment.fails:
        wanted = " or ".join(experiment.fails)
        assert not outcome.works, f"{versions} works, and was to fail with: {wanted}\n{change}"
        assert any(matches(pattern, outcome.output) for pattern in experiment.fails), (
            f"{versions} said: {outcome.said}\nand was to say: {wanted}\n{change}\n\n"
            f"{outcome.output[-3000:]}"
        )
    else:
        assert outcome.works, f"{versions} was to work.\n{change}\n\n{outcome.output[-3000:]}"

    if not experiment.pending:
        wanted_rules = sorted(experiment.finds)
        assert sorted(found) == wanted_rules, f"supa-lint; the run: {outcome.said or 'works'}"
    if not experiment.pending and not experiment.although:
        objects = "error" in found.values()
        assert objects == (not outcome.works), "the run and the lint disagree: say `although`"
    record.results.append(
        Result(experiment.id, outcome.said, sorted(found), drivers_of(experiment))
    )
