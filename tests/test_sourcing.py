"""Which scripts a script takes its variables from."""

from __future__ import annotations

import pytest

from supa_lint.model import HOLE, Facts
from supa_lint.sourcing import sources, unread

PATHS = ("bin/run.sh", "lib/env.sh", "lib/common.sh", "env.sh", "lib/readme.txt", ".env.ops")


def facts(**given: list[str]) -> list[Facts]:
    named = {"run": "bin/run.sh", "env": "lib/env.sh", "common": "lib/common.sh"}
    return [Facts(named[name], sources=tuple(texts)) for name, texts in given.items()]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("../lib/env.sh", "lib/env.sh"),
        ("./lib/env.sh", "lib/env.sh"),  # from the root
        (f"{HOLE}/../lib/env.sh", "lib/env.sh"),
        (f"{HOLE}/env.sh", "env.sh"),
        (".env.ops", ".env.ops"),
        (f"{HOLE}.sh", None),
        (f"lib/{HOLE}", None),
        ("/lib/env.sh", None),
        ("~/lib/env.sh", None),
        ("../../lib/env.sh", None),
        ("lib/readme.txt", None),  # whatever it sets, nobody reads it as a script
        ("", None),
    ],
)
def test_which_file_a_script_means(text: str, path: str | None) -> None:
    assert unread(facts(run=[text]), PATHS) == ({path} if path else set())
    read = [*facts(run=[text]), *(Facts(path) for path in PATHS[1:])]
    assert sources(read, PATHS) == {"bin/run.sh": path and frozenset({path})}


def test_a_sourced_script_sources_others() -> None:
    found = facts(run=["../lib/env.sh"], env=["./common.sh"], common=["./env.sh"])
    assert sources(found, PATHS)["bin/run.sh"] == frozenset({"lib/env.sh", "lib/common.sh"})
    assert unread(found[:2], PATHS) == {"lib/common.sh"}
    assert sources(found[:2], PATHS)["bin/run.sh"] is None
    unknown = facts(run=["../lib/env.sh"], env=["/etc/x.sh"])
    assert sources(unknown, PATHS) == {"bin/run.sh": None, "lib/env.sh": None}


def test_who_sources_nothing_is_not_told() -> None:
    assert sources(facts(run=[]), PATHS) == {}
