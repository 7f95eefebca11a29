"""What the servers counted, hour by hour, which servers there were, and what failed. Of nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import connection, models
from django.utils import timezone

KEPT = timedelta(days=15)  # a fortnight, and the day that is not over

type Series = tuple[datetime, str, str]  # hour, name, labels


class HourlyCountQuerySet(models.QuerySet["HourlyCount"]):
    def expired(self) -> Self:
        return self.filter(hour__lt=timezone.now() - KEPT)

    def add(self, counts: Mapping[Series, int], now: datetime) -> None:
        """Add these to what is there; several processes may do so at a time.

        Not by F(): a row that is not there yet needs an insert, and two processes would meet.
        ON CONFLICT is SQLite's and PostgreSQL's. In one order, so that two never wait for each
        other.
        """
        table = connection.ops.quote_name(self.model._meta.db_table)
        at = connection.ops.adapt_datetimefield_value(now)
        rows = [
            (connection.ops.adapt_datetimefield_value(hour), name, labels, number, at, at)
            for (hour, name, labels), number in sorted(counts.items())
        ]
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {table} (hour, name, labels, number, first_at, last_at)"  # noqa: S608 - our own table
                f" VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (hour, name, labels) DO UPDATE"
                f" SET number = {table}.number + excluded.number, last_at = excluded.last_at",
                rows,
            )


class HourlyCount(models.Model):
    """How much a counter grew in an hour, over all processes. companion/operations/kept.py."""

    hour = models.DateTimeField("hour")  # its beginning
    name = models.CharField("counter", max_length=64)  # as /metrics names it
    labels = models.CharField(max_length=160, blank=True)  # reason=replay,kind=access
    number = models.BigIntegerField("number")
    # when a process first and last wrote that it had grown in this hour
    first_at = models.DateTimeField("first")
    last_at = models.DateTimeField("last")

    objects = HourlyCountQuerySet.as_manager()

    class Meta:
        verbose_name = "hourly count"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # its index also finds the rows of some hours
            models.UniqueConstraint(fields=["hour", "name", "labels"], name="one_count_an_hour")
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:00} {self.name}"


class ServerQuerySet(models.QuerySet["Server"]):
    def expired(self) -> Self:
        return self.filter(seen_at__lt=timezone.now() - KEPT)


class Server(models.Model):
    """A process that counts, from its start to the last that was heard of it."""

    key = models.CharField(max_length=32, unique=True)  # random
    host = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    started_at = models.DateTimeField("started")
    seen_at = models.DateTimeField("last heard of", db_index=True)
    stopped_at = models.DateTimeField("stopped", null=True, blank=True)  # in good order

    objects = ServerQuerySet.as_manager()

    class Meta:
        verbose_name = "server process"
        verbose_name_plural = "server processes"

    def __str__(self) -> str:
        return f"{self.version} since {self.started_at:%Y-%m-%d %H:%M}"


class FailureQuerySet(models.QuerySet["Failure"]):
    def expired(self) -> Self:
        return self.filter(at__lt=timezone.now() - KEPT)


class Failure(models.Model):
    """A fault that the log has a traceback of. Some of many: HourlyCount has how many."""

    at = models.DateTimeField("at", db_index=True)
    # the end of the request's id; the person was shown it, and the log has all of it
    reference = models.CharField(max_length=8, blank=True)
    place = models.CharField(max_length=120)  # a route, or the log's word
    kind = models.CharField(max_length=60, blank=True)  # name of the exception's class

    objects = FailureQuerySet.as_manager()

    class Meta:
        verbose_name = "failure"
        ordering: ClassVar[list[str]] = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.reference or self.place
