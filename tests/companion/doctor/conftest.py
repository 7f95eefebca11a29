from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from companion.doctor.checks import ALL
from companion.doctor.context import Context, Options
from companion.doctor.examination import examine
from companion.doctor.results import Result
from tests.local_aws import LivePool

Look = Callable[..., list[Result]]
Changed = Callable[..., contextlib.AbstractContextManager[None]]


def look(code: str, **options: Any) -> list[Result]:
    """The results of one check, as the doctor runs it."""
    chosen = [each for each in ALL if each.code == code]
    assert chosen, f"no check {code}"
    return list(examine(Context(Options(**options)), chosen).results)


def only(results: list[Result]) -> Result:
    assert len(results) == 1, results
    return results[0]


@pytest.fixture
def looked(pool: LivePool) -> Look:
    """`look`, with the stack of the test's pool."""
    return lambda code, **options: look(code, stack=pool.stack, **options)


@pytest.fixture
def changed(pool: LivePool) -> Changed:
    """Change a client of the pool, as somebody does by hand in the console; then undo it."""

    @contextlib.contextmanager
    def change(which: str, **values: Any) -> Iterator[None]:
        client_id = getattr(pool.values, f"{which}_client_id")
        names = {"UserPoolId": pool.id, "ClientId": client_id}
        before = pool.idp.describe_user_pool_client(**names)["UserPoolClient"]
        pool.idp.update_user_pool_client(**names, **values)
        try:
            yield
        finally:
            restored = {name: before.get(name, _UNSET.get(name)) for name in values}
            pool.idp.update_user_pool_client(**names, **restored)

    return change


_UNSET: dict[str, Any] = {"RefreshTokenRotation": {"Feature": "DISABLED"}}


class Stub:
    """A server whose answers a test chooses by path; what it was asked is in `asked`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.pause = 0.0  # seconds before an answer
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                stub.asked.append((self.command, self.path, dict(self.headers.items()), body))
                time.sleep(stub.pause)
                path = self.path.partition("?")[0]
                status, headers, content = stub.answers.get(path, (404, {}, b"nothing here"))
                self.send_response_only(status)
                for name, text in {"Date": self.date_time_string(), **headers}.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *args: object) -> None:
                """Silent."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """A handshake that a test wants refused is no news."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        scheme = "http"
        if tls:
            self.server.socket = tls.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
            scheme = "https"
        self.url = f"{scheme}://localhost:{self.port}"

    def says(self, path: str, body: object, status: int = 200, **headers: str) -> None:
        """JSON, or bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        self.answers[path] = (status, {"Content-Type": "application/json", **named}, content)

    @contextlib.contextmanager
    def running(self) -> Iterator[Stub]:
        thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join()


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub().running() as running:
        yield running
