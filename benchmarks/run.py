"""Times supa-lint beside other commands: `python benchmarks/run.py [CASE ...] [--runs N]`.

Runs are paired: in each round both commands run, in turns first, so that what else the machine does
falls on both. Told are the medians of wall time and of processor time (with all child processes),
their ratios, and the most memory any process of a command took. The numbers in `docs/speed.md` were
made with it.

Everything happens in a folder of its own (`--work`, kept between runs when given): a wheel of this
checkout and the tools to compare with are installed into virtual environments there. A tool that
cannot be had is said to be missing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tree

HERE = Path(__file__).parent
TOOLS = ("yamllint", "detect-secrets", "zizmor", "semgrep", "checkov")
"""Programs that pip has; each gets an environment of its own (their dependencies do not agree)."""

SEMGREP_RULE = """
rules:
  - id: dsn
    pattern-regex: postgres(ql)?://[^@\\s]+@[^/\\s]*supabase
    message: a DSN
    languages: [generic]
    severity: WARNING
"""
REF = "qzxwvutsrponmlkjihgf"
CLEAN = (
    f"DATABASE_URL=postgresql://postgres.{REF}:${{PASSWORD}}@aws-0-eu-west-1.pooler.supabase.com"
    ":5432/postgres?sslmode=require\n"
)


@dataclass(frozen=True)
class Command:
    name: str
    words: Sequence[str | Path]
    folder: Path


@dataclass(frozen=True)
class Usage:
    """What one run took: seconds, seconds of processor time, megabytes."""

    wall: float
    cpu: float
    memory: float


def measure(command: Command, limit: float = 900) -> Usage | None:
    """One run, its output thrown away; None when it takes longer than `limit` seconds."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command.words],
        cwd=command.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while True:
        pid, _, used = os.wait4(process.pid, os.WNOHANG if limit > 0 else 0)
        wall = time.perf_counter() - started
        if pid:
            process.returncode = 0
            return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
        if wall > limit:
            process.kill()
            process.wait()
            return None
        time.sleep(0.0005 if wall < 1 else 0.01)


def compare(commands: Sequence[Command], runs: int) -> list[Usage | None]:
    """The medians of each command over that many rounds, after one round that does not count."""
    found: list[list[Usage]] = [[] for _ in commands]
    slow: set[int] = set()
    for number in range(runs + 1):
        order = range(len(commands)) if number % 2 else reversed(range(len(commands)))
        for index in order:
            usage = None if index in slow else measure(commands[index])
            if usage is None:
                slow.add(index)
            elif number or runs == 0:
                found[index].append(usage)
    return [_median(row) if row else None for row in found]


def _median(row: Sequence[Usage]) -> Usage:
    return Usage(
        statistics.median(usage.wall for usage in row),
        statistics.median(usage.cpu for usage in row),
        max(usage.memory for usage in row),
    )


def show(case: str, commands: Sequence[Command], runs: int) -> None:
    """A table: the first command is supa-lint, the ratios are its time to that of the others."""
    rows = compare(commands, runs)
    ours = rows[0]
    print(f"\n{case} ({runs} rounds)\n")
    print("| command | wall s | ratio | processor s | ratio | memory MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for command, row in zip(commands, rows, strict=True):
        if row is None or ours is None:
            print(f"| {command.name} | over the limit | | | | |")
            continue
        print(
            f"| {command.name} | {row.wall:.3f} | {ours.wall / row.wall:.2f} | {row.cpu:.3f} "
            f"| {ours.cpu / row.cpu:.2f} | {row.memory:.0f} |"
        )
    sys.stdout.flush()


class Bench:
    """The folder that everything happens in."""

    def __init__(self, work: Path, runs: int) -> None:
        self.work = work
        self.runs = runs
        self.supa_lint = self._install("supa-lint", str(HERE.parent), fresh=True)
        self.python = self.supa_lint.with_name("python")

    def start(self) -> None:
        """The version, against a Python that does nothing."""
        ours = Command("supa-lint --version", [self.supa_lint, "--version"], self.work)
        show("Start", [ours, self._bare()], self.runs * 4)

    def env(self) -> None:
        """One clean file, as a hook sees it."""
        folder = self._repository("one-env", {".env": CLEAN})
        ours = Command("supa-lint check .env", [self.supa_lint, "check", ".env"], folder)
        show("One clean .env", [ours, self._bare()], self.runs * 2)

    def findings(self) -> None:
        """A small project that has findings, against yamllint on one of its files."""
        folder = self._repository("fifty", dict(_fifty()))
        ours = Command("supa-lint check (50 files)", [self.supa_lint, "check"], folder)
        others = [
            Command("yamllint (one file)", [tool, "service-0/compose.yml"], folder)
            for tool in self._tools("yamllint")
        ]
        show("A repository of 50 files with findings", [ours, *others], self.runs * 2)

    def tree(self) -> None:
        """A large repository, against `git grep`."""
        for databases in (False, True):
            folder = self._tree(20_000, databases=databases)
            ours = Command("supa-lint check", [self.supa_lint, "check"], folder)
            grep = Command("git grep -lF supabase", ["git", "grep", "-lF", "supabase"], folder)
            what = "some packages use a database" if databases else "no database is named"
            show(f"20,000 files, {what}", [ours, grep], self.runs)

    def growth(self) -> None:
        """How time and memory grow with the number of files."""
        for files in (2_000, 20_000, 200_000):
            folder = self._tree(files)
            ours = Command("supa-lint check", [self.supa_lint, "check"], folder)
            grep = Command("git grep -lF supabase", ["git", "grep", "-lF", "supabase"], folder)
            show(f"{files:,} files", [ours, grep], max(1, self.runs // 2))

    def tools(self) -> None:
        """Other tools on one tree of 2,000 files. They do other things: it is what a user waits."""
        folder = self._tree(2_000)
        rule = self.work / "rule.yml"
        rule.write_text(SEMGREP_RULE)
        ways: dict[str, Callable[[Path], list[str | Path]]] = {
            "yamllint": lambda tool: [tool, "-s", "."],
            "detect-secrets": lambda tool: [tool, "scan"],
            "zizmor": lambda tool: [tool, "--offline", "."],
            "semgrep": lambda tool: [tool, "scan", "--metrics=off", "--disable-version-check",
                                     "--config", rule, "."],
            "checkov": lambda tool: [tool, "-d", ".", "--framework", "secrets", "--quiet",
                                     "--skip-download"],
        }  # fmt: skip
        commands = [Command("supa-lint check", [self.supa_lint, "check"], folder)]
        for name, words in ways.items():
            commands += [Command(name, words(tool), folder) for tool in self._tools(name)]
        for name, found in {
            "ripgrep": shutil.which("rg"),
            "gitleaks": shutil.which("gitleaks"),
        }.items():
            if found is None:
                print(f"{name} is not installed here", file=sys.stderr)
                continue
            options = ["-lF", "supabase"] if name == "ripgrep" else ["dir", "."]
            commands.append(Command(name, [found, *options], folder))
        show("Other tools, 2,000 files", commands, max(1, self.runs // 3))

    def _bare(self) -> Command:
        return Command("python -c pass", [self.python, "-c", "pass"], self.work)

    def _tools(self, name: str) -> Iterator[Path]:
        try:
            yield self._install(name, name)
        except subprocess.CalledProcessError:
            print(f"{name} could not be had", file=sys.stderr)

    def _install(self, name: str, what: str, *, fresh: bool = False) -> Path:
        """The program `name`, in an environment of its own."""
        home = self.work / "tools" / name
        if fresh or not (home / "bin" / name).exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
            pip: list[str | Path] = [home / "bin/python", "-m", "pip", "install", "-q", what]
            subprocess.run(pip, check=True)
            subprocess.run([home / "bin/python", "-m", "compileall", "-q", home], check=False)
        return home / "bin" / name

    def _repository(self, name: str, files: dict[str, str]) -> Path:
        root = self.work / name
        shutil.rmtree(root, ignore_errors=True)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        subprocess.run(["git", "init", "-q", root], check=True)
        subprocess.run(["git", "-C", root, "add", "-A", "-f"], check=True)
        return root

    def _tree(self, files: int, *, databases: bool = True) -> Path:
        root = self.work / f"tree-{files}{'' if databases else '-none'}"
        if not root.exists():
            print(f"writing {files:,} files", file=sys.stderr)
            tree.write(root, files, databases=databases)
        return root


def _fifty() -> Iterator[tuple[str, str]]:
    """Ten services, each with an env file, a compose file, code, requirements and a page."""
    direct = f"postgresql://postgres:${{PASSWORD}}@db.{REF}.supabase.co:5432/postgres"
    transaction = "postgresql://postgres:${PASSWORD}@aws-0-eu-west-1.pooler.supabase.com:6543/x"
    for number in range(10):
        top = f"service-{number}"
        yield f"{top}/.env", f"DATABASE_URL={direct if number % 2 else transaction}\n"
        yield f"{top}/requirements.txt", "asyncpg==0.30.0\nfastapi==0.115.0\n"
        yield f"{top}/README.md", f"# Service {number}\n\nSet DATABASE_URL to {direct}.\n"
        yield (
            f"{top}/compose.yml",
            "services:\n  api:\n    build: .\n    environment:\n"
            f"      DATABASE_URL: {direct}\n    ports: ['80:80']\n" * 1,
        )
        yield (
            f"{top}/db.py",
            "import os\n\nimport asyncpg\n\n\nasync def pool():\n"
            "    return await asyncpg.create_pool(os.environ['DATABASE_URL'])\n",
        )


CASES: dict[str, Callable[[Bench], None]] = {
    "start": Bench.start,
    "env": Bench.env,
    "findings": Bench.findings,
    "tree": Bench.tree,
    "growth": Bench.growth,
    "tools": Bench.tools,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; all")
    parser.add_argument("--runs", type=int, default=7, help="rounds of the longer cases (7)")
    parser.add_argument("--work", type=Path, help="keep trees and tools here for the next time")
    options = parser.parse_args()
    wrong = set(options.cases) - set(CASES)
    if wrong:
        parser.error(f"no such case: {', '.join(sorted(wrong))}")
    with tempfile.TemporaryDirectory() as folder:
        work = (options.work or Path(folder)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        bench = Bench(work, options.runs)
        for name in options.cases or CASES:
            CASES[name](bench)


if __name__ == "__main__":
    main()
