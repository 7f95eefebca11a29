"""Raw bytes on a connection to gunicorn with our worker: it answers or hangs up, and stays up."""

from __future__ import annotations

import atexit
import contextlib
import re
import socket
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from companion.patient_threads import seems_whole
from tests.companion.test_server import ASK, serving
from tests.fuzz.target import Target, check

_STATUS = re.compile(rb"HTTP/1\.\d (\d{3}) ")  # gunicorn repeats the asked version
PATIENCE = 20.0  # seconds


def connection(data: bytes) -> None:
    """All of it at once, and then no more comes."""
    seems_whole(data)
    port = _port()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as peer:
        with contextlib.suppress(ConnectionError):  # it may have refused before it read all
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
        said = _all_of(peer)
    if said:
        match = _STATUS.match(said)
        check(match, "an answer is HTTP", said[:200])
        # /raise fails on purpose
        check(match and (match[1] < b"500" or b"/raise" in data), "no failure of ours", said[:200])
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as peer:
        peer.sendall(ASK)
        check(_all_of(peer).startswith(b"HTTP/1.1 200 OK"), "others are answered")


def _all_of(peer: socket.socket) -> bytes:
    """The beginning of what comes until the line is closed."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while len(said) < 1_000_000 and (part := peer.recv(65536)):
            said += part
    return said


@cache
def _port() -> int:
    """Of a server that ends with this process."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="doors-fuzz-"))
    return stack.enter_context(serving(Path(folder)))


def _requests() -> Iterator[bytes]:
    yield ASK
    host = b"Host: localhost\r\n"
    yield b"POST /alexa/ HTTP/1.1\r\n" + host + b"Content-Length: 2\r\n\r\n{}"
    yield b"POST / HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    yield (
        b"POST / HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n"
        b"2;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n"
    )
    yield (
        b"POST / HTTP/1.1\r\n"
        + host
        + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    yield b"GET / HTTP/1.1\r\n" + host + b"\r\nGET /2 HTTP/1.1\r\n" + host + b"\r\n"
    yield b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    yield (
        b"GET http://x/ HTTP/1.1\r\n" + host + b"Expect: 100-continue\r\nX-Forwarded-For: a\r\n\r\n"
    )


TARGETS = [
    Target(
        name="server",
        promise="any bytes on a connection: a status or a closed line, and others are answered",
        run=connection,
        seeds=_requests,
        words=(
            *(b"GET ", b"POST ", b" HTTP/1.1\r\n", b"\r\n", b"\r\n\r\n", b"Host: ", b"0\r\n\r\n"),
            *(
                b"Content-Length: ",
                b"Transfer-Encoding: chunked\r\n",
                b"Connection: ",
                b"\n",
                b"fffffff",
            ),
            *(
                b"Expect: 100-continue\r\n",
                b"SCRIPT_NAME: ",
                b"Upgrade: h2c\r\n",
                b"Trailer: ",
                b";",
            ),
        ),
        longest=8192,
        examples=40,
    ),
]
