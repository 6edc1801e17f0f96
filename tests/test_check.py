from __future__ import annotations

from itertools import pairwise

from supa_lint.model import Finding
from support import SESSION, run

RULE = "missing-sslmode"
NO_TLS = SESSION.partition("?")[0]
SERVICES = [f"service{n}" for n in range(10)]


def _compose(suppressed: str = "") -> str:
    lines = ["services:"]
    for name in SERVICES:
        why = f"  # supa-lint: ignore[{RULE}] encrypted by the proxy" if name == suppressed else ""
        lines += [
            f"  {name}:",
            "    image: shop",
            "    environment:",
            f"      DATABASE_URL: {NO_TLS}{why}",
        ]
    return "\n".join([*lines, ""])


def _lint(text: str) -> list[Finding]:
    return [f for f in run({"compose.yaml": text}).findings if f.rule == RULE]


def test_the_same_mistake_in_ten_services_is_one_finding_with_ten_places() -> None:
    text = _compose()
    [finding] = _lint(text)
    others = [related.span for related in finding.related if related.message == "the same here"]
    values = [finding.span, *others]
    assert len(values) == len(SERVICES)
    assert {text[span.start : span.end] for span in values} == {NO_TLS}
    assert all(one.start < two.start for one, two in pairwise(values))


def test_a_suppression_speaks_for_its_own_service_alone() -> None:
    [finding] = _lint(_compose(suppressed="service3"))
    others = [related for related in finding.related if related.message == "the same here"]
    assert 1 + len(others) == len(SERVICES) - 1


def test_different_files_are_different_findings() -> None:
    report = run({"a/compose.yaml": _compose(), "b/compose.yaml": _compose()})
    assert [f.span.path for f in report.findings if f.rule == RULE] == [
        "a/compose.yaml",
        "b/compose.yaml",
    ]


def test_the_command_that_makes_it_a_migration_is_named() -> None:
    transaction = SESSION.replace(":5432/", ":6543/")
    files = {".env": f"URL={transaction}\n", "up.sh": 'migrate -database "$URL" -path m up\n'}
    [finding] = [f for f in run(files).findings if f.rule == "migrations-in-transaction-mode"]
    assert [(one.span.path, one.message) for one in finding.related] == [
        ("up.sh", "golang-migrate connects here")
    ]
