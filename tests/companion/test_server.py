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
from functools import partial
from pathlib import Path

import pytest

from benchmarks.accounting import descendants
from companion.local.environment import BASE_DIR, free_port
from companion.patience import LATE_SECONDS
from companion.patient_threads import (
    LONG_THREADS,
    LONGEST,
    SHARE,
    InTime,
    PatientThreads,
    seems_whole,
)

APPLICATION = """
import os
import time
from pathlib import Path

LARGE = Path(__file__).with_name("large")
GO = Path(__file__).with_name("go")
if os.environ.get("COUNTED"):
    from companion import metrics
    from prometheus_client import generate_latest


def application(environ, start_response):
    environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/raise":
        raise ValueError
    if environ["PATH_INFO"] == "/sleep":
        Path(__file__).with_name("sleeps").touch()
        time.sleep(12)
    if environ["PATH_INFO"] == "/wait":
        while not GO.exists():
            time.sleep(0.01)
    if environ["PATH_INFO"] == "/counts":
        start_response("200 OK", [])
        return [generate_latest()]
    if environ["PATH_INFO"] == "/page":
        start_response("200 OK", [("Content-Length", "100000")])
        return [b"x" * 100_000]
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
PIDS = re.compile(r"Starting gunicorn.*process\W+(\d+)")
NOTHING = b""
HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: loc"
HALF_A_BODY = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{"
HALF_A_CHUNK = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"
ASK = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
ASK_SLEEP = b"GET /sleep HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
ASK_WAIT = ASK.replace(b"/", b"/wait", 1)  # answered when the test lets it
TURN = b"POST /alexa/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
LAST_TURN = TURN.replace(b"Content", b"Connection: close\r\nContent")
SLOW = 10  # more than there are threads of a kind
MANY = SHARE + 20


@contextlib.contextmanager
def serving(folder: Path, *more: str, **variables: str) -> Iterator[int]:
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
            env={**os.environ, **variables},
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


def one_answer(peer: socket.socket, end: bytes) -> bytes:
    """Of a connection that is kept."""
    found = b""
    while not found.endswith(end):
        part = peer.recv(1000)
        assert part, found
        found += part
    return found


def whole_answers(peers: list[socket.socket]) -> list[bytes]:
    found = []
    for peer in peers:
        peer.settimeout(30)
        with contextlib.suppress(ConnectionResetError):
            found.append(b"".join(iter(partial(peer.recv, 1000), b"")))
    return found


@pytest.mark.parametrize(
    "urgent",
    [
        LAST_TURN,
        LAST_TURN.replace(b"/alexa/", b"/alexa/?x=y"),
        ASK.replace(b"/", b"/healthz", 1),
        ASK.replace(b"/", b"/readyz", 1),
        ASK.replace(b"GET /", b"HEAD /healthz"),
    ],
    ids=["turn", "turn with a query", "healthz", "readyz", "head"],
)
def test_no_number_of_pages_makes_alexa_or_a_probe_wait(tmp_path: Path, urgent: bytes) -> None:
    """They are answered while all threads for pages are taken, and as many wait as may."""
    with serving(tmp_path) as port, others(port, ASK_WAIT, MANY) as pages:
        for _ in range(20):
            assert answer_to(port, urgent).startswith(b"HTTP/1.1 200 OK")
        assert sum(map(is_waited_for, pages)) >= SHARE
        (tmp_path / "go").touch()


def test_below_a_prefix_alexa_waits_for_no_page_either(tmp_path: Path) -> None:
    turn = LAST_TURN.replace(b"/alexa/", b"/small/alexa/")
    wait = ASK_WAIT.replace(b"/wait", b"/small/wait")
    with serving(tmp_path, SCRIPT_NAME="/small") as port, others(port, wait) as pages:
        assert answer_to(port, turn).startswith(b"HTTP/1.1 200 OK")
        assert all(is_waited_for(page) for page in pages)
        (tmp_path / "go").touch()


def test_each_request_of_a_kept_connection_goes_where_its_kind_goes(tmp_path: Path) -> None:
    """A turn behind a page of the same proxy, and a page behind a turn."""
    with (
        serving(tmp_path) as port,
        socket.create_connection(("127.0.0.1", port), timeout=30) as first,
        socket.create_connection(("127.0.0.1", port), timeout=30) as second,
    ):
        first.sendall(ASK.replace(b"Connection: close\r\n", b""))
        assert one_answer(first, b" /").startswith(b"HTTP/1.1 200 OK")
        second.sendall(TURN)
        assert one_answer(second, b" /alexa/").startswith(b"HTTP/1.1 200 OK")
        with others(port, ASK_WAIT) as pages:
            time.sleep(0.2)
            second.sendall(ASK_WAIT)
            first.sendall(TURN + TURN)  # the second is read together with the first
            found = one_answer(first, b" /alexa/")
            while found.count(b"HTTP/1.1 200 OK") < 2:
                found += one_answer(first, b" /alexa/")
            assert is_waited_for(second)
            assert all(is_waited_for(page) for page in pages)
            (tmp_path / "go").touch()


@pytest.mark.parametrize(
    "pretended",
    [
        HALF_A_BODY.replace(b"/", b"/alexa/", 1).replace(b"500", b"999999") + b"x" * LONGEST,
        HALF_A_BODY.replace(b"/", b"/alexa/", 1).replace(b"500", b"99999999999"),
        HALF_A_CHUNK.replace(b"/", b"/alexa/", 1)[:-2] + b"0\r\n\r\n",
        HALF_A_BODY.replace(b"POST /", b"GET /healthz").replace(b"500", b"99999999999"),
        HALF_A_CHUNK.replace(b"POST /", b"GET /readyz")[:-2] + b"0\r\n\r\n",
    ],
    ids=["long", "too long to say", "chunks", "probe with a body", "probe with chunks"],
)
def test_who_pretends_to_be_alexa_and_is_slow_takes_no_thread_of_hers(
    port: int, pretended: bytes
) -> None:
    """A thread would wait for what they do not send."""
    with others(port, pretended) as slow:
        time.sleep(0.2)
        for _ in range(3):
            assert answer_to(port, LAST_TURN).startswith(b"HTTP/1.1 200 OK")
            assert answer_to(port, ASK.replace(b"/", b"/healthz", 1)).startswith(b"HTTP/1.1 200")
        assert all(is_waited_for(peer) for peer in slow)


LONG_BODY = HALF_A_BODY.replace(b"500", b"200000") + b"x" * LONGEST


@pytest.mark.parametrize(
    "stalled",
    [
        HALF_A_BODY.replace(b"500", b"0000000500"),
        ASK.replace(b"Connection: close", b"Content-Length: " + b"0" * 30 + b"500"),
        LONG_BODY,
        HALF_A_CHUNK.replace(b"5\r\nab", b"ff\r\n0\r\n\r\n"),
    ],
    ids=["zeros", "many zeros", "long", "a chunk that seems the last"],
)
def test_who_stops_in_the_middle_of_what_a_thread_reads_takes_none_of_the_pages(
    port: int, stalled: bytes
) -> None:
    with others(port, stalled) as slow:
        time.sleep(0.2)
        for _ in range(3):
            assert answer_to(port, ASK).startswith(b"HTTP/1.1 200 OK")
            assert answer_to(port, LAST_TURN).startswith(b"HTTP/1.1 200 OK")
        # it was not that their time was over, and with it what they took
        assert sum(map(is_waited_for, slow)) >= SLOW - LONG_THREADS


def test_a_long_body_that_comes_is_taken(port: int) -> None:
    whole = LONG_BODY.replace(b"\r\n\r\n{", b"\r\nConnection: close\r\n\r\n{")
    rest = 200_000 - 1 - LONGEST
    assert answer_to(port, whole + b"x" * rest).startswith(b"HTTP/1.1 200 OK")


def test_one_address_has_its_share_of_pages_and_is_told_when_it_is_over(tmp_path: Path) -> None:
    with serving(tmp_path) as port:
        with others(port, ASK_WAIT, MANY) as pages:
            time.sleep(0.5)
            refused = answer_to(port, ASK)
            (tmp_path / "go").touch()
            found = whole_answers(pages)
        assert sum(answer.startswith(b"HTTP/1.1 200 OK") for answer in found) == SHARE
        assert sum(answer.startswith(b"HTTP/1.1 429 ") for answer in found) == MANY - SHARE
        assert refused.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
        assert b"\r\nRetry-After: 1\r\n" in refused
        # given back: what was answered counts no more
        for _ in range(SHARE + 1):
            assert answer_to(port, ASK).startswith(b"HTTP/1.1 200 OK")
    said = re.findall(r"too many at once: share (\d+)", (tmp_path / "log").read_text())
    assert sum(map(int, said)) == MANY + 1 - SHARE


def test_a_share_is_of_the_address_that_a_trusted_proxy_names(tmp_path: Path) -> None:
    """Everybody comes through the same proxy, which speaks for them."""

    def by(address: bytes) -> bytes:
        return ASK_WAIT.replace(b"Host", b"X-Forwarded-For: 9.9.9.9, %s\r\nHost" % address)

    with (
        serving(tmp_path, TRUSTED_PROXIES="127.0.0.0/8") as port,
        others(port, by(b"2001:db8:0:1::5"), SHARE) as home,
        others(port, by(b"203.0.113.7"), 1) as elsewhere,
    ):
        time.sleep(0.5)
        assert answer_to(port, by(b"2001:db8:0:1:ffff::6")).startswith(b"HTTP/1.1 429 ")
        assert all(is_waited_for(page) for page in [*home, *elsewhere])
        (tmp_path / "go").touch()
        answers = whole_answers([*home, *elsewhere])
        assert all(answer.startswith(b"HTTP/1.1 200 OK") for answer in answers)


def test_pages_of_many_addresses_leave_connections_for_alexa(tmp_path: Path) -> None:
    """All connections of a worker would be theirs, and a turn wait until it is let in."""
    limits = ("--worker-connections=30", "--threads=2")
    variables = {"TRUSTED_PROXIES": "127.0.0.1"}
    with serving(tmp_path, *limits, **variables) as port, contextlib.ExitStack() as stack:
        pages = []
        for number in range(60):
            by = b"X-Forwarded-For: 203.0.113.%d\r\nHost" % number
            pages += stack.enter_context(others(port, ASK_WAIT.replace(b"Host", by), 1))
        for _ in range(5):
            assert answer_to(port, LAST_TURN).startswith(b"HTTP/1.1 200 OK")
        refused = answer_to(port, ASK)
        assert sum(map(is_waited_for, pages)) == 10
        (tmp_path / "go").touch()
        found = whole_answers(pages)
        assert sum(answer.startswith(b"HTTP/1.1 200 OK") for answer in found) == 10
        assert refused.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"\r\nRetry-After: 7\r\n" in refused


def test_what_the_server_refuses_itself_is_counted(tmp_path: Path) -> None:
    with serving(tmp_path, "--threads=1", COUNTED="1") as port:
        with others(port, ASK_WAIT, MANY) as pages:
            time.sleep(LATE_SECONDS + 1)
            (tmp_path / "go").touch()
            assert len(whole_answers(pages)) == MANY
        answer_to(port, b"secret / HTTP/1.1\r\n\r\n")
        answer_to(port, LAST_TURN)
        found = answer_to(port, ASK.replace(b"/", b"/counts", 1)).decode()
    assert 'server_refusals_total{kind="page",reason="share"} 20.0' in found
    assert 'server_refusals_total{kind="any",reason="unreadable"} 1.0' in found
    assert 'server_refusals_total{kind="page",reason="late"} 63.0' in found
    assert 'thread_wait_seconds_count{kind="voice"} 1.0' in found


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


def test_who_does_not_read_a_page_holds_no_thread(port: int) -> None:
    """A thread that had waited for them would have cut them short after five seconds."""
    with contextlib.ExitStack() as stack:
        slow = []
        for _ in range(SLOW):
            peer = stack.enter_context(socket.socket())
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.settimeout(30)
            peer.connect(("127.0.0.1", port))
            peer.sendall(b"GET /page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            slow.append(peer)
        time.sleep(0.5)
        assert answer_to(port, ASK).startswith(b"HTTP/1.1 200 OK")
        for peer in slow:
            whole = b"".join(iter(partial(peer.recv, 65536), b""))
            assert len(whole.partition(b"\r\n\r\n")[2]) == 100_000


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


def test_who_waited_too_long_for_a_thread_takes_none_from_those_who_come(tmp_path: Path) -> None:
    with serving(tmp_path, "--threads=1") as port, others(port, ASK_SLEEP, 1) as (busy,):
        while is_waited_for(busy) and not (tmp_path / "sleeps").exists():
            time.sleep(0.01)
        late = answer_to(port, ASK)
        busy.setblocking(True)
        assert busy.recv(100).startswith(b"HTTP/1.1 200")
        assert late.startswith(b"HTTP/1.1 503 Service Unavailable")
        assert b"\r\nRetry-After: 7\r\n" in late
        assert answer_to(port, ASK).startswith(b"HTTP/1.1 200")
    assert "waited too long for a thread: 1" in (tmp_path / "log").read_text()


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
