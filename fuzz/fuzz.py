"""Throws mutated inputs at supa-lint: `python fuzz/fuzz.py [TARGET ...] [--seconds N] [--seed N]`.

The corpus is the examples of `rules/`, which have every format, cut, doubled, joined and spoilt. An
input is bad when something raises, when supa-lint says that it failed itself, when a secret shows
in any output, or when it takes more than `--slow` seconds of processor time. Bad inputs are written
to the folder `--keep`; a file of it given as `--again` is tried once more.

`growth` asks another question: it feeds each reader texts of one repeated piece in growing sizes,
and tells those whose time grows faster than they do.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src")]

from supa_lint import dsn  # noqa: E402
from supa_lint.clients import Clients  # noqa: E402
from supa_lint.config import Config, ConfigError, validate  # noqa: E402
from supa_lint.config import load as load_config  # noqa: E402
from supa_lint.connection_map import FORMATS as MAP_FORMATS  # noqa: E402
from supa_lint.connection_map import connection_map  # noqa: E402
from supa_lint.diagnose import diagnose  # noqa: E402
from supa_lint.discover import Tree, virtual_file  # noqa: E402
from supa_lint.dsn.endpoint import Endpoints  # noqa: E402
from supa_lint.inspect_dsn import inspect, render_json, render_text  # noqa: E402
from supa_lint.knowledge import load  # noqa: E402
from supa_lint.lint import Options, lint  # noqa: E402
from supa_lint.model import Failure, Span  # noqa: E402
from supa_lint.raw import Raw, Segment  # noqa: E402
from supa_lint.read import Context, read  # noqa: E402
from supa_lint.report import FORMATS, render  # noqa: E402
from supa_lint.report.text import clean_lines  # noqa: E402
from supa_lint.suppress import suppressions  # noqa: E402
from supa_lint.usage import UsageError  # noqa: E402
from supa_lint.workspace import Workspace  # noqa: E402

KNOWLEDGE = load()
ENDPOINTS = Endpoints(KNOWLEDGE.endpoints)
CONTEXT = Context(KNOWLEDGE, Clients(KNOWLEDGE.clients.values()))
SECRET = "kX7vQ2mZp9wL"  # noqa: S105 (invented)
DSN = f"postgresql://postgres:{SECRET}@aws-0-eu-west-1.pooler.supabase.com:6543/postgres"
_USER = re.compile(rb"(//[^:@/\s]*)" + SECRET.encode())
PIECES = (
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\r",
    b"\n",
    b"\t",
    b"\x1b[2J",
    b"{",
    b"}",
    b"[",
    b"]",
    b"(",
    b")",
    b"<<",
    b"<%",
    b"${",
    b"{{",
    b"`",
    b"'",
    b'"',
    b"'''",
    b'"""',
    b"\\",
    b"#",
    b"//",
    b"/*",
    b"--",
    b"<!--",
    b": ",
    b"- ",
    b"&a ",
    b"*a",
    b"!!x ",
    b"%",
    b"@",
    b"=",
    b"supa-lint: ignore[",
    b"::error::",
    b"##[x]",
    b"postgres://",
    b"u:",
    b":6543/",
    b"?sslmode=",
    b"process.env.",
    b"os.environ[",
    b"f'",
    b"$(",
    b"EOF",
    b"db.x.supabase.co",
    DSN.encode(),
    "é🐘".encode(),
    b"password=",
    b"jdbc:",
    b"Host=",
    b"\\u0070",
    b"&amp;",
)
PATHS = (
    ".env", "a.py", "a.ts", "a.tsx", "compose.yml", "a.yaml", "a.json", "a.toml", "a.tf", "a.ini",
    "a.cfg", "a.properties", "Dockerfile", "a.sh", "a.ps1", "a.bat", "schema.prisma", "README.md",
    "requirements.txt", "package.json", "pyproject.toml", "package-lock.json", "poetry.lock",
    "Pipfile", "setup.cfg", "environment.yml", "pnpm-lock.yaml", "yarn.lock", ".pg_service.conf",
    ".pgpass", "main.go", "Procfile", ".github/workflows/a.yml", "vercel.json", "a.txt",
    "supabase/config.toml", "deno.json", "next.config.js", "Makefile", "justfile", "Taskfile.yml",
    "a.vue", "a.svelte", "a.astro", "config/database.php", "Web.config", "appsettings.json",
    "knexfile.js", "ecosystem.config.js", "pgbouncer.ini", ".ebextensions/a.config", "a.tfvars",
    "config/runtime.exs", "mix.exs", "mix.lock", "main.bicep",
)  # fmt: skip
UNITS = (
    *PIECES,
    b"a",
    b" ",
    b"a ",
    b"a=1\n",
    b"a: ",
    b"- a\n",
    b"[a,",
    b"{a:",
    b"a.b",
    b"a\\\n",
    b"-",
    b"postgres://u:p@h/",
    b"a@",
    b"://a:",
    b"a://",
    b"if a:\n ",
    b"${a:-",
    b"$a",
    b"x=x+x\n",
    b"'a' ",
    b"a(",
    b"a => ",
    b"a ? b : ",
    b"<<a\n",
    b"f'{",
    b'"\\u0070',
    b"Host=a;",
    b"host=a ",
    b"key='",
    b"::a ",
    b"a = f(a)\n",
    b"from a import *\n",
    b"a ||",
    b"\\x61",
    b"#\n",
    b"# supa-lint: ignore[a]\n",
    b"a&&",
    b"import Config\nconfig :a, A.Repo, url: ",
    b"if a do\n",
    b"@a a\n",
    b"a |> ",
    b"[a: ",
)


def corpus() -> list[tuple[str, bytes]]:
    """Every file of every example of a rule."""
    found = []
    for rule in KNOWLEDGE.rules.values():
        for examples in rule.data.get("examples", {}).values():
            for example in examples:
                found += [(path, str(text).encode()) for path, text in example["files"].items()]
    return found


def mutate(seeds: Sequence[tuple[str, bytes]], chance: random.Random) -> tuple[str, bytes]:
    path, data = chance.choice(seeds)
    if chance.random() < 0.15:
        path = chance.choice(PATHS)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + int(chance.expovariate(1 / 20)))
        way = chance.randrange(7)
        if way == 0:
            data = data[:at] + data[end:]
        elif way == 1:
            data = data[:at] + chance.choice(PIECES) * chance.choice((1, 1, 2, 50)) + data[at:]
        elif way == 2:
            data = data[:at] + data[at:end] * chance.choice((2, 3, 100)) + data[end:]
        elif way == 3:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        elif way == 4:
            other = chance.choice(seeds)[1]
            data = data[:at] + other[chance.randrange(len(other) + 1) :] + data[end:]
        elif way == 5:
            data = data[:at] + DSN.encode() + data[end:]
        else:
            data = data.replace(b"Tr0ub4dour-xk", SECRET.encode())
    # A mutation may have put it in the place of a user, which is none.
    return path, _USER.sub(rb"\1someone", data)[:60_000]


class BadError(Exception):
    """What is wrong with an input."""


def _same(text: str, what: str) -> None:
    if SECRET in text:
        raise BadError(f"the secret shows in {what}")
    if "\x1b" in text or "\n::set-output" in text:
        raise BadError(f"a command of the input shows in {what}")


def of_readers(path: str, data: bytes) -> None:
    facts = read(virtual_file(path, data), CONTEXT)
    if isinstance(facts, Failure):
        raise BadError(f"the reader failed: {facts.error}")
    _same(repr(facts), "the facts")


def of_projects(path: str, data: bytes) -> None:
    """A file beside ordinary ones through all stages and into all formats."""
    others = {".env": f"DATABASE_URL={DSN}\n".encode(), "vercel.json": b"{}"} | {path: data}
    files = tuple(replace(virtual_file(p, d), tracked=True) for p, d in sorted(others.items()))
    project = Tree(tuple(sorted(others)), frozenset(others), files)
    report = lint(project, Config(), KNOWLEDGE, Options(pedantic=True))
    if report.failed:
        raise BadError("; ".join(f.message for f in report.findings if f.rule == "internal-error"))
    for name in FORMATS:
        _same(render(report, name), name)
    workspace = Workspace(Config(), KNOWLEDGE, project)
    for name, show in MAP_FORMATS.items():
        _same(show(connection_map(workspace)), f"map {name}")


def of_strings(path: str, data: bytes) -> None:
    """What is pasted: a connection string, an error text."""
    text = data.decode("utf-8", "replace")[:4000]
    try:
        found = inspect(text, KNOWLEDGE)
        _same(render_text(found) + render_json(found), "inspect")
    except UsageError as error:
        _same(str(error), "an error")
    _same(diagnose(text, Workspace(Config(), KNOWLEDGE, Tree((), None, ())))[1], "diagnose")


def of_dsns(path: str, data: bytes) -> None:
    """The parser of DSNs and the table of endpoints: each line, and what is found in all of it."""
    text = data.decode("ascii", "ignore")
    lines = [(0, len(text)), *((m.start(), m.end()) for m in re.finditer(r".+", text))]
    for start, end in [*lines[:50], *list(dsn.find(text))[:50]]:
        span = Span(path, start, end)
        raw = Raw(text[start:end], span, segments=(Segment(0, end - start, start),))
        parsed = dsn.parse(raw)
        if parsed is not None:
            _same(repr(replace(parsed, user=None, database=None)), "a DSN")  # it may be put there
            ENDPOINTS.classify(parsed)
            if not start <= parsed.span.start <= parsed.span.end <= end:
                raise BadError("a DSN stands outside its text")


def of_configurations(path: str, data: bytes) -> None:
    """As settings, and as a rule of the user."""
    with TemporaryDirectory() as folder:
        for name in ("supa-lint.toml", "pyproject.toml"):
            (Path(folder) / name).write_bytes(data)
            try:
                validate(load_config(Path(folder)), rules=KNOWLEDGE.rules, platforms=())
            except ConfigError as error:
                _same(clean_lines(str(error)), "an error")
            (Path(folder) / name).unlink()
        for kind in ("checks/own", "clients", "platforms"):
            rule = Path(folder) / "rules" / kind / "own.yaml"
            rule.parent.mkdir(parents=True)
            rule.write_bytes(data)
            try:
                load([Path(folder) / "rules"])
            except ConfigError as error:
                _same(clean_lines(str(error)), "an error")
            rule.unlink()


def settings() -> list[tuple[str, bytes]]:
    """What configuration looks like: rules, clients and platforms, and settings."""
    found = [(path.name, path.read_bytes()) for path in (ROOT / "rules").glob("*/**/*.yaml")]
    found += [("pyproject.toml", (ROOT / "pyproject.toml").read_bytes())]
    page = (ROOT / "docs/configuration.md").read_text()
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    blocks += ["tool = 3 # supa-lint\n", "[tool]\nsupa-lint = 3\n"]
    return found + [("supa-lint.toml", block.encode()) for block in blocks] * 40


def of_suppressions(path: str, data: bytes) -> None:
    suppressions(virtual_file(path, data))


TARGETS: dict[str, Callable[[str, bytes], None]] = {
    "readers": of_readers,
    "projects": of_projects,
    "strings": of_strings,
    "dsns": of_dsns,
    "suppressions": of_suppressions,
    "configurations": of_configurations,
}


def attempt(target: str, path: str, data: bytes, slow: float) -> str | None:
    """What is wrong with an input, if something is."""
    started = time.process_time()
    try:
        TARGETS[target](path, data)
    except BadError as error:
        return str(error)
    except Exception as error:
        where = error.__traceback__
        while where and where.tb_next:
            where = where.tb_next
        place = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where else "?"
        return f"{type(error).__name__} at {place}"
    took = time.process_time() - started
    return f"took {took:.1f} s for {len(data)} bytes" if took > slow else None


def fuzz(target: str, options: argparse.Namespace) -> int:
    chance = random.Random(options.seed)  # noqa: S311 (no secret is made with it)
    seeds = settings() if target == "configurations" else corpus()
    found, tried = set[str](), 0
    until = time.monotonic() + options.seconds
    while time.monotonic() < until:
        path, data = mutate(seeds, chance)
        tried += 1
        problem = attempt(target, path, data, options.slow)
        if problem is not None and problem not in found:
            found.add(problem)
            options.keep.mkdir(parents=True, exist_ok=True)
            name = f"{target}-{len(found)}-{path.replace('/', '+')}"
            (options.keep / name).write_bytes(data)
            print(f"{target}: {path}: {problem} ({options.keep / name})", flush=True)
    print(f"{target}: {tried} inputs in {options.seconds:.0f} s, {len(found)} problems", flush=True)
    return len(found)


def growth(sizes: Sequence[int] = (4_000, 16_000, 64_000)) -> int:
    """Tell the readers and pieces for which 16 times the text takes 50 times as long."""
    bad = 0
    for path in PATHS:
        for unit in UNITS:
            times = []
            for size in sizes:
                data = b"supabase 54322 " + unit * (size // len(unit))
                started = time.process_time()
                problem = attempt("readers", path, data, 1e9)
                times.append(time.process_time() - started)
                if problem:
                    print(f"{path}: {unit!r} x {size}: {problem}", flush=True)
                    bad += 1
            if times[-1] > 0.5 and times[-1] / max(times[0], 0.002) > 50:
                print(f"{path}: {unit!r}: {' '.join(f'{t:.3f}' for t in times)}", flush=True)
                bad += 1
    print(f"growth: {len(PATHS) * len(UNITS)} texts, {bad} problems")
    return bad


def _again(path: Path) -> Iterator[str]:
    target, _, name = path.name.split("-", 2)
    problem = attempt(target, name.replace("+", "/"), path.read_bytes(), 1.0)
    yield f"{path.name}: {problem or 'is well'}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)}, growth"
    )
    parser.add_argument("--seconds", type=float, default=60, help="for each target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--slow", type=float, default=3.0, help="seconds of processor time")
    parser.add_argument("--keep", type=Path, default=ROOT / ".fuzz")
    parser.add_argument("--again", type=Path, nargs="*", help="try these kept inputs once more")
    options = parser.parse_args()
    if options.again:
        print(*(line for path in options.again for line in _again(path)), sep="\n")
        return 0
    bad = 0
    for target in options.targets or TARGETS:
        bad += growth() if target == "growth" else fuzz(target, options)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
