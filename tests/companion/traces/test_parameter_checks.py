"""The table of what must agree: pure, by traces made from real exchanges."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from accounts.oauth_trace import wanted
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.wanted import Wanted
from companion.traces.parameter_checks import Check, Mark, checks
from tests.companion.traces import attempts

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
Sides = tuple[Message, Message]


def known(**changes: Any) -> Wanted:
    pool: dict[str, Any] = {
        "callbacks": (attempts.redirect_uri(),),
        "scopes": ("openid", "email", "phone"),
        "has_secret": True,
    }
    return replace(wanted.from_settings(), **(pool | changes))


def trace(*exchanges: tuple[Stage, Sides], milliseconds: int = 100) -> Trace:
    return Trace(
        started_at=NOW,
        seen_at=NOW + timedelta(hours=1),
        events=tuple(
            Recorded(
                stage=stage,
                at=NOW + timedelta(seconds=10 * n),
                milliseconds=milliseconds,
                request=sides[0],
                response=sides[1],
            )
            for n, (stage, sides) in enumerate(exchanges)
        ),
    )


def linking(
    authorize: Sides | None = None,
    callback: Sides | None = None,
    token: Sides | None = None,
    **more: Any,
) -> Trace:
    return trace(
        (Stage.AUTHORIZE, authorize or attempts.authorize()),
        (Stage.CALLBACK, callback or attempts.callback()),
        (Stage.TOKEN, token or attempts.token(issued=NOW + timedelta(seconds=20))),
        **more,
    )


def check(made: Trace, name: str, **changes: Any) -> Check:
    (found,) = [each for each in checks(made, known(**changes)) if each.name == name]
    return found


def test_as_it_should_be_every_mark_is_ok() -> None:
    found = checks(linking(), known())
    assert {each.name: each.mark for each in found if each.mark != Mark.OK} == {}
    assert len(found) == 14


def test_nothing_is_said_of_nothing() -> None:
    assert checks(trace(), known()) == []


@pytest.mark.parametrize(
    ("name", "made", "word"),
    [
        (
            "redirect_uri, registered",
            lambda: linking(attempts.authorize(redirect_uri="https://evil.example/")),
            "not registered",
        ),
        (
            "redirect_uri, in both calls",
            lambda: linking(token=attempts.token(redirect_uri="https://layla.amazon.com/x")),
            "differs",
        ),
        (
            "state, there and back",
            lambda: linking(callback=attempts.callback(state="x")),
            "differs",
        ),
        ("code, given and sent", lambda: linking(token=attempts.token(code="x")), "differs"),
        (
            "scope",
            lambda: linking(attempts.authorize(scope="openid profile")),
            "not allowed: profile",
        ),
        ("client id, to sign in", lambda: linking(attempts.authorize(client_id="x")), "not ours"),
        ("client secret", lambda: linking(token=attempts.token(secret="x")), "differs"),
        ("answer is JSON", lambda: linking(token=attempts.token(answer=b"<html>")), "no"),
        (
            "refresh token",
            lambda: linking(token=attempts.token(answer={"access_token": "x"})),
            "missing",
        ),
        (
            "refresh token",
            lambda: linking(token=attempts.token(answer={"refresh_token": ""})),
            "missing",
        ),
        (
            "lifetime of the access token",
            lambda: linking(token=attempts.token(answer={"expires_in": 359})),
            "too short",
        ),
        ("speed", lambda: linking(milliseconds=4501), "too slow for Alexa"),
    ],
)
def test_what_is_wrong_is_marked(name: str, made: Any, word: str) -> None:
    found = check(made(), name)
    assert (found.mark, found.word) == (Mark.WRONG, word)


@pytest.mark.parametrize(
    ("seconds", "mark"), [(360, Mark.OK), (359, Mark.WRONG), ("soon", Mark.WARNING)]
)
def test_a_token_lives_six_minutes_at_least(seconds: object, mark: Mark) -> None:
    made = linking(token=attempts.token(answer={"expires_in": seconds}))
    assert check(made, "lifetime of the access token").mark == mark


@pytest.mark.parametrize(("time", "mark"), [(2000, Mark.OK), (2001, Mark.WARNING)])
def test_slow_is_a_warning(time: int, mark: Mark) -> None:
    assert check(linking(milliseconds=time), "speed").mark == mark


@pytest.mark.parametrize(
    ("apart", "mark"), [(60, Mark.OK), (62, Mark.WARNING), (-60, Mark.OK), (-62, Mark.WARNING)]
)
def test_clocks_agree_within_a_minute(apart: int, mark: Mark) -> None:
    token = attempts.token(issued=NOW + timedelta(seconds=20 + apart))
    found = check(linking(token=token, milliseconds=0), "clocks")
    assert found.mark == mark
    assert found.seen == f"the pool is {abs(apart)} s {'ahead' if apart > 0 else 'behind'}"


VERIFIER = "a-verifier-of-forty-three-characters-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")


@pytest.mark.parametrize(
    ("challenge", "method", "verifier", "mark", "word"),
    [
        (CHALLENGE.decode(), "S256", VERIFIER, Mark.OK, "matches its challenge"),
        (VERIFIER, "plain", VERIFIER, Mark.OK, "matches its challenge"),
        (CHALLENGE.decode(), "S256", "another", Mark.WRONG, "does not match its challenge"),
        (CHALLENGE.decode(), "S256", "", Mark.WRONG, "missing"),
        ("", "", VERIFIER, Mark.WRONG, "no challenge was sent"),
        ("", "", "", Mark.OK, "PKCE is not used"),
    ],
)
def test_proof_keys(challenge: str, method: str, verifier: str, mark: Mark, word: str) -> None:
    sent = {"code_challenge": challenge, "code_challenge_method": method}
    asked = attempts.authorize(**{name: text for name, text in sent.items() if text})
    proof: dict[str, Any] = {"code_verifier": verifier} if verifier else {}
    token = attempts.token(**proof)
    found = check(linking(asked, token=token), "code_verifier")
    assert (found.mark, found.word) == (mark, word)


def test_what_the_pool_did_not_say_is_not_judged() -> None:
    made = linking(attempts.authorize(scope="profile", redirect_uri="https://evil.example/"))
    unknown: dict[str, Any] = {
        "callbacks": None,
        "scopes": None,
        "secret_digest": "",
        "has_secret": None,
    }
    for name in ("scope", "redirect_uri, registered", "client secret"):
        assert check(made, name, **unknown).mark == Mark.UNKNOWN


def test_a_client_without_a_secret_gets_none() -> None:
    assert check(linking(), "client secret", has_secret=False).mark == Mark.WARNING


def test_a_withheld_scope_is_not_allowed_by_being_empty() -> None:
    found = check(linking(attempts.authorize(scope="<script>")), "scope")
    assert (found.mark, found.word) == (Mark.UNKNOWN, "withheld")


def test_a_refresh_alone_is_checked_too() -> None:
    found = checks(trace((Stage.REFRESH, attempts.token())), known())
    names = {each.name for each in found}
    assert {"client secret", "answer is JSON", "speed"} <= names
    assert not names & {"refresh token", "redirect_uri, in both calls"}


@pytest.mark.parametrize(
    ("stage", "left"),
    [
        (Stage.AUTHORIZE, {"client id, for tokens", "code, given and sent"}),
        (Stage.CALLBACK, {"client id, to sign in", "code_verifier"}),
        (Stage.TOKEN, {"client id, to sign in", "state, there and back"}),
    ],
)
def test_of_what_was_withheld_nothing_is_said(stage: Stage, left: set[str]) -> None:
    made = linking()
    events = tuple(
        replace(event, request=Message(), response=Message(), is_withheld=True)
        if event.stage == stage
        else event
        for event in made.events
    )
    found = checks(replace(made, events=events), known())
    assert {each.name for each in found if each.mark != Mark.OK} == set()
    assert left <= {each.name for each in found}


def test_of_several_tries_the_last_one_counts() -> None:
    corrected = trace(
        (Stage.AUTHORIZE, attempts.authorize(redirect_uri="https://evil.example/")),
        (Stage.AUTHORIZE, attempts.authorize()),
    )
    assert check(corrected, "redirect_uri, registered").mark == Mark.OK


def test_who_did_not_answer_was_not_fast() -> None:
    sent, _ = attempts.token()
    made = linking(token=(sent, Message(problem="unreachable")))
    assert "speed" not in {each.name for each in checks(made, known())}
    made = linking(token=(sent, Message(problem="timeout")))
    assert check(made, "speed").word == "too slow for Alexa"


def test_no_secret_is_in_any_line() -> None:
    lines = str(checks(linking(), known()))
    for secret in (settings.COGNITO_ALEXA_CLIENT_SECRET, "code-of-the-pool", "state-of-alexa"):
        assert secret not in lines
