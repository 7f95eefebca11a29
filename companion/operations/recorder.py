"""Writes what this process counted to the database, twice a minute, in a thread of its own.

No turn and no page takes part in it: counters are in memory anyway. deploy/gunicorn.conf.py starts
one in each worker and stops it at the worker's end; nothing starts at an import. While the
database is away the difference waits here, each under its own hour. A process that is killed loses
what came since it wrote last.
"""

from __future__ import annotations

import secrets
import socket
import threading
from collections import Counter
from datetime import datetime, timedelta
from logging import getLogger
from typing import NamedTuple

import structlog
from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone
from prometheus_client import Gauge

from companion.operations import kept, tasks
from companion.operations.failures import Failures, Noted
from companion.operations.models import Failure, HourlyCount, Series, Server

EVERY = 30.0  # seconds
MOST_HOURS = 48  # that wait for a database
MOST_FAILURES = 200  # that wait with them
TASKS_EVERY = 10  # rounds
LONGEST_END = 6.0  # seconds that a worker's end waits for the last words
FAILED = "failures"  # the name under which Failures are counted

log = structlog.get_logger(__name__)

# each worker that takes the place of another moves it, also between two scrapes
newest_worker = Gauge(
    "newest_worker_start_timestamp_seconds",
    "When the process that began last began, of those that answer",
    multiprocess_mode="livemax",
)


class Unwritten(NamedTuple):
    apologies: int
    since: datetime | None  # of the last that was written; None where writing goes well


class Recorder:
    """Of one process. Without `start` nothing happens by itself: `tick` is one round."""

    def __init__(self) -> None:
        self.key = secrets.token_hex(16)
        self.started_at = timezone.now()
        self.failures = Failures()
        self._before = kept.totals()
        self._rounds = 0
        self._pending: Counter[Series] = Counter()
        self._noted: list[Noted] = []
        self._is_well = True
        self._written_at = self.started_at
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="operations", daemon=True)

    def start(self) -> None:
        getLogger().addHandler(self.failures)
        self._thread.start()

    def stop(self) -> None:
        """The last round is done when this returns, or the database hangs."""
        getLogger().removeHandler(self.failures)
        self._end.set()
        self._thread.join(LONGEST_END)

    def _run(self) -> None:
        is_over = False
        while not is_over:
            is_over = self._end.wait(EVERY)
            try:
                self._round(is_last=is_over)
            except Exception:
                # nobody would start this thread again
                log.exception("operations_round_failed")

    def _round(self, *, is_last: bool) -> None:
        try:
            self.tick(is_last=is_last)
        finally:
            connections.close_all()  # this thread's own: nobody else closes them

    def tick(self, *, is_last: bool = False) -> None:
        """Take what was counted since the last round, and write all that waits."""
        now = timezone.now()
        try:
            self._take(now)
            self._write(now, is_last=is_last)
        except Exception as error:  # noqa: BLE001 - each backend has its own; it is tried again
            if self._is_well:
                log.warning("operations_not_written", error=type(error).__name__)
            self._is_well = False
        else:
            self._is_well = True
            self._written_at = now
            self._tell_of_tasks()

    def unwritten(self) -> Unwritten:
        """What this process counted since it wrote last. Any thread may ask."""
        grown = kept.totals() - self._before
        apologies = sum(
            number
            for series, number in (
                *grown.items(),
                *(((name, labels), n) for (_hour, name, labels), n in [*self._pending.items()]),
            )
            if series[0] == kept.TURNS and kept.is_apology(series[1])
        )
        return Unwritten(apologies, None if self._is_well else self._written_at)

    def _tell_of_tasks(self) -> None:
        """Once in a while, for /metrics: what runs by the clock has no process that is asked."""
        if self._rounds % TASKS_EVERY == 0:
            tasks.tell()
        self._rounds += 1

    def _take(self, now: datetime) -> None:
        hour = now.replace(minute=0, second=0, microsecond=0)
        totals = kept.totals()
        for (name, labels), number in (totals - self._before).items():
            self._pending[hour, name, labels] += number
        self._before = totals
        noted, failed = self.failures.taken()
        self._noted = [*self._noted, *noted][-MOST_FAILURES:]
        for place, number in failed.items():
            self._pending[hour, FAILED, kept.written({"place": place})] += number
        self._bound(hour)

    def _bound(self, hour: datetime) -> None:
        """Forget hours that waited for too long; what is too much in one counts as `other`."""
        oldest = hour - timedelta(hours=MOST_HOURS)
        for series in [series for series in self._pending if series[0] < oldest]:
            del self._pending[series]
        of_this_hour = [series for series in self._pending if series[0] == hour]
        for series in of_this_hour[kept.MOST_SERIES :]:
            number = self._pending.pop(series)  # first: it may be `other` itself
            self._pending[hour, series[1], "other"] += number

    def _write(self, now: datetime, *, is_last: bool) -> None:
        with transaction.atomic():
            # the row that only this process writes comes first: it waits for nobody
            self._say_that_we_are_here(now, is_last=is_last)
            if self._pending:
                HourlyCount.objects.add(self._pending, now)
            Failure.objects.bulk_create(Failure(**each._asdict()) for each in self._noted)
        self._pending.clear()
        self._noted = []

    def _say_that_we_are_here(self, now: datetime, *, is_last: bool) -> None:
        stopped = {"stopped_at": now} if is_last else {}
        if not Server.objects.filter(key=self.key).update(seen_at=now, **stopped):
            Server.objects.create(
                key=self.key,
                host=socket.gethostname()[:64],
                version=settings.VERSION[:32],
                started_at=self.started_at,
                seen_at=now,
                **stopped,
            )


_recorder: Recorder | None = None


def start() -> None:
    """In this process, once."""
    global _recorder
    if _recorder is None:
        _recorder = Recorder()
        newest_worker.set(_recorder.started_at.timestamp())
        _recorder.start()


def unwritten() -> Unwritten | None:
    """None where this process has no recorder."""
    return _recorder.unwritten() if _recorder else None


def stop() -> None:
    """Write what is left, and end. Without a start it does nothing."""
    global _recorder
    if _recorder is not None:
        _recorder.stop()
        _recorder = None
