"""The fourth stage: which rules hold for which connections.

One cause is one finding: a rule may silence others about the same connection (`overrides`), and
the same mistake seen through several connections, or made several times in one file, is one
finding with several related places.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from supa_lint import tls
from supa_lint.conditions import ABSENT, UNKNOWN, holds
from supa_lint.dsn import judge
from supa_lint.facts import ConnectionFacts
from supa_lint.knowledge import Rule
from supa_lint.labels import endpoint_label
from supa_lint.model import MASK, NOWHERE, Connection, Failure, Finding, Related, Span, Text
from supa_lint.project import Project
from supa_lint.report.text import mask_random_words


@dataclass(frozen=True)
class Verdicts:
    findings: tuple[Finding, ...]
    failures: tuple[Failure, ...]


def check(connections: Sequence[Connection], rules: Iterable[Rule], project: Project) -> Verdicts:
    """The findings of `rules`, each at its place once, in the order of the files."""
    rules = [rule for rule in rules if rule.when]
    found: dict[tuple[str, Span], Finding] = {}
    failures: dict[Failure, None] = {}
    for connection in connections:
        here: dict[str, Finding] = {}
        facts = ConnectionFacts(connection, project)
        for rule in rules:
            try:
                finding = _apply(rule, facts)
            except Exception as error:  # one broken rule must not take the others with it
                failure = Failure(
                    f"the rule {rule.id}", connection.dsn.span.path, type(error).__name__
                )
                failures[failure] = None
            else:
                if finding is not None:
                    here[rule.id] = finding
        for finding in _strongest(here, project.knowledge.rules):
            key = finding.rule, finding.span
            found[key] = _merge(found[key], finding) if key in found else finding
    return Verdicts(
        tuple(sorted(found.values(), key=lambda finding: finding.order)), tuple(failures)
    )


def _apply(rule: Rule, facts: ConnectionFacts) -> Finding | None:
    """The finding of one rule about one connection, if the rule is known to hold."""
    connection = facts.connection
    if connection.place not in rule.places:
        return None
    if connection.mention is not None and not rule.data.get("mentions"):
        return None
    if holds(rule.when, facts) is not True:
        return None
    place = _place(rule.at, facts)
    names = _Names(facts, rule)
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        span=place,
        message=names.fill(str(rule.data["message"])),
        help=names.fill(rule.help),
        related=tuple(_related(rule, facts, place)),
    )


def _strongest(here: Mapping[str, Finding], rules: Mapping[str, Rule]) -> Iterator[Finding]:
    """What is left at one connection when each rule has silenced those it overrides."""
    silenced = {other for name in here for other in rules[name].data.get("overrides", [])}
    return (finding for name, finding in here.items() if name not in silenced)


def _merge(first: Finding, second: Finding) -> Finding:
    """One finding for the same mistake at the same place, with the places of both."""
    return replace(first, related=tuple(dict.fromkeys(first.related + second.related)))


def group(findings: Iterable[Finding]) -> list[Finding]:
    """The same mistake at several places of one file (ten services with the same variable) as one
    finding: it stands at the first place, and names the others."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: finding.order):
        key = finding.rule, finding.span.path, finding.message, finding.help
        groups.setdefault(key, []).append(finding)
    return [_joined(*alike) for alike in groups.values()]


def _joined(first: Finding, *others: Finding) -> Finding:
    same = [Related(other.span, "the same here") for other in others]
    rest = [related for finding in (first, *others) for related in finding.related]
    return replace(first, related=tuple(dict.fromkeys(same + rest)))


def _place(places: Sequence[str], facts: ConnectionFacts) -> Span:
    """Where a finding points. What has no place of its own is shown at the whole DSN."""
    connection = facts.connection
    kind, _, rest = places[0].partition(".")
    if kind == "use":
        uses = (facts.client.uses(name.removeprefix("use.")) for name in places)
        return next((calls[0].span for calls in uses if calls), connection.dsn.span)
    span: Span | None = None
    if kind == "dsn" and rest == "password":
        span = connection.dsn.password.span
    elif kind == "dsn" and rest:
        part = getattr(connection.dsn, rest)
        span = part.span if isinstance(part, Text) else None
    elif kind == "param":
        param = connection.dsn.param(rest)
        span = param.key if param else None
    elif kind == "setting" and connection.setting:
        span = connection.setting.span
    elif kind == "client" and connection.client:
        span = connection.client.call.span
    elif kind == "option":
        expr = facts.client.argument(rest)
        call = connection.client.call if connection.client else None
        span = expr.span if expr else call.span if call else None
    elif kind == "ref":
        ref = judge.ref_of(connection.dsn, connection.endpoint)
        span = ref.span if ref else None
    elif kind == "misspelt":
        misspelt = facts.misspelt()
        span = misspelt[0].key if misspelt else None
    elif kind == "ignored":
        span = next((place for _, place in facts.client.ignored()), None)
    elif kind == "tls":
        span = tls.place(facts.client)
    elif kind == "rejected":
        span = next((place for _, place in facts.client.rejected()), None)
    return span or connection.dsn.span


def _related(rule: Rule, facts: ConnectionFacts, place: Span) -> Iterator[Related]:
    """The other places that take part: those of the facts that the rule asks for."""
    connection = facts.connection
    either = (name for table in rule.when.get("any", ()) for name in table)
    asked = {name.partition(".")[0] for name in (*rule.when, *either)}
    rows: list[tuple[Span, str]] = []
    if rule.at[0].startswith(("client", "rejected", "use", "option")):
        where = connection.setting.name if connection.setting else "the DSN"
        span = connection.setting.span if connection.setting else connection.dsn.span
        rows.append((span, f"{where} is set here"))
    if "client" in asked and connection.client is not None:
        rows.append((connection.client.call.span, f"{connection.client.label} connects here"))
    if "platform" in asked and connection.platform is not None:
        verb = "are" if connection.platform.others else "is"
        rows.append((connection.platform.span, f"{connection.platform.label} {verb} declared here"))
    for name in rule.when:
        if name.startswith("environment."):
            other = facts.sibling(name.removeprefix("environment."))
            if other is not None:
                rows.append((other.span, f"{other.name} is set here"))
    for span, message in dict(rows).items():
        if span not in (place, NOWHERE):
            yield Related(span, message)


class _Names:
    """The texts that may stand in a message as `{name}`."""

    def __init__(self, facts: ConnectionFacts, rule: Rule) -> None:
        self._facts = facts
        self._rule = rule

    def fill(self, text: str) -> str:
        """`text` with every `{name}` filled. One that has no known value is left out."""
        filled = re.sub(r"\{([a-z][a-z.-]*)\}", lambda match: self._text(match[1]), text)
        return " ".join(filled.split()) if "\n" not in text.strip() else filled.strip()

    def _text(self, name: str) -> str:
        connection = self._facts.connection
        client, platform = connection.client, connection.platform
        match name.split("."):
            case ["setting", "name"]:
                return connection.setting.name if connection.setting else "this DSN"
            case ["dsn", "user"] if connection.dsn.spelling == "url" and judge.user_may_be_secret(
                connection.dsn
            ):
                return MASK
            case ["endpoint", "label"]:
                return endpoint_label(connection.endpoint)
            case ["client", "label"]:
                return client.label if client else "the client"
            case ["client", "reason"]:
                return self._reason()
            case ["client", "scheme-error"] if client:
                return str(client.data.get("schemes", {}).get("error", ""))
            case ["client", "reject-error"] if client:
                error = str(client.data.get("params", {}).get("error", ""))
                return error.replace("{rejected}", self._rejected())
            case ["client", "tls-how"] if client:
                return str(client.data.get("tls", {}).get("how", ""))
            case ["client", key] if client and isinstance(client.data.get(key), str):
                return str(client.data[key])
            case ["platform", "label"]:
                return platform.label if platform else "where it runs"
            case ["platform", "fix"] if platform:
                spec = self._facts.project.knowledge.platforms[platform.id]
                return str(spec.data.get("fix", ""))
            case ["rejected"]:
                return self._rejected()
            case ["ignored"]:
                return ", ".join(dict.fromkeys(name for name, _ in self._facts.client.ignored()))
            case ["environment", sibling]:
                other = self._facts.sibling(sibling)
                return other.name if other else ""
            case ["misspelt"]:
                found = self._facts.misspelt()
                return found[0].name if found else ""
        fact = self._facts(name)
        return "" if fact is UNKNOWN or fact is ABSENT else mask_random_words(str(fact))

    def _reason(self) -> str:
        """Why the client does what the rule is about: the `because` of what decided."""
        asked = [name.removeprefix("client.") for name in self._rule.when if "client." in name]
        for name in dict.fromkeys([*asked[::-1], "switched", "prepares"]):
            because = self._facts.client.decision(name).entry.get("because")
            if because:
                return str(because)
        return ""

    def _rejected(self) -> str:
        return ", ".join(dict.fromkeys(name for name, _ in self._facts.client.rejected()))
