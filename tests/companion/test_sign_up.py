from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from allauth.socialaccount.internal import statekit
from django.test import Client
from django.urls import reverse

from accounts.cognito.nonce import nonce_for
from tests.companion.pages import form_to

SIGN_UP = "/accounts/sign-up/"


@pytest.fixture
def _hosted_pages(db: None, settings: Any) -> None:
    settings.DEV_TOOLS = False
    settings.COGNITO_DOMAIN_URL = "https://pool.example"


def start(client: Client, **form: str) -> dict[str, str]:
    address = client.post(SIGN_UP, form)["Location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def stashed(client: Client, state: str) -> dict[str, Any]:
    kept: dict[str, Any] = client.session[statekit.STATES_SESSION_KEY][state][0]
    return kept


@pytest.mark.usefixtures("_hosted_pages")
def test_it_goes_to_the_pools_page_for_new_accounts(client: Client) -> None:
    answer = client.post(SIGN_UP)
    assert answer.status_code == 302
    assert answer["Location"].startswith("https://pool.example/signup?")


@pytest.mark.usefixtures("_hosted_pages")
def test_it_returns_like_a_sign_in(client: Client) -> None:
    query = start(client)
    kept = stashed(client, query["state"])
    assert query["client_id"] == "web-client"
    assert query["redirect_uri"] == "http://localhost:8000/accounts/cognito/login/callback/"
    assert query["response_type"] == "code"
    assert set(query["scope"].split()) == {"openid", "email", "phone"}
    assert query["code_challenge_method"] == "S256"
    assert query["nonce"] == nonce_for(kept["pkce_code_verifier"])


@pytest.mark.usefixtures("_hosted_pages")
def test_it_does_not_change_where_sign_in_goes(client: Client) -> None:
    client.post(SIGN_UP)
    address = client.post(reverse("cognito_login"))["Location"]
    assert address.startswith("https://pool.example/oauth2/authorize?")


@pytest.mark.usefixtures("_hosted_pages")
def test_it_comes_back_to_the_page(client: Client) -> None:
    query = start(client, next="/saved/")
    assert stashed(client, query["state"])["next"] == "/saved/"


@pytest.mark.usefixtures("_hosted_pages")
@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_it_comes_back_to_no_other_site(client: Client, elsewhere: str) -> None:
    query = start(client, next=elsewhere)
    assert stashed(client, query["state"]).get("next") in (None, "")


@pytest.mark.usefixtures("_hosted_pages")
def test_it_lets_its_browser_post_there(client: Client) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "form-action 'self' https://pool.example" in policy


def test_it_goes_to_the_stand_in_where_there_is_no_such_page(client: Client, db: None) -> None:
    assert client.post(SIGN_UP)["Location"] == reverse("dev_sign_up")


@pytest.mark.parametrize(
    ("wished", "kept"), [("/saved/?page=2", "/saved/?page=2"), ("//evil.example", None)]
)
def test_the_stand_in_knows_where_to_go_on(
    client: Client, db: None, wished: str, kept: str | None
) -> None:
    page = client.get(client.post(SIGN_UP, {"next": wished})["Location"])
    assert form_to(page, reverse("dev_sign_up")).get("next") == kept
    # with an account already, it is the same way
    assert form_to(page, reverse("cognito_login")).get("next") == kept


def test_it_takes_no_get(client: Client, db: None) -> None:
    assert client.get(SIGN_UP).status_code == 405


@pytest.mark.usefixtures("_hosted_pages")
def test_it_wants_a_csrf_token() -> None:
    client = Client(SERVER_NAME="localhost", SERVER_PORT="8000", enforce_csrf_checks=True)
    assert client.post(SIGN_UP).status_code == 403


@pytest.mark.usefixtures("_hosted_pages")
@time_machine.travel("2026-11-22T10:00Z", tick=False)  # in one window
def test_it_is_limited(client: Client, settings: Any) -> None:
    settings.RATE_LIMITS = True
    answers = [client.post(SIGN_UP).status_code for _ in range(61)]
    assert answers == [302] * 60 + [429]
