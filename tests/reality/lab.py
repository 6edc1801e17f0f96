"""One experiment: the project is written, linted, then run as its users run it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from reality import install
from reality.scenario import Experiment
from reality.servers import Servers
from supa_lint.cli import main

_SECONDS = 40


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    works: bool
    said: str
    """The error in one line, as a person would quote it; empty when it works."""
    output: str
    """Everything the failed client printed."""


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
    elif pins:
        lines = "".join(f"{name}=={version}\n" for name, version in pins.items())
        (folder / "requirements.txt").write_text(lines)
    (folder / "supabase-ca.crt").write_bytes(ca)


def installed(drivers: str) -> dict[str, str]:
    """What a set of drivers pins: name to version."""
    if drivers == "server":  # what comes with PostgreSQL itself
        return {}
    if drivers == "node":
        return dict(json.loads((install.REQUIREMENTS / "package.json").read_text())["dependencies"])
    text = (install.REQUIREMENTS / f"{drivers}.txt").read_text()
    return dict(re.findall(r"(?m)^([\w.-]+)==([^\s;]+)", text))


def lint(folder: Path) -> dict[str, str]:
    """What supa-lint says of the project, as its users call it: rule to severity."""
    report = folder.with_suffix(".json")
    main(["check", str(folder), "--format", "json", "--output", str(report)])
    findings = json.loads(report.read_text())["findings"]
    return {finding["rule"]: finding["severity"] for finding in findings}


def perform(experiment: Experiment, folder: Path, servers: Servers) -> Outcome:
    """Run the project: several clients at once, against servers in a known state."""
    if experiment.drivers == "node":
        (folder / "node_modules").symlink_to(install.node_modules())
    environment = _environment(experiment, folder, servers)
    if experiment.prepare:
        install.run(*experiment.prepare.split(), env=environment, cwd=folder)
    command = _command(experiment)
    servers.make_fresh(experiment.place)
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
    """The error in what a Python or Node.js program printed: one line, without its stack."""
    lines = output.splitlines()
    python = [
        line
        for before, line in pairwise(lines)
        if before.startswith("  ") and re.match(r"[A-Za-z_][\w.]*(:|$)", line)
    ]
    causes = re.findall(r"(?m)^\s*\[cause\]: (.+)", output)
    node = re.findall(r"(?m)^\s*(?:Uncaught )?((?:\w+ \[)?\w*[Ee]rror\b.*)", output)
    said = next(iter([*python[-1:], *causes[-1:], *node, *lines]), "")
    return re.sub(r"/\S*/(?=\.postgresql|supabase-ca|node_modules)", "<home>/", said)[:300]


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
    path = [str(folder / "node_modules/.bin"), str(servers.programs.postgres), os.environ["PATH"]]
    env = {"PATH": os.pathsep.join(path), "HOME": str(home), "LANG": "C.UTF-8"}
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    env["LD_PRELOAD"] = str(servers.programs.nss_wrapper)
    env["NSS_WRAPPER_HOSTS"] = str(servers.hosts)
    for line in experiment.files.get(".env", "").splitlines():
        name, _, value = line.partition("=")
        env[name] = value
    return env
