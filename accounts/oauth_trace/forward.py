"""Send a token request on to the pool and bring its answer back, in the time that Alexa gives."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests

from accounts.bounded import Unreadable, read

DEADLINE = 4.2  # seconds for the whole; Alexa waits 4.5 s, its way to us included
CONNECT = 1.5  # seconds
MAX_ANSWER = 64 * 1024  # bytes
MARK = "oauth-trace"  # in Via (RFC 9110, 7.6.3): a request that carries it came from here

# of one connection (RFC 9110, 7.6.1), or about us; the body is passed on uncompressed
_NOT_SENT = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-real-ip",
    }
)
_PASSED_BACK = frozenset(
    {
        "cache-control",
        "content-type",
        "date",
        "expires",
        "pragma",
        "retry-after",
        "www-authenticate",
        "x-amzn-errortype",
        "x-amzn-requestid",
    }
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the pool said; `status` 0 with a `problem` where it said nothing."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    milliseconds: float = 0
    problem: str = ""  # timeout, unreachable, tls, too_long

    def passed_back(self, upstream: str) -> list[tuple[str, str]]:
        """The headers that the caller gets; a redirect only within the pool's own address."""
        passed = [(name, text) for name, text in self.headers if name.lower() in _PASSED_BACK]
        target = next((text for name, text in self.headers if name.lower() == "location"), "")
        if target and _origin(target) == _origin(upstream):
            passed.append(("Location", target))
        return passed


def _session() -> requests.Session:
    """One for the process: its connections to the pool are kept open, and it keeps no cookies."""
    session = requests.Session()
    session.trust_env = False  # no proxy and no .netrc of the machine
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    return session


_connections = _session()


def post(url: str, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
    """POST `body` with these headers, follow nothing, read no more than MAX_ANSWER."""
    begun = time.monotonic()
    sent = {
        name: text
        for name, text in headers
        if name.lower() not in _NOT_SENT and not name.lower().startswith("x-forwarded-")
    }
    sent |= {"Accept-Encoding": "identity", "Via": f"1.1 {MARK}"}
    try:
        with _connections.post(
            url,
            data=body,
            headers=sent,
            timeout=(CONNECT, DEADLINE - CONNECT),
            allow_redirects=False,
            stream=True,
        ) as response:
            left = DEADLINE - (time.monotonic() - begun)
            text = read(response, limit=MAX_ANSWER, seconds=left)
    except requests.exceptions.SSLError:
        return _failed("tls", begun)
    except requests.Timeout:
        return _failed("timeout", begun)
    except requests.RequestException:
        return _failed("unreachable", begun)
    except Unreadable:
        is_late = time.monotonic() - begun >= DEADLINE
        return _failed("timeout" if is_late else "too_long", begun)
    return Answer(
        status=response.status_code,
        headers=list(response.headers.items()),
        body=text,
        milliseconds=(time.monotonic() - begun) * 1000,
    )


def _failed(problem: str, begun: float) -> Answer:
    return Answer(problem=problem, milliseconds=(time.monotonic() - begun) * 1000)


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc
