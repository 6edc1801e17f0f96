"""The stages in order: what `discover` found is read, linked, checked, and becomes a report.

The command line, the tests and editors all call `lint()`. It touches no disk itself: which code is
worth reading shows only when it is known what it may connect with, so the tree is asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from supa_lint.check import check, group
from supa_lint.config import Config, misnamed_config_files
from supa_lint.consumers import consumers
from supa_lint.discover import Tree
from supa_lint.knowledge import Knowledge, Rule
from supa_lint.link import link
from supa_lint.manifests import by_name
from supa_lint.model import Connection, Facts, Failure, Finding, Note, Severity, Span
from supa_lint.project import Project
from supa_lint.read import Context, read
from supa_lint.read.imports import Imports, import_maps
from supa_lint.report import Report
from supa_lint.source import File
from supa_lint.sourcing import unread
from supa_lint.suppress import apply, suppressions


@dataclass(frozen=True)
class Options:
    """What one run is asked for, on top of the project's configuration."""

    paths: tuple[str, ...] = ()
    """Show findings that have a place in these files or folders only; empty for all."""
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    min_severity: Severity = Severity.INFO
    pedantic: bool = False


@dataclass(frozen=True)
class Linked:
    """The first three stages of a run: all that is known before a rule is asked."""

    project: Project
    connections: tuple[Connection, ...]
    broken: tuple[Failure, ...] = ()


def connect(
    tree: Tree,
    config: Config,
    knowledge: Knowledge,
    given: Sequence[Facts] = (),
    progress: Callable[[], None] = lambda: None,
) -> Linked:
    """Read and link the files of `tree`. `given` facts count in place of what the file says:
    those of a file that only stands for something (`supa_lint.environ`). `progress` is called for
    each file that was read."""
    project = Project(knowledge, config, (), {}, tree.paths)
    imports = Imports(knowledge.names["imports"], import_maps(tree.files))
    context = Context(knowledge, project.clients, imports)

    def read_one(file: File) -> Facts | Failure:
        progress()
        return read(file, context)

    results = {file.path: read_one(file) for file in tree.files}
    code: list[File] = []
    if tree.code is not None:
        # Which code is worth reading shows only when it is known what it may connect with.
        seen = [one for one in (*results.values(), *given) if isinstance(one, Facts)]
        wanted = consumers(seen, config.variables, knowledge)
        code += (f for f in tree.code(wanted.words, wanted.fits) if f.path not in results)
        results |= {file.path: read_one(file) for file in code}
    if tree.one is not None:
        asked: set[str] = set()
        while new := _unread(results, tree.paths) - asked:
            asked |= new
            found = [file for path in sorted(new) if (file := tree.one(path)) is not None]
            code += found
            results |= {file.path: read_one(file) for file in found}

    facts = {path: one for path, one in sorted(results.items()) if isinstance(one, Facts)}
    _add_platforms(facts, tree.paths, knowledge)
    facts |= {one.path: one for one in given}
    project = replace(
        project,
        facts=tuple(facts.values()),
        files={file.path: file for file in (*tree.files, *code)},
    )
    broken = tuple(one for one in results.values() if isinstance(one, Failure))
    return Linked(project, tuple(link(project.facts, project)), broken)


def lint(
    tree: Tree,
    config: Config,
    knowledge: Knowledge,
    options: Options | None = None,
    given: Sequence[Facts] = (),
    progress: Callable[[], None] = lambda: None,
) -> Report:
    """Lint the files of `tree`; `given` and `progress` as for `connect`."""
    options = options or Options()
    linked = connect(tree, config, knowledge, given, progress)
    project, files, facts = linked.project, linked.project.files, linked.project.facts
    rules = _selected(knowledge, options)
    active = frozenset(rule.id for rule in rules)
    verdicts = check(linked.connections, rules, project)
    findings = [*verdicts.findings, *_misnamed(tree, config, knowledge)]
    broke = tuple(_broke([*linked.broken, *verdicts.failures], knowledge))

    by_path = {path: suppressions(file) for path, file in files.items()}
    kept, suppressed, meta = apply(findings, by_path, files, knowledge.rules, active)
    # After the suppressions: each speaks for its own place, not for the whole group.
    kept = [finding for finding in [*group(kept), *meta] if finding.rule in active]
    shown = [f for f in kept if not _ignored(f, config, knowledge) and _in(f, options.paths)]
    loud = [f for f in shown if options.pedantic or f.severity is not Severity.INFO]
    severe = [f for f in loud if _at_least(f, options.min_severity)]
    return Report(
        # What broke is shown whatever was asked for: the rest of the report may lack something.
        findings=tuple(sorted((*severe, *broke), key=lambda finding: finding.order)),
        rules={rule.id: rule for rule in (*rules, knowledge.rules["internal-error"])},
        files=files,
        secrets={one.path: one.secrets for one in facts if one.secrets},
        checked=len(files),
        suppressed=len(suppressed) + sum(_ignored(f, config, knowledge) for f in kept),
        withheld=len(shown) - len(loud),
        notes=tuple(_notes(tree, facts)),
        failed=bool(broke),
    )


def _unread(results: Mapping[str, Facts | Failure], paths: Sequence[str]) -> set[str]:
    """The scripts that other scripts source, and that were not read."""
    return unread((one for one in results.values() if isinstance(one, Facts)), paths)


def _add_platforms(facts: dict[str, Facts], paths: Sequence[str], knowledge: Knowledge) -> None:
    """Add what files say of platforms by their mere names."""
    for platform in by_name(knowledge.platforms, paths):
        one = facts.setdefault(platform.span.path, Facts(platform.span.path))
        if not any(known.id == platform.id for known in one.platforms):
            facts[one.path] = replace(one, platforms=(*one.platforms, platform))


def _selected(knowledge: Knowledge, options: Options) -> list[Rule]:
    def named(rule: Rule, names: Iterable[str]) -> bool:
        return rule.id in names or rule.group in names

    return [
        rule
        for rule in knowledge.rules.values()
        if (options.select is None or named(rule, options.select))
        and not named(rule, options.ignore)
    ]


def _broke(failures: Iterable[Failure], knowledge: Knowledge) -> Iterator[Finding]:
    """Findings about supa-lint's own mistakes."""
    for failure in failures:
        text = f"{failure.what} failed on this file ({failure.error})"
        yield _meta(knowledge.rules["internal-error"], failure.path, text)


def _misnamed(tree: Tree, config: Config, knowledge: Knowledge) -> Iterator[Finding]:
    """Findings about configuration that nobody reads."""
    for path in misnamed_config_files(tree.paths):
        if path != config.source:
            text = f"{path} looks like supa-lint's configuration but is not read"
            yield _meta(knowledge.rules["misnamed-config-file"], path, text)


def _meta(rule: Rule, path: str, message: str) -> Finding:
    return Finding(rule.id, rule.severity, Span(path, 0, 0), message, rule.help)


def _notes(tree: Tree, facts: Iterable[Facts]) -> Iterator[Note]:
    yield from tree.notes
    for one in facts:
        yield from one.notes


def _ignored(finding: Finding, config: Config, knowledge: Knowledge) -> bool:
    names = {knowledge.current(name) for name in config.ignored_in(finding.span.path)}
    return finding.rule in names or knowledge.rules[finding.rule].group in names


def _in(finding: Finding, paths: Sequence[str]) -> bool:
    return not paths or any(
        span.path == path or path in ("", ".") or span.path.startswith(path.rstrip("/") + "/")
        for span in finding.spans()
        for path in paths
    )


_RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}


def _at_least(finding: Finding, severity: Severity) -> bool:
    return _RANK[finding.severity] >= _RANK[severity]


def failing(report: Report, level: Severity) -> bool:
    """Whether the report has a finding at or above `level`."""
    return any(_at_least(finding, level) for finding in report.findings)
