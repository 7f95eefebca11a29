"""Every single way in which a request can be wrong; each starts from one that is accepted."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from skill_endpoint.simulator.pki import Signer
from skill_endpoint.verification import verify
from tests.alexa import GOOD_CHAINS, OTHER_SIGNATURE, encoded, reason_of, signed


def test_it_takes_a_signed_request_and_returns_its_envelope(
    pki: Signer, envelope: Envelope
) -> None:
    body = encoded(envelope)
    verified = verify(signed(pki, body), body)
    moment = datetime.fromisoformat(envelope["request"]["timestamp"])
    assert datetime.fromisoformat(verified["request"].pop("timestamp")) == moment
    del envelope["request"]["timestamp"]
    assert verified == envelope


def test_it_takes_headers_in_any_case(pki: Signer, envelope: Envelope) -> None:
    body = encoded(envelope)
    assert verify({name.upper(): value for name, value in signed(pki, body).items()}, body)


@pytest.mark.parametrize("value", ["application/json", "Application/JSON; charset=utf-8"])
def test_it_takes_json_with_and_without_a_charset(
    pki: Signer, envelope: Envelope, value: str
) -> None:
    body = encoded(envelope)
    assert verify(signed(pki, body, **{"Content-Type": value}), body)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("Content-Type", None, "content_type"),
        ("Content-Type", "", "content_type"),
        ("Content-Type", "text/plain", "content_type"),
        ("Content-Type", "application/json5", "content_type"),
        ("Content-Type", "application/x-www-form-urlencoded", "content_type"),
        ("Content-Type", "text/html; application/json", "content_type"),
        ("Signature-256", None, "headers"),
        ("Signature-256", "", "headers"),
        ("Signature-256", "A" * 1025, "headers"),
        ("Signature-256", "AAAA", "signature"),
        ("Signature-256", OTHER_SIGNATURE, "signature"),
        ("Signature-256", OTHER_SIGNATURE[:-4], "signature"),
        ("Signature-256", "not base64!", "signature"),
        ("Signature-256", "ＡＡＡＡ", "signature"),
        ("SignatureCertChainUrl", None, "headers"),
        ("SignatureCertChainUrl", "", "headers"),
        ("SignatureCertChainUrl", "https://example.com/echo.api/chain.pem", "certificate_url"),
        ("SignatureCertChainUrl", "https://s3.amazonaws.com/echo.api/no.pem", "certificate_fetch"),
    ],
)
def test_it_refuses_a_wrong_header(
    pki: Signer, envelope: Envelope, name: str, value: str | None, reason: str
) -> None:
    body = encoded(envelope)
    assert verify(signed(pki, body), body)
    assert reason_of(signed(pki, body, **{name: value}), body) == reason


@pytest.mark.parametrize("name", ["Content-Type", "Signature-256", "SignatureCertChainUrl"])
def test_it_refuses_a_header_that_stands_twice(pki: Signer, envelope: Envelope, name: str) -> None:
    body = encoded(envelope)
    headers = signed(pki, body)
    twice = {**headers, name.upper(): headers[name]}
    joined = {**headers, name: f"{headers[name]},{headers[name]}"}  # as a server joins them
    assert reason_of(twice, body) in {"headers", "content_type"}
    if name != "Content-Type":
        assert reason_of(joined, body) in {"signature", "certificate_url"}


def test_it_does_not_take_the_old_sha1_signature(pki: Signer, envelope: Envelope) -> None:
    body = encoded(envelope)
    headers = signed(pki, body)
    headers["Signature"] = headers.pop("Signature-256")
    assert reason_of(headers, body) == "headers"


@pytest.mark.parametrize(
    "tamper",
    [
        lambda body: body + b" ",
        lambda body: b" " + body,
        lambda body: body[:-1],
        lambda body: body.replace(b"DailyFact", b"SaveFact1"),
        lambda body: json.dumps(json.loads(body)).encode(),  # the same JSON, written otherwise
        lambda body: b"",
    ],
    ids=["longer", "leading space", "shorter", "other intent", "written again", "empty"],
)
def test_it_refuses_a_body_that_was_changed_after_signing(
    pki: Signer, envelope: Envelope, tamper: Callable[[bytes], bytes]
) -> None:
    body = encoded(envelope)
    assert verify(signed(pki, body), body)
    assert reason_of(signed(pki, body), tamper(body)) == "signature"


@pytest.mark.parametrize("chain", GOOD_CHAINS)
def test_it_takes_every_chain_that_reaches_the_root(
    pki: Signer, chains: dict[str, Signer], envelope: Envelope, chain: str
) -> None:
    body = encoded(envelope)
    assert verify(chains[chain].headers_for(body, chain), body)


BAD_CHAINS = [
    "any_usage",
    "client_usage_only",
    "common_name_only",
    "elliptic_key",
    "expired",
    "expired_intermediate",
    "impostor",
    "leaf_as_ca",
    "no_intermediate",
    "not_yet_valid",
    "other_root",
    "self_signed",
    "sha1_leaf",
    "small_intermediate_key",
    "small_key",
    "subdomain",
    "wildcard",
    "without_key_usage",
    "wrong_name",
    "wrong_order",
]


def test_every_chain_has_its_test(chains: dict[str, Signer]) -> None:
    assert sorted(chains) == sorted([*GOOD_CHAINS, *BAD_CHAINS])


@pytest.mark.parametrize("chain", BAD_CHAINS)
def test_it_refuses_a_bad_chain_and_a_good_signature_under_it(
    pki: Signer, chains: dict[str, Signer], envelope: Envelope, chain: str
) -> None:
    body = encoded(envelope)
    assert reason_of(chains[chain].headers_for(body, chain), body) == "certificate"


def test_it_refuses_the_key_of_another_chain(
    pki: Signer, chains: dict[str, Signer], envelope: Envelope
) -> None:
    body = encoded(envelope)
    assert reason_of(chains["several_names"].headers_for(body, "chain"), body) == "signature"


def test_it_refuses_a_chain_that_ended_while_it_was_kept(pki: Signer, device: Device) -> None:
    now = datetime.now(UTC)
    body = encoded(envelopes.launch(device, timestamp=now))
    assert verify(signed(pki, body), body, now=now)
    later = now + timedelta(days=301)
    body = encoded(envelopes.launch(device, timestamp=later))
    assert reason_of(signed(pki, body), body, later) == "certificate"


def test_without_a_configured_skill_every_request_is_refused(
    pki: Signer, envelope: Envelope, settings: Settings
) -> None:
    settings.ALEXA_SKILL_IDS = []
    body = encoded(envelope)
    assert reason_of(signed(pki, body), body) == "skill_id"


def test_several_skills_may_share_the_endpoint(
    pki: Signer, envelope: Envelope, settings: Settings
) -> None:
    settings.ALEXA_SKILL_IDS = ["amzn1.ask.skill.first", "amzn1.ask.skill.tests"]
    body = encoded(envelope)
    assert verify(signed(pki, body), body)


def test_a_session_of_the_other_skill_does_not_go_with_this_one(
    pki: Signer, envelope: Envelope, settings: Settings
) -> None:
    settings.ALEXA_SKILL_IDS = ["amzn1.ask.skill.first", "amzn1.ask.skill.tests"]
    envelope["session"]["application"] = {"applicationId": "amzn1.ask.skill.first"}
    body = encoded(envelope)
    assert reason_of(signed(pki, body), body) == "skill_id"


@pytest.mark.parametrize("off", [{"DEV_TOOLS": False}, {"ALEXA_DEV_PKI_DIR": ""}])
def test_the_development_root_counts_only_where_both_settings_say_so(
    pki: Signer,
    envelope: Envelope,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    off: dict[str, Any],
) -> None:
    """Even if Amazon's host served that chain."""
    monkeypatch.setattr("skill_endpoint.signing_keys.fetch_chain", lambda url: pki.chain_pem())
    body = encoded(envelope)
    assert verify(signed(pki, body), body)
    for name, value in off.items():
        setattr(settings, name, value)
    assert reason_of(signed(pki, body), body) == "certificate"


def test_a_bad_signature_is_found_before_the_body_is_read(pki: Signer) -> None:
    headers = signed(pki, b"something else")
    assert reason_of(headers, b"[" * 60_000) == "signature"
