"""Capture: the way back from sign-in leads over /oauth/callback, so that it is seen as well.

Only the value of `redirect_uri` is exchanged, in the query and in the form; every other byte stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, unquote_plus

from django.core import signing
from django.utils import timezone

from accounts import forgiving_cache
from accounts.oauth_trace.models import Attempt
from accounts.oauth_trace.redaction import digest
from accounts.oauth_trace.wanted import Wanted

COOKIE = "doors_link"  # remembers the way back in the browser, should the database fail
MEMORY = 3600  # seconds for which a way back is known; Cognito's session lives as long
_SALT = "oauth-trace-return"
_KEY = "oauth-trace:captured:"


def values(raw: str, name: str) -> list[str]:
    """Decoded values of one parameter of a raw query or form."""
    pairs = (pair.partition("=") for pair in raw.split("&") if pair)
    return [_decoded(text) for key, _, text in pairs if _decoded(key) == name]


def only(raw: str, name: str) -> str:
    """The parameter's value where it is there once; else empty."""
    found = values(raw, name)
    return found[0] if len(found) == 1 else ""


def exchanged(raw: str, redirect_uri: str) -> str:
    """The raw query or form with another redirect_uri, else byte for byte the same."""
    pairs = []
    for pair in raw.split("&"):
        key, equals, _ = pair.partition("=")
        is_it = equals and _decoded(key) == "redirect_uri"
        pairs.append(f"{key}={quote(redirect_uri, safe='')}" if is_it else pair)
    return "&".join(pairs)


def is_possible(raw: str, wanted: Wanted) -> bool:
    """Whether this authorize request can be led over us: everything about it must be plain.

    What is not as it should be is passed on untouched, so that the pool itself refuses it.
    """
    if only(raw, "client_id") != wanted.client_id or not only(raw, "state"):
        return False
    if only(raw, "response_type") != "code":
        return False  # a token comes behind a "#", which a browser does not send to anybody
    if wanted.callbacks is not None and wanted.capture_url not in wanted.callbacks:
        return False  # the pool would refuse our address
    return only(raw, "redirect_uri") in wanted.return_addresses


@dataclass(frozen=True)
class WayBack:
    """Where an authorize request wanted its answer, and the id of its attempt."""

    redirect_uri: str
    attempt_pk: int
    state: str = ""  # its digest


def signed(way: WayBack) -> str:
    """What the browser remembers of a captured request."""
    return signing.dumps([way.redirect_uri, way.attempt_pk, way.state], salt=_SALT)


def read_signed(cookie: str) -> WayBack | None:
    """What this browser remembers; the caller compares the state."""
    try:
        redirect_uri, pk, state = signing.loads(cookie, salt=_SALT, max_age=MEMORY)
        return WayBack(str(redirect_uri), int(pk), str(state))
    except (signing.BadSignature, ValueError, TypeError):
        return None


def remember_code(code_digest: str, way: WayBack) -> None:
    """The token request must name the address that the code was issued to: ours."""
    value = (way.redirect_uri, way.attempt_pk)
    forgiving_cache.keep(_KEY + code_digest, value, seconds=MEMORY)


def way_of_code(code_digest: str) -> WayBack | None:
    found = forgiving_cache.found(_KEY + code_digest) if code_digest else None
    return WayBack(*found) if found else None


def is_recent(attempt: Attempt) -> bool:
    """Whether its sign-in may still be under way."""
    return attempt.started_at > timezone.now() - timedelta(seconds=MEMORY)


def code_of(raw: str) -> str:
    """The digest of the one code in a query or form; empty where there is none, or more."""
    code = only(raw, "code")
    return digest(code) if code else ""


def with_query(address: str, raw: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{raw}"


def _decoded(text: str) -> str:
    return unquote_plus(text, errors="replace")
