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
    """The server closed, or answered with what cannot be read."""


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
        self.request = Request(b"")
        self.due = 0.0
        self.sent = 0
        self.received = b""
        self._open()

    def _open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(self.socket, selectors.EVENT_READ, self)

    def send(self, request: Request, due: float) -> None:
        self.request, self.due, self.received = request, due, b""
        self.socket.sendall(request.raw)

    def receive(self) -> tuple[int, bytes] | None:
        """Status and body, once the whole answer is here."""
        part = self.socket.recv(_CHUNK)
        if not part:
            raise Broken("the server closed the connection")
        self.received += part
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        length, is_last = -1, False
        status_line, *lines = head.split(b"\r\n")
        for line in lines:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            elif name.lower() == b"connection":
                is_last = value.strip().lower() == b"close"
        if length < 0:
            raise Broken("an answer without Content-Length")
        if len(body) < length:
            return None
        if is_last:  # a server without persistent connections: the next request needs a new one
            self.close()
            self._open()
        return int(status_line.split(b" ", 2)[1]), body

    def close(self) -> None:
        self.selector.unregister(self.socket)
        self.socket.close()


def ask(port: int, request: Request) -> dict[str, str]:
    """One request on a connection of its own; the headers of its answer, in small letters."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(request.raw)
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(_CHUNK)
            if not part:
                raise Broken("the server closed the connection")
            head += part
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
    with selectors.DefaultSelector() as selector:
        idle = deque(_Connection(port, selector) for _ in range(min(connections, len(requests))))
        everyone = list(idle)
        begun = time.perf_counter()
        sent = answered = 0
        try:
            while answered < len(requests):
                now = time.perf_counter()
                while idle and sent < len(requests):
                    due = now if rate is None else begun + sent / rate
                    if due > now:
                        break
                    idle.popleft().send(requests[sent], due)
                    sent += 1
                ready = selector.select(_wait(rate, begun, sent, len(requests), bool(idle)))
                for key, _ in ready:
                    connection: _Connection = key.data
                    answer = connection.receive()
                    if answer is None:
                        continue
                    result.times.append(time.perf_counter() - connection.due)
                    _judge(result, connection.request, *answer)
                    answered += 1
                    idle.append(connection)
                if not ready and len(idle) < len(everyone) and _is_stuck(everyone, idle, now):
                    raise Broken(f"no answer within {PATIENCE:g} s")
        finally:
            for connection in everyone:
                connection.close()
        result.seconds = time.perf_counter() - begun
    return result


def _wait(rate: float | None, begun: float, sent: int, total: int, has_idle: bool) -> float:
    if rate is None or sent >= total or not has_idle:
        return PATIENCE
    return max(0.0, begun + sent / rate - time.perf_counter())


def _is_stuck(everyone: list[_Connection], idle: deque[_Connection], now: float) -> bool:
    return any(now - each.due > PATIENCE for each in everyone if each not in idle)


def _judge(result: Round, request: Request, status: int, body: bytes) -> None:
    if status != 200:
        result.wrong[str(status)] += 1
    elif request.expected not in body:
        result.wrong["another answer"] += 1
