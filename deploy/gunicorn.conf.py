"""gunicorn's settings, the same in production and in a local run.

    gunicorn companion.wsgi --config deploy/gunicorn.conf.py

`make bench PARTS=servers` compares what could stand here.
"""

from __future__ import annotations

import gc
import os
import socket
import struct
import time
from typing import Any

READ_SECONDS = 5  # as in companion.patient_threads
SLOWEST = 16 * 1024

# Requests are short and synchronous and share caches of keys: threads, in few processes.
worker_class = "companion.patient_threads.PatientThreads"
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
control_socket_disable = True
# The compiled parser (gunicorn_h1c) would be taken where it is installed, and its 0.6.9 takes lines
# that end in a bare LF and folded headers, which this one refuses.
http_parser = "python"
# A peer on this host is trusted to set SCRIPT_NAME and PATH_INFO (forwarder_headers), and so is
# whoever a proxy here passes such a header on for. We need neither:
# https://gunicorn.org/reference/settings/#forwarder_headers
forwarder_headers = ""


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


def when_ready(server: Any) -> None:
    """Let no thread wait for ever.

    A request that is longer than companion.patient_threads.LONGEST is read by a thread, and an
    answer written by one. gunicorn has no timeout for either, so the kernel gets one: connections
    inherit it from the listening socket (socket(7), SO_RCVTIMEO). That is for each read and write;
    pre_request bounds a body as a whole. A proxy in front that buffers both still is the real
    answer to somebody who wants many threads for a few bytes a second.
    """
    for listener in server.LISTENERS:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", READ_SECONDS, 0))


def post_worker_init(worker: Any) -> None:
    """What is loaded now stays: looking for garbage among it stops all threads for a tenth of a
    second, once in some hundred pages.
    """
    gc.collect()
    gc.freeze()


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
