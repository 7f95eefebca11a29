"""gunicorn's threads, for requests that are all there; who is slow waits without one.

A thread of gunicorn's own is taken from the first byte of a request to its last, and its main loop
waits up to two seconds for each client to hang up: eight slow senders, or three who keep a finished
connection, stop the site (gunicorn 27, workers/gthread.py). Here the main loop reads what has come
and never waits. Where a request ends is only guessed, to know when to hand it over: gunicorn's
parser decides, and a thread that was called too early waits as it always did.

Alexa's requests and probes have threads of their own, and no number of pages makes them wait. So
have bodies that a thread has to read, and no number of those makes a page wait. Of pages and such
bodies each client address has at most SHARE in work or waiting, in each worker, and all together
have no more of its connections than leaves room for turns.

Without TLS: a proxy ends that. Tests are in tests/companion/test_server.py, with gunicorn itself.
"""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from ipaddress import ip_network
from typing import Any

# gunicorn has no types; the methods that are replaced here are those of 27
from gunicorn import util  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

from companion import env
from companion.patience import LATE_SECONDS, Patience
from companion.request_heads import CHUNKED, LENGTH, Doors, Kind, Network, client_of

READ_SECONDS = 5  # Alexa waits 8 s for an answer, so nobody honest pauses for longer than this
# bytes a second of a body or an answer that takes longer: a table of facts on a weak line
SLOWEST = 16 * 1024
# Of a request that waits in memory: every turn, and every form but an upload. The rest of a longer
# one is read by its thread.
LONGEST = 128 * 1024
LINGER_SECONDS = 2  # for a client to read its last answer, and hang up
LOOK_SECONDS = 0.5  # between two looks at who has waited for too long

# Requests for pages of one client address that are in work or wait for a thread, in a worker: a
# dozen people who open a page at the same moment. More are told to come again.
SHARE = 64
# All that are in work or wait take a third of the connections that a worker may have: where they
# took all, nobody else would be let in. That many searches are as much as is done in LATE_SECONDS.
PAGES = 1 / 3
PROBE_THREADS = 2  # `/healthz` is answered while `/readyz` waits for what hangs
LONG_THREADS = 2  # operators upload a table of facts now and then; nobody else sends as much
_PUBLIC = frozenset({Kind.PAGE, Kind.LONG})  # have a share of each address


def seems_whole(data: bytes) -> bool:
    """Whether a thread can read a request from this without waiting, or it is too long for here."""
    if len(data) >= LONGEST:
        return True
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return b"\n\n" in data  # not HTTP: the parser refuses a line that ends so
    if length := LENGTH.search(data, 0, end + 2):
        return len(data) >= min(end + 4 + int(length[1]), LONGEST)
    return not CHUNKED.search(data, 0, end + 2) or data.endswith(b"0\r\n\r\n")


def page_threads(threads: int) -> int:
    """Beside `threads` for Alexa. More than wait for a pool that hangs (oauth_trace/forward.py)."""
    return max(1, threads * 3 // 4)


def refusal(status: int, reason: str, *, after: int = 0) -> bytes:
    """A whole answer, after which the connection is closed; `after`: seconds to come again in."""
    text = f"{reason}.\n".encode()
    lines = [
        f"HTTP/1.1 {status} {reason}",
        "Connection: close",
        "Cache-Control: no-store",
        "Content-Type: text/plain",
        "X-Content-Type-Options: nosniff",
        f"Content-Length: {len(text)}",
        *([f"Retry-After: {after}"] if after else []),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + text


FULL = refusal(503, "Service Unavailable", after=LATE_SECONDS)
OVER_SHARE = refusal(429, "Too Many Requests", after=1)


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
        self.late = 0  # requests, since the log said so
        self.refused: Counter[str] = Counter()  # pages by reason, since the log said so
        self.pages = 0  # in work or waiting
        self.shares: Counter[str] = Counter()  # pages in work or waiting, by client
        self.doors = Doors(os.environ.get("SCRIPT_NAME", ""))
        self.trusted: tuple[Network, ...] = ()
        sizes = {
            Kind.PROBE: PROBE_THREADS,
            Kind.PAGE: page_threads(self.cfg.threads),
            Kind.LONG: LONG_THREADS,
        }
        self.pools = {kind: ThreadPoolExecutor(size, f"{kind}-") for kind, size in sizes.items()}
        self.patience = {kind: Patience() for kind in Kind}
        super().init_process()  # which serves, and returns at the end

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """gunicorn starts and ends this one itself."""
        pool = self.pools[Kind.VOICE] = ThreadPoolExecutor(self.cfg.threads, "voice-")
        return pool

    def run(self) -> None:
        try:
            super().run()
        finally:
            self._end_threads()
            self._say_what_was_turned_away()  # since it was looked at last

    def handle_quit(self, sig: int, frame: object) -> None:
        self._end_threads()
        super().handle_quit(sig, frame)

    def _end_threads(self) -> None:
        for pool in self.pools.values():
            pool.shutdown(wait=False)

    def accept(self, listener: socket.socket) -> None:
        if self.nr_conns >= self.worker_connections - 1 and self.waiting:
            self._drop(next(iter(self.waiting)))  # room is made by who has waited for longest
        super().accept(listener)

    def load_wsgi(self) -> None:
        """A site that cannot be loaded is one line of the log: gunicorn prints what was raised."""
        try:
            super().load_wsgi()
            # now that it is loaded, and with it the file that may name them
            proxies = env.words("TRUSTED_PROXIES")
            self.trusted = tuple(ip_network(proxy, strict=False) for proxy in proxies)
        except Exception as error:
            self.log.critical("The site cannot be loaded", exc_info=error)
            sys.exit(Arbiter.WORKER_BOOT_ERROR)  # the main process takes it for its own end

    def enqueue_req(self, conn: TConn) -> None:
        """Of a new connection, and of a kept one on which something came."""
        conn.init()
        if self._has_read(conn, time.monotonic() + READ_SECONDS):
            self._hand_over(conn)
        else:
            self._watch(conn, self._on_more)

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """In a thread."""
        now = time.monotonic()
        waited = now - conn.handed_over
        if self.patience[conn.kind].is_over(waited, now):
            self.late += 1
            _count("late", conn.kind, waited)
            util.write(conn.sock, FULL)
            return False
        _count("", conn.kind, waited)
        sock, conn.sock = conn.sock, InTime(conn.sock)
        try:
            return bool(super().handle_request(req, conn))
        finally:
            conn.sock = sock

    def finish_request(self, conn: TConn, done: Future[bool]) -> None:
        self._give_back(conn)
        if done.cancelled() or done.exception() or done.result():
            super().finish_request(conn, done)
            return
        self._end(conn)

    def _end(self, conn: TConn) -> None:
        """All is said."""
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
        self._say_what_was_turned_away()
        for conn in [each for each, end in self.waiting.items() if end < now]:
            self._drop(conn)

    def _say_what_was_turned_away(self) -> None:
        """In numbers: a line for each would be a log that anybody can fill."""
        if self.late:
            self.log.warning("Requests that waited too long for a thread: %d", self.late)
            self.late = 0
        if self.refused:
            found = ", ".join(f"{reason} {number}" for reason, number in self.refused.items())
            self.log.warning("Pages refused for too many at once: %s", found)
            self.refused.clear()

    def handle_error(
        self, req: object, client: socket.socket, addr: object, exc: Exception
    ) -> None:
        """In a thread. gunicorn's own would log, and say back, addresses with their codes."""
        if isinstance(exc, ParseException):
            self.log.warning("Request refused: %s", type(exc).__name__)
            _count("unreadable", "any")
            status, reason = 400, "Bad Request"
        else:
            self.log.error("Error handling a request", exc_info=exc)
            _count("error", "any")
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
            return True  # it is gone
        unreader.buf.seek(0, 2)
        unreader.buf.write(part)
        if not part or seems_whole(held + part):
            return True
        self.waiting[conn] = end + len(part) / SLOWEST
        return False

    def _hand_over(self, conn: TConn) -> None:
        """To the next thread of its kind that has nothing to do."""
        data = conn.parser.unreader.buf.getvalue()
        if not data:  # it has hung up, which takes no thread to find out
            self.nr_conns -= 1
            conn.close()
            return
        conn.kind, conn.share = self.doors.kind(data), ""
        if conn.kind in _PUBLIC and not self._has_room(conn, data):
            return
        conn.handed_over = time.monotonic()
        done = self.pools[conn.kind].submit(self.handle, conn)
        done.add_done_callback(partial(self.method_queue.defer, self.finish_request, conn))

    def _has_room(self, conn: TConn, data: bytes) -> bool:
        """False where there is too much already, of this client or in all: then it is told so."""
        peer = conn.client[0] if isinstance(conn.client, tuple) else ""
        client = client_of(peer, data, self.trusted)  # none: a Unix socket
        if self.pages >= self.worker_connections * PAGES:
            reason, answer = "full", FULL
        elif client and self.shares[client] >= SHARE:
            reason, answer = "share", OVER_SHARE
        else:
            self.pages += 1
            self.shares[client] += 1
            conn.share = client
            return True
        self.refused[reason] += 1
        _count(reason, conn.kind)
        with contextlib.suppress(OSError):  # it is gone, or does not read
            conn.sock.send(answer, socket.MSG_DONTWAIT)
        self._end(conn)
        return False

    def _give_back(self, conn: TConn) -> None:
        if conn.kind not in _PUBLIC:
            return
        self.pages -= 1
        self.shares[conn.share] -= 1
        if not self.shares[conn.share]:
            del self.shares[conn.share]

    def _watch(self, conn: TConn, on_more: Callable[[TConn, socket.socket], None]) -> None:
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(on_more, conn))

    def _on_more(self, conn: TConn, client: socket.socket) -> None:
        # dropped since the poller saw it, to make room for another of the same look
        if conn in self.waiting and self._has_read(conn, self.waiting[conn]):
            del self.waiting[conn]
            self.poller.unregister(client)
            self._hand_over(conn)

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


def _count(refused: str, kind: str, waited: float | None = None) -> None:
    """For /metrics of the site, where that is what is served."""
    if site := sys.modules.get("companion.metrics"):
        site.count_arrival(refused, kind, waited)
