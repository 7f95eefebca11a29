"""The redirect_uri: registered to the letter or refused, and which letter it is."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.conf import settings

from accounts.oauth_trace import wanted
from tests.accounts.oauth_trace.conftest import Linker
from tests.accounts.oauth_trace.scenes import Act, Acts, Scene, assert_provoked, assert_spared
from tests.local_aws import PUBLIC_URL, LivePool

SKILL_ID = "amzn1.ask.skill.11111111-2222-4333-8444-555555555555"
LEGACY = "https://pitangui.amazon.com/spa/skill/account-linking-status.html?vendorId=M1"


def returning_to(change: Act) -> Act:
    """Ask with a redirect_uri that `change` makes of the scene."""
    return lambda scene: scene.linker.authorize(redirect_uri=str(change(scene)))


def registered(last: str) -> Act:
    """Alexa's addresses are registered with this in place of the vendor id."""

    def act(scene: Scene) -> None:
        end = last or scene.linker.client_id
        scene.callbacks(lambda url: f"{url.rpartition('/')[0]}/{end}")
        scene.linker.authorize()

    return act


def with_last_part(scene: Scene, last: str) -> str:
    return f"{scene.linker.redirect_uri.rpartition('/')[0]}/{last}"


def at_layla(scene: Scene) -> str:
    return scene.linker.redirect_uri.replace("pitangui", "layla")


def slash_registered(scene: Scene) -> None:
    scene.callbacks(lambda url: f"{url}/")
    scene.linker.authorize()


def slash_on_both_sides(scene: Scene) -> None:
    scene.callbacks(lambda url: f"{url}/")
    scene.linker.authorize(redirect_uri=f"{scene.linker.redirect_uri}/")


def small_letters_registered(scene: Scene) -> None:
    scene.callbacks(str.lower)
    scene.linker.authorize()


def one_region_missing(scene: Scene) -> None:
    scene.callbacks(lambda url: "" if "layla" in url else url)
    scene.linker.authorize(redirect_uri=at_layla(scene))


def another_region_missing(scene: Scene) -> None:
    scene.callbacks(lambda url: "" if "layla" in url else url)
    scene.linker.authorize()


def none_registered(scene: Scene) -> None:
    scene.callbacks(lambda url: "")
    scene.linker.authorize()


def registered_beside_it(last: str) -> Act:
    """An odd address is registered as well as the right ones."""

    def act(scene: Scene) -> None:
        more = with_last_part(scene, last or scene.linker.client_id)
        scene.client_has(CallbackURLs=[*(wanted.known().callbacks or ()), more])
        scene.linker.authorize()

    return act


def other_vendor_registered(scene: Scene) -> None:
    registered_beside_it("MOTHERVENDOR")(scene)
    scene.linker.authorize(redirect_uri=with_last_part(scene, "MOTHERVENDOR"))


def as_alexa_asks(scene: Scene) -> None:
    scene.linker.authorize()


PROVOKED: Acts = {
    "redirect-uri-missing": lambda scene: scene.linker.authorize(redirect_uri=None),
    "redirect-uri-encoded-twice": returning_to(
        lambda scene: quote(scene.linker.redirect_uri, safe="")
    ),
    "redirect-uri-slash": slash_registered,
    "redirect-uri-http": returning_to(
        lambda scene: scene.linker.redirect_uri.replace("https:", "http:")
    ),
    "redirect-uri-case": small_letters_registered,
    "redirect-uri-region": one_region_missing,
    "registered-with-skill-id": registered(SKILL_ID),
    "registered-with-client-id": registered(""),
    "redirect-uri-with-skill-id": returning_to(lambda scene: with_last_part(scene, SKILL_ID)),
    "redirect-uri-other-vendor": returning_to(lambda scene: with_last_part(scene, "MOTHERVENDOR")),
    "redirect-uri-none-registered": none_registered,
    "redirect-uri-other-path": returning_to(lambda scene: LEGACY),
    "redirect-uri-not-alexas": returning_to(
        lambda scene: f"{PUBLIC_URL}/accounts/cognito/login/callback/"
    ),
}
SPARED: Acts = {
    "redirect-uri-missing": as_alexa_asks,
    "redirect-uri-encoded-twice": as_alexa_asks,
    "redirect-uri-slash": slash_on_both_sides,
    "redirect-uri-http": returning_to(lambda scene: f"{PUBLIC_URL}/dev/alexa/callback/"),
    "redirect-uri-case": as_alexa_asks,
    "redirect-uri-region": another_region_missing,
    "registered-with-skill-id": registered_beside_it(SKILL_ID),
    "registered-with-client-id": registered_beside_it(""),
    "redirect-uri-with-skill-id": as_alexa_asks,
    "redirect-uri-other-vendor": other_vendor_registered,
    "redirect-uri-none-registered": another_region_missing,
    "redirect-uri-other-path": returning_to(at_layla),
    "redirect-uri-not-alexas": returning_to(lambda scene: f"{PUBLIC_URL}/alexa-link/return/"),
}


def test_a_pool_that_gave_a_code_had_the_address(linker: Linker, pool: LivePool) -> None:
    """What is known of the pool may be of another hour than the attempt."""
    with Scene(linker, pool) as scene:
        scene.signed_in()
        scene.callbacks(lambda url: "")
        assert scene.codes() == []


def test_nothing_is_said_of_a_pool_that_is_not_known(linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        scene.configured(COGNITO_USER_POOL_ID="us-east-1_Unread", AWS_ENDPOINT_URL="http://[::1]:9")
        assert wanted.known().callbacks is None
        scene.linker.authorize(
            redirect_uri=with_last_part(scene, "MOTHERVENDOR"),
            scope="openid unheard",
            identity_provider="Unheard",
        )
        assert scene.codes() == []


@pytest.mark.parametrize("host", ["pitangui.amazon.com", "layla.amazon.com", "alexa.amazon.co.jp"])
def test_another_vendor_is_shown_beside_ours_of_the_same_region(
    linker: Linker, pool: LivePool, host: str
) -> None:
    """So that the two addresses differ in the one thing that is meant."""
    with Scene(linker, pool) as scene:
        sent = with_last_part(scene, "MOTHERVENDOR").replace("pitangui.amazon.com", host)
        scene.linker.authorize(redirect_uri=sent)
        (finding,) = scene.findings()
        ours = finding.evidence[1].value
        assert ours == sent.replace("MOTHERVENDOR", settings.ALEXA_VENDOR_ID)


@pytest.mark.parametrize("code", PROVOKED)
def test_it_is_found(code: str, linker: Linker, pool: LivePool) -> None:
    assert_provoked(code, PROVOKED[code], linker, pool)


@pytest.mark.parametrize("code", SPARED)
def test_the_healthy_case_beside_it_is_spared(code: str, linker: Linker, pool: LivePool) -> None:
    assert_spared(code, SPARED[code], linker, pool)
