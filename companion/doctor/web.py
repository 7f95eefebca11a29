"""Ask over HTTP: bounded in time and size, no redirects, and in words why there is no answer."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.auth import AuthBase

from accounts.bounded import Unreadable, read

CONNECT = 2.5  # seconds
MAX_BYTES = 256 * 1024
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class NoAnswer(Exception):
    """One line: why there is no answer to judge."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `seconds` is the time until its last byte, `at` our time in between."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    at: datetime

    @property
    def kind(self) -> str:
        """The media type without its parameters: application/json."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def json(self) -> dict[str, Any]:
        """The JSON object of the body. ValueError where it is none."""
        try:
            document = json.loads(self.body)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        if not isinstance(document, dict):
            raise ValueError("not an object")  # noqa: TRY004 - bad data, not a bad call
        return document

    @property
    def ahead(self) -> float | None:
        """Seconds that the other clock is ahead of ours, to the second; None without a Date."""
        try:
            theirs = parsedate_to_datetime(self.headers.get("Date", ""))
        except ValueError:
            return None
        # a date without a zone is one of GMT (RFC 9110, 5.6.7)
        theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
        return (theirs - self.at).total_seconds()


def is_safe(url: str) -> bool:
    """Whether a secret may be sent there: by https, or to this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def ask(
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    data: Mapping[str, str] | bytes | None = None,
    headers: Mapping[str, str] | None = None,
    auth: AuthBase | tuple[str, str] | None = None,
    seconds: float = 5.0,
) -> Answer:
    """One request, at most about `seconds` long. Raises NoAnswer."""
    start, at = time.monotonic(), datetime.now(UTC)
    try:
        with requests.request(
            method,
            url,
            params=params,
            data=data,
            headers=dict(headers or {}),
            auth=auth,
            timeout=(CONNECT, seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            left = max(seconds - (time.monotonic() - start), 0.5)
            body = read(response, limit=MAX_BYTES, seconds=left)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise NoAnswer(why(error, time.monotonic() - start)) from error
    except Unreadable as error:
        raise NoAnswer("the answer is too long, came too slowly, or broke off") from error
    took = time.monotonic() - start
    middle = at + (datetime.now(UTC) - at) / 2
    return Answer(response.status_code, response.headers, body, took, middle)


def why(error: BaseException, seconds: float) -> str:
    """One line for what requests, urllib3 or the system raised; nothing of the request is in it."""
    text = " ".join(str(error).split())
    if isinstance(error, requests.exceptions.SSLError):
        return f"TLS fails: {_tls_reason(text)}"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"no connection within {CONNECT:g} s"
    if isinstance(error, requests.exceptions.Timeout):
        return f"no answer within {seconds:.1f} s"
    for mark, words in (
        ("NameResolutionError", "the host name is not known (DNS)"),
        ("Name or service not known", "the host name is not known (DNS)"),
        ("Connection refused", "the connection is refused: nothing listens there"),
        ("No route to host", "there is no route to the host"),
        ("Network is unreachable", "the network is unreachable"),
        ("reset by peer", "the connection was reset"),
        ("RemoteDisconnected", "the connection was closed without an answer"),
        ("Read timed out", f"no answer within {seconds:.1f} s"),
    ):
        if mark in text:
            return words
    return f"no answer ({type(error).__name__})"


def _tls_reason(text: str) -> str:
    """`... certificate verify failed: certificate has expired (_ssl.c:1032)` -> the words of it."""
    for mark in ("certificate verify failed: ", "[SSL: "):
        if mark in text:
            return text.partition(mark)[2].partition(" (_ssl")[0].rstrip("')")
    return "the handshake failed"
