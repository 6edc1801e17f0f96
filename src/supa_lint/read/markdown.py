"""Markdown: committed passwords, and the front matter by which a platform knows its README."""

from __future__ import annotations

import re
from dataclasses import replace

from supa_lint.knowledge import Platforms
from supa_lint.model import Facts
from supa_lint.read import text as plain
from supa_lint.read import yaml
from supa_lint.source import File

_FRONT_MATTER = re.compile(
    rb"(?:\xef\xbb\xbf)?---[^\S\n]*\n.{0,10000}?\n(?=---[^\S\n]*(?:\n|\Z))", re.DOTALL
)


def read(file: File, platforms: Platforms) -> Facts:
    """The DSNs that the text mentions, and the platforms that its front matter declares."""
    facts = plain.read(file)
    matter = _FRONT_MATTER.match(file.data)
    if matter is None:
        return facts
    # Its first line opens a document in YAML too, so all places stay right.
    declared = yaml.read(File(file.path, matter[0]), platforms)
    return replace(facts, platforms=declared.platforms)
