"""What stands before the voice door, and what does not: the way of a request to its view."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from skill_endpoint import signing_keys
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator import pki as development_pki
from skill_endpoint.simulator.envelopes import Device, Envelope
from skill_endpoint.simulator.pki import Signer
from tests.alexa import post_signed
from tests.conftest import SKILL_ID, browser

pytestmark = pytest.mark.django_db
DEVICE = Device(application_id=SKILL_ID, user_id="amzn1.ask.account.TESTS")
PAGES_ONLY = (
    "Set-Cookie",
    "Vary",
    "Location",
    "Content-Language",
    "Content-Encoding",
    "Content-Security-Policy",
)


@pytest.fixture(scope="module")
def pki_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki")
    development_pki.ensure_pki(folder)
    return folder


@pytest.fixture
def signer(pki_folder: Path, settings: Settings) -> Signer:
    signing_keys.forget()
    settings.ALEXA_DEV_PKI_DIR = str(pki_folder)
    return development_pki.load(pki_folder)


@pytest.fixture
def launch(device: Device) -> Envelope:
    return envelopes.launch(device)


def is_turn(answer: HttpResponse) -> bool:
    return answer.status_code == 200 and json.loads(answer.content)["version"] == "1.0"


def is_refused(answer: Any) -> bool:
    """As certification asks: empty, and told whole."""
    assert answer["Content-Length"] == "0"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Type"] == "text/plain"
    return (answer.status_code, answer.content) == (400, b"")


def test_a_turn_meets_no_middleware_for_pages(signer: Signer, launch: Envelope) -> None:
    answer = post_signed(
        browser(), launch, signer=signer, HTTP_ACCEPT_ENCODING="gzip", HTTP_ACCEPT_LANGUAGE="de"
    )
    assert is_turn(answer)
    assert answer["Content-Length"] == str(len(answer.content))
    assert answer["Cache-Control"] == "no-store"
    assert not [name for name in PAGES_ONLY if name in answer]
    assert not answer.cookies


def test_a_turn_has_no_session_whatever_cookie_comes(
    signer: Signer, launch: Envelope, linked: User
) -> None:
    """The way to the door costs no statement: all there are, are those of the turn itself."""
    client = browser(enforce_csrf_checks=True)
    assert is_turn(post_signed(client, launch, signer=signer))  # what is asked once is known
    statements = []
    for signed_in in (False, True):
        if signed_in:
            client.force_login(linked)
        with CaptureQueriesContext(connection) as queries:
            answer = post_signed(
                client,
                envelopes.launch(DEVICE),
                signer=signer,
                HTTP_REFERER="https://evil.example/",
            )
        assert is_turn(answer)
        assert not answer.cookies
        statements.append(
            [query["sql"].split(" WHERE ")[0].split("VALUES")[0] for query in queries]
        )
    assert statements[0] == statements[1]
    assert not [sql for sql in statements[1] if "session" in sql or "django_" in sql]


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "X"]
)
@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1"])
def test_another_method_is_refused_without_a_statement(
    linked: User, method: str, host: str
) -> None:
    """And without a redirect to the canonical host, where it would be refused all the same."""
    client = browser()
    client.force_login(linked)
    with CaptureQueriesContext(connection) as queries:
        answer = client.generic(method, "/alexa/", headers={"host": host})
    assert is_refused(answer)
    assert len(queries) == 0
    assert not [name for name in PAGES_ONLY if name in answer]


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded; charset=latin-1", "multipart/form-data", "", "x"]
)
def test_a_form_is_refused_like_anything_else(kind: str) -> None:
    assert is_refused(browser().generic("POST", "/alexa/", b"a=1", content_type=kind))


@pytest.mark.parametrize("host", ["evil.example", "localhost:8000.evil.example", "a b", "[", ""])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_host_that_is_not_ours_gets_400(
    signer: Signer, launch: Envelope, host: str, method: str
) -> None:
    client = browser(raise_request_exception=False)
    answer: Any
    if method == "POST":
        answer = post_signed(client, launch, signer=signer, HTTP_HOST=host)
    else:
        answer = client.get("/alexa/", HTTP_HOST=host)
    assert answer.status_code == 400
    assert b"evil" not in answer.content
    assert not is_json(answer)


def is_json(answer: Any) -> bool:
    return str(answer["Content-Type"]).startswith("application/json")


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "127.0.0.1:9999"])
def test_each_allowed_host_is_answered_there(signer: Signer, launch: Envelope, host: str) -> None:
    assert is_turn(post_signed(browser(), launch, signer=signer, HTTP_HOST=host))


@pytest.mark.parametrize("name", ["X-Content-Type-Options", "Referrer-Policy"])
def test_what_is_for_every_answer_is_there_too(signer: Signer, launch: Envelope, name: str) -> None:
    assert post_signed(browser(), launch, signer=signer)[name]
    assert browser().get("/alexa/")[name]


@pytest.fixture
def https(settings: Settings) -> None:
    """What PUBLIC_URL=https://… does."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True


@pytest.mark.usefixtures("https")
def test_with_https_the_answer_says_so(signer: Signer, launch: Envelope) -> None:
    answer = post_signed(browser(), launch, signer=signer, secure=True)
    assert is_turn(answer)
    said = "max-age=31536000; includeSubDomains; preload"
    assert answer["Strict-Transport-Security"] == said
    assert browser().get("/alexa/", secure=True)["Strict-Transport-Security"] == said


@pytest.mark.usefixtures("https")
def test_with_https_nothing_is_answered_over_http(signer: Signer, launch: Envelope) -> None:
    for answer in (post_signed(browser(), launch, signer=signer), browser().get("/alexa/")):
        assert (answer.status_code, answer.content) == (301, b"")
        assert answer["Location"] == "https://localhost:8000/alexa/"


@pytest.mark.usefixtures("https")
def test_behind_a_trusted_proxy_the_request_came_by_https(
    signer: Signer, launch: Envelope, settings: Settings
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    answer = post_signed(browser(), launch, signer=signer, HTTP_X_FORWARDED_PROTO="https")
    assert is_turn(answer)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/alexa", 301),
        ("//alexa/", 404),
        ("/alexa//", 404),
        ("/alexa/x", 404),
        ("/alexa/x/", 404),
        ("/ALEXA/", 404),
        ("/alexa/\n", 404),
        ("/alexa/;x", 404),
        ("/./alexa/", 404),
        ("/x/../alexa/", 404),
    ],
)
def test_only_the_address_itself_is_the_door(
    signer: Signer, launch: Envelope, path: str, status: int
) -> None:
    answer = post_signed(browser(), launch, signer=signer, PATH_INFO=path)
    assert answer.status_code == status
    assert not is_json(answer)


def test_a_query_changes_nothing(signer: Signer, launch: Envelope) -> None:
    assert is_turn(post_signed(browser(), launch, signer=signer, QUERY_STRING="a=1"))


def test_below_a_prefix_the_address_is_found_as_before(signer: Signer, launch: Envelope) -> None:
    answer = post_signed(browser(), launch, signer=signer, SCRIPT_NAME="/app")
    assert is_turn(answer)
    assert not [name for name in PAGES_ONLY if name in answer]


def test_a_failure_in_the_view_is_the_error_page_with_the_id(
    signer: Signer, launch: Envelope, settings: Settings, request_lines: list[str]
) -> None:
    settings.ALEXA_SKILL_IDS = None  # nothing can be looked for in it
    client = browser(raise_request_exception=False)
    answer = post_signed(client, launch, signer=signer)
    [line] = map(json.loads, request_lines)
    assert (answer.status_code, line["code"]) == (500, 500)
    assert line["request_id"][-8:].encode() in answer.content
    assert not answer.cookies
    for secret in (launch["request"]["requestId"], launch["context"]["System"]["user"]["userId"]):
        assert secret.encode() not in answer.content


def test_pages_still_meet_all_of_theirs() -> None:
    answer = browser().get("/")
    assert "Content-Security-Policy" in answer
    assert answer["X-Frame-Options"] == "DENY"
