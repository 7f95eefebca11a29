from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qsl

import pytest

from companion.local.environment import NotLoopback
from companion.local.http_browser import Browser, NoSuchForm

PAGE = """<!doctype html><title>A page · Site</title><script>var no = "words";</script>
<form action="/other/"><input name="q" value="x"></form>
<form method="post" action="/send/"><input type="hidden" name="csrf" value="t&amp;1">
<input name="name" value="old"><input type="checkbox" name="on" checked>
<input type="checkbox" name="off"><input type="checkbox" name="many" value="1" checked>
<input type="checkbox" name="many" value="2" checked>
<select name="pick"><option value="a">A<option value="b" selected>B</select></form>
<table><tr><th>One</th><td>1</td></tr><tr><td>Two</td></tr></table>
<p class="big code">12<b>34</b></p><br><a href="/there/">There</a>"""


class Site(BaseHTTPRequestHandler):
    received: ClassVar[list[tuple[str, str, list[tuple[str, str]], dict[str, str]]]] = []

    def _note(self, body: str = "") -> None:
        self.received.append((self.command, self.path, parse_qsl(body), dict(self.headers)))

    def do_GET(self) -> None:
        self._note()
        if self.path == "/away/":
            self._answer(302, "", Location="/")
        elif self.path == "/round/":
            self._answer(302, "", Location="/round/")
        elif self.path == "/far/":
            self._answer(302, "", Location="https://example.com/")
        else:
            self._answer(200, PAGE)

    def do_POST(self) -> None:
        self._note(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._answer(302, "", Location="/done/")

    def _answer(self, status: int, body: str, **headers: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Set-Cookie", "seen=1; Path=/")
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


@pytest.fixture
def browser() -> Iterator[Browser]:
    Site.received.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            with Browser(f"http://localhost:{server.server_port}") as started:
                yield started
        finally:
            server.shutdown()
            thread.join()


def test_it_sends_a_form_with_its_own_fields_and_ours(browser: Browser) -> None:
    form = browser.at("/").form("/send/")
    page = browser.submit(form, name="new", more="m")
    command, path, fields, headers = Site.received[-2]
    assert (command, path) == ("POST", "/send/")
    assert fields == [
        ("csrf", "t&1"),
        ("on", "on"),
        ("many", "1"),
        ("many", "2"),
        ("pick", "b"),
        ("name", "new"),
        ("more", "m"),
    ]
    assert headers["Origin"] == browser.home
    assert page.url == f"{browser.home}/done/"


def test_it_follows_redirects_with_get_and_keeps_cookies(browser: Browser) -> None:
    browser.submit(browser.at("/").form("/send/"))
    command, path, _, headers = Site.received[-1]
    assert (command, path, headers["Cookie"]) == ("GET", "/done/", "seen=1")


def test_it_shows_where_a_redirect_leads_without_following(browser: Browser) -> None:
    page = browser.at("/away/", follow=False)
    assert (page.status, page.location) == (302, f"{browser.home}/")


def test_it_stops_in_a_circle(browser: Browser) -> None:
    with pytest.raises(AssertionError, match="too many redirects"):
        browser.at("/round/")


def test_it_never_leaves_this_machine(browser: Browser) -> None:
    with pytest.raises(NotLoopback):
        browser.at("/far/")


def test_it_reads_a_page(browser: Browser) -> None:
    page = browser.at("/")
    assert "There" in page.words
    assert "no" not in page.words.split()
    assert page.rows == ["One 1", "Two"]
    assert page.texts("code") == ["1234"]
    assert page.links() == ["/there/"]


def test_it_says_which_forms_there_are(browser: Browser) -> None:
    with pytest.raises(NoSuchForm, match=r"/nowhere/ at .* forms: /other/, /send/"):
        browser.at("/").form("/nowhere/")
