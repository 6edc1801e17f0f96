"""Mutation testing: `python scripts/mutate.py [FILE ...] [--sample N] [--seed N]`.

Changes one thing at a time in a module (a comparison, a number, an operator, a condition, a result
that is returned) and runs the tests about it: a mutant that no test notices is told with its line.
Without files it looks at the DSN parser, the endpoint table and the linker. It works on a copy.
"""

from __future__ import annotations

import argparse
import ast
import copy
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

for _slow in ("hypothesis", "libcst", "packaging.version", "rich.console", "tree_sitter", "yaml"):
    import_module(_slow)

ROOT = Path(__file__).parents[1]
_DSN = ["tests/dsn", "tests/test_inspect.py tests/test_link.py", "tests/test_rules.py"]
_LINKER = [
    "tests/test_link.py tests/test_resolve.py tests/test_siblings.py",
    "tests/test_rules.py",
    "tests/test_environ.py",
]
TESTS = {
    "dsn/endpoint.py": _DSN,
    "dsn/judge.py": _DSN,
    "dsn/keywords.py": _DSN,
    "dsn/parts.py": _DSN,
    "dsn/url.py": _DSN,
    "dsn/words.py": _DSN,
    "environment.py": _LINKER,
    "link.py": _LINKER,
    "resolve.py": _LINKER,
    "scope.py": _LINKER,
    "siblings.py": _LINKER,
    "sourcing.py": _LINKER,
    "visibility.py": _LINKER,
}
"""The tests about each module, the quick ones first: most mutants need no more."""
_LIMIT = "a limit against hostile input: one more or less is as good"
EQUIVALENT = {
    ("resolve.py", "_STEPS = 500  # of filling holes for one value", "number"): _LIMIT,
    (
        "resolve.py",
        "_LONGEST = 5_000  # characters of a value that holes were filled in",
        "number",
    ): _LIMIT,
    (
        "resolve.py",
        "_DEPTH = 12  # of names that stand for names; deeper is a loop",
        "number",
    ): _LIMIT,
    ("resolve.py", "if depth <= 0 or self._steps <= 0:", "comparison"): _LIMIT,
    ("resolve.py", "if depth <= 0 or self._steps <= 0:", "number"): _LIMIT,
    ("resolve.py", "if len(out) > _LONGEST:", "comparison"): _LIMIT,
    (
        "visibility.py",
        "nearest = max((len(self._packages.root_of(e.path)) for e in found), default=0)",
        "number",
    ): "without environments nothing is compared with it",
    (
        "resolve.py",
        "for index, (hole, after) in enumerate(zip(text.holes, pieces[1:], strict=False)):",
        "truth",
    ): "a text has as many holes as HOLEs",
}
"""Mutants that are the same program, by module, line and what is changed, with the reason. They are
left out, and counted apart."""
_FORK = multiprocessing.get_context("fork")
_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
}


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """Each mutant with its line and what was changed. Decorators stay: another `slots=True` or
    `frozen=True` is the same program."""
    decorators = [one for node in ast.walk(tree) for one in getattr(node, "decorator_list", ())]
    left_alone = {id(node) for decorator in decorators for node in ast.walk(decorator)}
    for index, node in enumerate(ast.walk(tree)):
        if id(node) in left_alone:
            continue
        for what in _ways(node):
            changed = copy.deepcopy(tree)
            twin = list(ast.walk(changed))[index]
            _apply(twin, what)
            yield getattr(node, "lineno", 0), what, changed


def _ways(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _SWAPS:
        yield "comparison"
    elif isinstance(node, ast.BoolOp):
        yield "and/or"
    elif isinstance(node, ast.BinOp) and type(node.op) in _SWAPS:
        yield "plus/minus"
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "condition"
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield "number"
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield "truth"
    elif isinstance(node, ast.Return) and not (
        # None is the same to most callers as False, which becomes True as a "truth".
        node.value is None
        or (isinstance(node.value, ast.Constant) and node.value.value in (None, False))
    ):
        yield "result"
    elif isinstance(node, ast.Continue | ast.Break):
        yield "continue/break"


def _apply(node: ast.AST, what: str) -> None:
    if isinstance(node, ast.Compare):
        node.ops[0] = _SWAPS[type(node.ops[0])]()  # type: ignore[call-overload]
    elif isinstance(node, ast.BoolOp | ast.BinOp):
        node.op = _SWAPS[type(node.op)]()  # type: ignore[assignment]
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        node.test = ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, ast.Constant):
        node.value = not node.value if what == "truth" else int(str(node.value)) + 1
    elif isinstance(node, ast.Return):
        node.value = ast.Constant(None)
    elif isinstance(node, ast.Continue | ast.Break):
        node.__class__ = ast.Pass  # type: ignore[assignment]


def survives(work: Path, stages: list[str], limit: float) -> bool:
    """Whether the tests pass all the same. What hangs was noticed."""
    return all(_passes(work, stage.split(), limit) for stage in stages)


def _passes(work: Path, tests: list[str], limit: float) -> bool:
    run = _FORK.Process(target=_test, args=(work, tests))
    run.start()
    run.join(limit)
    if run.is_alive():
        run.kill()
        run.join()
    return run.exitcode == 0


def _test(work: Path, tests: list[str]) -> None:
    """Run the tests in a fork of this process, which has imported already all that is slow."""
    os.chdir(work)
    sys.path.insert(0, str(work / "src"))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    # As on a CI runner Hypothesis tries the same inputs each time, however long they take.
    os.environ |= {"PYTHONPATH": str(work / "src"), "CI": "true"}
    options = [
        "-qx",
        "--no-header",
        "-p",
        "no:cacheprovider",
        "-W",
        "ignore:Module already imported",
    ]
    os._exit(pytest.main([*options, *tests]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help=f"of {', '.join(TESTS)}")
    parser.add_argument("--sample", type=int, help="try that many mutants of each file only")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tried = killed = 0
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "copy"
        shutil.copytree(ROOT, work, ignore=shutil.ignore_patterns(".*", "site", "build"))
        for name in options.files or TESTS:
            target, tests = work / "src/supa_lint" / name, TESTS[name]
            source = target.read_text()
            sys.dont_write_bytecode = False
            if not survives(work, tests, 600):
                print(f"{name}: its tests fail as they are", file=sys.stderr)
                return 2
            # From here on the bytecode of all modules stays but that of the one that changes.
            sys.dont_write_bytecode = True
            for stale in target.parent.glob(f"__pycache__/{target.stem}.*"):
                stale.unlink()
            every, lines = list(mutants(ast.parse(source))), source.splitlines()
            found = [m for m in every if (name, lines[m[0] - 1].strip(), m[1]) not in EQUIVALENT]
            alike = len(every) - len(found)
            if options.sample and options.sample < len(found):
                chance = random.Random(options.seed)  # noqa: S311 (no secret is made with it)
                found = chance.sample(found, options.sample)
            here = 0
            for line, what, tree in sorted(found, key=lambda mutant: mutant[0]):
                target.write_text(ast.unparse(ast.fix_missing_locations(tree)))
                if survives(work, tests, 120):
                    print(f"{name}:{line}: nobody notices another {what}", flush=True)
                else:
                    here += 1
            target.write_text(source)
            print(
                f"{name}: {here} of {len(found)} mutants noticed"
                f" ({len(every)} can be made, {alike} of them equivalent)",
                flush=True,
            )
            tried, killed = tried + len(found), killed + here
    print(f"mutation score: {100 * killed / max(tried, 1):.0f} % ({killed} of {tried})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
