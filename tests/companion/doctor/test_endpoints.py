"""The OAuth endpoints: a real pool, and a stub with what Cognito and its surroundings answer."""

from __future__ import annotations

import base64
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import LazySettings, settings
from django.test import override_settings
from django.utils import timezone

from accounts.oauth_trace.models import Span
from companion.doctor import web
from companion.doctor.checks import endpoints
from companion.doctor.context import Context, Options, Unavailable
from companion.doctor.results import State
from tests.companion.doctor.conftest import Changed, Look, Stub, look, only
from tests.local_aws import LivePool

REGIONS = ("pitangui", "layla", "alexa")


@pytest.mark.local_aws
def test_a_deployed_pool_shows_its_sign_in_page_to_all_regions(looked: Look) -> None:
    for region in REGIONS:
        assert only(looked(f"oauth.authorize-{region}")).state is State.OK
    assert only(looked("oauth.token")).state is State.NOTE
    assert only(looked("oauth.token-clock")).state is State.OK


@pytest.mark.local_aws
def test_one_region_that_is_not_registered_is_refused_by_the_pool(
    looked: Look, changed: Changed, pool: LivePool
) -> None:
    others = [url for url in pool.values.alexa_callbacks if "layla" not in url]
    with changed("alexa", CallbackURLs=others):
        states = [only(looked(f"oauth.authorize-{region}")).state for region in REGIONS]
        refused = only(looked("oauth.authorize-layla"))
    assert states == [State.OK, State.ERROR, State.OK]
    assert "redirect_uri is not allowed" in refused.seen
    assert "not registered" in refused.mend


@pytest.mark.local_aws
def test_a_scope_that_is_not_allowed_is_refused_by_the_pool(looked: Look, changed: Changed) -> None:
    with changed("alexa", AllowedOAuthScopes=["openid"]):
        refused = only(looked("oauth.authorize-pitangui"))
    assert refused.state is State.ERROR
    assert "invalid_scope" in refused.seen
    assert "scope" in refused.mend


@pytest.mark.local_aws
def test_a_wrong_secret_cannot_be_told_by_a_local_aws(looked: Look) -> None:
    """It looks at the code first and says invalid_grant."""
    with override_settings(COGNITO_ALEXA_CLIENT_SECRET="another"):
        result = only(looked("oauth.token"))
    assert result.state is State.NOTE
    assert "cannot be told here" in result.seen


# --- what Cognito answers, and others in its place ---------------------------------------------


@pytest.mark.parametrize(
    ("location", "state", "seen"),
    [
        ("/login?client_id=x&state=y", State.OK, "leads to the sign-in page"),
        (
            "/error?error=redirect_mismatch&client_id=x",
            State.ERROR,
            "refused: redirect_mismatch",
        ),
        (
            "https://pitangui.amazon.com/api/skill/link/M?error=unauthorized_client&state=s",
            State.ERROR,
            "refused: unauthorized_client",
        ),
        (
            "https://pitangui.amazon.com/x?error=invalid_request&error_description=invalid_scope",
            State.ERROR,
            "refused: invalid_request invalid_scope",
        ),
        ("https://www.example.com/login?next=x", State.ERROR, "leads to https://www.example.com"),
    ],
    ids=["well", "redirect_mismatch", "unauthorized_client", "invalid_scope", "elsewhere"],
)
def test_where_authorize_leads(location: str, state: State, seen: str, stub: Stub) -> None:
    stub.says("/oauth2/authorize", b"", 302, Location=location)
    with override_settings(COGNITO_DOMAIN_URL=stub.url):
        result = only(look("oauth.authorize-pitangui"))
    assert result.state is state
    assert result.seen.startswith(seen)
    assert "state=" not in result.seen


def test_authorize_is_asked_as_alexa_asks_it(stub: Stub) -> None:
    stub.says("/oauth2/authorize", b"", 302, Location="/login")
    with override_settings(COGNITO_DOMAIN_URL=stub.url):
        look("oauth.authorize-layla")
    query = parse_qs(urlsplit(stub.asked[0][1]).query)
    vendor = settings.ALEXA_VENDOR_ID
    assert query["redirect_uri"] == [f"https://layla.amazon.com/api/skill/link/{vendor}"]
    assert query["response_type"] == ["code"]
    assert query["scope"] == ["openid email phone"]
    assert query["client_id"] == [settings.COGNITO_ALEXA_CLIENT_ID]


@pytest.mark.parametrize("body", [b"<h1>Error</h1>", b"<title>nothing</title>"])
def test_an_error_page_is_not_the_sign_in_page(body: bytes, stub: Stub) -> None:
    stub.says("/oauth2/authorize", body, 400, Content_Type="text/html")
    with override_settings(COGNITO_DOMAIN_URL=stub.url):
        result = only(look("oauth.authorize-pitangui"))
    assert (result.state, result.seen) == (State.ERROR, "answers 400 text/html")


GRANT = {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("body", "status", "headers", "seen", "wanted"),
    [
        (GRANT, 400, {}, "client and secret are accepted", ""),
        (b"<h1>Forbidden</h1>", 403, {"Content_Type": "text/html"}, "403 text/html", "JSON"),
        (b"<h1>Hello</h1>", 200, {"Content_Type": "text/html"}, "200 text/html", "JSON"),
        (b"", 301, {"Location": "https://www.example.com/oauth2/token"}, "301", "no redirect"),
        ({"error": "invalid_client"}, 400, {}, "400 invalid_client", "invalid_grant"),
        ({"error": "invalid_client"}, 401, {}, "401 invalid_client", "invalid_grant"),
        ({"error": "unauthorized_client"}, 400, {}, "400 unauthorized_client", "invalid_grant"),
        (GRANT, 500, {}, "500 invalid_grant", "400 invalid_grant"),
        (GRANT, 400, {"Content_Type": "text/plain"}, "JSON sent as text/plain", "application/json"),
        ({"access_token": "x"}, 200, {}, "200 without an error code", "400 invalid_grant"),
        (["x"], 400, {}, "400 application/json, not JSON", "JSON"),
        (b"x" * 300_000, 200, {}, "the answer is too long", "an answer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_token_endpoint_says(
    body: object, status: int, headers: dict[str, str], seen: str, wanted: str, stub: Stub
) -> None:
    stub.says("/oauth2/token", body, status, **headers)
    with override_settings(COGNITO_DOMAIN_URL=stub.url, AWS_ENDPOINT_URL=""):
        result = only(look("oauth.token"))
    assert result.state is (State.ERROR if wanted else State.OK)
    assert seen in result.seen
    assert wanted in result.wanted


def test_the_token_endpoint_is_asked_as_alexa_asks_it(stub: Stub) -> None:
    stub.says("/oauth2/token", GRANT, 400)
    with override_settings(
        COGNITO_DOMAIN_URL=stub.url,
        COGNITO_ALEXA_CLIENT_ID="alexa-client",
        COGNITO_ALEXA_CLIENT_SECRET="alexa-secret",
        ALEXA_VENDOR_ID="MTESTVENDOR",
    ):
        look("oauth.token")
    method, path, headers, body = stub.asked[0]
    basic = base64.b64encode(b"alexa-client:alexa-secret").decode()
    assert (method, path, headers["Authorization"]) == ("POST", "/oauth2/token", f"Basic {basic}")
    form = parse_qs(body.decode())
    assert form["grant_type"] == ["authorization_code"]
    assert form["redirect_uri"] == ["https://pitangui.amazon.com/api/skill/link/MTESTVENDOR"]


def test_the_secret_is_not_sent_without_tls() -> None:
    with override_settings(COGNITO_DOMAIN_URL="http://pool.example"):
        result = only(look("oauth.token"))
        with pytest.raises(Unavailable, match="the secret is not sent there"):
            endpoints.redeem("http://pool.example/oauth2/token", Context(Options()))
    assert result.state is State.SKIPPED


def test_nothing_listens_there() -> None:
    with override_settings(COGNITO_DOMAIN_URL="http://localhost:1"):
        token, page = only(look("oauth.token")), only(look("oauth.authorize-alexa"))
        clock = only(look("oauth.token-clock"))
    assert token.state is page.state is State.ERROR
    assert "refused" in token.seen
    assert clock.state is State.SKIPPED


@pytest.mark.parametrize(
    ("seconds", "states"),
    [
        (0.4, [State.OK]),
        (2.4, [State.OK, State.WARNING]),
        (4.8, [State.OK, State.ERROR]),
    ],
)
def test_how_fast_the_token_endpoint_is(
    seconds: float, states: list[State], settings: LazySettings
) -> None:
    settings.AWS_ENDPOINT_URL = ""
    answer = answered(seconds)
    assert [seen.state for seen in endpoints.judged_token(answer, "https://x")] == states


def answered(seconds: float) -> web.Answer:
    kind = {"Content-Type": "application/json"}
    return web.Answer(400, kind, b'{"error": "invalid_grant"}', seconds, timezone.now())


def test_the_time_until_the_last_byte_counts(stub: Stub) -> None:
    stub.pause = 0.3
    stub.says("/oauth2/token", GRANT, 400)
    answer = web.ask("POST", f"{stub.url}/oauth2/token", data={"a": "b"})
    assert answer.seconds >= stub.pause


def test_a_dead_server_is_not_waited_for(stub: Stub) -> None:
    stub.pause = 2.0
    stub.says("/", GRANT)
    with pytest.raises(web.NoAnswer, match="no answer within"):
        web.ask("GET", stub.url, seconds=0.1)


# --- through the trace -------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_trace_is_asked_only_while_it_records_nothing(stub: Stub) -> None:
    stub.says("/oauth/token", GRANT, 400)
    with override_settings(PUBLIC_URL=stub.url):
        assert only(look("oauth.token-traced")).state is State.SKIPPED
        with override_settings(OAUTH_TRACE=True):
            assert only(look("oauth.token-traced")).state is State.NOTE
            assert len(stub.asked) == 1
            Span.objects.create(ends_at=timezone.now() + timedelta(hours=1))
            assert only(look("oauth.token-traced")).state is State.SKIPPED
    assert len(stub.asked) == 1
