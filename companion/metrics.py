"""Counters of the whole process, and what `/metrics` says: of all workers where there are several.

docs/monitoring.md says what each means. With PROMETHEUS_MULTIPROC_DIR each worker keeps its values
in a file of that folder, and each `/metrics` is the sum of them; deploy/gunicorn.conf.py cleans the
folder. Without it there is one process, and no file.
"""

from __future__ import annotations

import os
import platform
import resource
import threading
import time
from pathlib import Path
from typing import Any

import django
import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

SAMPLED_EACH = 5.0  # seconds, in a worker that is one of several

log = structlog.get_logger(__name__)

# A person waits for a page; what a machine has to answer in time is the turn, which has its own.
http_request_seconds = Histogram(
    "http_request_seconds",
    "Time of a request by area of the site and class of the answer's status",
    ["area", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
# The time above begins in a thread; what comes before it is the truth about too much at once.
thread_wait_seconds = Histogram(
    "thread_wait_seconds",
    "Time that a whole request waited for a thread, by kind (voice, probe, page, long)",
    ["kind"],
    buckets=(0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 7),
)
server_refusals = Counter(
    "server_refusals",
    "Requests that the server refused by itself, before the site saw them, by reason and kind",
    ["reason", "kind"],
)
readiness_failures = Counter(
    "readiness_failures", "Looks at what the site needs that found it away, by part", ["part"]
)
build_info = Gauge(
    "build_info", "1, by version", ["version", "python", "django"], multiprocess_mode="livemax"
)
workers = Gauge("workers", "Processes that answer", multiprocess_mode="livesum")
workers_memory = Gauge(
    "workers_resident_memory_bytes", "Memory of all of them", multiprocess_mode="livesum"
)
workers_cpu = Counter("workers_cpu_seconds", "CPU time of all of them, ended ones included")
pool_size = Gauge(
    "database_pool_size", "Connections that the pools have", multiprocess_mode="livesum"
)
pool_most = Gauge(
    "database_pool_max_size", "Connections that the pools may have", multiprocess_mode="livesum"
)
pool_available = Gauge(
    "database_pool_available", "Connections that are free", multiprocess_mode="livesum"
)
pool_waiting = Gauge(
    "database_pool_waiting", "Threads that wait for a connection", multiprocess_mode="livesum"
)
pool_requests = Counter("database_pool_requests", "Times that a connection was asked for")
pool_queued = Counter("database_pool_requests_queued", "Of these, those that had to wait")
pool_wait_seconds = Counter("database_pool_wait_seconds", "Time that they waited, in all")
pool_errors = Counter("database_pool_request_errors", "Of these, those that got none in time")
pool_connection_errors = Counter(
    "database_pool_connection_errors", "Tries to connect to the database that failed"
)
pool_lost = Counter("database_pool_connections_lost", "Connections that were found broken")

# what psycopg's pool counts since it was made (get_stats), and what a unit of it is here
_POOL_COUNTS = (
    (pool_requests, "requests_num", 1.0),
    (pool_queued, "requests_queued", 1.0),
    (pool_wait_seconds, "requests_wait_ms", 0.001),
    (pool_errors, "requests_errors", 1.0),
    (pool_connection_errors, "connections_errors", 1.0),
    (pool_lost, "connections_lost", 1.0),
)
_AREAS = {
    "alexa": "voice",
    "oauth": "oauth",
    "accounts": "sign_in",
    "admin": "admin",
    "doctor": "operators",
    "traces": "operators",
    "operations": "operators",
    "static": "static",
    "healthz": "probes",
    "readyz": "probes",
    "metrics": "probes",
    "dev": "development",
}


def area_of(path: str) -> str:
    return _AREAS.get(path[1:].partition("/")[0], "site")


def count_request(area: str, status: int, seconds: float) -> None:
    http_request_seconds.labels(area, f"{status // 100}xx").observe(seconds)


def count_arrival(refused: str, kind: str, waited: float | None) -> None:
    """By companion/patient_threads.py; `refused` is a reason, or empty."""
    if waited is not None:
        thread_wait_seconds.labels(kind).observe(waited)
    if refused:
        server_refusals.labels(refused, kind).inc()


def is_of_several() -> bool:
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ


def registry() -> CollectorRegistry:
    """What to read: this process, or all workers as their files say."""
    sample()
    if not is_of_several():
        return REGISTRY
    found = CollectorRegistry()
    MultiProcessCollector(found)  # type: ignore[no-untyped-call]  # of the library
    return found


class _Sampled:
    """What was counted by others up to the last look; counters take what came since."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.cpu = 0.0
        self.pool: dict[str, float] = {}


_sampled = _Sampled()


def sample() -> None:
    """Write down what nobody tells by itself: memory, CPU time, the pool."""
    with _sampled.lock:
        build_info.labels(settings.VERSION, platform.python_version(), django.__version__).set(1)
        workers.set(1)
        workers_memory.set(_resident_bytes())
        cpu = time.process_time()
        workers_cpu.inc(max(0.0, cpu - _sampled.cpu))
        _sampled.cpu = cpu
        _sample_pool()


def _sample_pool() -> None:
    pool: Any = getattr(connections[DEFAULT_DB_ALIAS], "pool", None)
    if pool is None:  # SQLite
        return
    stats = pool.get_stats()
    pool_size.set(stats.get("pool_size", 0))
    pool_most.set(stats.get("pool_max", 0))
    pool_available.set(stats.get("pool_available", 0))
    pool_waiting.set(stats.get("requests_waiting", 0))
    for counter, name, unit in _POOL_COUNTS:
        now, before = float(stats.get(name, 0)), _sampled.pool.get(name, 0.0)
        counter.inc((now - before if now >= before else now) * unit)  # less: a new pool
        _sampled.pool[name] = now


def _resident_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def sample_from_now_on() -> None:
    """One of several workers: whoever answers `/metrics` cannot look into this one."""
    threading.Thread(target=_sample_for_ever, name="metrics", daemon=True).start()


def _sample_for_ever() -> None:
    while True:
        try:
            sample()
        except Exception:
            # nobody would start this thread again; a pool that is being made anew may raise
            log.exception("metrics_not_sampled")
        time.sleep(SAMPLED_EACH)
