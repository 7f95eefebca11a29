"""gunicorn with the project's settings, in front of something small."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.accounting import descendants
from companion.local.environment import BASE_DIR, free_port
from companion.patient_threads import LONGEST, InTime, PatientThreads, seems_whole

APPLICATION = """
from pathlib import Path

LARGE = Path(__file__).with_name("large")


def application(environ, start_response):
    environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/raise":
        raise ValueError
    if environ["PATH_INFO"] == "/large":
        start_response("200 OK", [("Content-Length", "50000000")])
        return [b"x" * 50_000_000]
    if environ["PATH_INFO"] == "/file":
        start_response("200 OK", [("Content-Length", "50000000")])
        return environ["wsgi.file_wrapper"](open(LARGE, "rb"))
    if environ["PATH_INFO"] == "/short":
        start_response("200 OK", [("Content-Length", "325000")])
        return environ["wsgi.file_wrapper"](open(LARGE, "rb"))
    where = f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode()
    start_response("200 OK", [("Content-Length", str(len(where)))])
    return [where]
"""
PIDS = re.compile(r"\[(\d+)\] \[INFO\] Starting gunicorn")
NOTHING = b""
HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: loc"
HALF_A_BODY = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{"
HALF_A_CHUNK = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"
ASK = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
SLOW = 12  # more than there are threads


@contextlib.contextmanager
def serving(folder: Path, *more: str) -> Iterator[int]:
    (folder / "small.py").write_text(APPLICATION, encoding="utf-8")
    with (folder / "large").open("wb") as large:
        large.truncate(50_000_000)
    port = free_port()
    config = BASE_DIR / "deploy" / "gunicorn.conf.py"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "small:application"),
                *(f"--chdir={folder}", f"--bind=127.0.0.1:{port}", f"--config={config}", *more),
            ],
            cwd=BASE_DIR,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with serving(tmp_path) as port:
        yield port


def answer_to(port: int, sent: bytes, *, patience: float = 30) -> bytes:
    """All that comes until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as peer:
        peer.sendall(sent)
        return b"".join(iter(lambda: peer.recv(1000), b""))


@contextlib.contextmanager
def others(port: int, sent: bytes, count: int = SLOW) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        peers = []
        for _ in range(count):
            peer = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            peer.sendall(sent)
            peers.append(peer)
        yield peers


def is_waited_for(peer: socket.socket) -> bool:
    """Whether the server has neither answered nor closed."""
    peer.setblocking(False)
    try:
        peer.recv(100)
    except BlockingIOError:
        return True
    return False


@pytest.mark.parametrize("beginning", [NOTHING, HALF_A_HEADER, HALF_A_BODY, HALF_A_CHUNK])
def test_senders_who_stop_halfway_take_nobodys_place(port: int, beginning: bytes) -> None:
    """Others are answered while all of the slow are still waited for."""
    with others(port, beginning) as slow:
        for _ in range(3):
            assert answer_to(port, ASK).startswith(b"HTTP/1.1 200 OK")
        assert all(is_waited_for(peer) for peer in slow)


@pytest.mark.parametrize("beginning", [NOTHING, HALF_A_HEADER, HALF_A_BODY])
def test_who_stops_halfway_is_not_waited_for_for_ever(port: int, beginning: bytes) -> None:
    with others(port, beginning, 1) as [slow]:
        assert slow.recv(100) == b""


@pytest.mark.parametrize("path", [b"/large", b"/file"])
def test_who_does_not_read_is_not_waited_for_for_ever(port: int, path: bytes) -> None:
    with others(port, ASK.replace(b"/", path, 1)):
        assert answer_to(port, ASK).startswith(b"HTTP/1.1 200 OK")


def test_who_asks_for_more_than_they_read_gets_a_few_seconds(tmp_path: Path) -> None:
    """What fits into the kernel's buffers goes; the first answer that does not fit ends it."""
    with serving(tmp_path) as port, contextlib.ExitStack() as stack:
        (tmp_path / "large").write_bytes(b"x" * 325_000)
        for _ in range(SLOW):
            peer = stack.enter_context(socket.socket())
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            peer.connect(("127.0.0.1", port))
            peer.sendall(b"GET /short HTTP/1.1\r\nHost: localhost\r\n\r\n" * 40)
        time.sleep(0.5)
        for _ in range(3):
            assert answer_to(port, ASK).startswith(b"HTTP/1.1 200 OK")
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log


def test_the_time_of_an_answer_begins_when_it_is_sent() -> None:
    """A page that took its time to make is not cut short for it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        answer = InTime(ours)
        answer.left -= 0.5  # as if parts of it had been waited for
        before = answer.left
        time.sleep(0.6)
        answer.sendall(b"x" * 100)
        assert theirs.recv(100) == b"x" * 100
        assert answer.left > before - 0.4
        assert ours.gettimeout() is None


def test_clients_who_do_not_hang_up_hold_nobody_up(port: int) -> None:
    """Each could stay for two seconds, and nobody else has as long as that."""
    with others(port, ASK):
        assert answer_to(port, ASK, patience=10).startswith(b"HTTP/1.1 200 OK")


def test_who_waits_for_longest_makes_room(tmp_path: Path) -> None:
    limits = ("--worker-connections=20", "--threads=2")
    with serving(tmp_path, *limits) as port, others(port, HALF_A_BODY, 40) as slow:
        assert answer_to(port, ASK).startswith(b"HTTP/1.1 200 OK")
        assert is_waited_for(slow[-1])
        assert not is_waited_for(slow[0])


def test_each_worker_has_a_processor_where_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIN_WORKERS", "1")
    count = min(2, len(os.sched_getaffinity(0)))
    with serving(tmp_path, f"--workers={count}") as port:
        assert answer_to(port, ASK).startswith(b"HTTP/1.1 200 OK")
        server = int(PIDS.findall((tmp_path / "log").read_text())[0])
        for _ in range(100):  # one answers while the other still starts
            found = [os.sched_getaffinity(pid) for pid in descendants(server)]
            if len(found) == count and all(len(cpus) == 1 for cpus in found):
                break
            time.sleep(0.05)
    assert sorted(map(len, found)) == [1] * count
    assert len(set.union(*found)) == count


def test_what_comes_from_somebody_who_just_had_to_make_room_is_nobodys() -> None:
    """The poller names both in one look: who came, and who was dropped for them."""
    worker = PatientThreads.__new__(PatientThreads)
    worker.waiting = {}
    with socket.socket() as dropped:
        worker._on_more(object(), dropped)
        worker._on_hanging_up(object(), dropped)
    assert worker.waiting == {}


def test_requests_that_come_together_are_answered_in_turn(port: int) -> None:
    first = b"POST /1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nok"
    second = ASK.replace(b"/", b"/2", 1)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as peer:
        peer.sendall(first + second[:30])
        time.sleep(0.2)
        peer.sendall(second[30:])
        answer = b"".join(iter(lambda: peer.recv(1000), b""))
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.index(b" /1") < answer.index(b" /2")


def test_a_body_in_chunks_is_read_to_its_end(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as peer:
        peer.sendall(HALF_A_CHUNK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        time.sleep(0.2)
        peer.sendall(b"cde\r\n0\r\n\r\n")
        assert peer.recv(15) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /?code=secret b HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /\xc3\xa9?code=secret HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nsecret secret: x\r\n\r\n",
        b"secret / HTTP/1.1\r\n\r\n",
        b"GET /raise?code=secret HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_an_error_says_nothing_of_what_was_sent(tmp_path: Path, sent: bytes) -> None:
    with serving(tmp_path) as port:
        answer = answer_to(port, sent)
    assert answer.startswith((b"HTTP/1.1 400 Bad Request", b"HTTP/1.1 500 "))
    log = (tmp_path / "log").read_text()
    assert "Request refused" in log or "Error handling" in log
    assert "secret" not in log
    assert b"secret" not in answer


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\ncontent-LENGTH:\t2 \r\n\r\na", False),
        (b"POST / HTTP/1.1\r\ncontent-LENGTH:\t2 \r\n\r\nab", True),
        (b"POST / HTTP/1.1\r\nX: 1\r\n\r\n\r\nContent-Length: 9\r\n", True),  # of the body
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", True),  # the parser refuses it
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999\r\n\r\n" + b"x" * 1000, False),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999\r\n\r\n" + b"x" * LONGEST, True),
        (b"x" * LONGEST, True),
        (b"GET / HTTP/1.1\nHost: a\n\n", True),  # the parser refuses it
    ],
)
def test_a_request_is_handed_over_when_it_is_there(data: bytes, whole: bool) -> None:
    assert seems_whole(data) is whole


def test_nobody_on_this_host_says_where_the_site_is_mounted(port: int) -> None:
    head = b"GET /here HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    answer = answer_to(port, head + b"SCRIPT_NAME: /evil\r\nPATH_INFO: /admin/\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"\r\n\r\n /here")


@pytest.mark.parametrize(
    "beginning",
    [
        HALF_A_HEADER,
        HALF_A_BODY.replace(b"500", b"2000"),
        HALF_A_CHUNK[:-2],
        # too long to wait in memory: its end is read by a thread
        HALF_A_BODY.replace(b"500", b"999999") + b"x" * LONGEST,
    ],
    ids=["header", "body", "chunk", "long body"],
)
def test_what_drips_ends_as_a_whole(port: int, beginning: bytes) -> None:
    """Each byte comes well before the limit of one read; all of them would take an hour."""
    done = threading.Event()

    def drip(peer: socket.socket) -> None:
        with contextlib.suppress(OSError):
            peer.sendall(beginning)
            while not done.wait(1):
                peer.sendall(b"x")

    dripping = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(8)]
    threads = [threading.Thread(target=drip, args=(peer,)) for peer in dripping]
    for thread in threads:
        thread.start()
    try:
        for peer in dripping:
            with contextlib.suppress(ConnectionResetError):
                assert b"200 OK" not in peer.recv(100)  # it ends, one way or another
    finally:
        done.set()
        for thread, peer in zip(threads, dripping, strict=True):
            thread.join()
            peer.close()


def test_a_body_on_a_weak_line_is_waited_for(port: int) -> None:
    """Longer than the time of a small one, and no slower than a weak line is."""
    parts = [b"x" * 8192] * 16
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as peer:
        peer.sendall(head % sum(map(len, parts)))
        for part in parts:
            time.sleep(0.4)
            peer.sendall(part)
        assert peer.recv(15) == b"HTTP/1.1 200 OK"


def test_a_kept_connection_has_its_time_for_each_request(port: int) -> None:
    ask = b"POST /here HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nok"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as peer:
        for _ in range(3):
            peer.sendall(ask)
            answer = b""
            while not answer.endswith(b" /here"):
                part = peer.recv(1000)
                assert part, answer
                answer += part
            assert answer.startswith(b"HTTP/1.1 200 OK")
