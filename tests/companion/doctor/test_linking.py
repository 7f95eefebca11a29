"""What the skill was told: read from three forms, and compared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from accounts.cognito import endpoints
from companion.doctor import console_values
from companion.doctor.console_values import Linking, Unreadable
from companion.doctor.results import Result, State
from skill_endpoint.skill_package.account_linking import account_linking
from tests.companion.doctor.conftest import Stub, look, only

SKILL = "amzn1.ask.skill.tests"
DOMAIN = "https://auth.example.com"
SITE = "https://www.example.com"
E, W = State.ERROR, State.WARNING


@pytest.fixture(autouse=True)
def _addresses() -> Any:
    with override_settings(
        COGNITO_DOMAIN_URL=DOMAIN, PUBLIC_URL=SITE, COGNITO_ALEXA_CLIENT_SECRET="the-secret"
    ):
        yield


def ours(*, secret: str = "", **changes: Any) -> dict[str, Any]:
    """The file of `manage.py skill_package build`; a change to None leaves the member out."""
    made = account_linking(
        sign_in=DOMAIN,
        client_id=settings.COGNITO_ALEXA_CLIENT_ID,
        client_secret=secret,
        site=SITE,
    )["accountLinkingRequest"]
    values = {name: value for name, value in {**made, **changes}.items() if value is not None}
    return {"accountLinkingRequest": values}


def compare(document: object) -> list[Result]:
    text = document if isinstance(document, str) else json.dumps(document)
    return look("skill.console", console=text)


def test_our_own_package_is_in_order() -> None:
    assert only(compare(ours())).state is State.OK
    assert only(compare(ours(secret="the-secret"))).state is State.OK


def test_what_amazon_answers_is_in_order() -> None:
    """Without secret, skipOnEnablement and reciprocalAccessTokenUrl: a GET leaves these out."""
    told = ours(skipOnEnablement=None)["accountLinkingRequest"]
    assert only(compare({"accountLinkingResponse": told})).state is State.OK
    assert only(compare(told)).state is State.OK


FAULTS = [
    ({"type": "IMPLICIT"}, E, "grant type", "IMPLICIT"),
    (
        {"authorizationUrl": f"{DOMAIN}/oauth2/authorize?client_id=x&state=STATE"},
        E,
        "authorization URI",
        "parameters in it: client_id, state",
    ),
    (
        {"authorizationUrl": "http://auth.example.com/oauth2/authorize"},
        E,
        "authorization URI",
        "http",
    ),
    (
        {"authorizationUrl": "https://other.example.com/oauth2/authorize"},
        E,
        "authorization URI",
        "https://other.example.com",
    ),
    ({"accessTokenUrl": f"{DOMAIN}/oauth2/token/"}, E, "access token URI", "slash at the end"),
    ({"accessTokenUrl": f"{SITE}/oauth/token"}, E, "access token URI", "answers 404"),
    ({"accessTokenUrl": f"{SITE}/oauth/token"}, E, "addresses", "one address is the trace's"),
    ({"clientId": "somebody"}, E, "client id", "somebody"),
    ({"clientId": "web-client"}, E, "client id", "the website's client"),
    ({"accessTokenScheme": "REQUEST_BODY_CREDENTIALS"}, W, "authentication scheme", "body"),
    ({"accessTokenScheme": "DIGEST"}, E, "authentication scheme", "DIGEST"),
    ({"scopes": ["email", "phone"]}, E, "scopes", "missing: openid"),
    ({"scopes": ["openid", "email"]}, W, "scopes", "missing: phone"),
    ({"scopes": ["openid", "email", "phone", "profile"]}, E, "scopes", "profile"),
    ({"domains": []}, W, "domains", "none"),
    ({"domains": ["https://auth.example.com", "auth.example.com"]}, E, "domains", "https://"),
    ({"domains": ["auth.example.com", *(f"d{n}.example" for n in range(15))]}, E, "domains", "16"),
    ({"defaultTokenExpirationInSeconds": 300}, W, "default token life", "300 s"),
    ({"defaultTokenExpirationInSeconds": 90000}, W, "default token life", "90000 s"),
    (
        {"redirectUrls": ["https://pitangui.amazon.com/api/skill/link/MTESTVENDOR"]},
        E,
        "redirect URLs",
        "Alexa's own",
    ),
    ({"redirectUrls": []}, W, "redirect URLs", "none"),
    (
        {
            "authorizationUrlsByPlatform": [
                {"platformType": "iOS", "platformAuthorizationUrl": "app://x"}
            ]
        },
        E,
        "authorization URI of an app",
        "app for iOS",
    ),
    ({"voiceForwardAccountLinking": "ENABLED"}, W, "voice-forward", "is on"),
]


@pytest.mark.parametrize(
    ("changes", "state", "about", "seen"), FAULTS, ids=[f"{f[2]} {f[3]}" for f in FAULTS]
)
def test_a_fault_is_named(changes: dict[str, Any], state: State, about: str, seen: str) -> None:
    with override_settings(COGNITO_WEB_CLIENT_ID="web-client"):
        found = [each for each in compare(ours(**changes)) if each.title.endswith(f": {about}")]
    assert any(each.state is state and seen in each.seen for each in found), found
    assert all(each.wanted and each.mend for each in found)


def test_a_wrong_secret_is_named_and_never_shown() -> None:
    results = compare(ours(secret="planted-wrong-secret"))
    assert only(results).state is E
    assert "planted-wrong-secret" not in str(results)
    assert "the-secret" not in str(results)


def test_the_traces_addresses_are_fine_while_it_is_configured() -> None:
    traced = ours(
        authorizationUrl=f"{SITE}/oauth/authorize",
        accessTokenUrl=f"{SITE}/oauth/token",
        domains=["www.example.com", "auth.example.com"],
    )
    with override_settings(OAUTH_TRACE=True):
        alone = {**traced["accountLinkingRequest"], "domains": ["www.example.com"]}
        assert "auth.example.com too" in only(compare(alone)).wanted
        assert only(compare(traced)).state is State.OK
        assert only(compare(ours())).state is State.OK
    assert {each.state for each in compare(traced)} == {E}


LINES = f"""\
Alexa developer console, Build > Account Linking:
  Authorization grant type               Auth Code Grant
  Your Web Authorization URI             {DOMAIN}/oauth2/authorize
  Access Token URI                       {DOMAIN}/oauth2/token
  Your Client ID                         {{client}}
  Your Secret                            (add --secret)
  Your Authentication Scheme             HTTP Basic
  Scope                                  openid
  Scope                                  email
  Scope                                  phone
  Domain                                 auth.example.com
  Default Access Token Expiration Time   3600 (seconds)
  Alexa Redirect URL                     https://pitangui.amazon.com/api/skill/link/MTESTVENDOR
  Redirect URL of your website           {SITE}/alexa-link/return/
"""


def test_lines_of_the_console_are_read() -> None:
    text = LINES.format(client=settings.COGNITO_ALEXA_CLIENT_ID)
    assert console_values.read(text) == Linking(
        kind="AUTH_CODE",
        authorize_url=endpoints.authorize_url(),
        token_url=endpoints.token_url(),
        client_id=settings.COGNITO_ALEXA_CLIENT_ID,
        scheme="HTTP_BASIC",
        scopes=("openid", "email", "phone"),
        domains=("auth.example.com",),
        seconds=3600,
        redirect_urls=(f"{SITE}/alexa-link/return/",),
    )
    assert only(compare(text)).state is State.OK


def test_pasted_lines_with_colons_are_read() -> None:
    linking = console_values.read(
        "Your Client ID: abc\nYour Authentication Scheme:\tCredentials in request body\n"
        "Scope: openid, email\nYour Secret: ••••••\n\nsomething else\n"
    )
    assert linking == Linking(
        client_id="abc", scheme="REQUEST_BODY_CREDENTIALS", scopes=("openid", "email")
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing that we know",
        "{",
        "[1, 2]",
        "{}",
        '{"accountLinkingResponse": []}',
        '{"type": 5, "clientId": "x"}',
        '{"clientId": "x", "scopes": "openid"}',
        '{"clientId": "x", "scopes": [1]}',
        "{" + '"a":[' * 3000,
        "[" * 60_000,
        "x" * 70_000,
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        console_values.read(text)
    result = only(look("skill.console", console=text))
    assert result.state is E
    assert "get-account-linking-info" in result.mend


def test_the_secret_is_in_no_repr() -> None:
    linking = console_values.read(json.dumps(ours(secret="planted-secret")))
    assert linking.client_secret == "planted-secret"
    assert "planted-secret" not in repr(linking)


# --- Amazon's own answer -----------------------------------------------------------------------

PATH = f"/v1/skills/{SKILL}/stages/development/accountLinkingClient"


def from_smapi(stub: Stub, **options: Any) -> list[Result]:
    return look("skill.smapi", smapi=stub.url, access_token="Atza|token", **options)


def test_amazon_is_asked_with_the_token(stub: Stub) -> None:
    told = ours(skipOnEnablement=None)["accountLinkingRequest"]
    stub.says(PATH, {"accountLinkingResponse": told})
    assert only(from_smapi(stub)).state is State.OK
    method, path, headers, _ = stub.asked[0]
    assert (method, path, headers["Authorization"]) == ("GET", PATH, "Bearer Atza|token")
    stub.says(PATH, {"accountLinkingResponse": {**told, "clientId": "old"}})
    assert only(from_smapi(stub)).seen == "old"


def test_the_stage_and_the_skill_can_be_named(stub: Stub) -> None:
    other = "amzn1.ask.skill.0-1"
    stub.says(
        f"/v1/skills/{other}/stages/live/accountLinkingClient", ours()["accountLinkingRequest"]
    )
    assert only(from_smapi(stub, skill_id=other, stage="live")).state is State.OK


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 302])
def test_a_refusal_says_what_it_means(status: int, stub: Stub) -> None:
    stub.says(PATH, {"message": "no"}, status, Location="https://evil.example/")
    result = only(from_smapi(stub))
    assert result.state is E
    assert str(status) in result.seen
    assert result.mend
    assert len(stub.asked) == 1


@pytest.mark.parametrize("body", [b"<html>", b"[]", {"other": 1}])
def test_an_answer_that_is_none(body: object, stub: Stub) -> None:
    stub.says(PATH, body)
    assert only(from_smapi(stub)).state is E


@pytest.mark.parametrize("skill", ["../../x", "MVENDOR", "amzn1.ask.skill.x/../../y", ""])
def test_a_skill_id_that_is_none_is_not_asked_for(skill: str, stub: Stub) -> None:
    with override_settings(ALEXA_SKILL_IDS=[]):
        assert only(from_smapi(stub, skill_id=skill)).state is E
    assert stub.asked == []


def test_the_token_goes_to_amazon_alone() -> None:
    result = only(
        look("skill.smapi", smapi="https://evil.example", access_token="Atza|planted-token")
    )
    assert result.state is E
    assert "not Amazon's" in result.seen
    assert "planted-token" not in str(result)


def test_without_file_and_token_it_is_skipped_with_words() -> None:
    assert "--console" in only(look("skill.console")).seen
    assert "ASK_ACCESS_TOKEN" in only(look("skill.smapi")).seen
