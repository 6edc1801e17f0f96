"""Versions of Elixir packages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.model import Facts
from supa_lint.place import place_of
from supa_lint.read import hex_packages
from supa_lint.source import File
from supa_lint.versions import all_match
from support import spans

MIX = """defmodule A.MixProject do
  # é
  defp deps do
    [
      {:postgrex, "~> 0.19.1"},
      # {:ecto_sql, "~> 1.0"},
      {:ecto_sql,   ">= 3.10.0 and < 4.0.0", only: :prod},
      {:jason, "~> 1.2 or ~> 2.0"}, {:poolboy, git: "https://example.com"},
    ]
  end
end
"""
LOCK = """%{
  "ecto_sql": {:hex, :ecto_sql, "3.12.1", "c0d0", [:mix], [{:ecto, "~> 3.12", [hex: :ecto]}], "hexpm", "aff5"},
  "poolboy": {:git, "https://example.com/poolboy", "1234", [tag: "v0.0.3"]},
  "postgrex": {:hex, :postgrex, "0.20.0", "363e", [:mix], [], "hexpm", "d36e"},
}
"""


def read(path: str, content: str | bytes) -> tuple[File, Facts]:
    file = File(path, content.encode() if isinstance(content, str) else content)
    return file, hex_packages.read(file)


def test_what_is_allowed() -> None:
    file, facts = read("mix.exs", MIX)
    assert [(p.name, p.specifier, p.locked) for p in facts.packages] == [
        ("postgrex", "~= 0.19.1", False),
        ("ecto-sql", ">= 3.10.0,< 4.0.0", False),
        ("jason", "~= 1.2||~= 2.0", False),
    ]
    span = facts.packages[0].span
    assert file.data[span.start : span.end] == b"~> 0.19.1"


def test_what_is_locked() -> None:
    _, facts = read("apps/a/mix.lock", LOCK)
    assert [(p.name, p.specifier, p.locked) for p in facts.packages] == [
        ("ecto-sql", "==3.12.1", True),
        ("postgrex", "==0.20.0", True),
    ]


@pytest.mark.parametrize(
    ("specifier", "inside"),
    [
        ("~> 0.20", None),
        ("~> 0.20.0", False),
        (">= 0.0.0", None),
        ("~> 0.21.1", True),
        ("0.22.0", True),
    ],
)
def test_ranges_are_understood(specifier: str, inside: bool | None) -> None:
    (package,) = read("mix.exs", f'{{:postgrex, "{specifier}"}}')[1].packages
    assert all_match(package.specifier, ">=0.21") is inside


def test_which_files() -> None:
    for path in ("mix.exs", "mix.lock", "a/mix.lock"):
        assert hex_packages.is_hex_package_file(path)
        assert place_of(path) is not None
    assert not hex_packages.is_hex_package_file("amix.exs")


@given(st.binary() | st.text("{}:\"',#\n ~>=.0aé", max_size=80).map(str.encode))
def test_any_bytes(content: bytes) -> None:
    for path, text in (("mix.exs", MIX), ("mix.lock", LOCK)):
        file, facts = read(path, text.encode() + content)
        assert len(facts.packages) >= 2
        for span in spans(facts):
            assert 0 <= span.start <= span.end <= len(file.data)
