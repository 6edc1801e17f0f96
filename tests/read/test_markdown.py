from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.knowledge import load
from supa_lint.model import Facts
from supa_lint.read import markdown
from supa_lint.source import File
from support import DIRECT

PLATFORMS = load().platforms


def read(content: str | bytes, path: str = "README.md") -> tuple[File, Facts]:
    file = File(path, content.encode() if isinstance(content, str) else content)
    return file, markdown.read(file, PLATFORMS)


@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_front_matter_makes_a_space(before: str, end: str) -> None:
    lines = ["---", "title: é", "sdk: docker", "---", f"Set DATABASE_URL={DIRECT}"]
    file, facts = read(before + end.join(lines))
    assert [platform.id for platform in facts.platforms] == ["huggingface-spaces"]
    span = facts.platforms[0].span
    assert file.data[span.start : span.end] == b"sdk"
    assert [file.data[m.dsn.span.start : m.dsn.span.end].decode() for m in facts.mentions] == [
        DIRECT
    ]


@pytest.mark.parametrize(
    "content",
    [
        "---\ntitle: x\n---\nsdk: docker\n",  # not in the front matter
        "text\n---\nsdk: docker\n---\n",  # no front matter
        "---\nsdk: docker\n",  # never closed
        "---\nsdk: [\n---\n",  # broken
        "---\nsdk: swift\n---\n",
        "---\n---\n",
    ],
)
def test_other_front_matter_says_nothing(content: str) -> None:
    _, facts = read(content)
    assert not facts.platforms
    assert not facts.notes


def test_other_markdown_is_no_manifest() -> None:
    _, facts = read("---\nsdk: docker\n---\n", "docs/deploy.md")
    assert not facts.platforms


@given(st.binary(max_size=100), st.sampled_from([b"", b"---\n", b"---\nsdk: docker\n"]))
def test_any_bytes_are_survived(data: bytes, before: bytes) -> None:
    file, facts = read(before + data)
    for platform in facts.platforms:
        assert 0 <= platform.span.start <= platform.span.end <= len(file.data)
