"""gunicorn with the project's settings, in front of something small."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from companion.local.environment import BASE_DIR, free_port

APPLICATION = """
def application(environ, start_response):
    environ["wsgi.input"].read()
    where = f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode()
    start_response("200 OK", [("Content-Length", str(len(where)))])
    return [where]
"""
HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: loc"
HALF_A_BODY = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{"


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "small.py").write_text(APPLICATION, encoding="utf-8")
    port = free_port()
    config = BASE_DIR / "deploy" / "gunicorn.conf.py"
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "small:application"),
            *(f"--chdir={tmp_path}", f"--bind=127.0.0.1:{port}", f"--config={config}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
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


@pytest.mark.parametrize("beginning", [HALF_A_HEADER, HALF_A_BODY])
def test_senders_who_stop_halfway_do_not_stop_the_site(port: int, beginning: bytes) -> None:
    """More of them than there are threads; without a deadline nobody else is ever answered."""
    stalled = [socket.create_connection(("127.0.0.1", port)) for _ in range(12)]
    for connection in stalled:
        connection.sendall(beginning)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as honest:
        honest.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert honest.recv(15) == b"HTTP/1.1 200 OK"
    for connection in stalled:
        connection.close()


def test_nobody_on_this_host_says_where_the_site_is_mounted(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as peer:
        peer.sendall(b"GET /here HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")
        peer.sendall(b"SCRIPT_NAME: /evil\r\nPATH_INFO: /admin/\r\n\r\n")
        answer = b"".join(iter(lambda: peer.recv(1000), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"\r\n\r\n /here")


def test_a_body_that_drips_ends_as_a_whole(port: int) -> None:
    """Each byte comes well before the limit of one read; all of them would take an hour."""
    done = threading.Event()

    def drip(peer: socket.socket) -> None:
        with contextlib.suppress(OSError):
            peer.sendall(HALF_A_BODY.replace(b"500", b"2000"))
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
