"""gunicorn's settings, the same in production and in a local run.

    gunicorn companion.wsgi --config deploy/gunicorn.conf.py

`make bench PARTS=servers` compares what could stand here.
"""

from __future__ import annotations

import gc
import math
import os
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any

from companion import draining

READ_SECONDS = 5  # as in companion.patient_threads
SLOWEST = 16 * 1024
PAGE = 100 * 1024  # bytes: more than any page has

# Requests are short and synchronous and share caches of keys: threads, in few processes.
worker_class = "companion.patient_threads.PatientThreads"
# For Alexa; three quarters as many beside them for pages, two for uploads and two for probes
# (patient_threads.py).
# A turn computes for most of its time, and only one thread of a process can: the others are for
# those that wait for a commit or for the pool. More want more connections than settings.py has.
threads = 8
workers = 1  # with PostgreSQL: --workers, one a processor; SQLite has one writer anyway
# Idle connections take no thread. Longer than a proxy keeps them (AWS's load balancers: 60 s), or
# one would send a turn into a connection that is just being closed, and Alexa gets a 502.
keepalive = 75
# Of the 1,024 files that a process usually may open: the rest is for databases, threads, static
# files. A worker that can open no more ends.
worker_connections = 800
# sendfile(2) by gunicorn waits without end for a client that does not read; writing has a timeout
sendfile = False
# no access log: the query of a sign-in's callback holds a code; companion.logs writes the path
accesslog = None
# one JSON object a line, as the site writes them: that a worker died is looked for there
logger_class = "companion.server_log.ServerLog"
control_socket_disable = True
# The compiled parser (gunicorn_h1c) would be taken where it is installed, and its 0.6.9 takes lines
# that end in a bare LF and folded headers, which this one refuses.
http_parser = "python"
# A peer on this host is trusted to set SCRIPT_NAME and PATH_INFO (forwarder_headers), and so is
# whoever a proxy here passes such a header on for. We need neither:
# https://gunicorn.org/reference/settings/#forwarder_headers
forwarder_headers = ""


def _drain_seconds() -> float:
    """Read before anything starts: a server that nobody could stop would be found out too late."""
    given = os.environ.get("DRAIN_SECONDS", "").strip()
    try:
        seconds = float(given or 0)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < math.inf:  # nor is "nan"
        sys.exit(f"DRAIN_SECONDS={given}: write seconds, like 20")
    return seconds


DRAIN_SECONDS = _drain_seconds()


def post_fork(server: Any, worker: Any) -> None:
    """PIN_WORKERS=1: a processor for each worker, where the machine is ours alone.

    One thread of a process computes at a time. On one processor they take turns when they have
    to; on several each wait for a database hands the turn to another processor and its empty
    caches, which costs a busy process a third of its work. Two installations that do so on one
    machine would share a processor and leave others idle.
    """
    if os.environ.get("PIN_WORKERS") != "1":
        return
    ours = os.sched_getaffinity(0)
    others = [pid for pid in server.WORKERS if pid != os.getpid()]
    taken = [min(cpus) for cpus in map(os.sched_getaffinity, others) if len(cpus) == 1]
    os.sched_setaffinity(0, {min(sorted(ours), key=taken.count)})


def on_starting(server: Any) -> None:
    """PROMETHEUS_MULTIPROC_DIR: a folder where workers keep what they count, for `/metrics` to add.

    What the last run left there is not counted again.
    """
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in Path(folder).glob("*.db"):
            file.unlink()
    elif server.cfg.workers > 1:
        server.log.warning(
            "PROMETHEUS_MULTIPROC_DIR is not set: /metrics tells of the worker that answers it"
        )


def child_exit(server: Any, worker: Any) -> None:
    """What a worker was, ended with it; what it counted goes on to count."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # its own


def when_ready(server: Any) -> None:
    _let_no_thread_wait(server)
    _drain_first()


def _drain_first() -> None:
    """SIGTERM: say that we are not ready, and go on for DRAIN_SECONDS; a second one stops at once.

    A load balancer sends requests until it has asked again. Without the variable we stop at once,
    which is right where nobody asks, or whoever stops us told the balancer before.
    """
    stop: Any = signal.getsignal(signal.SIGTERM)

    def terminate(number: int, frame: Any) -> None:
        if draining.is_draining() or not DRAIN_SECONDS:
            draining.begin()
            stop(signal.SIGTERM, frame)
            return
        draining.begin()
        signal.signal(signal.SIGALRM, lambda number, frame: stop(signal.SIGTERM, frame))
        signal.setitimer(signal.ITIMER_REAL, DRAIN_SECONDS)

    signal.signal(signal.SIGTERM, terminate)


def _let_no_thread_wait(server: Any) -> None:
    """Let no thread wait for ever.

    A request that is longer than companion.patient_threads.LONGEST is read by a thread, and an
    answer written by one. gunicorn has no timeout for either, so the kernel gets one: connections
    inherit it from the listening socket (socket(7), SO_RCVTIMEO). That is for each read and write;
    pre_request bounds a body as a whole. A proxy in front that buffers both still is the real
    answer to somebody who wants many threads for a few bytes a second.

    What is no longer than PAGE is written at once, and its reader's pace is the kernel's business.
    """
    for listener in server.LISTENERS:
        # a connection's buffer begins with 16 KB and grows while its reader reads; twice, as the
        # kernel counts what it needs itself
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * PAGE)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", READ_SECONDS, 0))


def post_worker_init(worker: Any) -> None:
    """What is loaded now stays: looking for garbage among it stops all threads for a tenth of a
    second, once in some hundred pages.
    """
    gc.collect()
    gc.freeze()
    # of the site; servers are tested with something smaller
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR") and (
        site := sys.modules.get("companion.metrics")
    ):
        site.sample_from_now_on()
    if "companion.wsgi" in sys.modules:
        from companion.operations import recorder

        recorder.start()


def worker_exit(server: Any, worker: Any) -> None:
    """What it counted since it wrote last is written, too."""
    if recorder := sys.modules.get("companion.operations.recorder"):
        recorder.stop()


def pre_request(worker: Any, request: Any) -> None:
    """Let no body come letter by letter: it is here in time for its size, or reading it fails."""
    unreader, end = request.unreader, time.monotonic() + READ_SECONDS
    receive = type(unreader).chunk

    def chunk(size_hint: int | None = None) -> bytes:
        nonlocal end
        if time.monotonic() > end:
            raise TimeoutError("the body takes too long")
        found: bytes = receive(unreader, size_hint)
        end += len(found) / SLOWEST
        return found

    unreader.chunk = chunk


def post_request(worker: Any, request: Any, environ: Any, response: Any) -> None:
    """The connection is kept: the next request has a time of its own."""
    vars(request.unreader).pop("chunk", None)
