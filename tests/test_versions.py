from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.versions import all_match

INSIDE = [
    ("==0.31.0", ">=0.31"),
    ("==0.31", ">=0.31.0"),
    (">=0.31", ">=0.31"),
    (">=0.31,<0.40", ">=0.31"),
    (">=2.0,<3", "<3.1"),
    (">=2.0,<2.1", "<2.1"),
    ("~=2.0", "<3"),
    ("~=2.0.5", "<2.1"),
    ("~=2.0.5", ">=2.0.5"),
    ("==2.0.*", "<2.1"),
    ("==2.0.*", ">=2.0"),
    ("==2.*,!=2.0.1", ">=2"),
    ("==2.0.4", "==2.0.*"),
    ("==1.5", "!=2.0"),
    ("^1.2", ">=1.2,<2"),
    ("^0.30.0", "<0.31"),
    ("^0.0.3", "<0.0.4"),
    ("^0.0", "<0.1"),
    ("^0", "<1"),
    ("~1.2", "<1.3"),
    ("~1.2.3", "<1.3"),
    ("~1", "<2"),
    ("1.2.3", "==1.2.3"),
    ("=1.2.3", "==1.2.3"),
    ("1.2.*", "<1.3"),
    ("^1.2 || ^2.0", "<3"),
    ("^1.2|^2.0", "<3"),
    (">=1.2 <2.0", "<2"),
    (">= 1.2 , < 2.0", "<2"),
    ("", ""),
    ("", "*"),
    ("*", ""),
    ("==2.2.0b1", ">=2.1"),
    ("==2.1.0b1", ">=2.1.0b1"),
    ("==2.1.0.post1", ">=2.1"),
    ("==2.1.0+local", ">=2.1"),
    ("==1!0.1", ">=2"),
    (">3", ">=3"),
    ("<=0.30.9", "<0.31"),
]
OUTSIDE = [
    ("==0.30.0", ">=0.31"),
    ("<0.31", ">=0.31"),
    (">=0.31", "<0.31"),
    ("<=2.0", ">2.0"),
    ("~=2.0.5", ">=2.1"),
    ("==2.0.*", ">=2.1"),
    ("==2.*", "==1.*"),
    ("^1.2", ">=2"),
    ("~1.2.3", ">=1.3"),
    ("^1 || ^2", ">=3"),
    ("==2.0", "!=2.0"),
    ("==1!0.1", "<2"),
]
UNKNOWN = [
    ("", ">=0.31"),
    ("*", "<0.31"),
    (">=0.30", ">=0.31"),
    ("~=2.0", ">=2.1"),
    ("==2.*", ">=2.1"),
    ("!=2.0", "<2.1"),
    ("^1 || ^3", "<2"),
    ("^2.0", "<2.1"),
    (">=2,<3", "!=2.5"),
    # A pre-release of the bound may have what the release brings, or not.
    ("==2.1.0b1", ">=2.1"),
    ("==2.1.0rc1", "<2.1"),
    (">=2.1.0b1", ">=2.1"),
    # Nothing is allowed: nobody can have installed it.
    (">=3,<2", ">=1"),
    # Not version ranges.
    ("latest", ">=1"),
    ("workspace:*", ">=1"),
    ("===anything", ">=1"),
    (">=1", "banana"),
    ("1.2 - 2.0", ">=1"),
    ("^", ">=1"),
    ("^x.y", ">=1"),
    ("~=2", ">=1"),
    ("==", ">=1"),
    (">=", ">=1"),
    (">=1" * 1000, ">=1"),
    ("\udcff", ">=1"),
]


@pytest.mark.parametrize(("specifier", "wanted"), INSIDE)
def test_every_allowed_version_is_inside(specifier: str, wanted: str) -> None:
    assert all_match(specifier, wanted) is True


@pytest.mark.parametrize(("specifier", "wanted"), OUTSIDE)
def test_no_allowed_version_is_inside(specifier: str, wanted: str) -> None:
    assert all_match(specifier, wanted) is False


@pytest.mark.parametrize(("specifier", "wanted"), UNKNOWN)
def test_what_cannot_be_told_is_unknown(specifier: str, wanted: str) -> None:
    assert all_match(specifier, wanted) is None


numbers = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(lambda n: ".".join(map(str, n)))
clauses = st.builds(str.__add__, st.sampled_from([">=", "<", "<=", ">", "==", "!="]), numbers)
ranges = st.lists(clauses, min_size=1, max_size=3).map(",".join)


@given(specifier=ranges, wanted=ranges, version=numbers)
def test_the_answer_holds_for_each_single_version(
    specifier: str, wanted: str, version: str
) -> None:
    from packaging.specifiers import SpecifierSet

    verdict = all_match(specifier, wanted)
    if verdict is not None and SpecifierSet(specifier).contains(version):
        assert SpecifierSet(wanted).contains(version) is verdict


@given(specifier=st.text(), wanted=st.text())
def test_any_text_gives_an_answer(specifier: str, wanted: str) -> None:
    assert all_match(specifier, wanted) in {True, False, None}
