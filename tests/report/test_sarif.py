from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft202012Validator

from report.multitool import Multitool, install
from report.samples import CANARY, DSN, RULES, everyday, file, finding, nasty, one, report, rule
from supa_lint.model import Note, Related, Span
from supa_lint.report import Report, render
from supa_lint.source import File


@pytest.fixture(scope="session")
def multitool(tmp_path_factory: pytest.TempPathFactory) -> Multitool:
    return Multitool(install(), tmp_path_factory.mktemp("sarif"))


def run(about: Report) -> dict[str, Any]:
    runs: list[dict[str, Any]] = json.loads(render(about, "sarif"))["runs"]
    assert len(runs) == 1
    return runs[0]


def region(result: dict[str, Any]) -> tuple[int, int, int, int]:
    at = result["locations"][0]["physicalLocation"]["region"]
    return at["startLine"], at["startColumn"], at["endLine"], at["endColumn"]


# --- the validators -----------------------------------------------------------------------------

REPORTS = pytest.mark.parametrize(
    "about",
    [everyday(), nasty(), report(), Report((), {})],
    ids=["everyday", "nasty", "clean", "no rules"],
)


@REPORTS
def test_the_schema_accepts_it(about: Report, multitool: Multitool) -> None:
    checker = Draft202012Validator.FORMAT_CHECKER
    Draft202012Validator(multitool.schema, format_checker=checker).validate(
        json.loads(render(about, "sarif"))
    )


@REPORTS
def test_microsofts_validator_has_no_error_and_no_warning(
    about: Report, multitool: Multitool
) -> None:
    assert multitool.validate(render(about, "sarif")) == []


def test_microsofts_validator_would_complain(multitool: Multitool) -> None:
    log = json.loads(render(everyday(), "sarif"))
    first, second = log["runs"][0]["results"]
    del first["locations"][0]["physicalLocation"]["region"]
    second["locations"][0]["physicalLocation"]["artifactLocation"] = {"uri": "file:///x/.env"}
    log["runs"][0]["tool"]["driver"]["rules"][0]["name"] = "committed-password"
    found = {line.split(":")[0] for line in multitool.validate(json.dumps(log))}
    assert {"error GH1003", "error GH1006", "warning SARIF1001"} <= found


def hostile_files() -> Iterator[File]:
    """Files of all line ends and widths of characters, from a fixed seed."""
    chance = random.Random(20)  # noqa: S311
    pieces = ["\n", "\r", "\r\n", " ", "\t", "A=1", "é", "🐘", "x" * 60, "\ufeff", DSN, "\0"]
    yield file("empty line.env", "\n")
    yield file("not utf-8.env", b"a\xff\xfeb\n\xe2\x82\nx\xf0\x9f\x90\n")
    yield file("bom.env", "\ufeffA=1\r\nB=2\r\n\r\n")
    for number in range(40):
        text = "".join(chance.choices(pieces, k=chance.randrange(1, 60)))
        yield file(f"dir é/{number}.env", text)


def test_line_hashes_agree_with_microsofts(multitool: Multitool, tmp_path: Path) -> None:
    files = tuple(hostile_files())
    found = []
    for source in files:
        path = tmp_path / source.path
        path.parent.mkdir(exist_ok=True)
        # The tool drops a BOM where GitHub keeps it, so it gets two.
        path.write_bytes(source.data[: source.body] + source.data)
        for start in source.line_starts:
            found.append(finding("missing-sslmode", Span(source.path, start, start)))
    sarif = render(report(*found, files=files), "sarif")
    ours = [
        one["partialFingerprints"]["primaryLocationLineHash"]
        for one in json.loads(sarif)["runs"][0]["results"]
    ]
    assert len(ours) > 300
    assert ours == multitool.hashes(sarif, tmp_path)


# --- what GitHub and the viewers need -----------------------------------------------------------


def test_a_clean_run_has_results_all_the_same() -> None:
    assert run(report())["results"] == []


def test_a_rule_is_told_from_its_data() -> None:
    (told,) = run(replace(report(), rules={"tls-disabled": rule("tls-disabled", "tls")}))["tool"][
        "driver"
    ]["rules"]
    assert told == {
        "id": "tls-disabled",
        "name": "TlsDisabled",
        "shortDescription": {"text": "What tls-disabled is."},
        "fullDescription": {"text": "Because of *this*. And of that."},
        "help": {
            "text": "Do this:\n\n    key = [1]\n\nthen that.\n\nBecause of *this*.\n\nAnd of that.",
            "markdown": "**What to do:** Do this:\n\n    key = [1]\n\nthen that."
            "\n\nBecause of *this*.\n\nAnd of that.\n\n"
            f"[tls-disabled]({rule('tls-disabled', 'tls').url})",
        },
        "helpUri": rule("tls-disabled", "tls").url,
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "tags": ["tls", "supabase", "postgres", "security"],
            "precision": "high",
            "problem.severity": "error",
            "security-severity": "8.0",
        },
    }


@pytest.mark.parametrize(
    ("group", "severity", "told"),
    [
        ("exposure", "error", "8.0"),
        ("tls", "warning", "5.0"),
        ("tls", "info", "2.0"),
        ("client", "error", None),
        ("meta", "warning", None),
    ],
)
def test_only_rules_about_security_have_a_security_severity(
    group: str, severity: str, told: str | None
) -> None:
    about = replace(report(), rules={"a": rule("a", group, severity)})
    properties = run(about)["tool"]["driver"]["rules"][0]["properties"]
    assert properties.get("security-severity") == told
    assert ("security" in properties["tags"]) == (told is not None)


def test_long_descriptions_are_cut_to_githubs_limit() -> None:
    long = rule("a", summary="word " * 400, why="word " * 400)
    told = run(replace(report(), rules={"a": long}))["tool"]["driver"]["rules"][0]
    for key in ("shortDescription", "fullDescription"):
        assert 1000 < len(told[key]["text"]) <= 1024
        assert told[key]["text"].endswith("word…")


def test_every_result_says_its_rule_and_level() -> None:
    about = run(nasty())
    rules = about["tool"]["driver"]["rules"]
    assert [one["id"] for one in rules] == sorted(RULES)
    for result in about["results"]:
        told = rules[result["ruleIndex"]]
        assert told["id"] == result["ruleId"]
        assert told["defaultConfiguration"]["level"] == result["level"]
    assert {one["level"] for one in about["results"]} == {"error", "warning", "note"}


def test_columns_count_utf16_and_regions_stay_on_one_line() -> None:
    assert run(nasty())["columnKind"] == "utf16CodeUnits"
    assert region(run(one("é🐘=1\n", "1")[0])["results"][0]) == (1, 5, 1, 6)
    assert region(run(one("a: |\r\n  é🐘\r\n  x", "é🐘\r\n  x")[0])["results"][0]) == (2, 3, 2, 6)
    assert region(run(report(finding("missing-sslmode", Span("gone", 1, 2))))["results"][0]) == (
        (1, 1, 1, 1)
    )


def test_paths_are_relative_and_encoded() -> None:
    about = nasty()
    for result, found in zip(run(about)["results"], about.findings, strict=True):
        at = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert at["uriBaseId"] == "%SRCROOT%"
        assert re.fullmatch(r"[\w./~%-]+", at["uri"], re.ASCII)
        assert unquote(at["uri"]) == found.span.path
    odd = report(finding("missing-sslmode", Span("a\udcff:b#?.env", 0, 0)))
    at = run(odd)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert at["uri"] == "a%FF%3Ab%23%3F.env"


def test_the_root_is_not_told() -> None:
    assert "uri" not in run(nasty())["originalUriBaseIds"]["%SRCROOT%"]
    assert "snippet" not in render(nasty(), "sarif")


def test_related_places_are_linked_from_the_message() -> None:
    result = run(nasty())["results"][0]
    assert [place["id"] for place in result["relatedLocations"]] == [1, 2]
    assert result["message"]["text"].endswith(
        r" YOUR-PASSWORD and D\['x'\]\[0\]."
        r" Places involved: [the host, see \[docs\]](1), [was here](2)."
    )
    links = re.findall(r"(?<!\\)\]\((\d+)\)", result["message"]["text"])
    assert links == ["1", "2"]
    assert "relatedLocations" not in run(nasty())["results"][1]


def test_a_message_that_looks_like_a_link_is_none() -> None:
    about, at = one("A=1", "A", message="see [x](1)")
    assert run(about)["results"][0]["message"]["text"] == r"see \[x\](1)."
    found = replace(about.findings[0], related=(Related(at, "see [x](7)."),))
    text = run(replace(about, findings=(found,)))["results"][0]["message"]["text"]
    assert text.endswith(r"Places involved: [see \[x\](7)](1).")


@pytest.mark.parametrize("tracked", [True, False, None])
def test_the_line_hash_is_for_files_in_git(tracked: bool | None) -> None:
    source = file(".env", "A=1\n", tracked=tracked)
    about = report(finding("missing-sslmode", Span(".env", 0, 1)), files=(source,))
    (result,) = run(about)["results"]
    expected = "fa6ac0a1a028f8c4:1" if tracked else None
    assert result["partialFingerprints"].get("primaryLocationLineHash") == expected


def own_fingerprints(text: str, *needles: str) -> list[str]:
    source = file(".env", text)
    at = [source.data.index(needle.encode()) for needle in needles]
    found = [finding("committed-password", Span(".env", start, start + 1)) for start in at]
    return [
        result["partialFingerprints"]["supaLint/v1"]
        for result in run(report(*found, files=(source,)))["results"]
    ]


def test_own_fingerprints_differ_and_stay() -> None:
    before = own_fingerprints("URL=one two\nOTHER=three\n", "one", "two", "three")
    assert len(set(before)) == 3
    after = own_fingerprints("# more\nOTHER=3\n\nURL=1 2\n", "1", "2", "3")
    assert after == before


def test_own_fingerprints_do_not_depend_on_the_secret() -> None:
    one, other = (
        own_fingerprints(f"{s} = {s}:{s}\n", s) for s in (f"p://u:{CANARY}@h", "p://u:x@h")
    )
    assert one == other


def test_all_fingerprints_of_a_report_differ() -> None:
    own = [one["partialFingerprints"]["supaLint/v1"] for one in run(nasty())["results"]]
    assert len(set(own)) == len(own)


def test_notes_are_notifications() -> None:
    (invocation,) = run(replace(report(), notes=(Note("a b.yaml", "not YAML"),)))["invocations"]
    assert invocation == {
        "executionSuccessful": True,
        "toolExecutionNotifications": [
            {
                "level": "warning",
                "message": {"text": "not YAML."},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": "a%20b.yaml", "uriBaseId": "%SRCROOT%"}
                        }
                    }
                ],
            }
        ],
    }
    assert run(report())["invocations"] == [{"executionSuccessful": True}]


# --- the tests' own tool ------------------------------------------------------------------------


def test_without_npm_the_reason_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="need npm"):
        install()
