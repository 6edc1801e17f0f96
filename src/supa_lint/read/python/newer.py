"""Placeholder."""

import ast

from supa_lint.source import File


def parse(source: str, file: File) -> ast.Module | None:
    return None
