"""Compiles `rules/` into the one file that an installed supa-lint reads.

A wheel carries `supa_lint/knowledge.json` instead of the YAML files: it loads in milliseconds. A
checkout (also an editable install) has no such file and reads `rules/` itself.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """The build hook of the wheel target."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        # The folder lives until the process that builds ends.
        self._folder = TemporaryDirectory()
        target = Path(self._folder.name) / "knowledge.json"
        target.write_text(compile_knowledge(Path(self.root)), encoding="utf-8")
        build_data["force_include"][str(target)] = "supa_lint/knowledge.json"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self._folder.cleanup()


def compile_knowledge(root: Path) -> str:
    """The tables of `rules/` as JSON.

    Raises ValueError for a key that does not survive JSON.
    """
    sys.path.insert(0, str(root / "src"))
    from supa_lint.knowledge import parse

    tables = parse(root / "rules")
    tables = {kind: dict(sorted(table.items())) for kind, table in tables.items()}
    _check(tables)
    return json.dumps(tables, ensure_ascii=False, separators=(",", ":"))


def _check(value: object) -> None:
    """Raises ValueError for a key that would come back from JSON as another word (`yes`, `null`).
    Numbers come back as their digits, which is how the tables have them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(key, bool) or not isinstance(key, str | int):
                raise ValueError(f"rules/ has a key that YAML reads as {key!r}: quote it")
            _check(inner)
    elif isinstance(value, list):
        for inner in value:
            _check(inner)
