"""Servers of one's own to break: PostgreSQL, Redis, the pool's key set, and the site in front."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.world import World, gunicorn, world
from companion.local import environment, services
from companion.local.supervisor import Process
from faults.asking import Cast
from faults.background import Background, background
from faults.ledger import Rows, balance
from faults.proxy import Proxy, proxy
from faults.talk import PAGES, TURNS, Talk
from faults.verdict import Expected, Outcome

PEOPLE, SIGNED_IN = 300, 40
WORKERS = 2


@dataclass(frozen=True)
class Site:
    process: Process
    port: int


@dataclass
class Stage:
    """What scenarios get. Rate limits are on, and each visitor comes from another address."""

    world: World
    here: Background
    database_url: str
    cache_url: str
    database: Process
    cache: Process
    cast: Cast
    outcomes: list[Outcome] = field(default_factory=list)
    group: str = ""
    say: Callable[[str], object] = print

    @contextlib.contextmanager
    def site(
        self,
        *,
        database: str = "",
        cache: str = "",
        workers: int = WORKERS,
        more: Mapping[str, str] | None = None,
        prefix: tuple[str, ...] = (),
        awaited: bool = True,
        folder: Path = environment.BASE_DIR,
    ) -> Iterator[Site]:
        """A server as production runs it. `prefix`: a program that starts it, with its options.

        Not `awaited`: it listens, and may not be ready. `folder`: where its settings are.
        """
        port = environment.free_port()
        env = self.environment(database, cache, more)
        command = [*prefix, *self.command(port, workers, folder)]
        process = self.world.serve(f"site-{port}", command, env, port)
        supervisor = self.world.supervisor
        if awaited:
            supervisor.wait_ready(process, f"http://127.0.0.1:{port}/readyz")
        try:
            yield Site(process, port)
        finally:
            supervisor.stop(process)

    def command(
        self, port: int, workers: int = WORKERS, folder: Path = environment.BASE_DIR
    ) -> list[str]:
        config = f"--config={folder / 'deploy' / 'gunicorn.conf.py'}"  # the last one counts
        return gunicorn("companion.wsgi:application", port, config, f"--workers={workers}")

    def leave_out(self, fault: str, reason: str) -> None:
        self.say(f"{self.group}: {fault}: left out, {reason}")

    def environment(
        self, database: str = "", cache: str = "", more: Mapping[str, str] | None = None
    ) -> environment.Environment:
        return self.world.environment(
            database or self.database_url, cache or self.cache_url, _SETTINGS | dict(more or {})
        )

    @contextlib.contextmanager
    def proxied(self, url: str) -> Iterator[tuple[Proxy, str]]:
        """A proxy in front of a server, and the server's address by way of it."""
        with proxy(self.here, urlsplit(url).port or 0) as between:
            yield between, between.url(url)

    @contextlib.contextmanager
    def talking(
        self,
        fault: str,
        site: Site,
        expected: Expected,
        *,
        turns: float = TURNS,
        pages: float = PAGES,
        intent: str = "",
        database: str = "",
        cast: Cast | None = None,
    ) -> Iterator[tuple[Talk, Outcome]]:
        """Talk while the block breaks something, then count and judge. See docs/faults.md."""
        before = Rows.of(database or self.database_url)
        talk = Talk(self.here, cast or self.cast, site.port, turns, pages, intent)
        for _ in range(8):  # everything is imported, prepared, compiled
            talk.ask(talk.cast.next_turn(intent))
            talk.ask(talk.cast.page("/facts/"))
        warm_up = len(talk.records)
        future = self.here.start(talk.run())
        found = Outcome(self.group, fault)
        try:
            yield talk, found
        finally:
            self.here.run(talk.end())
            future.result(1)
        kept = balance(talk.records, before, Rows.of(database or self.database_url))
        del talk.records[:warm_up]
        found.count(talk, kept)
        found.judge(expected, talk)
        self.outcomes.append(found)


_SETTINGS = {"RATE_LIMITS": "1", "PIN_WORKERS": "0", "TRUSTED_PROXIES": "127.0.0.1"}


@contextlib.contextmanager
def stage(say: Callable[[str], object] = lambda line: None) -> Iterator[Stage]:
    """Raises services.NotInstalled where there is no PostgreSQL or no Redis."""
    if lacking := services.missing():
        raise services.NotInstalled("; ".join(lacking))
    with world() as made, background() as here:
        database_url = services.postgresql(made.supervisor, made.state)
        database = made.supervisor.processes[-1]
        cache_url = services.redis(made.supervisor, made.state)
        cache = made.supervisor.processes[-1]
        say("PostgreSQL and Redis started")
        cast = fill(made, database_url)
        say(f"{PEOPLE} people in the database, {SIGNED_IN} of them signed in")
        yield Stage(made, here, database_url, cache_url, database, cache, cast, say=say)


def fill(made: World, database_url: str) -> Cast:
    """People, facts and sessions; and the static files that pages name."""
    made.fill(database_url, PEOPLE)
    env = made.environment(database_url, more=_SETTINGS)
    command = ("collectstatic", "--no-input", "--verbosity", "0")
    _finish(made, "collectstatic", env, *command)
    code = f"from faults.visitors import main; main({SIGNED_IN})"
    said = json.loads(_finish(made, "visitors", env, "shell", "--no-imports", "-c", code))
    return Cast(made.people(PEOPLE), said["sessions"], said["facts"], made.signer)


def _finish(made: World, name: str, env: Mapping[str, str], *command: str) -> str:
    process = made.supervisor.start(name, [sys.executable, "-m", "django", *command], env)
    made.supervisor.finish(process)
    return process.log.read_text(encoding="utf-8")
