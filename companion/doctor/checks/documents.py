"""The pool's discovery document, its keys, and its clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from accounts.cognito import endpoints, keys
from companion.doctor import sources, web
from companion.doctor.context import Context, Unavailable, discovery_url
from companion.doctor.registry import check
from companion.doctor.results import Seen, error, ok, warning

KEYS = 2  # Cognito signs access tokens with one and id tokens with the other
LATE, TOO_LATE = 30, 150  # seconds between two clocks
ISSUER = "Check AWS_REGION and COGNITO_USER_POOL_ID; leave COGNITO_ISSUER empty."


def document(answer: web.Answer) -> dict[str, Any] | None:
    """The JSON object of an answer of 200; None for any other."""
    try:
        return answer.json() if answer.status == 200 else None
    except ValueError:
        return None


@check("keys.discovery", "Discovery document", source=sources.VERIFYING, online=True)
def discovery(context: Context) -> Iterator[Seen]:
    context.require_a_pool()
    try:
        answer = context.discovery()
    except Unavailable as reason:
        yield error(str(reason), wanted="the pool's discovery document", mend=ISSUER)
        return
    found = document(answer)
    if found is None:
        yield error(
            f"{discovery_url()} answers {answer.status} {answer.kind or 'without a type'}",
            wanted="200 with JSON",
            mend=f"There is no such pool there. {ISSUER}",
        )
        return
    if found.get("issuer") != endpoints.issuer():
        yield error(
            f"issuer {found.get('issuer')}",
            wanted=endpoints.issuer(),
            mend=f"Every token would be refused. {ISSUER}",
        )
        return
    if "RS256" not in (found.get("id_token_signing_alg_values_supported") or ["RS256"]):
        yield error("RS256 is not offered", wanted="RS256", mend="This is not a Cognito pool.")
    others = [
        f"{name} {found.get(name)}"
        for name, url in (
            ("authorization_endpoint", endpoints.authorize_url()),
            ("token_endpoint", endpoints.token_url()),
        )
        if found.get(name) != url
    ]
    if others:
        yield warning(
            "; ".join(others),
            wanted=f"at {settings.COGNITO_DOMAIN_URL}",
            mend="With two domains Cognito names one of them. Otherwise set COGNITO_DOMAIN_URL to "
            "the pool's domain: `manage.py pool show --env`.",
        )
    else:
        yield ok(f"issuer and endpoints as the settings say, {answer.seconds * 1000:.0f} ms")


@check("keys.set", "Signing keys", source=sources.VERIFYING, online=True)
def key_set(context: Context) -> Iterator[Seen]:
    context.require_a_pool()
    try:
        answer = context.jwks()
    except Unavailable as reason:
        yield error(str(reason), wanted="the pool's key set", mend=ISSUER)
        return
    try:
        found = keys.parse(answer.json() if answer.status == 200 else None)
    except ValueError:
        yield error(
            f"{endpoints.jwks_url()} answers {answer.status} without a key set",
            wanted=f"at least {KEYS} RSA keys for RS256",
            mend=f"No token can be verified. {ISSUER} Leave COGNITO_JWKS_URL empty on AWS.",
        )
        return
    short = [name for name, key in found.items() if key.key_size < 2048]
    if len(found) < KEYS:
        yield warning(
            f"{len(found)} key",
            wanted=f"{KEYS}: one for access tokens, one for id tokens",
            mend="Look at COGNITO_JWKS_URL: is it the pool's own key set?",
        )
    elif short:
        yield error(f"{len(short)} of fewer than 2048 bits", wanted="2048 bits", mend=ISSUER)
    else:
        yield ok(f"{len(found)} RSA keys for RS256")


@check("keys.clock", "Clock of the pool", source=sources.VERIFYING, online=True)
def clock(context: Context) -> Iterator[Seen]:
    yield from judged_clock(context.discovery(), "the pool")


def judged_clock(answer: web.Answer, whose: str) -> Iterator[Seen]:
    """Tokens carry the pool's time; Alexa's requests are refused beyond 150 s."""
    ahead = answer.ahead
    if ahead is None:
        yield warning(f"{whose} sends no date", wanted="a Date header", mend="Compare by hand.")
        return
    # the header has whole seconds
    distance = abs(ahead)
    text = f"ours is {distance:.0f} s {'behind' if ahead > 0 else 'ahead'}"
    mend = f"Set the clock of this machine by NTP (`timedatectl`); {whose} is Amazon's."
    if urlsplit(settings.COGNITO_DOMAIN_URL).hostname in web.LOOPBACK:
        mend = "Set the clock of this machine by NTP (`timedatectl`)."
    if distance > TOO_LATE:
        yield error(
            text,
            wanted=f"within {LATE} s",
            mend=f"Fresh tokens count as expired or not yet valid, and Alexa's requests as too "
            f"old. {mend}",
        )
    elif distance > LATE:
        yield warning(text, wanted=f"within {LATE} s", mend=mend)
    else:
        yield ok(f"within {max(distance, 1):.0f} s of ours")
