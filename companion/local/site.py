"""One whole local installation: local AWS, pool, people, keys, database, website.

Demo, smoke and browser tests start this, so they all run what production runs: DEBUG off,
collected static files, gunicorn. Only DEV_TOOLS and the local AWS are different.
"""

from __future__ import annotations

import contextlib
import fcntl
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from accounts.pool.console import PoolValues
from companion.local import aws as local_aws
from companion.local import environment, people, pool
from companion.local.supervisor import Process, Supervisor
from skill_endpoint.simulator.pki import ensure_pki

ENV_FILE = "demo.env"


class AlreadyRunning(RuntimeError):
    """Two runs in one state folder would overwrite each other's pool."""


@dataclass(frozen=True)
class Site:
    """A running installation. `environment` holds every setting as its process has it."""

    url: str
    state: Path
    environment: environment.Environment
    people: dict[str, people.Person]  # by role: people.EMAIL, people.PHONE, people.OPERATOR
    pool: PoolValues
    aws: local_aws.LocalAws
    process: Process
    supervisor: Supervisor
    is_new: bool  # the pool was made in this run
    was_lost: bool  # made again, because the local AWS had lost it


@contextlib.contextmanager
def running_site(
    state: Path,
    *,
    say: Callable[[str], None] = pool.quiet,
    first_port: int | None = None,
    more: Mapping[str, str] | None = None,
    traced_for: float = 0,
) -> Iterator[Site]:
    """Start everything in `state`, or start it again there: people, data and ports are kept.

    `first_port`: where to look for a free port the first time; any free one without it. `more`:
    settings that differ. `traced_for`: hours from now on in which linking attempts are recorded;
    with none, whatever was switched on before goes on. Everything has stopped at the end of the
    block. Raises AlreadyRunning, and what supervisor, pool and local AWS raise.
    """
    state = environment.private_folder(state.resolve())
    with (
        _lock(state),
        Supervisor(state / "logs") as supervisor,
        environment.held_port(state, "site", first=first_port, say=say) as listener,
    ):
        ports = {"site": listener.getsockname()[1], "aws": environment.kept_port(state, "aws")}
        aws = local_aws.start(supervisor, state / "aws", port=ports["aws"])
        settings = environment.for_site(state, port=ports["site"], aws_url=aws.url, more=more)
        prepare = _start_python(supervisor, "prepare", settings, "companion.local.prepare")
        ensure_pki(state / "alexa")
        say("signing keys made")
        local_aws.wait(supervisor, aws)
        say(f"local AWS up at {aws.url}")

        before = environment.read_env_file(state / ENV_FILE).get("COGNITO_USER_POOL_ID")
        values = pool.deploy(aws, settings["PUBLIC_URL"])
        cast = people.create(aws, values, state)
        say("pool deployed, people in it")
        is_new = values.pool_id != before
        if is_new:
            # what is not written yet would be lost with a power cut: stopping it writes
            supervisor.stop(aws.process)
            aws = local_aws.start(supervisor, state / "aws", port=ports["aws"])
            local_aws.wait(supervisor, aws)
        settings |= values.environment() | dict(more or {})
        environment.write_env_file(state / ENV_FILE, settings | people.variables(cast))

        supervisor.finish(prepare)
        say("database migrated, facts loaded, static files collected")
        tracing = _start_tracing(supervisor, settings, traced_for) if traced_for else None
        site = _start_site(supervisor, settings, listener)
        if tracing:
            supervisor.finish(tracing)
            say(f"linking attempts recorded for {traced_for:g} h")
        yield Site(
            url=settings["PUBLIC_URL"],
            state=state,
            environment=settings,
            people=cast,
            pool=values,
            aws=aws,
            process=site,
            supervisor=supervisor,
            is_new=is_new,
            was_lost=is_new and before is not None,
        )


def _start_site(
    supervisor: Supervisor, settings: Mapping[str, str], listener: socket.socket
) -> Process:
    """One process with threads: caches and the SQLite file are shared by all requests.

    From here on it alone listens, so that nobody waits for one that has ended.

    No access log: it would hold the codes that the pool sends in the query of callbacks.
    """
    site = _start_python(
        supervisor,
        "site",
        settings,
        "gunicorn",
        "companion.wsgi:application",
        f"--bind=fd://{listener.fileno()}",
        f"--config={environment.BASE_DIR / 'deploy' / 'gunicorn.conf.py'}",
        "--graceful-timeout=5",
        sockets=[listener],
    )
    host, port = listener.getsockname()
    listener.close()
    # not by name: on ::1 another process may listen
    supervisor.wait_ready(site, f"http://{host}:{port}/readyz")
    return site


def _start_tracing(supervisor: Supervisor, settings: Mapping[str, str], hours: float) -> Process:
    """By the operators' command: it asks the pool whether our callback is registered."""
    command = ("django", "oauth_trace", "on", "--hours", f"{hours:g}")
    return _start_python(supervisor, "trace", settings, *command)


def _start_python(
    supervisor: Supervisor,
    name: str,
    settings: Mapping[str, str],
    module: str,
    *arguments: str,
    sockets: Sequence[socket.socket] = (),
) -> Process:
    command = [sys.executable, "-m", module, *arguments]
    return supervisor.start(name, command, settings, sockets=sockets)


@contextlib.contextmanager
def _lock(state: Path) -> Iterator[None]:
    with (state / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                f"another run is using {state}: stop it first (Ctrl-C in its window)"
            ) from None
        yield
