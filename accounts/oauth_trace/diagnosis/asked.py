"""What was asked of the authorize address, and how far the attempt came: many rules begin here."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.redaction import WITHHELD
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.wanted import Wanted

# pages that several rules cite
ALEXA_CODE_GRANT = (
    "https://developer.amazon.com/en-US/docs/alexa/account-linking/"
    "configure-authorization-code-grant.html"
)
ALEXA_REQUIREMENTS = (
    "https://developer.amazon.com/en-US/docs/alexa/account-linking/"
    "requirements-account-linking.html"
)
ALEXA_TROUBLES = (
    "https://developer.amazon.com/en-US/docs/alexa/account-linking/"
    "troubleshooting-account-linking.html"
)
COGNITO = "https://docs.aws.amazon.com/cognito/latest/developerguide/"
COGNITO_AUTHORIZE = f"{COGNITO}authorization-endpoint.html"
COGNITO_CLIENT = f"{COGNITO}user-pool-settings-client-apps.html"
COGNITO_ERRORS = f"{COGNITO}federation-endpoint-idp-responses.html"
RFC_AUTHORIZE_ERRORS = "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1"


# of OAuth, PKCE and OpenID Connect: what Alexa may send
BY_ALEXA = frozenset(
    {
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
    }
)


def asked(trace: Trace) -> Message | None:
    """The latest authorize request that could be kept; None where it asks for nothing."""
    found = opened(trace)
    return found if found and is_asking(field.name for field in found.query) else None


def opened(trace: Trace) -> Message | None:
    """How the authorize address was opened last, if only by somebody who looked what is there."""
    event = trace.last(Stage.AUTHORIZE)
    return event.request if event and event.request else None


def is_asking(names: Iterable[str]) -> bool:
    """Whether a request with these parameters means to link; withheld, they may be anything."""
    return any(name in BY_ALEXA or name == WITHHELD for name in names)


def stopped(trace: Trace) -> Message | None:
    """The authorize request, unless the attempt went on from it.

    An attempt that got a code was accepted by the pool, whatever is known of the pool by now.
    """
    return None if went_on(trace) else asked(trace)


def went_on(trace: Trace) -> bool:
    later = (Stage.TOKEN, Stage.REFRESH, Stage.SKILL)
    if any(event.stage in later for event in trace.events):
        return True
    return any(event.request.has("code") for event in trace.at(Stage.CALLBACK))


def only(request: Message, name: str) -> str:
    """The parameter's text where it came once and may be shown; else empty."""
    found = request.all(name)
    text = found[0].text if len(found) == 1 else ""
    return "" if text == WITHHELD else text  # redaction took it for a secret


def is_missing(request: Message, name: str) -> bool:
    """Not there, or there with nothing in it."""
    return not any(value.text or value.length for value in request.all(name))


def is_of_our_client(request: Message, wanted: Wanted) -> bool:
    """Whether what is known of our client may be held against this request."""
    return bool(wanted.client_id) and only(request, "client_id") == wanted.client_id


def host_of(url: str) -> str:
    """The host's name; empty where there is none, or the address cannot be read."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def path_of(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def is_local(url: str) -> bool:
    """Whether only this machine or its own network can open the address."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        names = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test")
        return "." not in host or host.endswith(names)


def listed(names: tuple[str, ...] | list[str], *, most: int = 6) -> str:
    """Names in a row, for evidence; `none` where there is none."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more if names else "none"
