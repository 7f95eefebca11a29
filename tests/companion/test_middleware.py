from __future__ import annotations

from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.test import Client

from accounts.models import User
from tests.conftest import browser
from tests.test_addresses import example, routes

TOKEN = "x" * 32


def post_form(charset: str) -> int:
    """As a browser with a CSRF cookie, whose form is read before any view."""
    client = browser(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies["doors_csrf"] = TOKEN
    response = client.generic(
        "POST",
        "/theme/",
        f"theme=dark&csrfmiddlewaretoken={TOKEN}",
        content_type=f"application/x-www-form-urlencoded; charset={charset}",
    )
    return response.status_code


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "utf-7", "zlib", "cp037"])
def test_a_form_in_another_charset_is_refused(charset: str) -> None:
    assert post_form(charset) == 415


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "u8", "nonsense"])
def test_utf8_by_any_of_its_names_is_taken(charset: str) -> None:
    assert post_form(charset) == 302


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["text/plain; x*=bogus''%41", "text/plain; a=" + "x" * 20_000])
def test_a_content_type_that_cannot_be_read_is_refused(
    kind: str,
) -> None:
    """Before Django handles errors at all: through the WSGI application itself."""
    from companion.wsgi import application

    environ: dict[str, Any] = {"PATH_INFO": "/healthz", "CONTENT_TYPE": kind}
    setup_testing_defaults(environ)
    answered: list[str] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        answered.append(status)

    application(environ, start_response)
    assert answered == ["400 Bad Request"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/me/", "/saved/", "/alexa-link/"])
def test_no_cache_keeps_what_a_signed_in_person_sees(linked: User, path: str) -> None:
    client = browser()
    client.force_login(linked)
    assert client.get(path)["Cache-Control"] == "private, no-store"


@pytest.mark.django_db
def test_no_shared_cache_keeps_a_token_or_a_cookie() -> None:
    for route in routes():
        answer = browser(raise_request_exception=False).get(example(route))
        kept = answer.get("Cache-Control", "")
        if answer.cookies or answer.get("Content-Type", "").startswith("text/html"):
            assert "private" in kept, route
            assert "public" not in kept, route


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/feed.atom", "/sitemap.xml", "/sitemap-pages.xml", "/robots.txt"]
)
def test_what_is_the_same_for_all_is_kept_by_shared_caches(client: Client, path: str) -> None:
    answer = client.get(path)
    assert "public" in answer["Cache-Control"]
    assert not answer.cookies
