"""Hundreds of clients who send half a request, a letter at a time, or do not read the answer."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from faults.asking import ANSWERED, HOST
from faults.scenario import Scenario
from faults.stage import Stage
from faults.verdict import Expected

SLOW = 300
ALL_WELL = Expected(
    turns=frozenset({ANSWERED}), pages=frozenset({"page"}), answered=1.0, longest=3.0, well=1.0
)
# longer than waits in memory: a thread reads the rest of it, which does not come
LONG = f"POST /theme/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 200000\r\n\r\n".encode() + (
    b"x" * 131_072
)
HALF = f"POST /alexa/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 3000\r\n\r\n{{".encode()
WHOLE = f"GET /facts/ HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: 10.99.0.1\r\n\r\n".encode()


def half_requests(stage: Stage) -> None:
    """Who is closed begins anew at once, with a letter more every while."""
    _halves(stage, "300 send half a request", HALF)


def half_uploads(stage: Stage) -> None:
    """As many as take all threads that read, again and again, of one address."""
    _halves(stage, "300 stop in an upload", LONG)


def _halves(stage: Stage, fault: str, half: bytes) -> None:
    with stage.site() as site, stage.talking(fault, site, ALL_WELL) as (talk, found):
        time.sleep(1)
        with talk.fault(), _crowd(site.port, half, b" ") as crowd:
            time.sleep(6)
        found.said.append(f"{crowd.begun} connections of theirs")
        talk.until_well()


def no_readers(stage: Stage) -> None:
    """Each asks for a page, and reads none of it. The pages have to be made, all at once."""
    expected = replace(ALL_WELL, longest=6.0)
    with (
        stage.site() as site,
        stage.talking("300 read no answer", site, expected, turns=15) as (talk, found),
    ):
        time.sleep(1)
        with talk.fault(), _crowd(site.port, WHOLE, b"") as crowd:
            time.sleep(6)
        found.said.append(f"{crowd.begun} connections of theirs")
        talk.until_well()


class _Crowd:
    def __init__(self, port: int, first: bytes, then: bytes) -> None:
        self.port, self.first, self.then = port, first, then
        self.begun = 0
        self.is_over = False

    def run(self) -> None:
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(socket.socket()) for _ in range(SLOW)]
            for peer in peers:
                self._begin(peer)
            while not self.is_over:
                for number, peer in enumerate(peers):
                    if not self._goes_on(peer):
                        peer.close()
                        peers[number] = stack.enter_context(socket.socket())
                        self._begin(peers[number])
                time.sleep(0.5)

    def _begin(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError):
            # small, so that an answer does not fit into what waits to be read
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.settimeout(5)
            peer.connect(("127.0.0.1", self.port))
            peer.sendall(self.first)
            self.begun += 1

    def _goes_on(self, peer: socket.socket) -> bool:
        """False where the server has closed."""
        try:
            if self.then:
                peer.sendall(self.then)
                peer.setblocking(False)
                return bool(peer.recv(1, socket.MSG_PEEK))
            return bool(peer.send(b"", socket.MSG_DONTWAIT) == 0)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            with contextlib.suppress(OSError):
                peer.settimeout(5)


@contextlib.contextmanager
def _crowd(port: int, first: bytes, then: bytes) -> Iterator[_Crowd]:
    crowd = _Crowd(port, first, then)
    thread = threading.Thread(target=crowd.run, daemon=True)
    thread.start()
    try:
        yield crowd
    finally:
        crowd.is_over = True
        thread.join(30)


SCENARIOS = [Scenario(half_requests), Scenario(half_uploads), Scenario(no_readers)]
