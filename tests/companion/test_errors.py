from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.cognito.exchange import ExchangeFailed
from accounts.models import User
from companion.templatetags.sign_in import sign_in_cause
from companion.views import errors
from tests.companion.conftest import SignIn
from tests.companion.pages import form_to, main, soup, text
from tests.conftest import browser


def test_it_says_that_nothing_is_here(client: Client, db: None) -> None:
    answer = client.get("/nothing/")
    assert answer.status_code == 404
    assert "There is nothing here" in main(answer)
    assert soup(answer).select_one('form[action="/facts/"] input[name=q]')


def test_it_says_that_the_page_was_open_too_long(db: None) -> None:
    client = Client(SERVER_NAME="localhost", SERVER_PORT="8000", enforce_csrf_checks=True)
    answer = client.post("/theme/", {"theme": "dark"})
    assert answer.status_code == 403
    assert "open too long" in main(answer)


def test_it_says_that_a_page_is_for_others(sign_in: SignIn, stranger: User) -> None:
    request = RequestFactory().get("/")
    request.user = stranger
    answer = errors.permission_denied(request, PermissionError())
    assert answer.status_code == 403
    assert "not for you" in main(answer)


def test_it_answers_a_wrong_host_without_a_session(db: None) -> None:
    answer = Client(SERVER_NAME="evil.example").get("/")
    assert answer.status_code == 400
    assert "could not read" in main(answer)


def test_it_breaks_with_a_page_that_needs_nothing(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("companion.views.home.render", broken)
    answer = browser(raise_request_exception=False).get("/")
    assert answer.status_code == 500
    assert "Something broke" in main(answer)
    assert b"secret detail" not in answer.content
    assert len(text(soup(answer).code)) == 36  # the request's id, as the log has it


def test_it_renders_the_500_page_alone() -> None:
    assert "Something broke" in render_to_string("500.html")


def test_it_says_how_long_to_wait() -> None:
    page = render_to_string("429.html", {"retry_after": 60}, RequestFactory().get("/"))
    assert "Wait 60 seconds" in page


def test_it_says_that_an_account_was_deleted() -> None:
    page = render_to_string("companion/account_erased.html", {}, RequestFactory().get("/"))
    assert "This account was deleted" in page


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("unreachable", "does not answer"),
        ("id token: keys_unavailable", "does not answer"),
        ("invalid_grant", "took too long"),
        ("id token: expired", "took too long"),
        ("invalid_client", "not set up"),
        ("access_denied", "You left the sign-in page"),
        ("id token: nonce", "did not pass our checks"),
        ("unknown", "another tab"),
        ("a reason of the future", "another tab"),
        ("", "another tab"),
        (None, "another tab"),
    ],
)
def test_it_has_words_for_every_reason(reason: str | None, said: str) -> None:
    assert said in str(sign_in_cause(reason))


def test_it_says_that_the_pool_cannot_be_reached(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*args: Any, **kwargs: Any) -> None:
        raise ExchangeFailed("unreachable")

    monkeypatch.setattr("accounts.cognito.views.redeem_code", unreachable)
    start = client.post(reverse("cognito_login"))
    state = start["Location"].split("state=")[1].split("&")[0]
    answer = client.get(reverse("cognito_callback"), {"state": state, "code": "c"})
    assert "Sign-in cannot be reached" in main(answer)
    assert "csrfmiddlewaretoken" in form_to(answer, reverse("cognito_login"))


def test_it_knows_a_canceled_sign_in_without_its_state(client: Client, db: None) -> None:
    answer = client.get(reverse("cognito_callback"), {"error": "access_denied", "state": "old"})
    assert answer.status_code == 401
    assert "You did not sign in" in main(answer)
    assert "another tab" not in main(answer)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/accounts/login/", "Sign in to Small Wonders"),
        ("/accounts/cognito/login/", "Ready to sign in?"),
        ("/accounts/inactive/", "switched off"),
        ("/accounts/3rdparty/login/cancelled/", "You did not sign in"),
    ],
)
def test_it_frames_the_pages_around_sign_in(client: Client, db: None, path: str, said: str) -> None:
    answer = client.get(path)
    assert answer.status_code in {200, 401}
    assert said in main(answer)
    assert "Small Wonders" in text(soup(answer).header)


def test_it_asks_before_signing_out(sign_in: SignIn, linked: User) -> None:
    answer = sign_in(linked).get("/accounts/logout/")
    assert "csrfmiddlewaretoken" in form_to(answer, "/accounts/logout/")


@pytest.mark.parametrize("start", ["cognito_login", "sign_up"])
def test_it_comes_back_to_the_page_after_signing_in(client: Client, db: None, start: str) -> None:
    page = client.get("/accounts/login/", {"next": "/saved/"})
    assert form_to(page, reverse(start))["next"] == "/saved/"


def test_it_says_when_sign_in_is_not_set_up(client: Client, db: None, settings: Any) -> None:
    settings.COGNITO_DOMAIN_URL = ""
    assert "not set up" in main(client.get("/accounts/login/"))
