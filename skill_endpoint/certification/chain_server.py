"""A stand-in for the host of Alexa's chains: it serves well and badly, and counts."""

from __future__ import annotations

import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

MAX_WAIT = 30.0  # seconds until a slow file ends all the same
PAUSE = 0.5  # seconds between two bytes of a slow one


@dataclass(frozen=True, kw_only=True)
class File:
    content: bytes = b""
    status: int = 200
    slow: bool = False  # a byte now and then
    leads_to: str = ""  # the address of a redirect


@dataclass
class ChainServer:
    """What is served, by the last part of the path; any folder before it is taken."""

    host: str
    port: int
    files: dict[str, File] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)  # downloads by name
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@contextmanager
def serving(host: str = "127.0.0.1", port: int = 0) -> Iterator[ChainServer]:
    """A server until the end of the block; port 0 is any free one. Raises OSError."""
    server = _Server((host, port), _Handler)
    chains = server.chains = ChainServer(host, server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield chains
    finally:
        chains.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    chains: ChainServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up in the middle is no news."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 10
    server: _Server

    def do_GET(self) -> None:
        chains = self.server.chains
        name = self.path.rpartition("/")[2]
        chains.asked[name] += 1
        file = chains.files.get(name, File(status=404))
        self.send_response(file.status)
        if file.leads_to:
            self.send_header("Location", file.leads_to)
        self.send_header("Content-Length", str(len(file.content)))
        self.end_headers()
        with suppress(OSError):
            if file.slow:
                self._trickle(file.content)
            else:
                self.wfile.write(file.content)

    def log_message(self, *args: Any) -> None:
        """It reports to nobody: the case that asked looks at the counts."""

    def _trickle(self, content: bytes) -> None:
        for number in range(min(len(content), int(MAX_WAIT / PAUSE))):
            if self.server.chains.stopped.wait(PAUSE):
                return
            self.wfile.write(content[number : number + 1])
            self.wfile.flush()
