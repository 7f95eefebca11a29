"""Endpoints of a few lines: each answers every request in the one way it was told."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

RESPONSE = b'{"version":"1.0","response":{"outputSpeech":{"type":"PlainText","text":"Hi."}}}'
Reply = tuple[int, dict[str, str], bytes]


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    # deeper than a run of the self-test asks for at once
    request_queue_size = 32

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


@contextmanager
def replying(reply: Callable[[BaseHTTPRequestHandler, bytes], Reply]) -> Iterator[str]:
    """The address of a server that answers so; it gets the request and its body."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 2  # of senders that stop halfway

        def answer(self) -> None:
            length = self.headers.get("Content-Length", "")
            body = self.rfile.read(int(length)) if length.isdigit() else b""
            status, headers, content = reply(self, body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Not in the way of what a failing test prints."""

    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    with _serving(Server(("127.0.0.1", 0), Handler)) as url:
        yield url


@contextmanager
def saying(
    raw: bytes, *, then: Callable[[socket.socket], object] = lambda _: None
) -> Iterator[str]:
    """The address of a server that reads a little, writes these bytes, and hangs up."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(raw)
            then(self.request)

    with _serving(Server(("127.0.0.1", 0), Handler)) as url:
        yield url


@contextmanager
def _serving(server: Server) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/alexa"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def always(status: int, content: bytes = b"", **headers: str) -> Callable[..., Reply]:
    return lambda request, body: (status, headers, content)
