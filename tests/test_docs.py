"""The documentation says what the program knows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "rules/README.md"]


def test_the_rule_pages_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "scripts/generate_docs.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_rules_named_in_the_pages_exist() -> None:
    from supa_lint.knowledge import load

    rules = load().rules
    for page in PAGES:
        for name in re.findall(
            r"explain ([a-z]+(?:-[a-z0-9]+)+)", page.read_text(encoding="utf-8")
        ):
            assert name in rules, f"{page.name} names {name}"
