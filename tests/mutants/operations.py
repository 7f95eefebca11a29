"""The page of the last day, and what it is made from."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

RECORDER = "companion/operations/recorder.py"
FAILURES = "companion/operations/failures.py"
KEPT = "companion/operations/kept.py"
VIEWS = "companion/operations/views.py"
TASKS = "companion/operations/tasks.py"
ALERTS = "deploy/monitoring/alerts.yml"
T_RECORDER = "tests/companion/operations/test_recorder.py"
T_PAGE = "tests/companion/operations/test_page.py"
T_MONITORING = "tests/monitoring/test_monitoring.py"

MUTANTS = [
    Mutant(
        "a backup that is dead for days stays a thing to look at",
        "companion/operations/looking.py",
        "if None in found.tasks.values():",
        "if False:",
        T_PAGE,
    ),
    Mutant(
        "a backup that is dead for weeks is not forgotten",
        TASKS,
        "    _keep(hour - timedelta(hours=1))\n",
        "",
        T_PAGE,
    ),
    Mutant(
        "backups that people are told of are missed where there never was one",
        TASKS,
        "(bool(settings.BACKUP_DAYS) and not is_rds)",
        "False",
        T_PAGE,
    ),
    Mutant(
        "nobody is told that backups are missing which Amazon makes",
        TASKS,
        "(bool(settings.BACKUP_DAYS) and not is_rds)",
        "bool(settings.BACKUP_DAYS)",
        T_PAGE,
    ),
    Mutant(
        "a prune that never ran is missed",
        TASKS,
        'return task == "prune" or',
        "return",
        T_PAGE,
    ),
    Mutant(
        "Prometheus hears of a task that never ended well",
        TASKS,
        "    for task, at in waiting(last, began).items():",
        "    for task, at in waiting(last, None).items():",
        T_PAGE,
    ),
    Mutant(
        "a prune that no server speaks of is an alert",
        ALERTS,
        'max(newest_worker_start_timestamp_seconds{job="small-wonders"}) > 3 * 3600',
        'max(newest_worker_start_timestamp_seconds{job="small-wonders"}) > 300 * 3600',
        T_MONITORING,
    ),
    Mutant(
        "somebody asks whether the site can do its work",
        "deploy/monitoring/prometheus.yml",
        '["http://127.0.0.1:8000/readyz"]',
        '["http://127.0.0.1:8000/healthz"]',
        T_MONITORING,
    ),
    Mutant(
        "a server that stops in good order wakes nobody",
        ALERTS,
        """unless on (instance) up{job="small-wonders"} == 0
        for: 3m""",
        """unless on (instance) up{job="small-wonders"} == 0
        for: 0m""",
        T_MONITORING,
    ),
    Mutant(
        "a site that is down is one page and not two",
        ALERTS,
        'unless on (instance) up{job="small-wonders"} == 0',
        'unless on (instance) up{job="small-wonders"} == 2',
        T_MONITORING,
    ),
    Mutant(
        "a unit that failed is told at once",
        ALERTS,
        'two_doors_task_failed{job="small-wonders-machine"}) == 1',
        'two_doors_task_failed{job="small-wonders-machine"}) == 2',
        T_MONITORING,
    ),
    Mutant(
        "the Watchdog wakes nobody",
        "deploy/monitoring/alertmanager.yml",
        "      receiver: watched\n",
        "      receiver: pages\n",
        T_MONITORING,
    ),
    Mutant(
        "what is too much counts once, however long the database is away",
        RECORDER,
        'self._pending[hour, series[1], "other"] += number',
        'self._pending[hour, series[1], "other"] += number * (1 + (series[2] == "other"))',
        T_RECORDER,
    ),
    Mutant(
        "the last day is for operators",
        VIEWS,
        "if not (user.is_staff and user.has_perm(VIEW)):",
        "if not user.is_staff:",
        T_PAGE,
    ),
    Mutant(
        "who was an operator once sees no last day",
        VIEWS,
        "if not (user.is_staff and user.has_perm(VIEW)):",
        "if not user.has_perm(VIEW):",
        T_PAGE,
    ),
    Mutant(
        "after a round that failed comes another",
        RECORDER,
        'log.exception("operations_round_failed")',
        "raise",
        T_RECORDER,
    ),
    Mutant(
        "a count that was written is not written again",
        RECORDER,
        "        self._pending.clear()\n",
        "",
        T_RECORDER,
    ),
    Mutant(
        "a count and its process are written together or not at all",
        RECORDER,
        "with transaction.atomic():",
        "if True:",
        T_RECORDER,
    ),
    Mutant(
        "a database that is away for days fills no memory",
        RECORDER,
        "            del self._pending[series]",
        "            pass",
        T_RECORDER,
    ),
    Mutant(
        "labels that nobody foresaw fill no table",
        RECORDER,
        "for series in of_this_hour[kept.MOST_SERIES :]:",
        "for series in of_this_hour[:0]:",
        T_RECORDER,
    ),
    Mutant(
        "two processes add to one count",
        "companion/operations/models.py",
        "SET number = {table}.number + excluded.number",
        "SET number = excluded.number",
        T_RECORDER,
    ),
    Mutant(
        "a flood of failures fills no table",
        FAILURES,
        "if self._in_hour < MOST_AN_HOUR:",
        "if True:",
        T_RECORDER,
    ),
    Mutant(
        "places of failures are bounded",
        FAILURES,
        "if len(self._places) < MOST_PLACES:",
        "if True:",
        T_RECORDER,
    ),
    Mutant(
        "a failure is noted by its route, not by its address",
        FAILURES,
        'f"{request.method} /{match.route}" if match',
        'f"{request.method} {request.get_full_path()}" if match',
        T_RECORDER,
    ),
    Mutant(
        "a label cannot pass for two",
        KEPT,
        'value.replace(",", "_").replace("=", "_")',
        "value",
        T_RECORDER,
    ),
    Mutant(
        "an hour without a server is no zero",
        "companion/operations/day.py",
        "is_off=not there and off",
        "is_off=False and off",
        T_PAGE,
    ),
]
