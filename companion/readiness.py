"""What a load balancer has to know: can this process serve, and what of it is worse than usual?

Four looks, each in a thread of its own, so that what hangs holds nobody and hides nothing else. The
answer is remembered for a second: whoever asks more often costs nothing.

Essential are the database, its migrations, and the pool's keys once: without a key this process can
tell nobody from nobody, and should not take the place of one that can. What it can do without makes
it degraded, and it stays in service: taking it out would help nobody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from accounts.cognito import endpoints, keys
from accounts.metrics import shared_cache_failures
from companion import draining, metrics

REMEMBERED = 1.0  # seconds
PATIENCE = 2.0  # seconds that somebody who asks waits; load balancers give five
CONNECT_SECONDS = 2  # PostgreSQL's own least for connect_timeout
STATEMENT_MS = 1000
POOL_SECONDS = 0.5
KEYS_ARE_OLD = 2 * keys.FRESH  # then the fetches of an hour have failed

log = structlog.get_logger(__name__)


class State(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Part:
    state: State = State.OK
    why: str = ""

    def __str__(self) -> str:
        return f"{self.state.value}: {self.why}" if self.why else self.state.value


@dataclass(frozen=True, slots=True)
class Readiness:
    parts: dict[str, Part]

    @property
    def is_ready(self) -> bool:
        return all(part.state is not State.FAILED for part in self.parts.values())


class Look:
    """One of the things to look at. A look that hangs is not begun again before it ends."""

    def __init__(self, name: str, see: Callable[[], Part]) -> None:
        self.name, self._see = name, see
        self._is_busy = threading.Event()

    def begin(self, found: SimpleQueue[tuple[str, Part]]) -> bool:
        """False where the last one still hangs, or there is no thread for it."""
        if self._is_busy.is_set():
            return False
        self._is_busy.set()
        thread = threading.Thread(target=self._run, args=(found,), name="readiness", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the machine has no more threads to give: this time
            self._is_busy.clear()
            return False
        return True

    def _run(self, found: SimpleQueue[tuple[str, Part]]) -> None:
        try:
            part = self._see()
        except Exception as error:  # noqa: BLE001 - whatever a broken part raises: not ready
            part = Part(State.FAILED, type(error).__name__)
        finally:
            connections.close_all()  # this thread's own
            self._is_busy.clear()
        found.put((self.name, part))


class Watch:
    """The last answer, and who makes the next one. Safe for threads."""

    def __init__(self, looks: list[Look]) -> None:
        self._looks = looks
        self._lock = threading.Lock()
        self._last: tuple[float, Readiness] | None = None

    def now(self) -> Readiness:
        if draining.is_draining():
            return Readiness({"server": Part(State.FAILED, "it is stopping")})
        last = self._last
        if last and time.monotonic() - last[0] < REMEMBERED:
            return last[1]
        with self._lock:  # who waited here finds the answer of who was first
            last = self._last
            if last and time.monotonic() - last[0] < REMEMBERED:
                return last[1]
            found = self._look()
            self._last = time.monotonic(), found
        _tell(last[1] if last else None, found)
        return found

    def _look(self) -> Readiness:
        end = time.monotonic() + PATIENCE
        answers: SimpleQueue[tuple[str, Part]] = SimpleQueue()
        begun = [look for look in self._looks if look.begin(answers)]
        late = Part(State.FAILED, f"no answer in {PATIENCE:g} s")
        parts = {look.name: late for look in self._looks}
        for _look in begun:
            try:
                name, part = answers.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                break
            parts[name] = part
        if parts["cache"] is late:  # one that hangs is as good as gone
            parts["cache"] = _without_cache(late.why)
        return Readiness(parts)


def _tell(before: Readiness | None, now: Readiness) -> None:
    """Into the log where something changed, and into the counters each time."""
    for name, part in now.parts.items():
        if part.state is not State.OK:
            metrics.readiness_failures.labels(name).inc()
        was = before.parts.get(name) if before else None
        if part != (was or Part()):
            log.warning("readiness_changed", part=name, now=str(part))


def database() -> Part:
    """By a connection of its own: the pool's may all be busy, which is no reason to give up.

    Where no new one can be had, one of the pool's may still do.
    """
    own = _connection()
    try:
        with own.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        pool: Any = getattr(connections[DEFAULT_DB_ALIAS], "pool", None)
        if pool is None:
            raise
        pool.open()
        with pool.connection(timeout=POOL_SECONDS) as connection:
            connection.execute("SELECT 1")
        return Part(State.DEGRADED, f"no new connection ({type(error).__name__})")
    finally:
        own.close()
    return _pool_state()


def _pool_state() -> Part:
    pool: Any = getattr(connections[DEFAULT_DB_ALIAS], "pool", None)
    waiting = pool.get_stats().get("requests_waiting", 0) if pool is not None else 0
    if waiting:
        return Part(State.DEGRADED, "all connections are in use, and threads wait for one")
    return Part()


def _connection() -> BaseDatabaseWrapper:
    """Outside of the pool, and impatient."""
    made: BaseDatabaseWrapper = connections[DEFAULT_DB_ALIAS].copy()
    if made.vendor == "postgresql":
        options: dict[str, Any] = made.settings_dict["OPTIONS"]
        options.pop("pool", None)
        options.pop("serving", None)  # it would set its own, longer limits
        options["connect_timeout"] = CONNECT_SECONDS
        given = options.get("options", "")  # of DATABASE_URL: a search_path, for one
        options["options"] = f"{given} -c statement_timeout={STATEMENT_MS}"
    return made


class Migrations:
    """Whether all that this code knows have been applied. What newer code applied is its business:
    while two versions run, the older one goes on (docs/deploy.md).
    """

    def __init__(self) -> None:
        self._are_applied = False  # nobody takes them back under a running server

    def __call__(self) -> Part:
        if self._are_applied:
            return Part()
        own = _connection()
        try:
            applied = set(MigrationRecorder(own).applied_migrations())
        finally:
            own.close()
        missing = [key for key in _known() if key not in applied]
        if missing:
            return Part(State.FAILED, f"{len(missing)} to apply, {'.'.join(missing[0])} first")
        self._are_applied = True
        return Part()


def _known() -> list[tuple[str, str]]:
    """Migrations on this disk, but for those whose work others did before (`replaces`)."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return sorted(
        key for key, migration in loader.disk_migrations.items() if not migration.replaces
    )


def shared_cache() -> Part:
    try:
        cache.set("readyz", "ok", timeout=10)
        answers = cache.get("readyz") == "ok"
    except Exception as error:  # noqa: BLE001 - each cache backend has errors of its own
        answers, why = False, type(error).__name__
    else:
        why = "it does not keep what it is given"
    return Part() if answers else _without_cache(why)


def _without_cache(why: str) -> Part:
    shared_cache_failures.labels("readyz").inc()
    return Part(State.DEGRADED, f"{why}; replays and floods are not refused, turns go on")


def pool_keys() -> Part:
    """Fetched by this look where there are none; else renewed as in a turn, once an hour."""
    key_set = keys.key_set(endpoints.jwks_url())
    age = key_set.age
    if age is None:
        try:
            key_set.key("")
        except keys.UnknownKey:
            return Part()
        except keys.KeysUnavailable:
            return Part(State.FAILED, "none yet, and Cognito does not give any")
    key_set.renew_if_due()
    if age is not None and age > KEYS_ARE_OLD:
        return Part(State.DEGRADED, f"{age / 3600:.0f} h old; Cognito does not give newer ones")
    return Part()


def watch() -> Watch:
    looks: dict[str, Callable[[], Part]] = {
        "database": database,
        "migrations": Migrations(),
        "cache": shared_cache,
        "keys": pool_keys,
    }
    return Watch([Look(name, see) for name, see in looks.items()])


_watch = watch()


def now() -> Readiness:
    return _watch.now()


def forget() -> None:
    """Look at everything anew: a test begins."""
    global _watch
    _watch = watch()
