"""From lines of the log to attempts: what belongs together, and what must not show."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from accounts.oauth_trace import redaction, wanted
from accounts.oauth_trace.gateway.log_lines import exchanges
from accounts.oauth_trace.gateway.printing import lines as printed_lines
from accounts.oauth_trace.gateway.reading import Attempted, attempts, judge
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


def test_a_try_in_which_redaction_fails_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**kwargs: object) -> None:
        raise RecursionError

    monkeypatch.setattr(redaction, "answer", fail)
    [found] = read(gateway_log.token(FORM, answer="{}"))

    assert found.first.is_withheld
    assert "withheld" in printed(found)
