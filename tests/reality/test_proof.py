"""Each rule names the experiments that show it, or the reason why none does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reality.record import PAGE, unproven
from reality.scenario import Experiment, experiments
from supa_lint.knowledge import Rule, load
from supa_lint.model import Severity
from supa_lint.pages import anchor

ABOUT_CONNECTIONS = {"address", "tls", "client", "platform"}
"""The groups of rules that say what a client will do."""

RULES = [rule for rule in load().rules.values() if rule.group in ABOUT_CONNECTIONS]
NAMED = [
    pytest.param(rule, name, id=f"{rule.id}: {name}")
    for rule in load().rules.values()
    for name in rule.proof
]


def experiments_of(name: str) -> list[Experiment]:
    return [one for one in experiments() if one.name == name and not one.pending]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_shown_or_says_why_not(rule: Rule) -> None:
    assert bool(rule.proof) != (rule.id in unproven()), (
        "give it `proof`, or add it to unproven.yaml"
    )


def test_reasons_are_given_for_rules_only() -> None:
    assert set(unproven()) <= set(load().rules)


@pytest.mark.parametrize(("rule", "name"), NAMED)
def test_an_experiment_shows_the_rule(rule: Rule, name: str) -> None:
    shown = [one for one in experiments_of(name) if rule.id in one.finds]
    assert shown, f"no experiment of that name reports {rule.id}"
    if rule.severity is Severity.ERROR:
        # What is said to be an error fails, or it is explained why that is not seen.
        assert any(one.fails or one.although for one in shown)


@pytest.mark.parametrize(("rule", "name"), NAMED)
def test_the_page_has_the_experiment(rule: Rule, name: str) -> None:
    assert f'<a id="{anchor(name)}"></a>' in PAGE.read_text()


def test_each_place_of_the_page_is_its_own() -> None:
    names = {one.name for one in experiments()}
    places = re.findall(r'<a id="([^"]*)"', PAGE.read_text())
    assert len(places) == len(set(places)) == len(names)
    assert set(places) == {anchor(name) for name in names}


def test_the_page_of_a_rule_links_to_its_experiments() -> None:
    rule = load().rules["ineffective-prepared-statement-switch"]
    folder = Path(__file__).parents[2] / "docs/rules"
    text = (folder / f"{rule.id}.md").read_text()
    for name in rule.proof:
        assert re.search(rf"\[`{re.escape(name)}`\]\(\S+/docs/proof\.md#{anchor(name)}\)", text)
