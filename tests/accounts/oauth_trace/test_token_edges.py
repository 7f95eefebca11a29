"""Rules about token calls at their edges: what each needs to know before it speaks.

Exchanges are made by redaction, as the front's are, and not sent: nobody but a log of a gateway has
some of them.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings

from accounts.oauth_trace import redaction, wanted
from accounts.oauth_trace.diagnosis import Finding, diagnose, rules
from accounts.oauth_trace.exchange import Field, Message, Value
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.wanted import Wanted
from accounts.pool.parameters import LINK_CALLBACK_PATH
from tests.accounts.oauth_trace.test_rules_token_grant import CHALLENGE, VERIFIER
from tests.accounts.oauth_trace.token_scenes import basic

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
CLIENT, SECRET = "1abcdefghij0123456789klmno", "0123456789abcdef" * 3
ALEXA = "https://pitangui.amazon.com/api/skill/link/MTESTVENDOR"
FORM = "application/x-www-form-urlencoded"
TOKENS = {"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "expires_in": 3600}

type Fields = dict[str, str | None]


@pytest.fixture
def known() -> Wanted:
    """Of a pool that was read."""
    return replace(
        wanted.from_settings(),
        client_id=CLIENT,
        secret_digest=redaction.digest(SECRET),
        issuer="",  # tokens of these tests are no Cognito's
        callbacks=(ALEXA,),
        scopes=("openid",),
        flows=("code",),
        flows_enabled=True,
        has_secret=True,
        refresh_token_seconds=3650 * 86400,
        access_token_seconds=3600,
        rotation=False,
    )


def answered(status: int, body: object = b"") -> Message:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return redaction.answer(
        status=status, headers_=[("Content-Type", "application/json")], body=raw
    )


def refused(error: str, description: str = "") -> Message:
    return answered(400, {"error": error, "error_description": description})


def call(
    answer: Message,
    *,
    after: float = 10,
    stage: Stage = Stage.TOKEN,
    auth: str | None = "right",
    body: bytes | None = None,
    content_type: str = FORM,
    **changes: str | None,
) -> Recorded:
    """A token call so many seconds after the start."""
    form: Fields = {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": ALEXA,
        "client_id": CLIENT,
    }
    form |= changes
    sent = urlencode({name: text for name, text in form.items() if text is not None}).encode()
    headers = [("Content-Type", content_type)]
    if auth:
        headers.append(("Authorization", basic(CLIENT, SECRET) if auth == "right" else auth))
    request = redaction.request(
        method="POST",
        url="https://www.example.com/oauth/token",
        headers_=headers,
        body=sent if body is None else body,
    )
    at = START + timedelta(seconds=after)
    return Recorded(stage=stage, at=at, milliseconds=100, request=request, response=answer)


def authorize(**changes: str | None) -> Recorded:
    query: Fields = {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": ALEXA,
        "scope": "openid",
        "state": "s" * 40,
    }
    query |= changes
    raw = urlencode({name: text for name, text in query.items() if text is not None})
    url = "https://www.example.com/oauth/authorize"
    request = redaction.request(method="GET", url=url, query=raw)
    return Recorded(stage=Stage.AUTHORIZE, at=START, request=request, response=answered(302))


def callback(code: str = "the-code") -> Recorded:
    request = redaction.request(
        method="GET",
        url="https://www.example.com/oauth/callback",
        query=urlencode({"code": code, "state": "s" * 40}),
    )
    return Recorded(stage=Stage.CALLBACK, at=START, request=request, response=answered(302))


def found(known: Wanted, *events: Recorded) -> list[Finding]:
    last = events[-1].at + timedelta(seconds=1)
    trace = Trace(started_at=START, seen_at=last, captured=True, events=events)
    own = ("token-", "refresh-", "skill-")
    return [each for each in diagnose(trace, known) if each.code.startswith(own)]


def codes(known: Wanted, *events: Recorded) -> list[str]:
    return [each.code for each in found(known, *events)]


GRANT = refused("invalid_grant")
CLIENT_REFUSED = refused("invalid_client")
GIVEN = answered(200, TOKENS)


def test_nothing_is_said_of_a_good_call(known: Wanted) -> None:
    assert codes(known, authorize(), callback(), call(GIVEN)) == []


@pytest.mark.parametrize("last", [{"is_withheld": True}, {"response": Message()}])
def test_nothing_is_said_while_the_last_call_is_not_known(
    last: dict[str, Any], known: Wanted
) -> None:
    assert codes(known, call(GRANT), replace(call(GRANT, after=20), **last)) == []


def test_a_retry_that_is_taken_makes_all_well(known: Wanted) -> None:
    """The local AWS keeps a code whose verifier was wrong."""
    asked = authorize(code_challenge=CHALLENGE, code_challenge_method="S256")
    wrong = call(GRANT, code_verifier="w" * 64)
    right = call(GIVEN, after=20, code_verifier=VERIFIER)
    assert codes(known, asked, callback(), wrong, right) == []


def test_a_code_that_was_refused_taken_and_sent_again_was_used_twice(known: Wanted) -> None:
    asked = authorize(code_challenge=CHALLENGE, code_challenge_method="S256")
    events = [
        call(GRANT, code_verifier="w" * 64),
        call(GIVEN, after=20, code_verifier=VERIFIER),
        call(GRANT, after=30, code_verifier=VERIFIER),
    ]
    assert codes(known, asked, callback(), *events) == ["token-code-used-twice"]


def test_a_code_that_was_lost_taken_and_sent_again_was_used_twice(known: Wanted) -> None:
    lost = call(Message(problem="timeout"))
    events = [lost, call(GIVEN, after=20), call(GRANT, after=30)]
    assert codes(known, authorize(), callback(), *events) == ["token-code-used-twice"]


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (Message(problem="timeout"), "token-code-tried-again"),
        (answered(500), "token-code-tried-again"),
        (answered(200, b"<html>"), "token-code-tried-again"),
        (answered(429), "token-code-refused"),
        (CLIENT_REFUSED, "token-code-refused"),
    ],
)
def test_what_became_of_the_first_call_decides(first: Message, code: str, known: Wanted) -> None:
    assert codes(known, authorize(), callback(), call(first), call(GRANT, after=20)) == [code]


def test_tokens_for_another_code_are_no_second_use(known: Wanted) -> None:
    events = [call(GIVEN, code="another"), call(GRANT, after=20)]
    assert codes(known, authorize(), callback(), *events) == ["token-code-refused"]


@pytest.mark.parametrize(
    ("age", "code"), [(300, "token-code-refused"), (301, "token-code-expired")]
)
def test_a_code_lives_five_minutes(age: int, code: str, known: Wanted) -> None:
    assert codes(known, authorize(), callback(), call(GRANT, after=age)) == [code]


def test_the_age_of_another_code_does_not_count(known: Wanted) -> None:
    late = call(GRANT, after=301)
    assert codes(known, authorize(), callback("another"), late) == ["token-code-changed"]


def test_a_right_verifier_is_not_held_against_it(known: Wanted) -> None:
    asked = authorize(code_challenge=CHALLENGE, code_challenge_method="S256")
    events = [asked, callback(), call(GRANT, code_verifier=VERIFIER)]
    (finding,) = found(known, *events)
    assert finding.code == "token-code-refused"
    assert finding.evidence[-1].value == "the same"


def test_what_was_not_seen_is_not_compared(known: Wanted) -> None:
    (finding,) = found(known, call(GRANT))
    assert finding.code == "token-code-refused"
    assert [each.value for each in finding.evidence[1:]] == ["not to be compared"] * 3


def test_an_authorize_request_that_was_withheld_is_not_one_without_a_challenge(
    known: Wanted,
) -> None:
    withheld = replace(authorize(), is_withheld=True, request=Message())
    sent = call(GRANT, code_verifier=VERIFIER)
    assert codes(known, withheld, sent) == ["token-code-refused"]
    assert codes(known, authorize(), sent) == ["token-verifier-unasked"]


def test_the_websites_redirect_uri_says_nothing_where_its_authorize_was_seen(known: Wanted) -> None:
    own = settings.PUBLIC_URL + LINK_CALLBACK_PATH
    known = replace(known, callbacks=(ALEXA, own))
    sent = call(GRANT, redirect_uri=own)
    assert codes(known, sent) == ["token-code-of-website"]
    assert codes(known, authorize(redirect_uri=own), sent) == ["token-code-refused"]
    assert codes(known, call(GIVEN, redirect_uri=own), sent) == ["token-code-used-twice"]


def test_callbacks_that_are_not_known_are_not_missed(known: Wanted) -> None:
    sent = call(GRANT, redirect_uri="https://elsewhere.example.com/")
    assert codes(known, sent) == ["token-redirect-uri-unregistered"]
    assert codes(replace(known, callbacks=None), sent) == ["token-code-refused"]


@pytest.mark.parametrize(
    ("flows", "is_enabled", "code"),
    [
        (("implicit",), True, "token-code-flow-off"),
        (("code",), False, "token-code-flow-off"),
        (("code",), True, "token-client-not-allowed"),
        (None, None, "token-client-not-allowed"),
    ],
)
def test_the_grant_of_the_client_decides(
    flows: tuple[str, ...] | None, is_enabled: bool | None, code: str, known: Wanted
) -> None:
    known = replace(known, flows=flows, flows_enabled=is_enabled)
    assert codes(known, authorize(), call(refused("unauthorized_client"))) == [code]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": b'{"code": "c"}'}, "token-body-not-a-form"),
        ({"body": b'{"code": "c"}', "content_type": "application/json"}, "token-body-not-a-form"),
        ({"content_type": "text/plain"}, "token-body-not-a-form"),
        ({"grant_type": "", "code": None}, "token-grant-type-missing"),
        ({"grant_type": "password", "code": None, "redirect_uri": None}, "token-grant-type-other"),
        ({"redirect_uri": None}, "token-redirect-uri-missing"),
        ({"code": None}, "token-code-missing"),
    ],
)
def test_the_form_shows_what_is_wrong_with_it(
    changes: dict[str, Any], code: str, known: Wanted
) -> None:
    assert codes(known, call(refused("invalid_request"), **changes)) == [code]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"auth": None}, "token-client-unauthenticated"),
        ({"auth": None, "client_secret": SECRET}, "token-client-refused"),
        ({"auth": None, "client_secret": "wrong" * 9}, "token-secret-wrong"),
        ({"auth": None, "client_secret": ""}, "token-secret-empty"),
        ({"client_secret": SECRET}, "token-secret-sent-twice"),
        ({"auth": basic(CLIENT, "wrong"), "client_secret": "wrong"}, "token-secret-sent-twice"),
        ({"auth": basic("2" + CLIENT[1:], SECRET)}, "token-client-ids-differ"),
        (
            {"auth": basic("2" + CLIENT[1:], "wrong"), "client_id": "2" + CLIENT[1:]},
            "token-client-unknown",
        ),
        ({"auth": basic("2" + CLIENT[1:], "wrong"), "client_id": None}, "token-client-unknown"),
    ],
)
def test_the_client_shows_what_is_wrong_with_it(
    changes: dict[str, Any], code: str, known: Wanted
) -> None:
    assert codes(known, call(CLIENT_REFUSED, **changes)) == [code]


def test_a_public_client_needs_no_secret(known: Wanted) -> None:
    public = replace(known, has_secret=False, secret_digest="")
    assert codes(public, call(CLIENT_REFUSED, auth=None)) == ["token-client-refused"]
    empty = basic(CLIENT, "")
    assert codes(public, call(CLIENT_REFUSED, auth=empty)) == ["token-client-refused"]
    assert codes(public, call(CLIENT_REFUSED)) == ["token-client-public"]


def test_nothing_is_compared_with_settings_that_are_not_there(known: Wanted) -> None:
    unset = replace(known, client_id="", web_client_id="", secret_digest="")
    (finding,) = found(unset, call(CLIENT_REFUSED))
    assert finding.code == "token-client-refused"
    assert finding.evidence[2].value == "not to be compared"


def test_the_general_one_says_what_is_as_it_should_be(known: Wanted) -> None:
    (finding,) = found(known, call(CLIENT_REFUSED))
    assert [each.value for each in finding.evidence[1:]] == [
        f"{CLIENT} (as wanted)",
        "the one that we know",
    ]


def test_what_a_log_hides_is_not_compared(known: Wanted) -> None:
    hidden = (Field("client_id", Value(length=1)), Field("client_secret", Value(length=1)))
    seen = call(CLIENT_REFUSED)
    seen = replace(seen, request=replace(seen.request, basic=hidden))
    assert codes(known, seen) == ["token-client-refused"]


@pytest.mark.parametrize("status", [500, 599])
def test_any_five_hundred_is_the_servers(status: int, known: Wanted) -> None:
    assert codes(known, call(answered(status))) == ["token-server-error"]


@pytest.mark.parametrize("status", [300, 308, 399])
def test_any_three_hundred_is_a_redirect(status: int, known: Wanted) -> None:
    assert codes(known, call(answered(status))) == ["token-redirected"]


@pytest.mark.parametrize("text", ["soon", "-1", "3600.5", "³", " 3600"])
def test_seconds_are_digits(text: str, known: Wanted) -> None:
    given = answered(200, TOKENS | {"expires_in": text})
    assert "token-expires-in-not-a-number" in codes(known, call(given))


def test_a_refresh_is_told_apart_for_who_has_no_trace() -> None:
    seen = {rule.code: rule.seen for rule in rules()}
    later = "The link works until its first token runs out. "
    assert seen["refresh-html"] == later + seen["token-html"]


@pytest.mark.parametrize(
    ("answer", "first", "second"),
    [
        (answered(301), "301 to nowhere", ""),
        (answered(400, {"message": "Bad"}), "400: Bad", "a member `error`"),
        (answered(400, {"__type": "X"}), "400: X", "a member `error`"),
        (answered(400, {"detail": "x"}), "400: members: detail", "a member `error`"),
        (answered(200, []), "200, application/json, body: an array or an empty object", ""),
        (answered(200, b"abc"), "200, application/json, body: text", "a JSON object"),
        (answered(200, {"data": {}}), "members: data", "access_token, refresh_token"),
    ],
)
def test_the_answer_is_shown(answer: Message, first: str, second: str, known: Wanted) -> None:
    (finding,) = found(known, call(answer))
    assert finding.evidence[0].value == first
    assert second in finding.evidence[1].value


def token(**claims: Any) -> str:
    """One that nobody signed."""
    return f"{_encoded({'alg': 'RS256', 'kid': 'k'})}.{_encoded(claims)}.signature"


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


ANSWERED = int(START.timestamp()) + 10  # when a call ten seconds after the start is answered


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"access_token": token(iat=ANSWERED + 60)}, []),
        ({"access_token": token(iat=ANSWERED + 61)}, ["token-clock-skew"]),
        ({"access_token": token(iat=ANSWERED - 61)}, ["token-clock-skew"]),
        ({"access_token": token(exp=ANSWERED + 1)}, []),
        ({"access_token": token(exp=ANSWERED)}, ["token-expired-at-issue"]),
        (
            {"access_token": token(iat=ANSWERED - 3600, exp=ANSWERED)},
            ["token-expired-at-issue"],
        ),
        ({"access_token": token(iat=ANSWERED, exp=ANSWERED + 3660)}, []),
        ({"access_token": token(iat=ANSWERED, exp=ANSWERED + 3661)}, ["token-lifetimes-disagree"]),
        ({"access_token": "a" * 2048}, []),
        ({"access_token": "a" * 2049}, ["token-large"]),
        ({"expires_in": None}, ["token-expires-in-not-a-number"]),
        ({"expires_in": 359}, ["token-lifetime-short"]),
        ({"token_type": ""}, ["token-type"]),
    ],
)
def test_the_measures_of_an_answer(
    body: dict[str, Any], expected: list[str], known: Wanted
) -> None:
    assert codes(known, call(answered(200, TOKENS | body))) == expected


def test_an_expiry_that_is_left_out_is_said_once(known: Wanted) -> None:
    left = {name: each for name, each in TOKENS.items() if name != "expires_in"}
    assert codes(known, call(answered(200, left))) == ["token-expires-in-missing"]


def test_tokens_of_another_server_than_cognito_are_not_judged_by_its_rules(known: Wanted) -> None:
    cognito = replace(known, issuer="https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool")
    foreign = token(iss="https://else.example.com", token_use="id", client_id="else")
    events = call(answered(200, TOKENS | {"access_token": foreign}))
    assert codes(known, events) == ["token-client-claim"]
    assert {"token-issuer", "token-id-token-given"} < set(codes(cognito, events))
    opaque = call(answered(200, TOKENS | {"access_token": "a" * 16_384}))
    assert "token-opaque" in codes(cognito, opaque)


def test_a_token_without_a_key_id_is_not_cognitos(known: Wanted) -> None:
    cognito = replace(known, issuer="https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool")
    nameless = token().replace(token().partition(".")[0], _encoded({"alg": "RS256"}))
    assert codes(cognito, call(answered(200, TOKENS | {"access_token": nameless}))) == [
        "token-algorithm"
    ]


def test_no_answer_is_late_and_not_slow_as_well(known: Wanted) -> None:
    """Our front gives up after 4.2 seconds."""
    hung = replace(call(Message(problem="timeout")), milliseconds=4200)
    assert codes(known, hung) == ["token-timeout"]


def test_who_is_signed_in_on_the_website_is_compared_with_a_token_only(known: Wanted) -> None:
    begun = Trace(started_at=START, seen_at=START, site_sub="sub-1", events=(authorize(),))
    assert "token-other-person" not in [each.code for each in diagnose(begun, known)]
    linked = replace(begun, sub="sub-2")
    assert "token-other-person" in [each.code for each in diagnose(linked, known)]


def refresh(answer: Message, *, after: float = 4000, **changes: str | None) -> Recorded:
    form: dict[str, Any] = {
        "grant_type": "refresh_token",
        "refresh_token": "r",
        "code": None,
        "redirect_uri": None,
    }
    return call(answer, after=after, stage=Stage.REFRESH, **(form | changes))


OTHER = "2" + CLIENT[1:]
REFRESHED = answered(200, {"access_token": "b", "token_type": "Bearer", "expires_in": 3600})


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([call(GIVEN), refresh(REFRESHED)], []),
        ([call(GIVEN), refresh(CLIENT_REFUSED)], ["refresh-secret-replaced"]),
        (
            [call(GIVEN), refresh(CLIENT_REFUSED, auth=basic(CLIENT, "wrong"))],
            ["refresh-secret-changed"],
        ),
        (
            [call(GIVEN), refresh(CLIENT_REFUSED, auth=basic(OTHER, "wrong"))],
            ["refresh-client-changed"],
        ),
        (
            [call(GIVEN), refresh(CLIENT_REFUSED, auth=basic(OTHER, SECRET))],
            ["refresh-client-changed"],
        ),
        ([refresh(CLIENT_REFUSED, auth=basic(CLIENT, "wrong"))], ["refresh-secret-wrong"]),
        ([refresh(CLIENT_REFUSED, auth=basic(OTHER, "wrong"))], ["refresh-client-changed"]),
        ([refresh(CLIENT_REFUSED)], ["refresh-refused"]),
        ([refresh(GRANT)], ["refresh-grant-refused"]),
        ([call(GIVEN), refresh(GRANT)], ["refresh-token-revoked"]),
        ([call(GIVEN), refresh(GRANT, refresh_token="from before")], ["refresh-grant-refused"]),
        ([call(GIVEN), refresh(GRANT, after=3650 * 86400 + 10)], ["refresh-token-expired"]),
        ([call(GIVEN), refresh(GRANT, after=3650 * 86400 + 9)], ["refresh-token-revoked"]),
        ([refresh(REFRESHED, after=n) for n in (0, 299, 598)], ["refresh-too-often"]),
        ([refresh(REFRESHED, after=n) for n in (0, 300, 600)], []),
        ([call(GIVEN), refresh(GIVEN)], []),
        (
            [call(GIVEN), refresh(answered(200, TOKENS | {"refresh_token": "new"}))],
            ["refresh-rotation"],
        ),
    ],
)
def test_why_a_refresh_fails(events: list[Recorded], expected: list[str], known: Wanted) -> None:
    assert codes(known, *events) == expected


def test_a_refresh_of_a_public_client_needs_no_secret(known: Wanted) -> None:
    public = replace(known, has_secret=False, secret_digest="")
    assert codes(public, refresh(CLIENT_REFUSED, auth=None)) == ["refresh-refused"]
    assert codes(known, refresh(CLIENT_REFUSED, auth=None)) == ["refresh-unauthenticated"]


def test_a_secret_that_is_not_known_is_not_wrong(known: Wanted) -> None:
    another = refresh(CLIENT_REFUSED, auth=basic(CLIENT, "another"))
    assert codes(replace(known, secret_digest=""), another) == ["refresh-refused"]
    hidden = (Field("client_id", Value(text=CLIENT)), Field("client_secret", Value(length=1)))
    unseen = replace(another, request=replace(another.request, basic=hidden))
    assert codes(known, unseen) == ["refresh-refused"]


def test_a_lifetime_that_is_not_known_is_not_over(known: Wanted) -> None:
    known = replace(known, refresh_token_seconds=None)
    late = refresh(GRANT, after=9999 * 86400)
    assert codes(known, call(GIVEN), late) == ["refresh-token-revoked"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"refresh_token_seconds": 365 * 86400}, []),
        ({"refresh_token_seconds": 365 * 86400 - 1}, ["refresh-token-short-lived"]),
        ({"refresh_token_seconds": None}, []),
        ({"refresh_token_seconds": 3600}, ["refresh-outlived"]),
        ({"refresh_token_seconds": 3601}, ["refresh-token-short-lived"]),
        ({"access_token_seconds": None}, []),
        ({"rotation": True}, ["refresh-rotation"]),
    ],
)
def test_what_the_client_will_end(
    facts: dict[str, Any], expected: list[str], known: Wanted
) -> None:
    """Warned of where there are tokens that it will end, and not beside a failure."""
    known = replace(known, **facts)
    assert codes(known, call(GIVEN)) == expected
    assert codes(known, call(GRANT)) == ["token-code-refused"]


def test_spans_are_told_in_their_largest_unit(known: Wanted) -> None:
    known = replace(known, refresh_token_seconds=30 * 86400)
    (finding,) = found(known, call(GIVEN))
    assert [each.value for each in finding.evidence] == ["30 days", "3650 days"]
    known = replace(known, refresh_token_seconds=90 * 60)
    (finding,) = found(known, call(GIVEN))
    assert finding.evidence[0].value == "90 minutes"


def quiet(known: Wanted, minutes: float, *events: Recorded) -> list[str]:
    seen_at = START + timedelta(seconds=10, minutes=minutes)
    trace = Trace(started_at=START, seen_at=seen_at, events=events)
    return [each.code for each in diagnose(trace, known) if each.code.startswith("skill")]


def test_silence_of_the_skill(known: Wanted) -> None:
    spoken = Recorded(
        stage=Stage.SKILL, at=START, request=Message(method="POST"), response=Message(status=200)
    )
    assert quiet(known, 10, call(GIVEN)) == ["skill-silent"]
    assert quiet(known, 9.9, call(GIVEN)) == []
    assert quiet(known, 60, call(GRANT)) == []
    assert quiet(known, 60, call(GIVEN), spoken) == []
    assert quiet(known, 70, call(GIVEN), refresh(REFRESHED)) == []
