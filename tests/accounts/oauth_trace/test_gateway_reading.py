"""From lines of the log to attempts: what belongs together, and what must not show."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from accounts.oauth_trace import redaction, wanted
from accounts.oauth_trace.gateway.log_lines import exchanges
from accounts.oauth_trace.gateway.printing import lines as printed_lines
from accounts.oauth_trace.gateway.reading import Attempted, attempts, judge, wanted_of
from accounts.oauth_trace.models import Stage
from tests.accounts.oauth_trace import gateway_log

BACK = "https://pitangui.amazon.com/api/skill/link/MTESTVENDOR"
BEGUN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
QUERY = {
    "response_type": "code",
    "client_id": "alexa-client",
    "scope": "openid email phone",
    "state": "A2SAAEAEKq-state-of-this-try",
    "redirect_uri": BACK,
}
FORM = {"grant_type": "authorization_code", "code": "5ecre7c0de", "redirect_uri": BACK}


def read(*requests: list[str], apart: float = 20) -> list[Attempted]:
    """Requests `apart` seconds from each other."""
    stamped = []
    for number, request in enumerate(requests):
        at = int((BEGUN + timedelta(seconds=number * apart)).timestamp() * 1000)
        stamped += list(zip(count(at), request))
    return attempts(exchanges(stamped))


def stages(attempted: Attempted) -> list[Stage]:
    return [read.recorded.stage for read in attempted.reads]


def printed(attempted: Attempted) -> str:
    now = BEGUN + timedelta(minutes=2)
    return "\n".join(printed_lines(judge(attempted, wanted.from_settings(), now=now)))


def test_a_token_request_belongs_to_the_try_that_waits_for_it() -> None:
    [found] = read(gateway_log.authorize(QUERY), gateway_log.token(FORM, answer="{}"))

    assert stages(found) == [Stage.AUTHORIZE, Stage.TOKEN]


def test_it_belongs_to_none_where_two_wait() -> None:
    found = read(
        gateway_log.authorize(QUERY),
        gateway_log.authorize(QUERY | {"state": "another"}),
        gateway_log.token(FORM, answer="{}"),
    )

    assert [stages(each) for each in found] == [[Stage.AUTHORIZE], [Stage.AUTHORIZE], [Stage.TOKEN]]


def test_two_that_wait_are_known_apart_by_pkce() -> None:
    # RFC 7636, appendix B
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    proof = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    first = QUERY | {"code_challenge": challenge, "code_challenge_method": "S256"}
    found = read(
        gateway_log.authorize(first),
        gateway_log.authorize(QUERY | {"state": "another"}),
        gateway_log.token(FORM | {"code_verifier": proof}, answer="{}"),
    )

    assert [stages(each) for each in found] == [[Stage.AUTHORIZE, Stage.TOKEN], [Stage.AUTHORIZE]]


def test_a_page_that_is_loaded_again_is_the_same_try() -> None:
    [found] = read(gateway_log.authorize(QUERY), gateway_log.authorize(QUERY))

    assert stages(found) == [Stage.AUTHORIZE, Stage.AUTHORIZE]


def test_a_code_that_is_redeemed_again_is_the_same_try() -> None:
    [found] = read(
        gateway_log.authorize(QUERY),
        gateway_log.token(FORM, answer="{}"),
        gateway_log.token(FORM, status=400, answer='{"error":"invalid_grant"}'),
    )

    assert stages(found) == [Stage.AUTHORIZE, Stage.TOKEN, Stage.TOKEN]


@pytest.mark.parametrize(
    ("form", "apart"),
    [(FORM | {"redirect_uri": "https://layla.amazon.com/x"}, 20), (FORM, 700)],
    ids=["another address", "too late"],
)
def test_a_token_request_that_fits_to_nothing_stands_alone(
    form: dict[str, str], apart: float
) -> None:
    found = read(gateway_log.authorize(QUERY), gateway_log.token(form, answer="{}"), apart=apart)

    assert [stages(each) for each in found] == [[Stage.AUTHORIZE], [Stage.TOKEN]]


def test_a_refresh_belongs_to_the_try_that_got_its_token() -> None:
    answer = json.dumps({"access_token": "4cce55", "refresh_token": "refre5h", "expires_in": 3600})
    refresh = {"grant_type": "refresh_token", "refresh_token": "refre5h"}
    [found] = read(
        gateway_log.authorize(QUERY),
        gateway_log.token(FORM, answer=answer),
        gateway_log.token(refresh, status=400, answer='{"error":"invalid_grant"}'),
    )

    assert stages(found) == [Stage.AUTHORIZE, Stage.TOKEN, Stage.REFRESH]


def test_an_answer_that_leads_to_alexa_at_once_is_the_callback() -> None:
    """The pool refuses a scope by a redirect to Alexa, without any sign-in page."""
    back = f"{BACK}?error=invalid_scope&state={QUERY['state']}"
    [found] = read(gateway_log.authorize(QUERY, location=back))

    assert stages(found) == [Stage.AUTHORIZE, Stage.CALLBACK]
    assert found.reads[1].recorded.request.text("error") == "invalid_scope"


def test_it_passes_over_other_addresses() -> None:
    lines = [line.replace("/oauth2/token", "/login") for line in gateway_log.token(FORM)]

    assert read(lines) == []


def test_it_says_what_the_log_does_not_have() -> None:
    tokens = json.dumps({"id_token": "i" * 1200, "access_token": "a" * 1200})
    [found] = read(
        gateway_log.authorize(QUERY | {"state": "s" * 700}), gateway_log.token(FORM, answer=tokens)
    )
    text = printed(found)

    assert "not in the log, or not all of it: answer body, the Authorization header" in text
    assert "client_secret" not in text


POOL = replace(
    wanted.from_settings(),
    from_pool=True,
    domain_url=gateway_log.SERVER,
    callbacks=(BACK,),
    scopes=("openid", "email", "phone"),
    flows=("code",),
    flows_enabled=True,
    has_secret=True,
    identity_providers=("COGNITO",),
    access_token_seconds=3600,
    refresh_token_seconds=3650 * 24 * 3600,
    rotation=False,
)
ALEXAS = QUERY | {"state": "A2SAAEAEKq" + "s" * 600}
REFRESH = {"grant_type": "refresh_token", "refresh_token": "r" * 1700}
# Cognito's order: the first token alone is longer than a line
TOKENS = json.dumps(
    {
        "id_token": "i" * 1200,
        "access_token": "a" * 1200,
        "refresh_token": "r" * 1700,
        "expires_in": 3600,
        "token_type": "Bearer",
    }
)

LINKED = gateway_log.token(FORM, answer=TOKENS)


def found(*requests: list[str], minutes: float = 2, pool: wanted.Wanted = POOL) -> tuple[str, str]:
    """The outcome, and the code of the main finding."""
    [attempted] = read(*requests)
    judged = judge(attempted, pool, now=BEGUN + timedelta(minutes=minutes))
    main = judged.verdict.main
    return judged.verdict.outcome, main.code if main else ""


def refused(error: str) -> dict[str, Any]:
    return {"status": 400, "answer": json.dumps({"error": error})}


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (gateway_log.token(FORM, **refused("invalid_client")), "token-client-refused"),
        (
            gateway_log.token(FORM, **refused("invalid_client"), authorization=False),
            "token-client-unauthenticated",
        ),
        (
            gateway_log.token(FORM, status=200, answer="<html>" + "x" * 2000),
            "token-html",
        ),
        (gateway_log.token(FORM, answer=TOKENS, milliseconds=6200), "token-timeout"),
        (gateway_log.token(FORM, problem="a timeout error"), "token-timeout"),
        (
            gateway_log.token(FORM, problem="configuration error: PKIX path building failed"),
            "token-tls",
        ),
        (
            gateway_log.token(FORM, answer='{"access_token":"a","expires_in":3600}'),
            "token-no-refresh-token",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_finds_what_is_wrong_with_a_token_call(token: list[str], code: str) -> None:
    assert found(gateway_log.authorize(ALEXAS), token) == ("failed", code)


def test_it_finds_a_body_that_is_no_form_unless_the_log_lost_its_type() -> None:
    lines = gateway_log.token(FORM, **refused("invalid_request"))
    typeless = [line.replace("Content-Type=application/x-www-form", "X=y") for line in lines]
    cut = [
        line.partition("Content-Type=")[0] + "[TRUNCATED]" if "request headers: {" in line else line
        for line in lines
    ]

    assert found(gateway_log.authorize(ALEXAS), typeless) == ("failed", "token-body-not-a-form")
    assert found(gateway_log.authorize(ALEXAS), cut)[1] != "token-body-not-a-form"


def test_it_does_not_miss_a_header_that_the_log_lost() -> None:
    lines = gateway_log.token(FORM, **refused("invalid_client"), authorization=False)
    cut = [
        line.partition("User-Agent=")[0] + "[TRUNCATED]" if "request headers: {" in line else line
        for line in lines
    ]

    assert found(gateway_log.authorize(ALEXAS), cut) == ("failed", "token-client-refused")


def test_it_finds_a_redirect_uri_that_is_not_registered() -> None:
    error = f"{gateway_log.SERVER}/error?error=redirect_mismatch&client_id=alexa-client"
    asked = gateway_log.authorize(ALEXAS | {"redirect_uri": f"{BACK}/"}, location=error)

    assert found(asked) == ("failed", "redirect-uri-slash")


def test_it_finds_a_scope_that_the_pool_sends_back() -> None:
    back = f"{BACK}?error=invalid_scope&state={ALEXAS['state']}"
    asked = gateway_log.authorize(ALEXAS | {"scope": "openid profile"}, location=back)

    assert found(asked) == ("failed", "scope-not-allowed")


def test_it_finds_that_a_code_was_used_twice() -> None:
    """The first answer was cut, and had tokens in it all the same."""
    assert found(
        gateway_log.authorize(ALEXAS),
        gateway_log.token(FORM, answer=TOKENS),
        gateway_log.token(FORM, **refused("invalid_grant")),
    ) == ("failed", "token-code-used-twice")


def test_it_finds_that_a_refresh_token_is_not_taken() -> None:
    assert found(gateway_log.token(REFRESH, **refused("invalid_grant"))) == (
        "failed",
        "refresh-grant-refused",
    )


def test_it_finds_that_nobody_came_back() -> None:
    outcome, code = found(gateway_log.authorize(ALEXAS), minutes=15)

    assert (outcome, code) == ("gave_up", "sign-in-not-seen")


@pytest.mark.parametrize(
    "requests",
    [
        [gateway_log.authorize(ALEXAS), LINKED],
        # state, redirect_uri and the way to the sign-in page are cut off
        [gateway_log.authorize(QUERY | {"state": "s" * 1100}), LINKED],
        [gateway_log.authorize({"z": "z" * 1100} | QUERY), LINKED],
        [gateway_log.token(REFRESH, answer=TOKENS)],
        [gateway_log.authorize(ALEXAS), gateway_log.token(FORM | {"z": "z" * 1100}, answer=TOKENS)],
    ],
    ids=["as usual", "long state", "cut at once", "refresh", "long form"],
)
@pytest.mark.parametrize("server", ["the pool", "another"])
def test_it_finds_nothing_in_a_linking_that_was_cut(requests: list[list[str]], server: str) -> None:
    pool = POOL if server == "the pool" else wanted_of("https://www.example.com")

    assert found(*requests, pool=pool) == ("linked", "")


def test_what_a_cut_part_could_have_explained_is_no_finding() -> None:
    """An authorize request without a state is a fault, but here the log may have lost it."""
    without_state = {name: value for name, value in QUERY.items() if name != "state"}
    whole = gateway_log.authorize(without_state)
    cut = gateway_log.authorize(without_state | {"z": "z" * 1100})

    assert found(whole, minutes=15) == ("failed", "state-missing")
    assert found(cut, minutes=15) == ("gave_up", "sign-in-not-seen")


SECRETS = {
    "state": "A2SAAEAEKq-state-of-this-try",
    "code": "5ecre7c0de",
    "client_secret": "c11entsecret51",
    "code_verifier": "ver1f1erver1f1erver1f1erver1f1erver1f1erver1f1er",
    "email": "planted@example.com",
    "phone": "+12065550199",
    "access": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJl",
    "refresh": "r3fr35ht0k3n",
    "password": "correct horse battery",
}


def test_no_secret_is_printed() -> None:
    answer = {"access_token": SECRETS["access"], "refresh_token": SECRETS["refresh"]}
    [first, second] = read(
        gateway_log.authorize(QUERY | {"login_hint": SECRETS["email"], "z": SECRETS["phone"]}),
        gateway_log.token(
            FORM
            | {
                "client_secret": SECRETS["client_secret"],
                "code_verifier": SECRETS["code_verifier"],
                "password": SECRETS["password"],
            },
            answer=json.dumps(answer),
        ),
        gateway_log.token(
            {"grant_type": "refresh_token", "refresh_token": "another"},
            status=400,
            answer=json.dumps(
                {
                    "error": "invalid_grant",
                    "error_description": f"{SECRETS['email']} {SECRETS['phone']}",
                }
            ),
        ),
    )
    text = printed(first) + printed(second)

    assert "invalid_grant" in text
    assert f"redirect_uri={BACK}" in text
    for name, secret in SECRETS.items():
        assert secret not in text, name
    assert "9e9334" not in text, "the end of the Authorization header, which the log leaves"


def test_an_answer_that_repeats_a_secret_of_its_request_is_not_printed() -> None:
    code = "plain-words-as-a-code"
    said = {"error": "invalid_grant", "error_description": f"no grant {code}"}
    [found] = read(
        gateway_log.token(FORM | {"code": code}, status=400, answer=json.dumps(said)),
    )

    assert "invalid_grant" in printed(found)
    assert code not in printed(found)


def test_a_try_in_which_redaction_fails_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**kwargs: object) -> None:
        raise RecursionError

    monkeypatch.setattr(redaction, "answer", fail)
    [found] = read(gateway_log.token(FORM, answer="{}"))

    assert found.first.is_withheld
    assert "withheld" in printed(found)
