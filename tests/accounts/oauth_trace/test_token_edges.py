"""Rules about token calls at their edges: what each needs to know before it speaks.

Exchanges are made by redaction, as the front's are, and not sent: nobody but a log of a gateway has
some of them.
"""

from __future__ import annotations

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
