"""Discovery, keys, clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.test import override_settings

from accounts.cognito import endpoints
from companion.doctor import web
from companion.doctor.checks.documents import judged_clock
from companion.doctor.results import State
from tests.cognito import TokenMint
from tests.companion.doctor.conftest import Look, Stub, look, only


@pytest.mark.local_aws
def test_a_real_pools_documents_are_in_order(looked: Look) -> None:
    for code in ("keys.discovery", "keys.set", "keys.clock"):
        assert only(looked(code)).state is State.OK, code


def settings_for(stub: Stub) -> Any:
    return override_settings(
        COGNITO_JWKS_URL=f"{stub.url}/.well-known/jwks.json", COGNITO_DOMAIN_URL=stub.url
    )


def discovery_of(stub: Stub, **changes: Any) -> dict[str, Any]:
    return {
        "issuer": endpoints.issuer(),
        "authorization_endpoint": f"{stub.url}/oauth2/authorize",
        "token_endpoint": f"{stub.url}/oauth2/token",
        "id_token_signing_alg_values_supported": ["RS256"],
        **changes,
    }


OTHER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Other"


@pytest.mark.parametrize(
    ("changes", "state", "seen"),
    [
        ({}, State.OK, "as the settings say"),
        (
            {"issuer": OTHER},
            State.ERROR,
            "issuer",
        ),
        (
            {"token_endpoint": "https://b.example/oauth2/token"},
            State.WARNING,
            "token_endpoint https://b.example",
        ),
        ({"id_token_signing_alg_values_supported": ["ES256"]}, State.ERROR, "RS256 is not"),
    ],
    ids=["well", "issuer", "endpoint", "algorithm"],
)
def test_a_discovery_document(changes: dict[str, Any], state: State, seen: str, stub: Stub) -> None:
    stub.says("/.well-known/openid-configuration", discovery_of(stub, **changes))
    with settings_for(stub):
        result = look("keys.discovery")[0]
    assert result.state is state
    assert seen in result.seen


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"[" * 5000])
def test_what_is_no_discovery_document(body: bytes, stub: Stub) -> None:
    stub.says("/.well-known/openid-configuration", body)
    with settings_for(stub):
        assert only(look("keys.discovery")).state is State.ERROR


def test_a_pool_that_is_not_there(stub: Stub) -> None:
    with settings_for(stub):
        assert "404" in only(look("keys.discovery")).seen
        assert only(look("keys.set")).state is State.ERROR
    with override_settings(COGNITO_JWKS_URL="http://localhost:1/.well-known/jwks.json"):
        assert "refused" in only(look("keys.set")).seen
        assert only(look("keys.clock")).state is State.SKIPPED


def keys_of(*mints: TokenMint) -> dict[str, Any]:
    return {"keys": [key for mint in mints for key in mint.jwks()["keys"]]}


def test_keys(stub: Stub) -> None:
    first, second = TokenMint(kid="one"), TokenMint(kid="two")
    for document, state in (
        (keys_of(first, second), State.OK),
        (keys_of(first), State.WARNING),
        (keys_of(first, first), State.WARNING),
        ({"keys": []}, State.ERROR),
        ({"keys": [{"kty": "EC", "kid": "x"}]}, State.ERROR),
    ):
        stub.says("/.well-known/jwks.json", document)
        with settings_for(stub):
            assert only(look("keys.set")).state is state, document


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        (0, State.OK),
        (-20, State.OK),
        (60, State.WARNING),
        (-60, State.WARNING),
        (200, State.ERROR),
        (-4000, State.ERROR),
    ],
)
def test_a_clock_that_differs(seconds: int, state: State, stub: Stub) -> None:
    theirs = datetime.now(UTC) + timedelta(seconds=seconds)
    stub.says(
        "/.well-known/openid-configuration",
        discovery_of(stub),
        Date=format_datetime(theirs, usegmt=True),
    )
    with settings_for(stub):
        result = only(look("keys.clock"))
    assert result.state is state
    if state is not State.OK:
        assert ("behind" if seconds > 0 else "ahead") in result.seen


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 99 Nov 2026 99:00:00 GMT"])
def test_a_date_that_is_none(date: str) -> None:
    answer = web.Answer(200, {"Date": date}, b"", 0.1, datetime.now(UTC))
    (seen,) = judged_clock(answer, "the pool")
    assert seen.state is State.WARNING
