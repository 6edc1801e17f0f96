"""Small invented files and the reports about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from supa_lint.knowledge import Rule
from supa_lint.model import Finding, Note, Related, Span
from supa_lint.report import Report
from supa_lint.source import File

CANARY = "Tr0ub4dour-xk"
POOLER = "aws-0-eu-west-1.pooler.supabase.com"
DSN = f"postgresql://postgres.qzxwvutsrponmlkjihgf:{CANARY}@{POOLER}:6543/postgres"


def rule(id: str, group: str = "client", severity: str = "error", **data: str) -> Rule:
    table: dict[str, Any] = {
        "summary": f"What {id} is",
        "severity": severity,
        "confidence": "high",
        "when": {},
        "help": "Do this:\n\n    key = [1]\n\nthen that.",
        "why": "Because of *this*.\n\nAnd of that.",
    }
    return Rule(id, group, table | data)


RULES = {
    one.id: one
    for one in (
        rule("prepared-statements-in-transaction-mode"),
        rule("committed-password", "exposure"),
        rule("missing-sslmode", "tls", "warning", confidence="medium"),
        rule("unverified-tls", "tls", "info"),
    )
}


def file(path: str, text: str | bytes, *, tracked: bool | None = True) -> File:
    data = text if isinstance(text, bytes) else text.encode()
    return File(path, data, tracked=tracked)


def span(file: File, needle: str | bytes) -> Span:
    data = needle if isinstance(needle, bytes) else needle.encode()
    start = file.data.index(data)
    return Span(file.path, start, start + len(data))


def finding(
    rule: str,
    span: Span,
    message: str = "This fails.",
    help: str = "Do that.",
    related: tuple[Related, ...] = (),
) -> Finding:
    return Finding(rule, RULES[rule].severity, span, message, help, related)


def report(
    *findings: Finding, files: tuple[File, ...] = (), secrets: tuple[Span, ...] = ()
) -> Report:
    hidden = {file.path: tuple(s for s in secrets if s.path == file.path) for file in files}
    return Report(findings, RULES, {file.path: file for file in files}, hidden, checked=12)


def one(
    text: str | bytes, needle: str | bytes, message: str = "This fails.", help: str = "Do that."
) -> tuple[Report, Span]:
    """A report with one finding, at `needle` in a file `.env`."""
    source = file(".env", text)
    at = span(source, needle)
    secrets = (span(source, CANARY),) if CANARY.encode() in source.data else ()
    found = finding("committed-password", at, message, help)
    return report(found, files=(source,), secrets=secrets), at


def everyday() -> Report:
    """What a project with two mistakes looks like."""
    env = file("apps/web/.env", f"# the app\nDATABASE_URL={DSN}\n")
    code = file("app/db.py", "import asyncpg\n\npool = asyncpg.create_pool(url)\n")
    return report(
        finding(
            "prepared-statements-in-transaction-mode",
            span(code, "asyncpg.create_pool(url)"),
            "asyncpg prepares statements by name, but DATABASE_URL goes through the shared pooler"
            " in transaction mode.",
            help="Pass the option:\n\n    asyncpg.create_pool(url, statement_cache_size=0)\n",
            related=(Related(span(env, "6543"), "port 6543 is transaction mode"),),
        ),
        finding("committed-password", span(env, CANARY), "The password is in git."),
        files=(code, env),
        secrets=(span(env, CANARY),),
    )


def nasty() -> Report:
    """Everything that is hard to print: bytes, columns, secrets and text that gives orders."""
    orders = "\x1b[31m::error file=x::pwned ##vso[task.setvariable variable=a]b \x1b]0;title\x07"
    windows = file("ünï cødé/my env.env", f"\ufeffA=🐘 {DSN}\r\nB=2\r\n".encode())
    tabs = file("app/tabs.py", f"\tpool = f('é🐘')\t# {orders}\n")
    block = file("a:b,c%d.yaml", "key: |\n  one [x](1)\n  two\nend\n", tracked=None)
    # The readers saw no secret here: only the general redaction stands between.
    unread = file("unread.txt", f"url = {DSN}, password: '{CANARY}' PGPASSWORD={CANARY}\n")
    broken = file("latin.properties", b"url=\xe9\xff\n" + f"p={CANARY}".encode(), tracked=False)
    strange = file("dir\n::error::x\x1b[2J/.env", "A=1\n")
    pooler = span(windows, POOLER)
    findings = (
        finding(
            "committed-password",
            span(windows, CANARY),
            f"Literal in A: {DSN} [YOUR-PASSWORD] and D['x'][0]",
            related=(
                Related(pooler, "the host, see [docs]"),
                Related(pooler, "the host, see [docs]"),
                Related(Span("gone.py", 5, 9), "was here"),
            ),
        ),
        finding("committed-password", span(windows, "B=2"), "Two on one line"),
        finding("committed-password", span(windows, "2\r"), "Two on one line"),
        finding("prepared-statements-in-transaction-mode", span(tabs, "'é🐘'"), f"Says {orders}."),
        finding("missing-sslmode", span(block, "one [x](1)\n  two"), "Spans\nlines", help=orders),
        finding("unverified-tls", span(unread, "url"), "Weak."),
        finding("committed-password", span(broken, "p=")),
        finding("missing-sslmode", span(strange, "A")),
        finding("missing-sslmode", Span("gone.py", 5, 9)),
    )
    return replace(
        report(
            *findings,
            files=(windows, tabs, block, unread, broken, strange),
            secrets=(span(windows, CANARY), span(broken, CANARY)),
        ),
        suppressed=1,
        withheld=2,
        notes=(Note("bad dir/x.yaml", f"not YAML: {orders}"), Note("y\n.toml", "not [TOML]")),
    )
