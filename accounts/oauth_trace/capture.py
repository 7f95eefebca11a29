"""Capture: the way back from sign-in leads over /oauth/callback, so that it is seen as well.

Only the value of `redirect_uri` is exchanged, in the query and in the form; every other byte stays.
"""

from __future__ import annotations

from urllib.parse import quote, unquote_plus

from django.core import signing

from accounts.oauth_trace.wanted import Wanted

COOKIE = "doors_link"  # remembers the way back in the browser, should the database fail
COOKIE_AGE = 3600  # seconds
_SALT = "oauth-trace-return"


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
    if wanted.callbacks is not None and wanted.capture_url not in wanted.callbacks:
        return False  # the pool would refuse our address
    return only(raw, "redirect_uri") in wanted.return_addresses


def signed_return(state_digest: str, redirect_uri: str) -> str:
    return signing.dumps([state_digest, redirect_uri], salt=_SALT)


def read_return(cookie: str, state_digest: str) -> str:
    """The way back that this browser remembers for this state; empty where it remembers none."""
    try:
        kept_digest, redirect_uri = signing.loads(cookie, salt=_SALT, max_age=COOKIE_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(redirect_uri) if kept_digest == state_digest else ""


def with_query(address: str, raw: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{raw}"


def _decoded(text: str) -> str:
    return unquote_plus(text, errors="replace")
