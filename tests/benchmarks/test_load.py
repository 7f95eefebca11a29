"""The load counts wrong answers, times from when a request was due, and waits for none forever."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from benchmarks import load
from benchmarks.load import Broken, Request, Round

Answer = Callable[[socket.socket, bytes], bool]  # whether the connection stays
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Server:
    """Answers each request by `answer`, one thread a connection; keeps what it was sent."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.heard: list[bytes] = []
        self.connections: list[socket.socket] = []
        self.threads: list[threading.Thread] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self._begin(self._accept)

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work)
        self.threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            self._begin(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _serve(self, connection: socket.socket) -> None:
        waiting = b""
        with connection:
            try:
                while part := connection.recv(65536):
                    waiting += part
                    while (end := waiting.find(b"\r\n\r\n") + 4) > 3:
                        request, waiting = waiting[:end], waiting[end:]
                        self.heard.append(request)
                        if not self.answer(connection, request):
                            return
            except OSError:
                return

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self.threads:
            thread.join(10)


Serve = Callable[[Answer], Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def begin(answer: Answer) -> Server:
        servers.append(Server(answer))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "PATIENCE", 1.0)


def says(*parts: bytes, stays: bool = True, pause: float = 0.0) -> Answer:
    def answer(connection: socket.socket, request: bytes) -> bool:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        return stays

    return answer


def batch(count: int, expected: bytes = b"hello") -> list[Request]:
    return [Request(b"GET /%d HTTP/1.1\r\n\r\n" % n, expected) for n in range(count)]


@pytest.mark.parametrize("connections", [1, 3, 64])
def test_each_request_is_sent_once_and_each_connection_is_kept(
    serve: Serve, connections: int
) -> None:
    server = serve(says(GOOD))
    result = load.closed(server.port, batch(20), connections=connections)
    assert sorted(server.heard) == sorted(request.raw for request in batch(20))
    assert len(server.connections) == min(connections, 20)
    assert len(result.times) == 20
    assert result.rate == 20 / result.seconds
    assert not result.wrong


def test_no_requests_are_no_round(serve: Serve) -> None:
    result = load.closed(serve(says(GOOD)).port, [], connections=8)
    assert (result.times, result.rate, result.percentile(0.99)) == ([], 0, 0)


def test_wrong_answers_are_counted_by_what_is_wrong(serve: Serve) -> None:
    wrong = {b"/0": b"HTTP/1.1 400 \r\nContent-Length: 0\r\n\r\n", b"/1": GOOD.replace(b"h", b"H")}

    def answer(connection: socket.socket, request: bytes) -> bool:
        connection.sendall(wrong.get(request.split(b" ")[1], GOOD))
        return True

    result = load.closed(serve(answer).port, batch(5), connections=2)
    assert result.wrong == {"400": 1, "another answer": 1}
    assert len(result.times) == 5


def test_what_is_expected_belongs_to_the_request(serve: Serve) -> None:
    """Two connections whose answers come in the other order: each is held against its own."""
    second_came = threading.Event()

    def answer(connection: socket.socket, request: bytes) -> bool:
        name = request.split(b" ")[1]
        if name == b"/0":
            second_came.wait(10)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + name)
        second_came.set()
        return True

    requests = [Request(b"GET /%d HTTP/1.1\r\n\r\n" % n, b"/%d" % n) for n in range(2)]
    assert not load.closed(serve(answer).port, requests, connections=2).wrong


@pytest.mark.parametrize(
    "parts",
    [
        [GOOD[n : n + 1] for n in range(len(GOOD))],
        [GOOD[:10], GOOD[10:]],
        [GOOD[:-5], GOOD[-5:]],
        [GOOD.replace(b"Content-Length:", b"x: Content-Length: 9\r\ncontent-length:")],
    ],
)
def test_an_answer_may_come_in_parts(serve: Serve, parts: list[bytes]) -> None:
    server = serve(says(*parts, pause=0.001))
    result = load.closed(server.port, batch(4), connections=2)
    assert not result.wrong
    assert len(result.times) == 4


@pytest.mark.parametrize(
    "answer",
    [
        GOOD.replace(b"OK", b"OK\r\nConnection: close"),
        GOOD.replace(b"OK", b"OK\r\nCONNECTION:CLOSE"),
        GOOD.replace(b"1.1", b"1.0"),
    ],
)
def test_a_server_that_closes_after_each_answer_gets_new_connections(
    serve: Serve, answer: bytes
) -> None:
    server = serve(says(answer, stays=False))
    result = load.closed(server.port, batch(6), connections=2)
    assert len(server.heard) == 6
    assert not result.wrong
    assert len(result.times) == 6


def test_http_1_0_that_stays_is_kept(serve: Serve) -> None:
    server = serve(says(GOOD.replace(b"1.1 200 OK", b"1.0 200 OK\r\nConnection: keep-alive")))
    load.closed(server.port, batch(6), connections=2)
    assert len(server.connections) == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "closed the connection"),
        (GOOD[:-1], "closed the connection"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "without status or Content"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "without status or Content"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n", "without status or Content"),
        (b"HTTP/1.1 two OK\r\nContent-Length: 5\r\n\r\nhello", "without status or Content"),
        (b"\r\n\r\n", "without status or Content"),
        (GOOD + b"!", "longer than its Content-Length"),
        (GOOD + GOOD, "longer than its Content-Length"),
    ],
)
@pytest.mark.parametrize(
    "send", [load.closed, partial(load.at_rate, rate=1000.0)], ids=["closed", "at a rate"]
)
def test_an_answer_that_cannot_be_read_ends_the_round(
    serve: Serve, answer: bytes, words: str, send: Callable[..., Round]
) -> None:
    port = serve(says(answer, stays=False)).port
    with pytest.raises(Broken, match=words):
        send(port, batch(4), connections=2)


def test_an_answer_that_nobody_asked_for_is_not_counted(serve: Serve) -> None:
    """It would be taken for that to the next request, and each one after it for the next."""
    said = threading.Event()

    def answer(connection: socket.socket, request: bytes) -> bool:
        connection.sendall(GOOD)
        if request.startswith(b"GET /0 "):
            time.sleep(0.05)
            connection.sendall(GOOD)
            said.set()
        else:
            said.wait(10)
            time.sleep(0.05)
        return True

    with pytest.raises(Broken, match=r"an answer to nothing|longer than its"):
        load.at_rate(serve(answer).port, batch(3), rate=2, connections=2)


@pytest.mark.usefixtures("impatient")
def test_silence_is_not_waited_for_forever(serve: Serve) -> None:
    with pytest.raises(Broken, match="no answer within"):
        load.closed(serve(says()).port, batch(4), connections=2)


@pytest.mark.usefixtures("impatient")
def test_nor_is_an_answer_without_an_end(serve: Serve) -> None:
    drops = [b"HTTP/1.1 200 OK\r\n"] + [b"x: y\r\n"] * 200
    with pytest.raises(Broken, match="no answer within"):
        load.closed(serve(says(*drops, pause=0.05)).port, batch(4), connections=2)


@pytest.mark.usefixtures("impatient")
def test_one_that_is_stuck_is_seen_while_others_are_answered(serve: Serve) -> None:
    def answer(connection: socket.socket, request: bytes) -> bool:
        if not request.startswith(b"GET /0 "):
            time.sleep(0.01)
            connection.sendall(GOOD)
        return True

    with pytest.raises(Broken, match="no answer within"):
        load.closed(serve(answer).port, batch(1000), connections=2)


@pytest.mark.usefixtures("impatient")
def test_a_server_that_is_only_slower_than_the_rate_is_not_stuck(serve: Serve) -> None:
    """What waits for a connection was due long ago, and sent a moment ago."""
    result = load.at_rate(serve(says(GOOD, pause=0.03)).port, batch(60), rate=10_000, connections=1)
    assert len(result.times) == 60
    assert max(result.times) > load.PATIENCE


def test_a_port_where_nobody_listens_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        load.closed(port, batch(2), connections=2)


def test_a_server_that_goes_away_in_between_is_told_as_it_is(serve: Serve) -> None:
    """Its last answer closes, and nobody is let in again."""
    server = serve(says(b""))

    def last(connection: socket.socket, request: bytes) -> bool:
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        connection.sendall(GOOD.replace(b"OK", b"OK\r\nConnection: close"))
        return False

    server.answer = last
    with pytest.raises(ConnectionRefusedError):
        load.closed(server.port, batch(2), connections=1)
    server.listener = socket.create_server(("127.0.0.1", 0))


def test_on_one_connection_times_do_not_overlap(serve: Serve) -> None:
    result = load.closed(serve(says(GOOD, pause=0.005)).port, batch(10), connections=1)
    assert sum(result.times) <= result.seconds


def test_at_a_rate_the_time_counts_from_when_a_request_was_due(serve: Serve) -> None:
    """Also where all connections were busy: so the waiting times add up to more than the round."""

    def answer(connection: socket.socket, request: bytes) -> bool:
        time.sleep(0.01)
        connection.sendall(GOOD)
        return True

    result = load.at_rate(serve(answer).port, batch(10), rate=1e6, connections=1)
    assert result.times == sorted(result.times)
    assert sum(result.times) > result.seconds
    assert result.times[-1] > 10 * 0.01 - 1e-4


def test_at_a_rate_none_is_sent_before_it_is_due(serve: Serve) -> None:
    result = load.at_rate(serve(says(GOOD)).port, batch(10), rate=100, connections=4)
    assert result.seconds >= 9 / 100
    assert len(result.times) == 10


@pytest.mark.parametrize(
    ("times", "part", "milliseconds"),
    [
        ([], 0.5, 0),
        ([0.002], 0.99, 2),
        ([0.001, 0.003], 0.5, 2),
        ([n / 1000 for n in range(101)], 0.5, 50),
        ([n / 1000 for n in range(101)], 0.99, 99),
        ([n / 1000 for n in range(100, -1, -1)], 0.99, 99),
        ([n / 1000 for n in range(101)], 1.0, 99.9),
        ([n / 1000 for n in range(101)], 0.0, 0.1),
    ],
)
def test_percentiles_are(times: list[float], part: float, milliseconds: float) -> None:
    assert Round(times=times).percentile(part) == pytest.approx(milliseconds)


def test_asked_alone_the_headers_come_in_small_letters(serve: Serve) -> None:
    port = serve(says(GOOD.replace(b"OK", b"OK\r\nX-Statements:  7 "))).port
    assert load.ask(port, batch(1)[0]) == {"x-statements": "7", "content-length": "5"}


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n", GOOD.replace(b"200", b"500")])
def test_asked_alone_anything_but_an_answer_is_broken(serve: Serve, answer: bytes) -> None:
    port = serve(says(answer, stays=False)).port
    with pytest.raises(Broken):
        load.ask(port, batch(1)[0])
