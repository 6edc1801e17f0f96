"""No regular expression of supa-lint can be made to hang: each is harmless by its form, or tried.

`supa_lint.backtracking` rules out most. For the others it makes the texts that might take long,
and `re` itself shows here that they don't.
"""

from __future__ import annotations

import ast
import json
import re
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from time import thread_time
from typing import Any, NamedTuple

import pytest

import supa_lint
from supa_lint import schema
from supa_lint.backtracking import Attack, TooLargeError, attacks
from supa_lint.conditions import holds
from supa_lint.config import ConfigError
from supa_lint.extend import extend

ROOT = Path(__file__).parents[1]
SOURCE = Path(supa_lint.__file__).parent
SCANNING = {"search", "findall", "finditer", "sub", "subn", "split"}
METHODS = {*SCANNING, "match", "fullmatch"}
LENGTH = 8_000
LONGEST = {
    "place.py": 255,  # the name of a file
    "read/code/rewriting.py": 200,
    "read/literals.py": 200,  # what stands before a literal
    "report/text.py": 4_100,  # a path, or a window of a line
    "sealing.py": 500,
    "versions.py": 1_000,
}
"""How long a text these expressions meet at most: the modules see to it."""
LIMIT = 0.05
"""Seconds for a text of that length: a harmless expression takes a hundredth of it."""

RECORDER = """
import ast, importlib, json, pkgutil, re, sys
from pathlib import Path

source, seen = sys.argv[1], {}

def recorded(name, real):
    def call(pattern, *rest, **named):
        frame = sys._getframe(1)
        path = frame.f_code.co_filename
        if path.startswith(source) and not isinstance(pattern, re.Pattern):
            compiled = compile_(pattern, *(rest if name == "compile" else []), **(
                {"flags": named["flags"]} if "flags" in named else {}))
            text = pattern if isinstance(pattern, str) else pattern.decode("latin-1")
            flags = compiled.flags & ~re.UNICODE
            place = Path(path).relative_to(source).as_posix()
            seen[place, frame.f_lineno, name, text, flags, isinstance(pattern, bytes)] = None
        return real(pattern, *rest, **named)
    return call

compile_ = re.compile
for name in ("compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"):
    setattr(re, name, recorded(name, getattr(re, name)))

import supa_lint
for module in pkgutil.walk_packages(supa_lint.__path__, "supa_lint."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)

from supa_lint.clients import Clients
from supa_lint.knowledge import load
from supa_lint.report import FORMATS, render
from support import run

files = json.load(sys.stdin)
for number, rule in enumerate(load().rules.values()):
    for kind in ("bad", "good"):
        for example in rule.data.get("examples", {}).get(kind, [])[:1]:
            files |= {f"{kind}{number}/{path}": str(text) for path, text in example["files"].items()}
report = run(files, tracked=True, pedantic=True)
Clients(load().clients.values()).configured_by("x")
for format in FORMATS:
    render(report, format)
json.dump(list(seen), sys.stdout)
"""
"""Imports every module and runs the examples of all rules, and tells which expressions were made."""

FILES = {
    "a.go": 'package main\nvar a = os.Getenv("DATABASE_URL")\n',
    "a.php": "<?php\n$url = <<<'EOT'\npostgres://db.x.supabase.co/x\nEOT;\n",
    "a.tf": "locals {\n  a = <<-EOT\n    DATABASE_URL=postgres://x.supabase.co\n  EOT\n}\n",
    "deploy.sh": "gcloud run deploy x --set-env-vars A=postgres://db.x.supabase.co/,B=2\n",
    "poetry.lock": '[[package]]\nname = "asyncpg"\nversion = "0.30.0"\n',
    ".env": "A=postgres://u:p@aws-0-xx-nowhere-9.pooler.supabase.com:6543/postgres\n"
    "B=postgres://postgres.tenant:p@db.example.org:6543/postgres\n",
    "pyproject.toml": '[project]\ndependencies = ["asyncpg>=0.30"]\n',
    "Pipfile": '[packages]\nasyncpg = "*"\n',
    "package.json": '{"dependencies": {"pg": "^8.0.0"}}',
}
"""Reaches the expressions that no example of a rule makes."""

ELSEWHERE = {
    "schema.py",  # the expressions of the schemas and of the user's own data files: see below
    "read/pieces.py",  # looks for one character
}
TOGETHER = {"clients.py"}
"""Where expressions are joined to one that is too large to judge: each of them is judged alone."""


MEANT = {
    "_JUST_EXPORT": {"match"},
    "_JUST_VARIABLE": {"match"},
    "_LIBPQ": {"match"},
    "_MAKE_EXPORT": {"match"},
    "_MAKE_VARIABLE": {"match"},
    "_NPGSQL": {"match"},
    "_any": {"fullmatch"},
    "_compiled": {"fullmatch"},
    "_configuration": {"fullmatch"},
    "_hosts": {"fullmatch"},
    "dotted": {"fullmatch"},
}
"""The methods of expressions that are made in a function or go by another name where they are used."""


class Expression(NamedTuple):
    place: str
    pattern: str | bytes
    flags: int
    methods: frozenset[str]

    @property
    def scans(self) -> bool:
        return bool(self.methods & SCANNING)


@cache
def _trees() -> dict[str, ast.Module]:
    return {
        path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text("utf-8"))
        for path in sorted(SOURCE.rglob("*.py"))
    }


@cache
def _calls() -> dict[tuple[str, int, str], ast.Call]:
    """Every call of a function of `re` in the source."""
    return {
        (place, node.lineno, node.func.attr): node
        for place, tree in _trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr in {"compile", *METHODS}
    }


@cache
def _methods(place: str, line: int, function: str) -> frozenset[str]:
    """The methods that an expression is used with: all, where that is not plain to see."""
    if function != "compile":
        return frozenset({function})
    for node in ast.walk(_trees()[place]):
        if isinstance(node, ast.FunctionDef) and node.lineno < line <= (node.end_lineno or 0):
            if node.name in MEANT:
                return frozenset(MEANT[node.name])
        elif (
            isinstance(node, ast.Assign | ast.AnnAssign)
            and node.value is _calls()[place, line, function]
        ):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if not isinstance(target, ast.Name):
                continue
            if target.id in MEANT:
                return frozenset(MEANT[target.id])
            trees = [_trees()[place]] if target.id.startswith("_") else list(_trees().values())
            asked = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Attribute)]
            named = [a for a in asked if isinstance(a.value, ast.Name) and a.value.id == target.id]
            uses = sum(
                isinstance(n, ast.Name) and n.id == target.id and isinstance(n.ctx, ast.Load)
                for tree in trees
                for n in ast.walk(tree)
            )
            if uses == len(named):
                return frozenset(a.attr for a in named) & METHODS
    return frozenset(METHODS)


@pytest.fixture(scope="module")
def made() -> list[tuple[str, int, str, str, int, bool]]:
    """What the package makes when it is imported and run."""
    done = subprocess.run(
        [sys.executable, "-c", RECORDER, str(SOURCE)],
        input=json.dumps(FILES),
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": f"{SOURCE.parent}:{ROOT / 'tests'}", "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    return [tuple(row) for row in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def expressions(made: list[tuple[str, int, str, str, int, bool]]) -> list[Expression]:
    found = [
        Expression(
            f"{place}:{line}",
            pattern.encode("latin-1") if is_bytes else pattern,
            flags,
            _methods(place, line, function),
        )
        for place, line, function, pattern, flags, is_bytes in made
    ]
    seen = {(place, line, function) for place, line, function, *_ in made}
    for (place, line, function), call in _calls().items():
        if (place, line, function) not in seen and isinstance(call.args[0], ast.Constant):
            flags = next((k.value for k in call.keywords if k.arg == "flags"), None)
            value = _flags(flags) if flags is not None else 0
            pattern = call.args[0].value
            assert isinstance(pattern, str | bytes)
            found.append(
                Expression(f"{place}:{line}", pattern, value, _methods(place, line, function))
            )
    return found


def _flags(node: ast.expr) -> int:
    value = eval(compile(ast.Expression(node), "flags", "eval"), {"re": re})  # noqa: S307 (our own source)
    return int(value)


def test_every_expression_is_looked_at(
    made: list[tuple[str, int, str, str, int, bool]],
) -> None:
    seen = {(place, line, function) for place, line, function, *_ in made}
    unseen = [
        f"{place}:{line}"
        for (place, line, function), call in _calls().items()
        if (place, line, function) not in seen
        and not isinstance(call.args[0], ast.Constant)
        and place not in ELSEWHERE
    ]
    assert unseen == [], "add a file to FILES that makes them"
    others = [
        f"{place}:{node.lineno}"
        for place, tree in _trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "re"
    ]
    assert others == [], "write re.compile(...), else it is not seen here"


def test_no_expression_can_hang(expressions: list[Expression]) -> None:
    assert len(expressions) > 300
    slow = [problem for one in expressions for problem in [_slow(one)] if problem]
    assert slow == []


@pytest.mark.parametrize(
    ("pattern", "scans", "degree"),
    [
        ("(a+)+b", False, None),
        ("(?:a|a)*b", False, None),
        ("(?:a?b?a?)*c", False, None),
        ("(?:-[^,]{0,40}){60}", False, None),
        ("(?i)(?:Ka|ka)*x", False, None),
        (r"(?:\w|__?)*$", False, None),
        ("a*a*b", False, 2),
        ("a*b?a*c?a*d", False, 3),
        (r"\s+$", True, 2),
        ("a++b", True, 2),
        ("x(?!.*y)", True, 2),
        (r"(a*)\1b", False, 2),
        ("a{0,1000}a*b", False, 2),
        (r"\s+$", False, 0),
        ("(?>a*)a*b", False, 0),
        ("(?:a*+b)*c", False, 0),
        (r'"(?:[^"\\]|\\.)*"', False, 0),
        (r"^\s+$", True, 0),
        ("a{0,40}a{0,40}b", True, 0),
    ],
)
def test_what_is_known_of_an_expression(pattern: str, scans: bool, degree: int | None) -> None:
    found = attacks(pattern, scans=scans)
    assert (found[0].degree if found else 0) == degree


def test_no_expression_of_a_schema_can_hang() -> None:
    """They meet what the user wrote, of whom nobody is afraid: exponential ones alone are bad."""
    texts = [path.read_text("utf-8") for path in (SOURCE / "schemas").glob("*.json")]
    found = {
        json.loads(one)
        for text in texts
        for one in re.findall(r'"pattern": *("(?:[^"\\]|\\.)*")', text)
    }
    assert len(found) > 5
    assert [one for one in found if any(attack.degree is None for attack in attacks(one))] == []


@pytest.mark.parametrize("pattern", ["(a+)+$", "a*a*a*b", "(?:x{1,50}y?){30}"])
def test_a_rule_of_the_user_cannot_hang(tmp_path: Path, pattern: str) -> None:
    rule = tmp_path / "lint/checks/own/own-rule.yaml"
    rule.parent.mkdir(parents=True)
    rule.write_text(
        "summary: x\nseverity: error\nconfidence: high\nat: setting\nmessage: x\nhelp: x\nwhy: x\n"
        f"when:\n  setting.name: {{matches: '{pattern}'}}\n"
    )
    with pytest.raises(
        ConfigError, match=r"own-rule.yaml:9:\d+: .*could be made to hang, by a text"
    ):
        extend({"checks": {}, "clients": {}, "platforms": {}, "names": {}}, [tmp_path / "lint"])
    assert holds({"setting.name": {"matches": "a"}}, lambda _: "a" * 501) is None


@pytest.mark.parametrize("pattern", [r"\s*export", "a.*b.*c"])
def test_what_is_searched_in_whole_files_takes_linear_time(pattern: str) -> None:
    assert schema._file_regex(pattern) is not None
    assert schema._file_regex(r"export\s+const\s+x") is None


def _slow(one: Expression) -> str | None:
    """What makes the expression slow, if something does."""
    try:
        found = attacks(one.pattern, one.flags, scans=one.scans)
    except TooLargeError:
        return None if one.place.partition(":")[0] in TOGETHER else f"{one.place} is too large"
    ways = {attack.again: attack for attack in reversed(found)}
    for attack in list(ways.values())[-6:]:
        text = _proof(one, attack)
        if text is not None:
            return f"{one.place}: {one.pattern!r} is slow on {text}"
    return None


def _proof(one: Expression, attack: Attack) -> str | None:
    compiled: re.Pattern[Any] = re.compile(one.pattern, one.flags)
    methods = one.methods if len(one.methods) < len(METHODS) else {"search", "fullmatch"}
    for after in ("", "!", "\n", '"='):
        for method in sorted(methods):
            longest = LONGEST.get(one.place.partition(":")[0], LENGTH)
            for length in (25, 100, longest):  # one that doubles shows itself early
                text: Any = attack.text(length, after)
                if isinstance(one.pattern, bytes):
                    text = text.encode("latin-1", "replace")
                if all(_time(compiled, method, text) > LIMIT for _ in range(3)):
                    shown = f"{attack.before!r} + {attack.again!r} * n + {after!r}"
                    return f"{shown} ({method}, {len(text)} characters)"
    return None


def _time(compiled: re.Pattern[Any], method: str, text: Any) -> float:
    signal.setitimer(signal.ITIMER_REAL, 20)  # `re` looks for signals now and then
    started = thread_time()
    if method == "finditer":
        for _ in compiled.finditer(text):
            pass
    elif method in ("sub", "subn"):
        compiled.sub(lambda match: match[0], text)
    else:
        getattr(compiled, method)(text)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return thread_time() - started
