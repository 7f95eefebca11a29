"""gunicorn's settings, the same in production and in a local run.

    gunicorn companion.wsgi --config deploy/gunicorn.conf.py

Requests are short and synchronous and share caches of keys: threads, in few processes.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

worker_class = "gthread"
threads = 8
workers = 1
# no access log: the query of a sign-in's callback holds a code; companion.logs writes the path
accesslog = None
control_socket_disable = True
# A peer on this host is trusted to set SCRIPT_NAME and PATH_INFO (forwarder_headers), and so is
# whoever a proxy here passes such a header on for. We need neither:
# https://gunicorn.org/reference/settings/#forwarder_headers
forwarder_headers = ""

READ_SECONDS = 5  # Alexa waits 8 s for an answer, so nobody honest pauses for longer than this
SLOWEST = 16 * 1024  # bytes a second of a body that takes longer: a table of facts on a weak line


def when_ready(server: Any) -> None:
    """Let no reader wait for ever.

    A thread waits for the rest of a request as long as its sender pleases; eight senders would
    stop the site. gunicorn has no timeout for that, so the kernel gets one: connections inherit
    it from the listening socket (socket(7), SO_RCVTIMEO). That is for each read; pre_request bounds
    a body as a whole. A proxy in front that buffers requests still is the real answer to somebody
    who sends the letters of a header one by one.
    """
    for listener in server.LISTENERS:
        listener.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", READ_SECONDS, 0)
        )


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
