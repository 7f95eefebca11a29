from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from benchmarks import counted, inhabitants, population, website
from benchmarks.website import PAGES, Measured, Page
from tests.companion.pages import statements_of
from tests.conftest import browser

WELL = Measured(Page("/"), statements=6, bytes=14_600, median=15, p99=60, cpu=5, plain=1)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"statements": 7}, "7 statements, more than 6"),
        ({"bytes": 14_601}, "14601 bytes, more than 14600"),
        ({"median": 16}, "16 times /help/, more than 15"),
        ({"page": Page("/admin/", "operator"), "statements": 13}, "13 statements, more than 12"),
        (
            {"page": Page("/admin/", "operator"), "median": 31},
            "31 times /help/, more than 30",
        ),
    ],
)
def test_each_budget_is_a_fault_when_it_is_broken(change: dict[str, Any], fault: str) -> None:
    assert WELL.faults == []
    assert replace(WELL, **change).faults == [fault]


def test_the_table_says_what_did_not_hold(capsys: pytest.CaptureFixture[str]) -> None:
    website._print("SQLite", [WELL, replace(WELL, statements=7)])
    well, bad = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  /")]
    assert well.endswith("held")
    assert bad.endswith("NOT HELD: 7 statements, more than 6")


def test_what_is_kept_of_a_run_is_plain_data() -> None:
    [kept] = json.loads(json.dumps(website.as_json([replace(WELL, bytes=20_000)])))
    assert kept["page"] == {"path": "/", "who": ""}
    assert kept["faults"] == ["20000 bytes, more than 14600"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response_only(404 if self.path == "/nowhere" else 200)
        self.send_header("Content-Length", "5")
        self.send_header("X-Asked", f"{self.headers['Host']} {self.headers['Cookie']}")
        self.end_headers()
        self.wfile.write(b"12345")

    def log_message(self, *unused: Any) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_it_counts_every_byte_of_an_answer(port: int) -> None:
    sent = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
        b"X-Asked: localhost:1 doors_session=mine\r\n\r\n12345"
    )
    with closing(website.Client(port, "mine")) as client:
        for _ in range(2):  # on one connection
            answer = client.page("/")
            assert answer.bytes == len(sent)
            assert answer.milliseconds > 0


def test_what_is_no_page_ends_the_run(port: int) -> None:
    with closing(website.Client(port)) as client, pytest.raises(SystemExit, match="status 404"):
        client.page("/nowhere")


@pytest.fixture
def made(db: None, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, str]]:
    """As a run makes it, with few people."""
    call_command("facts", "load")
    population.fill(3)
    capsys.readouterr()
    inhabitants.main()
    found: dict[str, dict[str, str]] = json.loads(capsys.readouterr().out)
    return found


def test_every_page_is_there_and_within_its_statements(made: dict[str, dict[str, str]]) -> None:
    assert User.objects.get(is_staff=True).pk != int(made["places"]["person"])
    over, wrong = {}, {}
    for page in PAGES:
        client = browser()
        if page.who:
            client.cookies["doors_session"] = made["cookies"][page.who]
        path = page.path.format(**made["places"])
        client.get(path)  # what a process learns once
        with CaptureQueriesContext(connection) as asked:
            response = client.get(path)
        if response.status_code != 200:
            wrong[path] = response.status_code
        if (count := len(statements_of(asked))) > page.statements:
            over[path] = count
    assert wrong == {}
    assert over == {}


def test_the_counting_site_says_what_an_answer_took(made: dict[str, dict[str, str]]) -> None:
    session = made["cookies"]["person"]
    client = browser()
    client.cookies["doors_session"] = session
    client.get("/saved/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/saved/")
    taken = len(statements_of(asked))
    status, headers, body = answered("/saved/", session)
    assert status == "200 OK"
    assert b"</html>" in body
    assert int(headers[website.HEADER]) == taken > 1


@pytest.mark.parametrize("path", ["/healthz", "/help/"])
def test_an_answer_without_the_database_took_none(db: None, path: str) -> None:
    _status, headers, _body = answered(path)
    assert headers[website.HEADER] == "0"


@contextmanager
def _connection_kept() -> Iterator[None]:
    """A request would close the connection that holds the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def answered(path: str, session: str = "") -> tuple[str, dict[str, str], bytes]:
    """What the WSGI application says to a GET."""
    said: list[tuple[str, dict[str, str]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        said.append((status, dict(headers)))

    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "HTTP_HOST": "localhost:8000",
        "HTTP_COOKIE": f"doors_session={session}" if session else "",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": "http",
    }
    with _connection_kept():
        body = b"".join(counted.application(environ, start_response))
    return *said[0], body
