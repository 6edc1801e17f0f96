"""Facts age: what a data file says was true on the day of its `checked`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from supa_lint.data_files import read

RULES = Path(__file__).parents[1] / "rules"
DAYS = 365


def outdated(folder: Path, today: date) -> list[str]:
    """The data files whose facts were checked over a year before `today`, the oldest first."""
    dated = [
        (date.fromisoformat(read(path)["checked"]), path.relative_to(folder).as_posix())
        for path in folder.rglob("*.yaml")
    ]
    return [f"{day} rules/{path}" for day, path in sorted(dated) if (today - day).days > DAYS]


def test_no_fact_is_over_a_year_old() -> None:
    old = outdated(RULES, date.today())
    if old:
        pytest.fail(
            f"The facts of {len(old)} files were checked over a year ago. Hold each against its "
            "sources and the experiments (pytest -m reality tests/reality), correct it, and set "
            "`checked` to today:\n" + "\n".join(old),
            pytrace=False,
        )


def test_what_is_over_a_year_old_is_listed(tmp_path: Path) -> None:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/new.yaml").write_text("checked: 2026-11-22\n")
    (tmp_path / "platforms/old.yaml").write_text("checked: 2025-11-20\n")
    (tmp_path / "names.yaml").write_text("checked: 2024-01-01\n")
    listed = outdated(tmp_path, date(2026, 11, 22))
    assert listed == ["2024-01-01 rules/names.yaml", "2025-11-20 rules/platforms/old.yaml"]
    assert outdated(tmp_path, date(2028, 1, 1))[-1] == "2026-11-22 rules/platforms/new.yaml"
