"""Rules for when nothing arrives: somebody tried, and the trace saw no attempt."""

from __future__ import annotations

from urllib.parse import urlsplit

from accounts.oauth_trace.diagnosis.asked import ALEXA_CODE_GRANT, ALEXA_REQUIREMENTS, is_local
from accounts.oauth_trace.diagnosis.rule import Evidence, Level, rule
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.wanted import Wanted


def _is_empty(trace: Trace) -> bool:
    return not trace.events and trace.is_silent


def _address_fault(wanted: Wanted) -> str:
    """Why Alexa cannot open this site's address, where the address itself tells."""
    parts = urlsplit(wanted.public_url)
    if is_local(wanted.public_url):
        return "address-is-local"
    if parts.scheme != "https":
        return "address-is-not-https"
    return "address-has-a-port" if parts.port not in {None, 443} else ""


@rule(
    "address-is-local",
    stage=None,
    level=Level.ERROR,
    seen="The trace is on, somebody tried to link with the Alexa app, and no attempt shows.",
    cause="PUBLIC_URL is an address that only this machine or its network can open.",
    fix=(
        "Give the site a public https address, for a trial by a tunnel, set PUBLIC_URL to it, and "
        "enter its /oauth/authorize and /oauth/token in the developer console under Build, "
        "Account Linking. Without one, link in the simulator at /dev/alexa/."
    ),
    source=ALEXA_REQUIREMENTS,
)
def address_is_local(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if not _is_empty(trace) or _address_fault(wanted) != "address-is-local":
        return None
    return [
        Evidence("PUBLIC_URL", wanted.public_url),
        Evidence("Alexa needs", "an https address that the internet can reach"),
    ]


@rule(
    "address-is-not-https",
    stage=None,
    level=Level.ERROR,
    seen="No attempt shows, and the developer console refuses the authorize address.",
    cause="PUBLIC_URL begins with http, and Alexa opens an authorize address by https only.",
    fix="Serve the site by https and set PUBLIC_URL to that address.",
    source=ALEXA_REQUIREMENTS,
)
def address_is_not_https(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if not _is_empty(trace) or _address_fault(wanted) != "address-is-not-https":
        return None
    parts = urlsplit(wanted.public_url)
    return [
        Evidence("PUBLIC_URL", wanted.public_url),
        Evidence("Alexa needs", f"https://{parts.hostname}"),
    ]


@rule(
    "address-has-a-port",
    stage=None,
    level=Level.ERROR,
    seen="No attempt shows, though the address opens in a browser on your own computer.",
    cause="PUBLIC_URL names a port, and Alexa opens an authorize address on port 443 only.",
    fix="Serve the site on port 443, or put a proxy there, and take the port out of PUBLIC_URL.",
    source=ALEXA_REQUIREMENTS,
)
def address_has_a_port(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if not _is_empty(trace) or _address_fault(wanted) != "address-has-a-port":
        return None
    return [
        Evidence("port", str(urlsplit(wanted.public_url).port)),
        Evidence("Alexa needs", "443"),
    ]


@rule(
    "nothing-arrived",
    stage=None,
    level=Level.ERROR,
    seen="The trace is on, somebody tried to link, and no attempt shows.",
    cause="Alexa never opened the authorize address of the trace.",
    fix=(
        "Developer console, Build, Account Linking: the Web Authorization URI must be this "
        "site's /oauth/authorize, and must have been saved for the stage (development or live) "
        "that was tried; a live skill keeps the old one until it is certified again. Then "
        "`manage.py doctor` sees whether the address opens from outside."
    ),
    source=ALEXA_CODE_GRANT,
    is_guess=True,
)
def nothing_arrived(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if not _is_empty(trace) or _address_fault(wanted):
        return None
    minutes = int(trace.silence.total_seconds() // 60)
    return [
        Evidence("authorize requests in the last minutes", f"0 in {minutes}"),
        Evidence("expected address", f"{wanted.public_url}/oauth/authorize"),
    ]
