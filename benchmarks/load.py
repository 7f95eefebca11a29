"""Sends requests that were made before to a server on this machine, and times the answers.

One thread and no HTTP library, so that the load costs little beside what it measures: on the same
processors the two would take the time from each other.
"""

from __future__ import annotations

import selectors
import socket
import statistics
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

PATIENCE = 30.0  # seconds for one answer
_CHUNK = 65536


class Broken(RuntimeError):
    """The server closed, did not answer in time, or answered with what cannot be read."""


@dataclass(frozen=True, slots=True)
class Request:
    """The bytes to send, and what a right answer holds."""

    raw: bytes
    expected: bytes = b""


@dataclass
class Round:
    """What came of one batch. Times are in seconds."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)  # status, or what was missing

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.times) / self.seconds if self.seconds else 0.0

    def percentile(self, part: float) -> float:
        """0.5: the median; in milliseconds."""
        if len(self.times) < 2:
            return self.times[0] * 1000 if self.times else 0.0
        cuts = statistics.quantiles(self.times, n=1000, method="inclusive")
        return cuts[min(max(round(part * 1000) - 1, 0), 998)] * 1000


class _Connection:
    def __init__(self, port: int, selector: selectors.BaseSelector) -> None:
        self.port, self.selector = port, selector
        self.request: Request | None = None  # that waits for its answer
        self.due = self.sent = 0.0
        self.received = b""
        self._open()

    def _open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(self.socket, selectors.EVENT_READ, self)

    def send(self, request: Request, due: float) -> None:
        self.request, self.due, self.received = request, due, b""
        self.sent = time.perf_counter()
        try:
            self.socket.sendall(request.raw)
        except OSError as error:
            raise Broken(f"the server took no request: {error}") from error

    def receive(self) -> tuple[int, bytes] | None:
        """Status and body, once the whole answer is here."""
        part = _received(self.socket)
        if self.request is None:
            raise Broken("an answer to nothing")
        self.received += part
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        status, length, is_last = read_head(head)
        if len(body) < length:
            return None
        if len(body) > length:
            raise Broken("an answer that is longer than its Content-Length")
        self.request = None
        if is_last:  # a server without persistent connections: the next request needs a new one
            self.close()
            self._open()
        return status, body

    def close(self) -> None:
        if self.socket.fileno() >= 0:  # else closed by the server, which let nobody in again
            self.selector.unregister(self.socket)
            self.socket.close()


def _received(connection: socket.socket) -> bytes:
    try:
        part = connection.recv(_CHUNK)
    except OSError as error:
        raise Broken(f"no answer: {error}") from error
    if not part:
        raise Broken("the server closed the connection")
    return part


def read_head(head: bytes) -> tuple[int, int, bool]:
    """Status, length of the body, and whether the server closes after it."""
    status_line, *lines = head.split(b"\r\n")
    version, status, *_ = [*status_line.split(b" ", 2), b""]
    pairs = (line.partition(b":") for line in lines)
    values = {name.lower(): value.strip() for name, _, value in pairs}
    length = values.get(b"content-length", b"")
    if not (status.isdigit() and length.isdigit()):
        raise Broken(f"an answer without status or Content-Length: {head[:200]!r}")
    said = values.get(b"connection", b"" if version == b"HTTP/1.1" else b"close")
    return int(status), int(length), said.lower() == b"close"


def ask(port: int, request: Request) -> dict[str, str]:
    """One request on a connection of its own; the headers of its answer, in small letters."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(request.raw)
        head = b""
        while b"\r\n\r\n" not in head:
            head += _received(connection)
    status, *lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    if status.split(" ", 2)[1] != "200":
        raise Broken(status)
    pairs = (line.partition(":") for line in lines)
    return {name.lower(): value.strip() for name, _, value in pairs}


def closed(port: int, requests: Sequence[Request], *, connections: int) -> Round:
    """Each connection sends its next request as soon as it has an answer: how many can be done."""
    return _run(port, requests, connections, None)


def at_rate(port: int, requests: Sequence[Request], *, rate: float, connections: int) -> Round:
    """`rate` requests a second, whatever the server does: how long people wait.

    The time of one counts from when it was due, also where all connections were busy.
    """
    return _run(port, requests, connections, rate)


def _run(port: int, requests: Sequence[Request], connections: int, rate: float | None) -> Round:
    result = Round()
    everyone: list[_Connection] = []
    with selectors.DefaultSelector() as selector:
        try:
            for _ in range(min(connections, len(requests))):
                everyone.append(_Connection(port, selector))
            begun = time.perf_counter()
            _exchange(result, requests, everyone, selector, begun, rate)
            result.seconds = time.perf_counter() - begun
        finally:
            for connection in everyone:
                connection.close()
    return result


def _exchange(
    result: Round,
    requests: Sequence[Request],
    everyone: Sequence[_Connection],
    selector: selectors.BaseSelector,
    begun: float,
    rate: float | None,
) -> None:
    idle = deque(everyone)
    sent = 0
    looked = begun
    while len(result.times) < len(requests):
        now = time.perf_counter()
        while idle and sent < len(requests):
            due = now if rate is None else begun + sent / rate
            if due > now:
                break
            idle.popleft().send(requests[sent], due)
            sent += 1
        for key, _ in selector.select(_wait(rate, begun, sent, len(requests), bool(idle))):
            connection: _Connection = key.data
            request = connection.request
            answer = connection.receive()
            if answer is None or request is None:
                continue
            result.times.append(time.perf_counter() - connection.due)
            _judge(result, request, *answer)
            idle.append(connection)
        # not each time: it would cost more than what is measured
        if now - looked > PATIENCE / 10:
            looked = now
            if any(each.request and now - each.sent > PATIENCE for each in everyone):
                raise Broken(f"no answer within {PATIENCE:g} s")


def _wait(rate: float | None, begun: float, sent: int, total: int, has_idle: bool) -> float:
    """Seconds until the next request is due, or until somebody may have waited for too long."""
    if rate is None or sent >= total or not has_idle:
        return PATIENCE / 10
    return min(max(0.0, begun + sent / rate - time.perf_counter()), PATIENCE / 10)


def _judge(result: Round, request: Request, status: int, body: bytes) -> None:
    if status != 200:
        result.wrong[str(status)] += 1
    elif request.expected not in body:
        result.wrong["another answer"] += 1
