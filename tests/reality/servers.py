"""A small Supabase of our own, on 127.0.*.* only: PostgreSQL, and PgBouncer in front of it.

| place | host in the DSN | address | server |
|---|---|---|---|
| direct | db.REF.supabase.co:5432 | 127.0.N.2 | PostgreSQL |
| dedicated | db.REF.supabase.co:6543 | 127.0.N.2 | PgBouncer, prepared statements on |
| session | aws-0-eu-west-1.pooler.supabase.com:5432 | 127.0.N.3 | PgBouncer, session mode |
| transaction | aws-0-eu-west-1.pooler.supabase.com:6543 | 127.0.N.3 | PgBouncer, the same off |

The ports are the real ones, so the projects stay as they are; a library resolves the hosts. N is the
number of this set of servers: several run side by side, with nothing in common.
PgBouncer stands for Supavisor: what both do with prepared statements and with sessions is the same.
They differ in startup parameters, which Supavisor drops and PgBouncer refuses: those are tried on
the dedicated pooler, which is a PgBouncer.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from reality.install import NotInstalledError, PgBouncer, Programs, newer_pgbouncer, run

REF = "qzxwvutsrponmlkjihgf"
PASSWORD = "Tr0ub4dour-xk"
DIRECT_HOST = f"db.{REF}.supabase.co"
POOLER_HOST = "aws-0-eu-west-1.pooler.supabase.com"

_ADMIN = "console"

ODD_PASSWORDS = {
    "hash": "Tr0ub#4dour",
    "at": "Tr0ub@4dour",
    "slash": "Tr0ub/4dour",
    "question": "Tr0ub?4dour",
    "percent": "Tr0ub%xour",
    "percenthex": "Tr0ub%41dour",
    "bracket": "Tr0ub[4]dour",
    "colon": "Tr0ub:4dour",
    "space": "Tr0ub 4dour",
    "all": "Tr0ub#@/?%[]4dour",
}
"""Roles that exist only for their password."""


@dataclass(frozen=True)
class Place:
    """Where a DSN leads."""

    host: str
    port: int
    dotted: bool
    """The user carries the project's ref."""

    def user(self, role: str = "postgres") -> str:
        return f"{role}.{REF}" if self.dotted else role


PLACES = {
    "direct": Place(DIRECT_HOST, 5432, dotted=False),
    "dedicated": Place(DIRECT_HOST, 6543, dotted=False),
    "session": Place(POOLER_HOST, 5432, dotted=True),
    "transaction": Place(POOLER_HOST, 6543, dotted=True),
}


@dataclass(frozen=True)
class Servers:
    """The running servers."""

    programs: Programs
    folder: Path
    versions: dict[str, str]
    number: int

    def address(self, place: Place) -> str:
        return f"127.0.{self.number}.{3 if place.dotted else 2}"

    @property
    def hosts(self) -> Path:
        """A file in the format of /etc/hosts."""
        return self.folder / "hosts"

    @property
    def ca(self) -> Path:
        """The certificate of the authority that signed the servers' one; no client knows it."""
        return self.folder / "ca.crt"

    def make_fresh(self, name: str, size: int) -> None:
        """Empty the pool of a place in transaction mode, and open `size` server connections.

        With one server connection, or with leftovers of the last experiment, most mistakes hide.
        """
        if name not in ("transaction", "dedicated"):
            return
        place = PLACES[name]
        resize = f"SET default_pool_size = {size}"
        run(*self._words(place, "pgbouncer", _ADMIN, resize, "RECONNECT"))
        for seconds in (0.1, 0.5, 2, 5):  # on a busy machine it takes longer until all are there
            self._keep_busy(place, size, seconds * (size - 1))
            servers = run(*self._words(place, "pgbouncer", _ADMIN, "SHOW SERVERS"))
            if len(re.findall(r"(?m)^ S ", servers)) >= size:
                return
        raise NotInstalledError(f"{name} does not open {size} server connections:\n{servers}")

    def _keep_busy(self, place: Place, clients: int, seconds: float) -> None:
        """So many clients at once, each in a transaction."""
        log = self.folder / "psql.log"
        command = f"BEGIN; SELECT pg_sleep({seconds}); COMMIT"
        words = self._words(place, "postgres", place.user(), command)
        running = [_started(words, log) for _ in range(clients)]
        if any(process.wait(60) for process in running):
            raise NotInstalledError(f"no answer from {place.host}: {log.read_text()[-2000:]}")

    def _words(self, place: Place, database: str, user: str, *commands: str) -> list[str]:
        dsn = f"host={self.address(place)} port={place.port} dbname={database} user={user}"
        psql = str(self.programs.postgres / "psql")
        words = [psql, "-X", "-q", f"{dsn} password={PASSWORD} sslmode=disable"]
        return words + [word for command in commands for word in ("-c", command)]


@contextmanager
def running(programs: Programs, number: int) -> Iterator[Servers]:
    """All servers of one set, started; stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="supa-lint-reality-"))
    folder.chmod(0o755)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        shared = newer = programs.pgbouncer
        if not newer.prepares:
            newer = newer_pgbouncer(folder / "newer")
        servers = Servers(programs, folder, _versions(programs, newer), number)
        _write_hosts(servers)
        _write_certificates(folder)
        stack.enter_context(_postgres(servers))
        stack.enter_context(_pgbouncer(servers, "session", shared, "session", 15))
        stack.enter_context(_pgbouncer(servers, "transaction", shared, "transaction", 2))
        stack.enter_context(_pgbouncer(servers, "dedicated", newer, "transaction", 2, 200))
        yield servers


@contextmanager
def _postgres(servers: Servers) -> Iterator[None]:
    folder, programs = servers.folder, servers.programs.postgres
    data, password = folder / "data", folder / "password"
    password.write_text(PASSWORD)
    data.mkdir()
    _hand_over(folder, data)
    _call_as_server(
        str(programs / "initdb"), "--no-sync", "-U", "postgres", "--auth-local=trust",
        "--auth-host=scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "-D", str(data),
    )  # fmt: skip
    settings = {
        "listen_addresses": servers.address(PLACES["direct"]),
        "port": "5432",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "ssl": "on",
        "ssl_cert_file": str(folder / "server.crt"),
        "ssl_key_file": str(folder / "server.key"),
    }
    words = [str(programs / "postgres"), "-D", str(data)]
    words += [f"-c{key}={value}" for key, value in settings.items()]
    with _server(servers, "postgres", words, PLACES["direct"]):
        socket_dsn = f"host={folder} port=5432 user=postgres dbname=postgres"
        roles = ";".join(
            f"CREATE ROLE odd_{name} LOGIN PASSWORD '{odd}'" for name, odd in ODD_PASSWORDS.items()
        )
        run(programs / "psql", "-X", "-q", socket_dsn, "-c", roles)
        yield


@contextmanager
def _pgbouncer(
    servers: Servers, name: str, program: PgBouncer, mode: str, size: int, statements: int = 0
) -> Iterator[None]:
    folder, place = servers.folder / name, PLACES[name]
    folder.mkdir()
    users = {_ADMIN: PASSWORD, place.user(): PASSWORD}
    users |= {place.user(f"odd_{odd}"): word for odd, word in ODD_PASSWORDS.items()}
    (folder / "users").write_text("".join(f'"{user}" "{word}"\n' for user, word in users.items()))
    settings = {
        "listen_addr": servers.address(place),
        "listen_port": place.port,
        "unix_socket_dir": "",
        "auth_type": "scram-sha-256",
        "auth_file": folder / "users",
        "admin_users": _ADMIN,
        "pool_mode": mode,
        "default_pool_size": size,
        "server_round_robin": 1,
        "ignore_startup_parameters": "extra_float_digits",
        "client_tls_sslmode": "prefer",
        "client_tls_cert_file": servers.folder / "server.crt",
        "client_tls_key_file": servers.folder / "server.key",
    }
    if program.prepares:
        settings["max_prepared_statements"] = statements
    database = f"postgres = host={servers.folder} port=5432 dbname=postgres user=postgres"
    lines = [f"{key} = {value}" for key, value in settings.items()]
    ini = "\n".join(["[databases]", database, "[pgbouncer]", *lines, ""])
    (folder / "pgbouncer.ini").write_text(ini)
    _hand_over(folder, *folder.iterdir())
    with _server(servers, name, [*program.command, str(folder / "pgbouncer.ini")], place):
        yield


@contextmanager
def _server(servers: Servers, name: str, words: list[str], place: Place) -> Iterator[None]:
    """The server as a child process, once its port answers."""
    address = (servers.address(place), place.port)
    with socket.socket() as free:
        if free.connect_ex(address) == 0:
            raise NotInstalledError(
                f"{':'.join(map(str, address))}, where {name} should be, is taken"
            )
    log = servers.folder / f"{name}.log"
    process = _started([*_as_server(), *words], log)
    try:
        limit = time.monotonic() + 30
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(address) == 0:
                    break
            if process.poll() is not None or time.monotonic() > limit:
                raise NotInstalledError(f"{name} did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGQUIT)  # at once, for the data is thrown away
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _started(words: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/")


def _as_server() -> list[str]:
    """PostgreSQL and PgBouncer refuse to run as root; Debian's package made a user for them.

    And they end with the tests, however those end.
    """
    words = ["setpriv", "--pdeathsig=QUIT"]
    if os.geteuid() == 0:
        words += ["--reuid=postgres", "--regid=postgres", "--init-groups"]
    return [*words, "--"]


def _call_as_server(*words: str) -> None:
    run(*_as_server(), *words, cwd=Path("/"))


def _hand_over(*paths: Path) -> None:
    if os.geteuid() == 0:
        for path in paths:
            shutil.chown(path, "postgres", "postgres")


def _versions(programs: Programs, newer: PgBouncer) -> dict[str, str]:
    def dotted(program: PgBouncer) -> str:
        return ".".join(map(str, program.version))

    postgres = run(programs.postgres / "postgres", "--version").split()[2]
    return {
        "PostgreSQL": postgres,
        "PgBouncer (shared)": dotted(programs.pgbouncer),
        "PgBouncer (dedicated)": dotted(newer),
    }


def _write_hosts(servers: Servers) -> None:
    names = {place.host: servers.address(place) for place in PLACES.values()}
    servers.hosts.write_text("".join(f"{address} {name}\n" for name, address in names.items()))


def _write_certificates(folder: Path) -> None:
    """As at Supabase: a certificate for the hosts, signed by an authority nobody has heard of."""
    names = f"subjectAltName=DNS:{DIRECT_HOST},DNS:{POOLER_HOST}"
    new = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3")
    key, cert = folder / "server.key", folder / "server.crt"
    authority = (folder / "ca.key", folder / "ca.crt")
    run(*new, "-subj", "/CN=Root of a test", "-keyout", authority[0], "-out", authority[1])
    signed = ("-addext", names, "-addext", "basicConstraints=CA:FALSE")
    by = ("-CA", authority[1], "-CAkey", authority[0])
    run(*new, "-subj", f"/CN={DIRECT_HOST}", *signed, *by, "-keyout", key, "-out", cert)
    with cert.open("ab") as chain:
        chain.write(authority[1].read_bytes())
    key.chmod(0o600)
    _hand_over(key, cert)
