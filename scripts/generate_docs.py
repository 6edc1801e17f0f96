"""Writes `docs/rules/`: a page for each rule and a list of all, from `rules/checks/`.

python scripts/generate_docs.py          write the pages
python scripts/generate_docs.py --check  exit with 1 if a page is not up to date
"""

from __future__ import annotations

import sys
from pathlib import Path

from supa_lint.knowledge import Knowledge, load
from supa_lint.pages import page

FOLDER = Path(__file__).parents[1] / "docs" / "rules"


def pages(knowledge: Knowledge) -> dict[str, str]:
    """File name to text."""
    found = {f"{rule.id}.md": page(rule) for rule in knowledge.rules.values()}
    rows = ["# Rules", "", "Generated from `rules/checks/`; see also `supa-lint rules`.", ""]
    groups = sorted({rule.group for rule in knowledge.rules.values()})
    for group in groups:
        rows += [f"## {group}", "", "| rule | severity | what it finds |", "|---|---|---|"]
        rows += [
            f"| [{rule.id}]({rule.id}.md) | {rule.severity} | {rule.summary} |"
            for rule in knowledge.rules.values()
            if rule.group == group
        ]
        rows.append("")
    found["index.md"] = "\n".join(rows)
    return found


def main() -> int:
    wanted = pages(load())
    if "--check" in sys.argv:
        current = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
        stale = sorted(name for name in wanted | current if wanted.get(name) != current.get(name))
        for name in stale:
            print(f"docs/rules/{name} is not up to date: run python scripts/generate_docs.py")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.glob("*.md"):
        path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
