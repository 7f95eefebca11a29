"""PostgreSQL and Redis for tests and benchmarks: servers of one's own, gone with all they held.

Each has a free port of 127.0.0.1, a random password that no command line shows, and a folder that
is removed when the supervisor stops it, or dies. Debian's and Ubuntu's packages are looked for;
what their installation may have started on the usual ports is neither needed nor touched.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis as redis_client

from companion.local import environment, keeper
from companion.local.supervisor import POLL, START_LIMIT, NotReady, Process, Supervisor

POSTGRESQL = Path("/usr/lib/postgresql")  # <major version>/bin
DATABASE = "doors"  # the name of the database and of its owner
FROM_ROOT = "postgres"  # whom root lets run PostgreSQL, which refuses root
REDIS_MEMORY = "256mb"

# A crash of the machine may lose everything. Never for a figure that stands for production.
_CARELESS = (
    "--fsync=off",
    "--synchronous_commit=off",
    "--full_page_writes=off",
    "--dynamic_shared_memory_type=mmap",  # in the folder, so that it goes even after a SIGKILL
)


class NotInstalled(RuntimeError):
    """A service is not on this machine. The message says how to install it."""


def missing() -> list[str]:
    """What is not installed, each with the command that installs it; empty where all is there."""
    lines = []
    if _postgresql_programs() is None:
        lines.append("PostgreSQL: sudo apt-get install postgresql")
    if _redis_program() is None:
        lines.append("Redis: sudo apt-get install redis-server")
    return lines


def postgresql(supervisor: Supervisor, state: Path, *, is_durable: bool = True) -> str:
    """Start a PostgreSQL with one empty database; return its DATABASE_URL.

    Its settings are PostgreSQL's own: every commit reaches the disk. Tests may save that time by
    `is_durable=False`. The user may make databases: Django's test runner does.

    Raises NotInstalled, ProcessDied, NotReady.
    """
    programs = _postgresql_programs()
    if programs is None:
        raise NotInstalled("; ".join(missing()))
    user = FROM_ROOT if os.geteuid() == 0 else ""
    # root's folders are closed to that user: its home is not, and is where production's data is
    home = Path(pwd.getpwnam(user).pw_dir) if user else environment.private_folder(state.resolve())
    password = secrets.token_hex(16)
    with _folder(home, "postgresql", user) as folder, _reserved_port() as port:
        _initdb(programs / "initdb", folder, user, password, environment.bare(state))
        command = [
            str(programs / "postgres"),
            f"-D{folder / 'data'}",
            "--listen_addresses=127.0.0.1",
            f"--port={port}",
            "--unix_socket_directories=",
            *([] if is_durable else _CARELESS),
        ]
        process = _start(supervisor, f"postgresql-{port}", state, folder, user, command)
        url = f"postgres://{DATABASE}:{password}@127.0.0.1:{port}"
        with _stopped_on_failure(supervisor, process):
            _await_answer(process, lambda: _make_database(url), psycopg.OperationalError)
    return f"{url}/{DATABASE}"


def redis(supervisor: Supervisor, state: Path) -> str:
    """Start a Redis or Valkey that keeps nothing on disk; return its CACHE_URL.

    It never evicts: it holds the claims of requests, and one that went to make room would let a
    replay through in silence. When it is full it refuses to write, which is counted and seen.

    Raises NotInstalled, ProcessDied, NotReady.
    """
    program = _redis_program()
    if program is None:
        raise NotInstalled("; ".join(missing()))
    password = secrets.token_hex(16)
    home = environment.private_folder(state.resolve())
    with _folder(home, "redis") as folder, _reserved_port() as port:
        configuration = folder / "redis.conf"
        configuration.write_text(
            f"bind 127.0.0.1\nport {port}\nprotected-mode yes\nrequirepass {password}\n"
            'save ""\nappendonly no\n'
            f"maxmemory {REDIS_MEMORY}\nmaxmemory-policy noeviction\n",
            encoding="utf-8",
        )
        command = [program, str(configuration)]
        process = _start(supervisor, f"redis-{port}", state, folder, "", command)
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        with _stopped_on_failure(supervisor, process):
            _await_answer(process, lambda: _ping(url), redis_client.ConnectionError)
    return url


def pause(process: Process, url: str) -> None:
    """Stop the server of one of these until `resume`; PostgreSQL's data stays, Redis forgets."""
    process.popen.send_signal(keeper.PAUSE)
    port = urlsplit(url).port or 0
    end = time.monotonic() + START_LIMIT
    while not environment.is_free(port) and time.monotonic() < end:
        time.sleep(POLL)


def resume(process: Process, url: str) -> None:
    """Start it again on the same port; return when it answers. Raises ProcessDied, NotReady."""
    process.popen.send_signal(keeper.RESUME)
    if url.startswith("redis"):
        _await_answer(process, lambda: _ping(url), redis_client.ConnectionError)
    else:
        _await_answer(process, lambda: _connect(url).close(), psycopg.OperationalError)


def _postgresql_programs() -> Path | None:
    """The folder of the newest version's programs; None where there is no server."""
    found = POSTGRESQL.glob("[1-9][0-9]/bin/initdb")  # the package of the client has none
    return max((initdb.parent for initdb in found), default=None)


def _redis_program() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


@contextlib.contextmanager
def _folder(home: Path, name: str, user: str = "") -> Iterator[Path]:
    """A new folder that only its user can read. It stays, but for a block that fails."""
    folder = Path(tempfile.mkdtemp(prefix=f"doors-{name}-", dir=home))
    try:
        if user:
            shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # its keeper may have done it
        raise


@contextlib.contextmanager
def _reserved_port() -> Iterator[int]:
    """A port that the system gives to nobody else until a server listens there.

    Bound, but not listening: Linux then lets a server with SO_REUSEADDR bind it too, as both
    servers here do.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


def _initdb(
    program: Path, folder: Path, user: str, password: str, env: environment.Environment
) -> None:
    """Make the data folder; whoever connects needs the password, from this machine too."""
    (folder / "password").write_text(password, encoding="utf-8")
    if user:
        shutil.chown(folder / "password", user)
    options = {
        "pgdata": folder / "data",
        "username": DATABASE,
        "pwfile": folder / "password",
        "auth": "scram-sha-256",
        "encoding": "UTF8",
        "locale": "C.UTF-8",  # the one that every Debian has
    }
    done = subprocess.run(
        [program, "--no-sync", *(f"--{name}={value}" for name, value in options.items())],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=START_LIMIT,
        **keeper.as_user(user),
    )
    (folder / "password").unlink()
    if done.returncode:
        raise RuntimeError(f"initdb ended with status {done.returncode}:\n{done.stderr.strip()}")


def _start(
    supervisor: Supervisor,
    name: str,
    state: Path,
    folder: Path,
    user: str,
    command: list[str],
) -> Process:
    launcher = [sys.executable, "-I", "-S", keeper.__file__, str(folder), user]
    return supervisor.start(name, [*launcher, *command], environment.bare(state))


@contextlib.contextmanager
def _stopped_on_failure(supervisor: Supervisor, process: Process) -> Iterator[None]:
    try:
        yield
    except BaseException:
        supervisor.stop(process)
        raise


def _await_answer(
    process: Process,
    ask: Callable[[], object],
    not_yet: type[Exception],
    limit: float = START_LIMIT,
) -> None:
    """Ask until there is an answer; raise ProcessDied or NotReady."""
    end = time.monotonic() + limit
    while True:
        process.check()
        try:
            ask()
        except not_yet as error:
            if time.monotonic() > end:
                raise NotReady(
                    f"{process.name}: no answer in {limit:g} s ({error}):\n{process.tail()}"
                ) from error
            time.sleep(POLL)
        else:
            return


def _connect(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url, connect_timeout=5, autocommit=True)


def _make_database(url: str) -> None:
    with _connect(f"{url}/postgres") as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}".encode())


def _ping(url: str) -> None:
    with redis_client.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
        client.ping()
