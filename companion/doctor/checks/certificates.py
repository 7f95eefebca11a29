"""TLS of the two hosts that Alexa and people's browsers connect to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings

from companion.doctor import handshake, sources, web
from companion.doctor.context import Context
from companion.doctor.registry import register
from companion.doctor.results import Seen, error, ok, skipped, warning

SOON = timedelta(days=21)
RENEW = "Renew it, and look at why it does not renew by itself."


def _look(setting: str) -> Callable[[Context], Iterator[Seen]]:
    return lambda context: look(setting)


def look(setting: str) -> Iterator[Seen]:
    url = getattr(settings, setting)
    if not url:
        yield skipped(f"not looked at: {setting} is not set")
        return
    parts = urlsplit(url)
    if parts.scheme != "https":
        yield skipped(f"not looked at: {url} is not https")
        return
    host, port = parts.hostname or "", parts.port or 443
    if port != 443:
        yield error(
            f"port {port}",
            wanted="443: Alexa connects to no other",
            mend="Let the proxy listen on 443.",
            about="port",
        )
    try:
        found = handshake.look(host, port)
    except web.NoAnswer as reason:
        yield error(
            f"{host}:{port}: {reason}",
            wanted="TLS 1.2 or newer",
            mend="Check the DNS entry, the firewall, and that the proxy listens with TLS.",
        )
        return
    yield from judged(found, host, setting)


def judged(found: handshake.Handshake, host: str, setting: str) -> Iterator[Seen]:
    """Certificate and protocol as found at `host`."""
    left = found.expires - datetime.now(UTC)
    if left <= timedelta():
        yield error(
            f"expired on {found.expires:%Y-%m-%d}",
            wanted="a valid certificate",
            mend=RENEW,
            about="certificate",
        )
    elif not found.names_host:
        yield error(
            f"it is for {', '.join(found.names[:4]) or 'no host'}",
            wanted=host,
            mend=f"Get a certificate that names {host}, or let the proxy choose it by the name "
            "that the client asks for (SNI).",
            about="certificate",
        )
    elif found.problem:
        yield error(
            f"not trusted: {found.problem}; issued by {found.issuer}",
            wanted="a certificate of a public authority, with its whole chain",
            mend="Send the intermediate certificates too (fullchain.pem). Self-signed ones do not "
            "do for linking.",
            about="certificate",
        )
    elif left < SOON:
        yield warning(
            f"ends in {left.days} days, on {found.expires:%Y-%m-%d}",
            wanted=f"more than {SOON.days} days",
            mend=RENEW,
            about="certificate",
        )
    else:
        yield ok(f"{found.version}, valid until {found.expires:%Y-%m-%d}, issued by {found.issuer}")
    if "let's encrypt" in found.issuer.lower() and _is_authorization_server(setting):
        yield warning(
            f"issued by {found.issuer}",
            wanted="Amazon's older pages accept Let's Encrypt for a skill, not for the server "
            "that people link with",
            mend="If linking fails in the app alone, try a certificate of another authority.",
            about="authority",
        )


def _is_authorization_server(setting: str) -> bool:
    return setting == "COGNITO_DOMAIN_URL" or settings.OAUTH_TRACE


register(
    "tls.site",
    "Certificate of PUBLIC_URL",
    _look("PUBLIC_URL"),
    source=sources.WEB_SERVICE,
    online=True,
)
register(
    "tls.domain",
    "Certificate of the sign-in domain",
    _look("COGNITO_DOMAIN_URL"),
    source=sources.LINKING,
    online=True,
)
