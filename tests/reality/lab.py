"""One experiment: the project is written, linted, then run as its users run it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from threading import Lock

from reality import install
from reality.scenario import Experiment
from reality.servers import Servers
from supa_lint.cli import main

_SECONDS = 120  # nothing takes ten, but a machine may have something else to do
SERVER_TOOLS = ("server", "newer")
"""Not drivers, but `psql` and `pg_dump`: those of the server, and of the next Debian."""


_LINT = Lock()
_TEXT = re.DOTALL | re.MULTILINE


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    works: bool
    said: str
    """The error in one line, as a person would quote it; empty when it works."""
    output: str
    """Everything the failed client printed."""
    finds: tuple[str, ...] = ()
    """What supa-lint had said of the same files, in order."""
    objects: bool = False
    """Whether one of its findings is an error."""


def write(experiment: Experiment, folder: Path, ca: bytes = b"") -> None:
    """Put the project on disk, with its requirements and the certificate as a user has them."""
    folder.mkdir(parents=True)
    for name, text in experiment.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    versions = installed(experiment.drivers)
    pins = {name: versions[name] for name in experiment.packages}
    if experiment.drivers == "node":
        pairs = ", ".join(f'"{name}": "{version}"' for name, version in pins.items())
        (folder / "package.json").write_text(f'{{"type": "module", "dependencies": {{{pairs}}}}}\n')
    elif pins and "requirements.txt" not in experiment.files:
        lines = "".join(f"{name}=={version}\n" for name, version in pins.items())
        (folder / "requirements.txt").write_text(lines)
    (folder / "supabase-ca.crt").write_bytes(ca)


def installed(drivers: str) -> dict[str, str]:
    """What a set of drivers pins: name to version."""
    if drivers in SERVER_TOOLS:
        return {}
    if drivers == "node":
        return dict(json.loads((install.REQUIREMENTS / "package.json").read_text())["dependencies"])
    text = (install.REQUIREMENTS / f"{drivers}.txt").read_text()
    return dict(re.findall(r"(?m)^([\w.-]+)==([^\s;]+)", text))


def lint(folder: Path) -> dict[str, str]:
    """What supa-lint says of the project, as its users call it: rule to severity."""
    report = folder.with_suffix(".json")
    with _LINT:  # it is meant to run once in a process
        main(["check", str(folder), "--format", "json", "--output", str(report)])
    findings = json.loads(report.read_text())["findings"]
    return {finding["rule"]: finding["severity"] for finding in findings}


def carry_out(experiment: Experiment, folder: Path, servers: Servers) -> Outcome:
    """The whole experiment in a new folder. Raises NotInstalledError."""
    write(experiment, folder, servers.ca.read_bytes())
    found = lint(folder)
    outcome = perform(experiment, folder, servers)
    return replace(outcome, finds=tuple(sorted(found)), objects="error" in found.values())


def perform(experiment: Experiment, folder: Path, servers: Servers) -> Outcome:
    """Run the project: several clients at once, against servers in a known state."""
    if experiment.drivers == "node":
        (folder / "node_modules").symlink_to(install.node_modules())
    environment = _environment(experiment, folder, servers)
    if experiment.prepare:
        servers.make_fresh(experiment.place, experiment.pool)
        install.run(*experiment.prepare.split(), env=environment, cwd=folder)
    command = _command(experiment)
    servers.make_fresh(experiment.place, experiment.pool)
    clients = [
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(experiment.clients)
    ]
    failed = [output for client in clients if (output := _failure(client)) is not None]
    if not failed:
        return Outcome(True, "", "")
    return Outcome(False, quote(failed[0]), failed[0])


def quote(output: str) -> str:
    """The error in what a Python, Node.js or PostgreSQL program printed: one line, no stack."""
    said = _of_python(output) or _of_node(output) or _of_postgres(output) or output
    line = said.strip().partition("\n")[0]
    line = re.sub(r"/\S*/(?=\.postgresql|supabase-ca|node_modules)", "<home>/", line)
    return re.sub(r"\b127\.0\.\d+\.", "127.0.0.", line)[:300]  # whichever bench it was


def _of_python(output: str) -> str:
    """The last line that begins with an exception, after its traceback."""
    lines = [
        line
        for before, line in pairwise(output.splitlines())
        if before.startswith("  ") and re.match(r"[A-Za-z_][\w.]*(:|$)", line)
    ]
    return lines[-1] if "Traceback (most recent call last):" in output else ""


def _of_node(output: str) -> str:
    """What stands below the arrow that points at the line of code, or the cause given with it.

    On a very long line of code the arrow is cut off, and only the space before it is printed.
    """
    below = re.search(
        r"^ +\^*\n\n(.+?)(?=\n    at |\n}|\n  [\w\[\]]+: |\n\nNode|\Z)", output, _TEXT
    )
    if below is None:
        return ""
    cause = re.search(r"^ +\[?cause\]?: (\w*[Ee]rror: .+?)$", output[below.end() :], _TEXT)
    if cause is not None:
        return cause[1]
    first, *others = [line.strip() for line in below[1].splitlines() if line.strip()]
    # Prisma writes the name, then the code around the call, then what happened.
    return f"{first} {others[-1]}" if first.endswith(":") and others else first


def _of_postgres(output: str) -> str:
    lines = output.splitlines()
    return next((line for line in lines if re.search(r"(^|: )(ERROR|FATAL|error):", line)), "")


def _failure(client: subprocess.Popen[str]) -> str | None:
    """What a client printed if it failed."""
    try:
        output, _ = client.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        client.kill()
        return f"no end after {_SECONDS} seconds\n{client.communicate()[0]}"
    return output or "no output" if client.returncode else None


def _command(experiment: Experiment) -> list[str]:
    program, *arguments = experiment.command
    if program == "python":
        program = str(install.python(experiment.drivers))
    return [program, *arguments]


def _environment(experiment: Experiment, folder: Path, servers: Servers) -> dict[str, str]:
    """A plain machine with the project's own variables, where Supabase's hosts are our servers."""
    home = servers.folder / "home"
    home.mkdir(exist_ok=True)
    path = [str(servers.programs.postgres), os.environ["PATH"]]
    if experiment.drivers == "newer":
        path.insert(0, str(install.newer_tools()))
    elif experiment.drivers == "node":
        path = [str(folder / "node_modules/.bin"), str(install.node()), *path]
    env = {"PATH": os.pathsep.join(path), "HOME": str(home), "LANG": "C.UTF-8"}
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    env["LD_PRELOAD"] = str(servers.programs.nss_wrapper)
    env["NSS_WRAPPER_HOSTS"] = str(servers.hosts)
    for line in experiment.files.get(".env", "").splitlines():
        name, _, value = line.partition("=")
        env[name] = value
    return env
