"""Linking in the browser, against the local AWS: authorize, hosted sign-in, callback, token."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.test import Client
from pytest_django import Settings

from accounts.oauth_trace.models import Attempt, Correlation
from accounts.oauth_trace.redaction import digest
from skill_endpoint.simulator import households
from skill_endpoint.simulator.access import pki_folder
from skill_endpoint.simulator.households import Household
from skill_endpoint.simulator.linking import Linking, LinkingFailed
from skill_endpoint.simulator.views import COOKIE
from tests.local_aws import LivePool, hosted_sign_in
from tests.skill_endpoint.simulator.stub import Stub
from tests.skill_endpoint.simulator.test_views import PAGE, say, text

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.local_aws,
    pytest.mark.usefixtures("models", "linking_pool"),
]
ACT = {"locale": "en-US"}


@pytest.fixture
def linked_home(home: Client, linking_pool: LivePool, simulator: Stub) -> Client:
    """A browser whose household has linked the account of `linked@example.com`."""
    linking_pool.person("linked@example.com")
    start = home.post(f"{PAGE}link/")
    assert start.status_code == 302
    back = urlsplit(hosted_sign_in(start["Location"], "linked@example.com"))
    finish = home.get(f"{back.path}?{back.query}")
    assert (finish.status_code, finish["Location"]) == (302, PAGE)
    return home


def household_of(client: Client) -> Household:
    return households.find(pki_folder(), client.cookies[COOKIE].value, "amzn1.ask.skill.tests")


def claims(token: str) -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return decoded


def sent_token(simulator: Stub) -> str:
    token: str = simulator.received[-1].json["context"]["System"]["user"].get("accessToken", "")
    return token


def test_it_links_as_alexa_does(
    linked_home: Client, linking_pool: LivePool, simulator: Stub
) -> None:
    types = [call.json["request"]["type"] for call in simulator.received]
    assert types == ["AlexaSkillEvent.SkillEnabled", "AlexaSkillEvent.SkillAccountLinked"]
    say(linked_home, press="LaunchRequest")
    told = claims(sent_token(simulator))
    assert told["client_id"] == linking_pool.values.alexa_client_id
    assert told["sub"] == linking_pool.person("linked@example.com")
    assert "The account is linked." in text(linked_home.get(PAGE))


def test_it_shows_none_of_the_real_tokens(linked_home: Client) -> None:
    account = household_of(linked_home).account
    page = say(linked_home, press="LaunchRequest").content.decode()
    for token in (account.access_token, account.refresh_token):
        assert token.rpartition(".")[2] not in page


def test_it_stops_sending_the_token_and_sends_it_again(
    linked_home: Client, simulator: Stub
) -> None:
    linked_home.post(f"{PAGE}act-as/", {**ACT, "sends": "nothing"})
    say(linked_home, press="LaunchRequest")
    assert sent_token(simulator) == ""
    linked_home.post(f"{PAGE}act-as/", {**ACT, "sends": "token"})
    say(linked_home, press="LaunchRequest")
    assert sent_token(simulator) == household_of(linked_home).account.access_token


def test_it_sends_a_genuine_expired_token(
    linked_home: Client, linking_pool: LivePool, simulator: Stub, settings: Settings
) -> None:
    _keys_beside(pki_folder(), linking_pool)
    linked_home.post(f"{PAGE}act-as/", {**ACT, "sends": "expired"})
    say(linked_home, press="LaunchRequest")
    token = sent_token(simulator)
    key = jwt.PyJWKClient(settings.COGNITO_JWKS_URL).get_signing_key_from_jwt(token)
    old = jwt.decode(token, key.key, algorithms=["RS256"], options={"verify_exp": False})
    assert old["exp"] < time.time()
    assert old["sub"] == linking_pool.person("linked@example.com")


def _keys_beside(folder: Path, pool: LivePool) -> None:
    """The state of the local AWS where `make demo` has it: beside the development keys."""
    logs = pool.aws.process.log.parent
    (folder.parent / "aws").symlink_to(logs.parent / "aws", target_is_directory=True)


def test_it_says_that_no_expired_token_can_be_made(linked_home: Client) -> None:
    linked_home.post(f"{PAGE}act-as/", {**ACT, "sends": "expired"})
    assert "key was not found" in text(linked_home.get(PAGE))
    assert household_of(linked_home).sends == "token"


def test_it_renews_the_token(linked_home: Client) -> None:
    before = household_of(linked_home).account
    linked_home.post(f"{PAGE}refresh/")
    after = household_of(linked_home).account
    assert after.access_token != before.access_token
    assert after.refresh_token == before.refresh_token
    assert "renewed the access token" in text(linked_home.get(PAGE))


def test_it_revokes_for_real(linked_home: Client, linking_pool: LivePool, simulator: Stub) -> None:
    refresh_token = household_of(linked_home).account.refresh_token
    linked_home.post(f"{PAGE}act-as/", {**ACT, "sends": "revoked"})
    shown = text(linked_home.get(PAGE))
    assert "The refresh token is refused: Alexa has unlinked the account." in shown
    assert household_of(linked_home).sends == "revoked"
    assert not household_of(linked_home).account.is_linked
    say(linked_home, press="LaunchRequest")
    assert sent_token(simulator) == ""
    assert _refresh_error(linking_pool, refresh_token) == "invalid_grant"


def _refresh_error(pool: LivePool, refresh_token: str) -> str:
    """What the pool itself says of that token."""
    values = pool.values
    linking = Linking(
        authorize_url="",
        token_url=f"{values.domain_url}/oauth2/token",
        client_id=values.alexa_client_id,
        client_secret=values.alexa_client_secret,
        scope="",
        redirect_uri="",
    )
    with pytest.raises(LinkingFailed) as failed:
        linking.refresh(refresh_token)
    return failed.value.reason


def test_it_forgets_the_tokens_with_the_skill(linked_home: Client) -> None:
    linked_home.post(f"{PAGE}unlink/")
    household = household_of(linked_home)
    assert (household.account.access_token, household.account.refresh_token) == ("", "")
    assert household.sends == "nothing"


def test_it_says_why_linking_failed(
    home: Client, linking_pool: LivePool, settings: Settings
) -> None:
    linking_pool.person("linked@example.com")
    start = home.post(f"{PAGE}link/")
    back = urlsplit(hosted_sign_in(start["Location"], "linked@example.com"))
    settings.COGNITO_ALEXA_CLIENT_SECRET = "wrong"
    home.get(f"{back.path}?{back.query}")
    assert "Linking failed: invalid_client" in text(home.get(PAGE))


def test_it_says_that_linking_is_not_configured(home: Client, settings: Settings) -> None:
    settings.COGNITO_ALEXA_CLIENT_SECRET = ""
    home.post(f"{PAGE}link/")
    assert "secret is not set" in text(home.get(PAGE))


def test_the_pool_being_down_is_told(home: Client, settings: Settings) -> None:
    settings.COGNITO_DOMAIN_URL = "http://localhost:1"
    home.post(f"{PAGE}link/")
    state = household_of(home).account.link_state
    home.get(f"{PAGE}callback/", {"state": state, "code": "c"})
    assert "Linking failed: unreachable" in text(home.get(PAGE))


# --- through the trace -------------------------------------------------------------------------


def test_with_the_trace_it_opens_the_address_of_the_trace(
    home: Client, simulator: Stub, settings: Settings
) -> None:
    settings.OAUTH_TRACE = True
    start = home.post(f"{PAGE}link/")
    assert start["Location"].startswith(f"{simulator.url}/oauth/authorize?state=")


def test_a_linking_that_fails_says_where_its_trace_is(home: Client, settings: Settings) -> None:
    settings.OAUTH_TRACE = True
    start = home.post(f"{PAGE}link/")
    (state,) = parse_qs(urlsplit(start["Location"]).query)["state"]
    attempt = Attempt.objects.begin()
    Correlation.objects.create(attempt=attempt, kind="state", digest=digest(state))
    home.get(f"{PAGE}callback/", {"state": state, "error": "access_denied"})
    page = home.get(PAGE)
    assert "Linking failed: access_denied" in text(page)
    assert f'href="/traces/{attempt.reference}/"' in page.content.decode()


def test_without_the_trace_it_speaks_of_none(linked_home: Client) -> None:
    assert "/traces/" not in linked_home.get(PAGE).content.decode()
