"""One line a request, with its id: whatever was asked for, and however it ends."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import path
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import User
from accounts.person_digest import person_digest
from companion import request_log, urls
from companion.request_log import RequestLogMiddleware
from tests.cognito import TokenMint
from tests.conftest import browser, written_by

SECRET = "4f1c22d8a9b07731e6"


@login_not_required
def fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("what went wrong")


@login_not_required
def ends_with(request: HttpRequest, status: int) -> HttpResponse:
    return HttpResponse(status=status)


@login_not_required
def looks_at_the_user(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user.pk))


@login_not_required
def streams(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"one ", b"two"]))


@login_not_required
def a_file(request: HttpRequest) -> FileResponse:
    return FileResponse(Path(__file__).open("rb"))


urlpatterns = [
    path("fails/", fails),
    path("ends/<int:status>/", ends_with),
    path("user/", looks_at_the_user),
    path("streams/", streams),
    path("file/", a_file),
    *urls.urlpatterns,
]
handler404, handler500 = urls.handler404, urls.handler500


@pytest.fixture
def site(settings: Settings) -> Client:
    """The site, with some more addresses."""
    settings.ROOT_URLCONF = __name__
    return browser(raise_request_exception=False)


class Written(logging.Handler):
    """Formats each record at once, as the real handlers do: later the ids are gone."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def console_lines() -> Iterator[list[str]]:
    handler, logger = Written(written_by(console=True)), logging.getLogger(request_log.NAME)
    logger.addHandler(handler)
    yield handler.lines
    logger.removeHandler(handler)


@pytest.fixture
def other_lines() -> Iterator[list[str]]:
    """What all other loggers write."""
    ours = next(each for each in logging.root.handlers if each.name == "stderr")
    assert ours.formatter is not None
    handler = Written(ours.formatter)
    handler.addFilter(lambda record: record.name != request_log.NAME)
    logging.root.addHandler(handler)
    yield handler.lines
    logging.root.removeHandler(handler)


def only(lines: list[str]) -> dict[str, Any]:
    [line] = lines
    assert "\n" not in line
    fields: dict[str, Any] = json.loads(line)
    return fields


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "level"),
    [
        (200, "info"),
        (302, "info"),
        (404, "warning"),
        (429, "warning"),
        (500, "error"),
        (503, "error"),
    ],
)
def test_the_level_is_that_of_the_answer(
    site: Client, request_lines: list[str], status: int, level: str
) -> None:
    site.get(f"/ends/{status}/")
    line = only(request_lines)
    assert (line["code"], line["level"]) == (status, level)
    assert (line["event"], line["logger"]) == ("request_finished", "companion.requests")


@pytest.mark.django_db
def test_each_request_has_an_id_of_its_own(site: Client, request_lines: list[str]) -> None:
    for _ in range(3):
        site.get("/ends/200/", headers={"X-Request-ID": "chosen by the caller"})
    assert len({UUID(json.loads(line)["request_id"]) for line in request_lines}) == 3


PROXY = "10.1.2.3"
NGINX_ID = "0123456789abcdef0123456789abcdef"
AMAZON_ID = "1-67891233-abcdef012345678912345678"
CLIENTS_ID = "1-00000000-000000000000000000000000"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Request-ID": NGINX_ID}, NGINX_ID),
        ({"X-Amzn-Trace-Id": f"Root={AMAZON_ID}"}, AMAZON_ID),
        ({"X-Amzn-Trace-Id": f"Self={AMAZON_ID};Root={CLIENTS_ID}"}, AMAZON_ID),
        ({"X-Amzn-Trace-Id": f"Root={CLIENTS_ID};Self={AMAZON_ID};x=1"}, AMAZON_ID),
        # what a client of AWS's balancer made up is passed on by it
        ({"X-Request-ID": NGINX_ID, "X-Amzn-Trace-Id": f"Root={AMAZON_ID}"}, AMAZON_ID),
        (
            {"X-Request-ID": NGINX_ID, "X-Amzn-Trace-Id": f"Root={CLIENTS_ID};Self={AMAZON_ID}"},
            AMAZON_ID,
        ),
    ],
)
def test_a_trusted_proxy_says_which_request_it_is(
    site: Client,
    settings: Settings,
    request_lines: list[str],
    headers: dict[str, str],
    expected: str,
) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    site.get("/ends/200/", headers=headers, REMOTE_ADDR=PROXY)
    assert only(request_lines)["request_id"] == expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given",
    ["short", "x" * 65, "robin@example.com-and-more", f"{NGINX_ID}\n", f"{NGINX_ID} x", "é" * 20],
)
def test_a_request_id_of_another_shape_is_not_taken(
    site: Client, settings: Settings, request_lines: list[str], given: str
) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    for headers in ({"X-Request-ID": given}, {"X-Amzn-Trace-Id": f"Root={given}"}):
        site.get("/ends/200/", headers=headers, REMOTE_ADDR=PROXY)
    for line in request_lines:
        UUID(json.loads(line)["request_id"])


@pytest.mark.django_db
@pytest.mark.parametrize("proxies", [[], ["10.0.0.0/8"]])
def test_nobody_else_chooses_the_id_of_a_request(
    site: Client, settings: Settings, request_lines: list[str], proxies: list[str]
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Request-ID": NGINX_ID, "X-Amzn-Trace-Id": f"Root={AMAZON_ID}"}
    site.get("/ends/200/", headers=headers, REMOTE_ADDR="203.0.113.7")
    assert only(request_lines)["request_id"] not in {NGINX_ID, AMAZON_ID}


@pytest.mark.django_db
def test_whom_it_was_from_where_the_request_looked(
    site: Client, linked: User, request_lines: list[str]
) -> None:
    site.force_login(linked)
    assert site.get("/user/").content == str(linked.pk).encode()
    assert only(request_lines)["person"] == person_digest(linked.sub)
    assert linked.sub not in request_lines[0]
    assert "linked@example.com" not in request_lines[0]


@pytest.mark.django_db
def test_nobody_is_looked_up_for_the_line(
    client: Client, linked: User, request_lines: list[str]
) -> None:
    client.force_login(linked)
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/alexa/").status_code == 400
        assert client.get("/me/", headers={"host": "127.0.0.1"}).status_code == 302
    assert len(queries) == 0
    assert not [line for line in request_lines if "person" in json.loads(line)]


@pytest.mark.django_db
def test_nothing_is_left_for_the_next_request(
    site: Client, linked: User, request_lines: list[str]
) -> None:
    site.force_login(linked)
    site.get("/user/")
    site.get("/fails/")
    assert structlog.contextvars.get_contextvars() == {}
    browser().get("/healthz")
    assert "person" not in json.loads(request_lines[-1])


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, RuntimeError])
def test_nothing_is_left_either_where_a_server_stops_the_request(
    rf: RequestFactory, error: type[BaseException]
) -> None:
    def stopped(request: HttpRequest) -> HttpResponseBase:
        assert structlog.contextvars.get_contextvars()["request_id"]
        raise error

    with pytest.raises(error):
        RequestLogMiddleware(stopped)(rf.get("/"))
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.django_db
def test_a_view_that_fails_is_told_with_the_same_id_and_nothing_of_the_request(
    site: Client, linked: User, request_lines: list[str], other_lines: list[str]
) -> None:
    site.force_login(linked)
    answer = site.post(
        f"/fails/?code={SECRET}",
        {"name": SECRET},
        headers={"Cookie": f"x={SECRET}", "Authorization": f"Bearer {SECRET}"},
    )
    assert answer.status_code == 500
    line = only(request_lines)
    assert (line["code"], line["request"]) == (500, "POST /fails/")
    [report] = other_lines
    assert line["request_id"] in report
    assert "RuntimeError: what went wrong" in report
    assert "in fails" in report
    assert SECRET not in report + request_lines[0]
    # the page tells the end of the id
    assert line["request_id"][-8:].encode() in answer.content


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/streams/", "/file/"])
def test_an_answer_that_is_sent_in_parts_is_one_line_and_whole(
    site: Client, request_lines: list[str], address: str
) -> None:
    answer = site.get(address)
    content = answer.getvalue()
    assert content == b"one two" or b"def a_file" in content
    answer.close()
    assert only(request_lines)["code"] == 200
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        f"/accounts/?token={SECRET}",
        f"/x/?a=1&state={SECRET}#part",
        f"/token={SECRET}/",
        f"/x/Bearer%20{SECRET}",
        f"/nowhere/{SECRET}/",
        "/robin@example.com/",
        "/+12065550101/",
    ],
)
def test_a_path_tells_no_secret(
    site: Client, request_lines: list[str], console_lines: list[str], address: str
) -> None:
    assert site.get(address).status_code == 404
    for line in (*request_lines, *console_lines):
        for secret in (SECRET, "robin@", "206555", "?", "a=1"):
            assert secret not in line


@pytest.mark.django_db
def test_a_program_tells_no_secret(
    site: Client, mint: TokenMint, request_lines: list[str], console_lines: list[str]
) -> None:
    token = mint.access()
    for said in (
        f"App/1.0 {token}",
        f"App/1.0 access_token={SECRET}",
        f"App/1.0 Basic {SECRET}",
        "App/1.0 (robin@example.com; +1 206-555-0101)",
    ):
        site.get("/ends/200/", headers={"User-Agent": said})
    assert len(request_lines) == len(console_lines) == 4
    for line in (*request_lines, *console_lines):
        for secret in (*token.split("."), SECRET, "robin@", "206-555", "0101)"):
            assert secret not in line


@pytest.mark.django_db
def test_what_looks_like_a_key_is_withheld_and_the_program_is_told(
    site: Client, request_lines: list[str]
) -> None:
    program = "Mozilla/5.0 (X11) AppleWebKit/537.36"
    site.get("/ends/200/", headers={"User-Agent": f"{program} secret-0123456789abcdef01234"})
    said = only(request_lines)["user_agent"]
    assert said.startswith(f"{program} ")
    assert "0123456789" not in said


@pytest.mark.django_db
def test_without_a_program_nothing_is_said_of_it(site: Client, request_lines: list[str]) -> None:
    site.get("/ends/200/")
    assert "user_agent" not in only(request_lines)


LINE_ENDS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029"]
FORGED = "2026-11-22T00:00:00+00:00 [info   ] request_finished code=200 user_id=1"


@pytest.mark.django_db
@pytest.mark.parametrize("end", [*LINE_ENDS, "\x1b[2K", "\x00", "\x08", "\u202e"])
def test_nobody_writes_a_line_of_their_own(
    site: Client, request_lines: list[str], console_lines: list[str], end: str
) -> None:
    """Neither by the path nor by the name of a program; and moves no cursor on a console."""
    address = f"/x{end}{FORGED}".encode().decode("latin-1")  # as WSGI has it
    site.get("/ends/200/", PATH_INFO=address, HTTP_USER_AGENT=f"x{end}{FORGED}")
    for lines in (request_lines, console_lines):
        [line] = lines
        assert line.isprintable()
        assert line.splitlines() == [line]
    assert only(request_lines)["code"] == 404


def test_any_path_is_one_line(rf: RequestFactory, console_lines: list[str]) -> None:
    answers = RequestLogMiddleware(lambda request: HttpResponse(status=404))

    @examples(
        max_examples=100,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.text(max_size=40), st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
    def one_line(address: str, said: str) -> None:
        request = rf.get("/", HTTP_USER_AGENT=said)
        request.path = f"/{address}"
        console_lines.clear()
        answers(request)
        [line] = console_lines
        assert line.isprintable()
        assert line.encode().splitlines() == [line.encode()]

    one_line()


def test_a_console_reads_it_easily(rf: RequestFactory, console_lines: list[str]) -> None:
    RequestLogMiddleware(lambda request: HttpResponse())(rf.get("/größe/"))
    [line] = console_lines
    assert "request_finished" in line
    assert "code=200" in line
    assert "request='GET /größe/'" in line


@pytest.mark.django_db
def test_the_ids_reach_the_lines_of_others(
    site: Client, request_lines: list[str], other_lines: list[str]
) -> None:
    assert site.get("/alexa/").status_code == 400
    [refused] = other_lines
    assert "alexa_request_rejected" in refused
    assert only(request_lines)["request_id"] in refused
