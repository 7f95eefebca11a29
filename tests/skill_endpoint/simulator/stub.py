"""A small HTTP server on loopback: it notes what it gets and answers what it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


@dataclass
class Stub:
    url: str = ""
    status: int = 200
    answer: bytes = b"{}"
    delay: float = 0.0
    skill: Callable[[str], str] | None = None  # answers in place of `answer`
    received: list[Received] = field(default_factory=list)

    def reset(self) -> None:
        self.status, self.answer, self.delay, self.skill = 200, b"{}", 0.0, None
        self.received.clear()

    def answers(self, content: object, status: int = 200) -> None:
        self.answer = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.status = status


@contextmanager
def running() -> Iterator[Stub]:
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stub.received.append(Received(self.path, dict(self.headers), body))
            time.sleep(stub.delay)
            answer = stub.skill(body.decode()).encode() if stub.skill else stub.answer
            with suppress(ConnectionError):  # a client that gave up
                self.send_response(stub.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stub.url = f"http://localhost:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()
