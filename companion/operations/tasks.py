"""What runs by the clock beside the site, and when it last went well: `prune` and `backup`.

Each that ends well is a row among the hourly counts. The last of each is kept for good: a backup
that failed for weeks must not be forgotten for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Min
from django.utils import timezone
from prometheus_client import Gauge

from companion.operations.models import HourlyCount, Server

NAME = "tasks"  # of the rows
TASKS = ("backup", "prune")
# after so long it is late: a backup comes each night, and prune each hour
LATE = {"backup": timedelta(hours=26), "prune": timedelta(hours=3)}

last_success = Gauge(
    "task_last_success_timestamp_seconds",
    "When a command that runs by the clock ended well last",
    ["task"],
    multiprocess_mode="livemax",
)
awaited_since = Gauge(
    "task_awaited_since_timestamp_seconds",
    "Since when a command that runs by the clock has not ended well",
    ["task"],
    multiprocess_mode="livemax",
)


def done(task: str) -> None:
    """It ended well, now."""
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    HourlyCount.objects.add({(hour, NAME, f"task={task}"): 1}, now)
    _keep(hour - timedelta(hours=1))


def _keep(hour: datetime) -> None:
    """Let the last of each stand in this hour at least: `prune` deletes by the hour.

    An hour that is over: no other process makes a row there that this could meet.
    """
    rows = HourlyCount.objects.filter(name=NAME)
    for task in TASKS:
        last = rows.filter(labels=f"task={task}").order_by("hour").last()
        if last and last.hour < hour:
            rows.filter(pk=last.pk).update(hour=hour)


def known() -> dict[str, datetime | None]:
    """When each ended well last, however long ago. One statement."""
    rows = HourlyCount.objects.filter(name=NAME).order_by("hour")
    return last_of(rows.values_list("name", "labels", "last_at"))


def waiting(last: Mapping[str, datetime | None], began: datetime | None) -> dict[str, datetime]:
    """Since when each of those that should run here has not ended well.

    That is its last good end, and where none is known the time that the site began.
    """
    since = {task: last[task] or (began if _must_run(task) else None) for task in TASKS}
    return {task: at for task, at in since.items() if at is not None}


def _must_run(task: str) -> bool:
    """Also where it never did. BACKUP_DAYS tells people that there are backups; Amazon RDS makes
    its own, which are not seen from here. A development server has no clock beside it.
    """
    if settings.DEV_TOOLS:
        return False
    host = str(connection.settings_dict["HOST"])
    is_rds = host.endswith((".rds.amazonaws.com", ".rds.amazonaws.com.cn"))
    return task == "prune" or (bool(settings.BACKUP_DAYS) and not is_rds)


def tell() -> None:
    """Set the gauges to what the database knows. Two statements."""
    last = known()
    for task, at in last.items():
        if at:
            last_success.labels(task).set(at.timestamp())
    began = Server.objects.aggregate(began=Min("started_at"))["began"]
    for task, at in waiting(last, began).items():
        awaited_since.labels(task).set(at.timestamp())


def last_of(rows: Iterable[tuple[str, str, datetime]]) -> dict[str, datetime | None]:
    """By task; `rows` are (name, labels, last_at). None where they do not tell."""
    found: dict[str, datetime | None] = dict.fromkeys(TASKS)
    for name, labels, at in rows:
        task = labels.removeprefix("task=")
        if name == NAME and task in found:
            found[task] = max(at, found[task] or at)
    return found
