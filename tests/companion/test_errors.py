from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.staticfiles import finders
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
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


def test_it_says_that_a_page_is_for_others(stranger: User) -> None:
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
    assert len(text(soup(answer).code)) == 8  # of the request's id, as the log has it


def test_it_renders_the_500_page_alone() -> None:
    assert "Something broke" in render_to_string("500.html")


@pytest.mark.parametrize(
    ("seconds", "said"), [(1, "1 second "), (60, "60 seconds"), (600, "10 minutes")]
)
def test_it_says_how_long_to_wait(seconds: int, said: str) -> None:
    page = render_to_string("429.html", {"retry_after": seconds}, RequestFactory().get("/"))
    assert f"Wait {said}" in page


# --- broken, and away --------------------------------------------------------------------------


def broken(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("secret detail")


def away(*args: Any, **kwargs: Any) -> None:
    raise OperationalError("secret address of the database")


def unshaken() -> Client:
    return browser(raise_request_exception=False)


@pytest.mark.parametrize("known_by", ["cookie", "browser", "person"])
def test_it_breaks_in_the_language_of_the_reader(
    monkeypatch: pytest.MonkeyPatch, linked: User, known_by: str
) -> None:
    monkeypatch.setattr("companion.views.facts.render", broken)
    client, headers = unshaken(), {}
    if known_by == "cookie":
        client.cookies["doors_language"] = "ar"
    elif known_by == "browser":
        headers = {"Accept-Language": "ar"}
    else:
        linked.profile.language = "ar"
        linked.profile.save()
        client.force_login(linked)
    answer = client.get("/facts/", headers=headers)
    assert answer.status_code == 500
    html = soup(answer).html
    assert html
    assert (html["lang"], html["dir"]) == ("ar", "rtl")


def test_its_style_is_there_without_a_manifest() -> None:
    links = BeautifulSoup(render_to_string("500.html"), "html.parser").select("link[href]")
    assert links
    for link in links:
        assert finders.find(str(link["href"]).removeprefix("/static/"))


@pytest.mark.parametrize("path", ["/", "/facts/?q=moon", "/saved/", "/nothing/", "/me/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_database_that_is_away_is_no_fault(
    monkeypatch: pytest.MonkeyPatch, linked: User, path: str, method: str
) -> None:
    """In whatever layer it is missed first: session, language, sign-in or page."""
    client = unshaken()
    client.force_login(linked)
    client.cookies["doors_language"] = "fr"
    with monkeypatch.context() as gone:
        gone.setattr(BaseDatabaseWrapper, "cursor", away)
        answer = getattr(client, method)(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert soup(answer).html["lang"] == "fr"  # type: ignore[index]
    assert b"secret" not in answer.content
    again = soup(answer).select_one("a.button")
    assert again
    assert again["href"] == (path if method == "get" else "/")


def test_alexa_gets_no_page_of_a_missing_database(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setattr("skill_endpoint.views.has_used_up", away)
    answer = unshaken().post("/alexa/", b"{}", content_type="application/json")
    assert answer.status_code == 500


# --- what htmx asked for -----------------------------------------------------------------------

HTMX = {"HX-Request": "true"}


def is_sent_above_the_page(answer: Any) -> bool:
    """A short notice, and neither a page nor a part of one in the place of what was there."""
    assert b"<html" not in answer.content
    assert len(soup(answer).select(".notice.error")) == 1
    assert not soup(answer).select("h1, main")
    return bool((answer["HX-Retarget"], answer["HX-Reswap"]) == ("#notices", "innerHTML"))


def test_errors_are_not_swapped_into_the_page(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    client = unshaken()
    missing = client.get("/facts/none/nothing/", headers=HTMX)
    assert missing.status_code == 404
    assert is_sent_above_the_page(missing)

    strict = Client(headers={"host": "localhost:8000"}, enforce_csrf_checks=True)
    stale = strict.post("/theme/", {"theme": "dark"}, headers=HTMX)
    assert stale.status_code == 403
    assert is_sent_above_the_page(stale)
    assert "open too long" in stale.content.decode()

    monkeypatch.setattr("companion.views.facts.render", broken)
    fault = client.get("/facts/", headers=HTMX)
    assert fault.status_code == 500
    assert is_sent_above_the_page(fault)
    assert len(text(soup(fault).code)) == 8

    monkeypatch.setattr("companion.views.facts.render", away)
    gone = client.get("/facts/", headers=HTMX)
    assert gone.status_code == 503
    assert is_sent_above_the_page(gone)


def test_too_many_tries_are_told_above_the_page(
    sign_in: SignIn, stranger: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr("accounts.rate_limit.is_over", lambda *args, **kwargs: True)
    answer = sign_in(stranger).post("/alexa-link/start/", headers=HTMX)
    assert answer.status_code == 429
    assert is_sent_above_the_page(answer)


def test_a_form_with_errors_stays_where_it_was(sign_in: SignIn, stranger: User) -> None:
    wrong = {"time_zone": "Nowhere"}
    answer = sign_in(stranger).post("/me/preferences/preview/", wrong, headers=HTMX)
    assert answer.status_code == 422
    assert "HX-Retarget" not in answer


def test_pages_have_a_place_for_notices_and_one_for_no_answer(client: Client, db: None) -> None:
    page = soup(client.get("/facts/"))
    assert page.select_one("main #notices")
    offline = page.select_one("main #offline")
    assert offline
    assert (offline["role"], offline.has_attr("hidden")) == ("alert", True)


# --- support -----------------------------------------------------------------------------------


def test_it_names_who_can_be_asked(client: Client, db: None, settings: Any) -> None:
    assert "people behind this site" not in main(client.get("/nothing/"))
    settings.SUPPORT_URL = "https://example.com/help"
    link = soup(client.get("/nothing/")).select_one('main a[href="https://example.com/help"]')
    assert "people behind this site" in text(link)


def test_the_reference_of_a_refusal_finds_it_in_the_log(
    client: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    page = Client(SERVER_NAME="evil.example").get("/")
    reference = text(soup(page).select_one("#reference"))
    assert len(reference) == 8
    copied = soup(page).select_one("[data-copy]")
    assert copied
    assert copied["data-copy"] == "reference"
    ids = [record.msg["request_id"] for record in caplog.records if isinstance(record.msg, dict)]
    assert ids
    assert all(each.endswith(reference) for each in ids)


# --- sign-in -----------------------------------------------------------------------------------


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
        ("id token: issued_in_future", "not set up"),
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
    assert soup(answer).select_one('button[data-copy="reference"]')


def test_a_fresh_start_leads_to_the_same_page(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*args: Any, **kwargs: Any) -> None:
        raise ExchangeFailed("unreachable")

    monkeypatch.setattr("accounts.cognito.views.redeem_code", unreachable)
    for query in ({"code": "c"}, {"error": "access_denied"}):
        start = client.post(reverse("cognito_login"), {"next": "/saved/?page=2"})
        state = start["Location"].split("state=")[1].split("&")[0]
        answer = client.get(reverse("cognito_callback"), {"state": state, **query}, follow=True)
        assert form_to(answer, reverse("cognito_login"))["next"] == "/saved/?page=2"


def test_a_fresh_start_leads_nowhere_else(client: Client, db: None) -> None:
    evil = {"next": "//evil.example/"}
    start = client.post(reverse("cognito_login"), evil)
    state = start["Location"].split("state=")[1].split("&")[0]
    answer = client.get(reverse("cognito_callback"), {"state": state, "error": "access_denied"})
    assert "evil" not in answer["Location"]


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
