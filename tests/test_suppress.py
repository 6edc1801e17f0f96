from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.knowledge import Rule
from supa_lint.model import Finding, Place, Related, Severity, Span, Suppression
from supa_lint.source import File
from supa_lint.suppress import UNKNOWN, UNUSED, apply, suppressions

RULES = ("missing-sslmode", "tls-disabled", "unserved-port")
ACTIVE = frozenset({*RULES, UNUSED, UNKNOWN})


def _found(text: str | bytes, path: str = ".env") -> list[tuple[list[str], tuple[int, ...]]]:
    data = text.encode() if isinstance(text, str) else text
    return [([name for name, _ in one.rules], one.lines) for one in suppressions(File(path, data))]


@pytest.mark.parametrize(
    "line",
    [
        "A=1 # supa-lint: ignore[tls-disabled] the proxy encrypts",
        "A=1  #supa-lint:ignore[ tls-disabled ]",
        "x = 1 // supa-lint: ignore[tls-disabled]",
        "select 1; -- supa-lint: ignore[tls-disabled]",
        "a = 1 ; supa-lint: ignore[tls-disabled]",
        "<p>x</p> <!-- supa-lint: ignore[tls-disabled] -->",
        "x = 1 /* supa-lint: ignore[tls-disabled] */",
        "/* supa-lint: ignore[tls-disabled] */ x = 1",
        "<!-- supa-lint: ignore[tls-disabled] --> <p>",
        "set A=1 & REM supa-lint: ignore[tls-disabled]",
        "x = 1  # noqa: S105  # supa-lint: ignore[tls-disabled]",
        "# A=postgres://db.x:5432/  # supa-lint: ignore[tls-disabled]",
    ],
)
def test_at_the_end_of_a_line(line: str) -> None:
    assert _found(f"first\n{line}\nlast\n") == [(["tls-disabled"], (2,))]


@pytest.mark.parametrize(
    "line",
    [
        "# supa-lint: ignore[tls-disabled] because",
        "    # supa-lint: ignore[tls-disabled]",
        "## supa-lint: ignore[tls-disabled]",
        "// supa-lint: ignore[tls-disabled]",
        "-- supa-lint: ignore[tls-disabled]",
        "; supa-lint: ignore[tls-disabled]",
        "<!-- supa-lint: ignore[tls-disabled] -->",
        "/* supa-lint: ignore[tls-disabled] */",
        " * supa-lint: ignore[tls-disabled]",
        "{/* supa-lint: ignore[tls-disabled] */}",
        "REM supa-lint: ignore[tls-disabled]",
        "@rem supa-lint: ignore[tls-disabled]",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_alone_on_the_line_above(line: str, end: str) -> None:
    assert _found(end.join(["first", line, "second", "third"])) == [(["tls-disabled"], (3,))]


def test_alone_after_a_byte_order_mark() -> None:
    assert _found(b"\xef\xbb\xbf# supa-lint: ignore[a]\nA=1\n") == [(["a"], (2,))]


def test_alone_speaks_for_the_next_line_of_content() -> None:
    text = "# supa-lint: ignore[a]\n# supa-lint: ignore[b]\n\n  # DSN=x\n\nA=1\nB=2\n"
    assert _found(text) == [(["a"], (2, 6)), (["b"], (3, 6))]


def test_only_the_comments_of_the_format_are_passed_over() -> None:
    assert _found("# supa-lint: ignore[a]\n--dbname=x\n", "dump.sh") == [(["a"], (2,))]
    assert _found("# supa-lint: ignore[a]\n*args,\n", "a.py") == [(["a"], (2,))]
    text = "/* supa-lint: ignore[a]\n * why\n */\nconst a = 1\n"
    assert _found(text, "a.ts") == [(["a"], (2, 4))]


def test_a_command_over_several_lines() -> None:
    text = "# supa-lint: ignore[a]\npg_dump \\\n  -h x \\\n  -p 6543\necho\n"
    assert _found(text, "dump.sh") == [(["a"], (2, 3, 4))]


def test_nothing_follows() -> None:
    assert _found("A=1\n# supa-lint: ignore[a]") == [(["a"], ())]


def test_several_rules_and_exact_spans() -> None:
    data = "Ü=1 # supa-lint: ignore[tls-disabled,, unserved-port ] ü\n".encode()
    (one,) = suppressions(File("a/.env", data))
    assert [name for name, _ in one.rules] == ["tls-disabled", "unserved-port"]
    assert [data[span.start : span.end] for _, span in one.rules] == [
        b"tls-disabled",
        b"unserved-port",
    ]
    whole = b"supa-lint: ignore[tls-disabled,, unserved-port ]"
    assert data[one.span.start : one.span.end] == whole
    assert one.span.path == "a/.env"


@pytest.mark.parametrize(
    "comment",
    [
        "supa-lint: ignore",
        "supa-lint: ignore tls-disabled",
        "supa-lint: ignore[]",
        "supa-lint: ignore[tls-disabled",
        "supa-lint: disable=tls-disabled",
        "supa-lint: noqa",
        "supa-lint ignore[tls-disabled]",
    ],
)
def test_meant_as_a_suppression(comment: str) -> None:
    assert _found(f"A=1 # {comment}\n") == [([], (1,))]


@pytest.mark.parametrize(
    "line",
    [
        'A="supa-lint: ignore[tls-disabled]"',
        '{"//x": "supa-lint: ignore[tls-disabled]"}',
        "run supa-lint: ignore[tls-disabled]",
        "# supa-lint: it finds DSNs",
        "# supa-lint ignores tests",
        "# my-supa-lint: ignore[tls-disabled]",
        "premium supa-lint: ignore[x]",
    ],
)
def test_no_suppression(line: str) -> None:
    assert _found(line) == []


@given(
    st.lists(st.sampled_from(["supa-lint: ignore", "[a]", "#", "/*", " ", "\n", "\r", "\\", "é"]))
)
def test_any_text_is_survivable(parts: list[str]) -> None:
    file = File("x", "".join(parts).encode())
    for one in suppressions(file):
        assert 0 <= one.span.start < one.span.end <= len(file.data)
        assert all(1 <= line <= len(file.line_starts) for line in one.lines)


@pytest.mark.parametrize(
    "data",
    [
        b"#" * 3_000_000 + b" supa-lint: ignore[a]",
        b"# supa-lint: ignore[" * 20_000,
        b"# supa-lint: ignore[a]\n" * 20_000,
        b"# supa-lint: ignore[a]\n" * 5_000 + b"a\\\n" * 20_000,
    ],
)
def test_no_text_is_slow(data: bytes) -> None:
    start = time.perf_counter()
    suppressions(File("x", data))
    assert time.perf_counter() - start < 5


# --- apply --------------------------------------------------------------------------------------


def _rule(name: str, **data: object) -> Rule:
    table = {"severity": "warning", "help": f"Help of {name}.", **data}
    return Rule(name, "group", table)


def _finding(file: File, needle: str, rule: str = "tls-disabled", *related: Span) -> Finding:
    return Finding(
        rule,
        Severity.ERROR,
        _span(file, needle),
        "message",
        "help",
        tuple(Related(span, "here") for span in related),
    )


def _span(file: File, needle: str) -> Span:
    start = file.data.index(needle.encode())
    return Span(file.path, start, start + len(needle))


def _apply(
    files: Sequence[File],
    findings: Sequence[Finding],
    rules: Sequence[Rule] = (),
    active: frozenset[str] = ACTIVE,
) -> tuple[list[Finding], list[Finding], list[Finding]]:
    return apply(
        findings,
        {file.path: suppressions(file) for file in files},
        {file.path: file for file in files},
        {name: _rule(name) for name in RULES} | {rule.id: rule for rule in rules},
        active,
    )


def test_a_finding_is_suppressed() -> None:
    file = File(".env", b"A=1 # supa-lint: ignore[tls-disabled]\nB=2\n")
    here, there = _finding(file, "A=1"), _finding(file, "B=2")
    assert _apply([file], [here, there]) == ([there], [here], [])


def test_only_the_named_rule_is_suppressed() -> None:
    file = File(".env", b"A=1 # supa-lint: ignore[missing-sslmode]\n")
    finding = _finding(file, "A=1")
    kept, suppressed, meta = _apply([file], [finding])
    assert (kept, suppressed) == ([finding], [])
    assert [(one.rule, one.span) for one in meta] == [(UNUSED, _span(file, "missing-sslmode"))]


def test_a_related_place_counts() -> None:
    env = File(".env", b"A=1\n")
    manifest = File("fly.toml", b"# supa-lint: ignore[tls-disabled]\n[env]\n")
    finding = _finding(env, "A=1", "tls-disabled", _span(manifest, "[env]"))
    assert _apply([env, manifest], [finding]) == ([], [finding], [])


def test_any_line_of_the_finding_counts() -> None:
    file = File("a.py", b"connect(\n  a,  # supa-lint: ignore[tls-disabled]\n)\n")
    span = Span("a.py", 0, len(file.data) - 1)
    finding = Finding("tls-disabled", Severity.ERROR, span, "", "")
    assert _apply([file], [finding])[1] == [finding]


def test_a_finding_ends_before_the_next_line() -> None:
    file = File("a", b"A=1\nB=2 # supa-lint: ignore[tls-disabled]\n")
    finding = Finding("tls-disabled", Severity.ERROR, Span("a", 0, 4), "", "")
    assert _apply([file], [finding])[0] == [finding]


def test_stacked_comments_all_speak_for_the_line() -> None:
    text = b"# supa-lint: ignore[tls-disabled]\n# supa-lint: ignore[unserved-port]\nA=1\n"
    file = File(".env", text)
    findings = [_finding(file, "A=1"), _finding(file, "A=1", "unserved-port")]
    assert _apply([file], findings) == ([], findings, [])


def test_a_place_that_is_no_file() -> None:
    finding = Finding("tls-disabled", Severity.ERROR, Span("environment", 0, 0), "", "")
    assert _apply([], [finding]) == ([finding], [], [])


def test_a_rule_that_did_not_run_is_not_unused() -> None:
    file = File(".env", b"A=1 # supa-lint: ignore[tls-disabled]\n")
    assert _apply([file], [], active=frozenset({UNUSED})) == ([], [], [])
    assert _apply([file], [], active=frozenset({"tls-disabled"})) == ([], [], [])


def test_unused_can_be_suppressed_itself() -> None:
    file = File(".env", b"A=1 # supa-lint: ignore[tls-disabled, unused-suppression]\n")
    assert _apply([file], [], [_rule(UNUSED), _rule(UNKNOWN)])[2] == []


def test_unknown_rule() -> None:
    file = File(".env", b"A=1 # supa-lint: ignore[tls-disable]\n")
    (finding,) = _apply([file], [])[2]
    assert finding.rule == UNKNOWN
    assert finding.severity is Severity.WARNING
    assert finding.span == _span(file, "tls-disable")
    assert "did you mean `tls-disabled`?" in finding.message


def test_unknown_rule_without_a_near_one() -> None:
    file = File(".env", b"A=1 # supa-lint: ignore[Tr0ub4dour-xk]\n")
    (finding,) = _apply([file], [])[2]
    assert finding.message == "There is no rule of this name"


def test_a_group_is_no_rule() -> None:
    file = File(".env", b"A=1 # supa-lint: ignore[group]\n")
    (finding,) = _apply([file], [])[2]
    assert "it is a group of rules" in finding.message


def test_unknown_form() -> None:
    file = File(".env", b"A=1 # supa-lint: ignore\n")
    (finding,) = _apply([file], [])[2]
    assert finding.rule == UNKNOWN
    assert finding.span == _span(file, "supa-lint: ignore")
    assert "supa-lint: ignore[rule-id]" in finding.help


def test_texts_come_from_the_rules_when_known() -> None:
    file = File(".env", b"A=1 # supa-lint: ignore[tls-disabled]\n")
    (finding,) = _apply([file], [], [_rule(UNUSED, severity="info")])[2]
    assert finding.severity is Severity.INFO
    assert finding.help == "Help of unused-suppression."


def test_old_ids_still_work() -> None:
    file = File(".env", b"A=1 # supa-lint: ignore[no-tls]\n")
    finding = _finding(file, "A=1")
    rules = [_rule("tls-disabled", aliases=["no-tls"])]
    assert _apply([file], [finding], rules) == ([], [finding], [])
    assert [one.rule for one in _apply([file], [], rules)[2]] == [UNUSED]


@pytest.mark.parametrize("place", [Place.DOCS, Place.TEST, Place.ARCHIVED])
def test_suppressions_are_judged_where_the_meta_rules_apply(place: Place) -> None:
    file = File("a", b"A=1 # supa-lint: ignore[tls-disabled, nonsense]\n", place)
    assert _apply([file], [])[2] == []
    rules = [_rule(UNUSED, places=[place.value])]
    assert [one.rule for one in _apply([file], [], rules)[2]] == [UNUSED]


def test_the_model() -> None:
    assert suppressions(File("a", b"# nothing here")) == ()
    (one,) = suppressions(File("a", b"x # supa-lint: ignore[a]"))
    assert isinstance(one, Suppression)
