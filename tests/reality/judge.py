"""What an experiment showed, held against what was expected of it."""

from __future__ import annotations

from collections.abc import Callable

from reality.install import NotInstalledError
from reality.lab import Outcome
from reality.record import drivers_of
from reality.scenario import Experiment, matches
from supa_lint.knowledge import Rule, load

_REPEATS = 2


def file_of(rule: Rule) -> str:
    return f"rules/checks/{rule.group}/{rule.id}.yaml"


def disagreement(experiment: Experiment, outcome: Outcome) -> str | None:
    """What is otherwise than expected, and which files to change; None when nothing is."""
    return _of_the_run(experiment, outcome) or _of_the_lint(experiment, outcome)


def settled(
    experiment: Experiment, run: Callable[[int], Outcome], tell: Callable[[str], None]
) -> Outcome:
    """The outcome of the first run; when that disagrees, of more runs, which must all agree.

    A machine that stalls for seconds spoils one run. What a driver does, it does each time.
    `run` gets the number of the run. What is repeated is told, with the reason. Raises
    NotInstalledError when that is what stops a repeated run.
    """
    try:
        outcome = run(0)
        wrong = disagreement(experiment, outcome)
    except NotInstalledError as error:
        wrong = str(error)
    if wrong is None:
        return outcome
    tell(f"{experiment.id}: {wrong}")
    for number in range(_REPEATS):
        outcome = run(number + 1)
        if disagreement(experiment, outcome) is not None:
            break
    return outcome


def missing_symptom(experiment: Experiment, said: str) -> str | None:
    """What to add to a rule, when none that reports the experiment knows what the driver says."""
    rules = [load().rules[name] for name in experiment.finds]
    symptoms = [symptom for rule in rules for symptom in rule.data.get("symptoms", [])]
    if any(matches(symptom, said) for symptom in symptoms):
        return None
    return f"add to {' or '.join(map(file_of, rules))} the symptom: {said}"


def _of_the_run(experiment: Experiment, outcome: Outcome) -> str | None:
    versions = " ".join(f"{name} {version}" for name, version in drivers_of(experiment).items())
    wanted = " or ".join(experiment.fails)
    if experiment.fails and outcome.works:
        wrong = f"{versions} works, and was to fail with: {wanted}"
    elif experiment.fails and not any(matches(one, outcome.output) for one in experiment.fails):
        wrong = f"{versions} said: {outcome.said}\nand was to say: {wanted}"
    elif not experiment.fails and not outcome.works:
        wrong = f"{versions} was to work, and said: {outcome.said}"
    else:
        return None
    rules = [load().rules[name] for name in experiment.finds]
    files = [experiment.data, *(f"the symptoms in {file_of(rule)}" for rule in rules)]
    change = f"Where reality has changed, change {', '.join(files)}, and {experiment.path}."
    return f"{wrong}\n{change}\n\n{outcome.output[-3000:]}"


def _of_the_lint(experiment: Experiment, outcome: Outcome) -> str | None:
    if experiment.pending:
        return None
    run = outcome.said or "works"
    if outcome.finds != experiment.finds:
        found, wanted = (", ".join(each) or "nothing" for each in (outcome.finds, experiment.finds))
        return f"supa-lint found {found}, and was to find {wanted}; the run: {run}"
    if outcome.objects == outcome.works and not experiment.although:
        return f"the run and the lint disagree, so say `although` in {experiment.path}; it: {run}"
    return None
