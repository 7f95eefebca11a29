"""Both app clients: each fault is really made in a pool, seen, and gone when it is undone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from accounts.oauth_trace.models import Span
from companion.doctor.checks import alexa_client, clients
from companion.doctor.context import Context, Options, Unavailable
from companion.doctor.pool_template import Template
from companion.doctor.results import State
from tests.companion.doctor.conftest import Changed, Look, look, only
from tests.local_aws import PUBLIC_URL, LivePool

pytestmark = pytest.mark.local_aws
HOST = "https://pitangui.amazon.com/api/skill/link/"
MINUTES = {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "days"}
SCOPES = ["openid", "email", "phone"]


@dataclass(frozen=True)
class Fault:
    """Change this of a client, and the check `code` says so."""

    code: str
    state: State
    seen: str
    change: dict[str, Any] = field(default_factory=dict)

    @property
    def which(self) -> str:
        return self.code.partition(".")[0]


E, W = State.ERROR, State.WARNING
FAULTS = [
    *(
        fault
        for which in ("alexa", "web")
        for fault in (
            Fault(f"{which}.flow", E, "OAuth is off", {"AllowedOAuthFlowsUserPoolClient": False}),
            Fault(f"{which}.flow", E, "flows: implicit", {"AllowedOAuthFlows": ["implicit"]}),
            Fault(
                f"{which}.flow", W, "code, implicit", {"AllowedOAuthFlows": ["code", "implicit"]}
            ),
            Fault(
                f"{which}.scopes",
                E,
                "missing: openid",
                {"AllowedOAuthScopes": ["email", "phone"]},
            ),
            Fault(
                f"{which}.scopes",
                W,
                "aws.cognito.signin.user.admin is allowed",
                {"AllowedOAuthScopes": [*SCOPES, "aws.cognito.signin.user.admin"]},
            ),
            Fault(f"{which}.scopes", W, "profile", {"AllowedOAuthScopes": [*SCOPES, "profile"]}),
            Fault(f"{which}.providers", E, "none", {"SupportedIdentityProviders": []}),
            Fault(
                f"{which}.providers",
                W,
                "LoginWithAmazon",
                {"SupportedIdentityProviders": ["LoginWithAmazon"]},
            ),
            Fault(
                f"{which}.attributes",
                E,
                "not readable: email_verified, phone_number_verified",
                {"ReadAttributes": ["email", "phone_number"]},
            ),
            Fault(f"{which}.template", W, "10", {"AuthSessionValidity": 10}),
            Fault(f"{which}.template", W, "other", {"ClientName": "other"}),
        )
    ),
    Fault(
        "alexa.access-token",
        E,
        "5 minutes",
        {"AccessTokenValidity": 5, "TokenValidityUnits": MINUTES},
    ),
    Fault(
        "alexa.access-token",
        W,
        "1 day",
        {"AccessTokenValidity": 1440, "TokenValidityUnits": MINUTES},
    ),
    Fault(
        "alexa.access-token",
        E,
        "2 days",
        {"AccessTokenValidity": 2, "TokenValidityUnits": {**MINUTES, "AccessToken": "days"}},
    ),
    Fault("alexa.refresh-token", W, "30 days, Cognito's default", {"RefreshTokenValidity": 30}),
    Fault("alexa.refresh-token", W, "365 days", {"RefreshTokenValidity": 365}),
    Fault(
        "alexa.refresh-token",
        E,
        "1 hour",
        {
            "RefreshTokenValidity": 60,
            "TokenValidityUnits": {**MINUTES, "RefreshToken": "minutes"},
        },
    ),
    Fault("alexa.revocation", W, "off", {"EnableTokenRevocation": False}),
    Fault("alexa.existence", W, "LEGACY", {"PreventUserExistenceErrors": "LEGACY"}),
    Fault("web.template", W, "30", {"RefreshTokenValidity": 30}),
    Fault("web.callbacks", E, "not for http://localhost:8000", {"CallbackURLs": ["https://x.y/"]}),
    Fault(
        "web.callbacks",
        E,
        "another slash",
        {"CallbackURLs": [f"{PUBLIC_URL}/accounts/cognito/login/callback"]},
    ),
    Fault("web.sign-out", E, "another slash", {"LogoutURLs": [PUBLIC_URL]}),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.code} {fault.seen}")
def test_a_fault_is_seen_until_it_is_mended(fault: Fault, looked: Look, changed: Changed) -> None:
    with changed(fault.which, **fault.change):
        found = [each for each in looked(fault.code) if each.state is not State.OK]
        assert fault.state in {each.state for each in found}
        assert any(fault.seen in each.seen for each in found), found
        assert all(each.wanted and each.mend for each in found)
    assert {each.state for each in looked(fault.code)} == {State.OK}


NEAR = [
    ("https://pitangui.amazon.com/api/skill/link/{vendor}/", "a slash at the end"),
    ("http://pitangui.amazon.com/api/skill/link/{vendor}", "(http)"),
    ("https://pitangui.amazon.com/api/skill/link/amzn1.ask.skill.0-1", "the skill id"),
    ("https://pitangui.amazon.com/api/skill/link/MSOMEBODYELSE", "not vendor id"),
    ("https://pitangui.amazon.com/API/skill/link/{vendor}", "small or capital"),
]


@pytest.mark.parametrize(("url", "seen"), NEAR, ids=[seen for _, seen in NEAR])
def test_a_near_miss_of_alexas_address_is_named(
    url: str, seen: str, looked: Look, changed: Changed, pool: LivePool
) -> None:
    vendor = pool.values.vendor_id
    others = [each for each in pool.values.alexa_callbacks if "pitangui" not in each]
    with changed("alexa", CallbackURLs=[url.format(vendor=vendor), *others]):
        america, europe, far_east = looked("alexa.callbacks")
    assert (america.state, europe.state, far_east.state) == (E, State.OK, State.OK)
    assert seen in america.seen
    assert america.wanted == HOST + vendor
    assert "North America" in america.title


def test_one_region_alone_leaves_two_errors(looked: Look, changed: Changed, pool: LivePool) -> None:
    with changed("alexa", CallbackURLs=[HOST + pool.values.vendor_id]):
        america, europe, far_east = looked("alexa.callbacks")
    assert america.state is State.OK
    assert europe.state is far_east.state is E
    assert "1 of another region is" in europe.seen
    assert europe.wanted.startswith("https://layla.amazon.com/")
    assert far_east.wanted.startswith("https://alexa.amazon.co.jp/")


def test_the_vendor_id_of_the_settings_counts(looked: Look) -> None:
    with override_settings(ALEXA_VENDOR_ID="MANOTHER"):
        assert "MANOTHER" in only(looked("alexa.callbacks")).wanted
    with override_settings(ALEXA_VENDOR_ID=""):
        assert {each.state for each in looked("alexa.callbacks")} == {State.OK}


DEPENDS_ON_THE_VENDOR = ("oauth.authorize-layla", "stack.state")


@pytest.mark.parametrize(
    ("vendor", "told"),
    [
        ("MANOTHER", ["alexa.callbacks"]),
        ("amzn1.ask.skill.0-1", ["settings.alexa"]),
        ("vendor", ["settings.alexa"]),
    ],
)
def test_a_wrong_vendor_id_is_one_error(
    vendor: str, told: list[str], looked: Look, pool: LivePool
) -> None:
    codes = ("settings.alexa", "alexa.callbacks", "alexa.other-callbacks", *DEPENDS_ON_THE_VENDOR)
    with override_settings(ALEXA_VENDOR_ID=vendor):
        found = [result for code in codes for result in looked(code)]
    assert [each.code for each in found if each.state in {E, W}] == told
    skipped = {each.code: each.seen for each in found if each.state is State.SKIPPED}
    for code in DEPENDS_ON_THE_VENDOR:
        assert "ALEXA_VENDOR_ID" in skipped[code]
    assert not any(f"link/{vendor}" in str(each) for each in found)
    if vendor == "MANOTHER":
        error = next(each for each in found if each.state is E)
        assert error.seen == f"all for {pool.values.vendor_id}"
        assert "correct ALEXA_VENDOR_ID; else: `manage.py pool deploy" in error.mend


def test_a_skill_id_in_all_three_addresses_is_one_error(looked: Look, changed: Changed) -> None:
    urls = [f"https://{host}/api/skill/link/amzn1.ask.skill.0-1" for host in alexa_client.REGIONS]
    with changed("alexa", CallbackURLs=urls):
        assert only(looked("alexa.callbacks")).seen == "all for amzn1.ask.skill.0-1, a skill id"


def test_other_return_addresses(looked: Look, changed: Changed, pool: LivePool) -> None:
    amazons = [url for url in pool.values.alexa_callbacks if "amazon" in url]
    wrong = [f"{HOST}MSOMEBODYELSE", "http://plain.example/return/"]
    with changed("alexa", CallbackURLs=[*amazons, *wrong]):
        found = {each.seen: each.state for each in looked("alexa.other-callbacks")}
    assert found["not https: http://plain.example/return/"] is E
    assert found[f"of another skill account: {wrong[0]}"] is W
    assert found[f"{PUBLIC_URL}/alexa-link/return/ is not registered"] is W
    assert found[f"missing: {PUBLIC_URL}/dev/alexa/callback/"] is W


@pytest.mark.django_db(transaction=True)
def test_the_trace_needs_its_return_address(looked: Look, changed: Changed, pool: LivePool) -> None:
    assert only(looked("alexa.trace-callback")).state is State.SKIPPED
    with override_settings(OAUTH_TRACE=True):
        assert only(looked("alexa.trace-callback")).state is State.OK
        amazons = [url for url in pool.values.alexa_callbacks if "amazon" in url]
        with changed("alexa", CallbackURLs=amazons):
            assert only(looked("alexa.trace-callback")).state is W
            span = Span.objects.create(ends_at=timezone.now() + timedelta(hours=1), capture=True)
            assert only(looked("alexa.trace-callback")).state is E
            span.delete()


@pytest.mark.parametrize("which", ["web", "alexa"])
def test_a_wrong_secret_is_seen_and_not_shown(which: str, looked: Look, pool: LivePool) -> None:
    name = f"COGNITO_{which.upper()}_CLIENT_SECRET"
    with override_settings(**{name: "something-else"}):
        result = only(looked(f"{which}.secret"))
        assert result.state is E
        assert getattr(pool.values, f"{which}_client_secret") not in str(result)
    with override_settings(**{name: ""}):
        assert only(looked(f"{which}.secret")).state is W
    assert only(looked(f"{which}.secret")).state is State.OK


def test_a_public_client_is_an_error(looked: Look, pool: LivePool) -> None:
    public = pool.idp.create_user_pool_client(UserPoolId=pool.id, ClientName="public")
    with override_settings(COGNITO_ALEXA_CLIENT_ID=public["UserPoolClient"]["ClientId"]):
        result = only(looked("alexa.secret"))
    assert result.state is E
    assert "public client" in result.seen


def test_rotation_ends_links() -> None:
    """Judged by itself: the local AWS does not keep this property."""
    feature = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 30}

    class Told(Context):
        def app_client(self, which: str) -> dict[str, Any]:
            return {"RefreshTokenRotation": feature}

    (alexa,) = clients.rotation(Told(Options()), "alexa")
    (web,) = clients.rotation(Told(Options()), "web")
    assert (alexa.state, alexa.seen) == (E, "on, with 30 s of grace")
    assert web.state is W


def test_swapped_clients_are_named(looked: Look, pool: LivePool) -> None:
    assert only(looked("clients.apart")).state is State.OK
    values = pool.values
    with override_settings(
        COGNITO_WEB_CLIENT_ID=values.alexa_client_id, COGNITO_ALEXA_CLIENT_ID=values.web_client_id
    ):
        result = only(looked("clients.apart"))
    assert result.state is E
    assert result.seen.startswith("swapped")


def test_one_client_for_both_is_an_error(looked: Look, pool: LivePool) -> None:
    with override_settings(COGNITO_WEB_CLIENT_ID=pool.values.alexa_client_id):
        result = only(looked("clients.apart"))
    assert (result.state, result.seen) == (E, "both settings name one client")


def test_amazons_addresses_on_the_websites_client_are_an_error(
    looked: Look, changed: Changed, pool: LivePool
) -> None:
    own = f"{PUBLIC_URL}/accounts/cognito/login/callback/"
    with changed("web", CallbackURLs=[own, HOST + pool.values.vendor_id]):
        result = only(looked("clients.apart"))
    assert result.state is E
    assert HOST in result.seen


def test_a_client_that_is_not_there_is_named(looked: Look) -> None:
    with override_settings(COGNITO_ALEXA_CLIENT_ID="nobody0123456789"):
        result = only(looked("clients.apart"))
        assert only(looked("alexa.flow")).state is State.SKIPPED
    assert result.state is E
    assert "alexa" in result.title


def test_without_a_stack_the_settings_say_what_is_wanted(pool: LivePool) -> None:
    """A pool that somebody made by hand is compared with the template all the same."""
    context = Context(Options(stack="there-is-none"))
    with pytest.raises(Unavailable):
        context.stack()
    assert f"{HOST}{pool.values.vendor_id}" in alexa_client.amazon_urls(context)
    assert {each.state for each in look("alexa.callbacks", stack="there-is-none")} == {State.OK}


def test_no_check_names_a_property_that_the_template_lost() -> None:
    known = clients._SPECIAL | clients._SPECIAL_OF_ALEXA
    assert known <= set(Template({}).properties("AlexaClient"))
