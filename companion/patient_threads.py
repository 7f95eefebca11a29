"""gunicorn's threads, for requests that are all there; who is slow waits without one.

A thread of gunicorn's own is taken from the first byte of a request to its last, and its main loop
waits up to two seconds for each client to hang up: eight slow senders, or three who keep a finished
connection, stop the site (gunicorn 27, workers/gthread.py). Here the main loop reads what has come
and never waits. Where a request ends is only guessed, to know when to hand it over: gunicorn's
parser decides, and a thread that was called too early waits as it always did.

Without TLS: a proxy ends that. Tests are in tests/companion/test_server.py, with gunicorn itself.
"""

from __future__ import annotations

import errno
import re
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

# gunicorn has no types; the methods that are replaced here are those of 27
from gunicorn import util  # type: ignore[import-untyped]
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

READ_SECONDS = 5  # Alexa waits 8 s for an answer, so nobody honest pauses for longer than this
# bytes a second of a body or an answer that takes longer: a table of facts on a weak line
SLOWEST = 16 * 1024
# Of a request that waits in memory: every turn, and every form but an upload. The rest of a longer
# one is read by its thread.
LONGEST = 128 * 1024
LINGER_SECONDS = 2  # for a client to read its last answer, and hang up
LOOK_SECONDS = 0.5  # between two looks at who has waited for too long

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)


def seems_whole(data: bytes) -> bool:
    """Whether a thread can read a request from this without waiting, or it is too long for here."""
    if len(data) >= LONGEST:
        return True
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return b"\n\n" in data  # not HTTP: the parser refuses a line that ends so
    if length := _LENGTH.search(data, 0, end + 2):
        return len(data) >= min(end + 4 + int(length[1]), LONGEST)
    return not _CHUNKED.search(data, 0, end + 2) or data.endswith(b"0\r\n\r\n")


class InTime:
    """A socket whose answer goes at SLOWEST or faster, with READ_SECONDS to spare.

    The kernel's timeout is for each write: who reads a letter now and then stays within it.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.left: float = READ_SECONDS  # of waiting for the reader; not of making the answer

    def sendall(self, data: bytes) -> None:
        try:
            for start in range(0, len(data), SLOWEST):
                part, begun = data[start : start + SLOWEST], time.monotonic()
                # of a socket with a timeout it is the time for all that sendall sends
                self.sock.settimeout(max(0.001, self.left))
                self.sock.sendall(part)
                waited = time.monotonic() - begun
                self.left = min(self.left - waited + len(part) / SLOWEST, READ_SECONDS)
        except TimeoutError:
            # of this one gunicorn makes no traceback in the log
            raise BrokenPipeError(errno.EPIPE, "not read in time") from None
        finally:
            self.sock.settimeout(None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)


class PatientThreads(ThreadWorker):  # type: ignore[misc] # of a package without types
    """All methods but handle_request and handle_error run in the main loop's thread."""

    def init_process(self) -> None:
        self.waiting: dict[TConn, float] = {}  # until when (monotonic), the oldest first
        self.looked_at = 0.0
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        if self.nr_conns >= self.worker_connections - 1 and self.waiting:
            self._drop(next(iter(self.waiting)))  # room is made by who has waited for longest
        super().accept(listener)

    def enqueue_req(self, conn: TConn) -> None:
        """Of a new connection, and of a kept one on which something came."""
        conn.init()
        if self._has_read(conn, time.monotonic() + READ_SECONDS):
            super().enqueue_req(conn)
        else:
            self._watch(conn, self._on_more)

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """In a thread."""
        sock, conn.sock = conn.sock, InTime(conn.sock)
        try:
            return bool(super().handle_request(req, conn))
        finally:
            conn.sock = sock

    def finish_request(self, conn: TConn, done: Future[bool]) -> None:
        if done.cancelled() or done.exception() or done.result():
            super().finish_request(conn, done)
            return
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:  # it has hung up
            self.nr_conns -= 1
            conn.close()
            return
        self.waiting[conn] = time.monotonic() + LINGER_SECONDS
        self._watch(conn, self._on_hanging_up)

    def murder_pending(self) -> None:
        """gunicorn calls this often: close the connections whose time is over."""
        now = time.monotonic()
        if now < self.looked_at + LOOK_SECONDS:
            return
        self.looked_at = now
        for conn in [each for each, end in self.waiting.items() if end < now]:
            self._drop(conn)

    def handle_error(
        self, req: object, client: socket.socket, addr: object, exc: Exception
    ) -> None:
        """In a thread. gunicorn's own would log, and say back, addresses with their codes."""
        if isinstance(exc, ParseException):
            self.log.warning("Request refused: %s", type(exc).__name__)
            status, reason = 400, "Bad Request"
        else:
            self.log.error("Error handling a request", exc_info=exc)
            status, reason = 500, "Internal Server Error"
        try:
            util.write_error(client, status, reason, "")
        except OSError:
            self.log.debug("Nobody is there to be told of an error.")

    def _has_read(self, conn: TConn, end: float) -> bool:
        """Read what has come; False where there is more to wait for, until `end` and a bit."""
        unreader = conn.parser.unreader
        held = unreader.buf.getvalue()
        if held and seems_whole(held):
            return True  # sent behind the one before
        try:
            part = conn.sock.recv(LONGEST, socket.MSG_DONTWAIT)
        except BlockingIOError:
            self.waiting[conn] = end
            return False
        except OSError:
            return True  # the thread finds the same, and closes it
        unreader.buf.seek(0, 2)
        unreader.buf.write(part)
        if not part or seems_whole(held + part):
            return True
        self.waiting[conn] = end + len(part) / SLOWEST
        return False

    def _watch(self, conn: TConn, on_more: Callable[[TConn, socket.socket], None]) -> None:
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(on_more, conn))

    def _on_more(self, conn: TConn, client: socket.socket) -> None:
        # dropped since the poller saw it, to make room for another of the same look
        if conn in self.waiting and self._has_read(conn, self.waiting[conn]):
            del self.waiting[conn]
            self.poller.unregister(client)
            super().enqueue_req(conn)

    def _on_hanging_up(self, conn: TConn, client: socket.socket) -> None:
        """What still comes is thrown away: closed with it unread, the last answer could be lost."""
        if conn not in self.waiting:  # as above
            return
        try:
            if client.recv(LONGEST, socket.MSG_DONTWAIT):
                return
        except BlockingIOError:
            return
        except OSError:
            pass  # it is gone, which is what is waited for
        self._drop(conn)

    def _drop(self, conn: TConn) -> None:
        del self.waiting[conn]
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()
