"""One request on a connection of its own, written byte by byte, and what came back, bounded.

A client library would mend or refuse what has to be sent here: headers twice, a value of 100 KB,
a body that ends too early.
"""

from __future__ import annotations

import http.client
import io
import re
import select
import socket
import ssl
import time
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit

import certifi

CONNECT_SECONDS = 5.0
PATIENCE = 10.0  # seconds for one exchange; Alexa itself waits for 8
MAX_ANSWER = 64 * 1024  # bytes that are read of an answer
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
USER_AGENT = "skill-endpoint-self-test"

_AT_ONCE = 64 * 1024  # bytes
_METHOD = re.compile(r"[A-Z]{1,16}")

Problem = Literal["", "unreachable", "tls", "timeout", "reset", "closed", "garbled"]
Headers = tuple[tuple[str, str], ...]


class TargetRefused(ValueError):
    """An address that a skill cannot have, or that is not safe to send to."""


class NoConnection(Exception):
    """`problem` is "unreachable" or "tls"; the text says what the system said."""

    def __init__(self, problem: Problem, text: str) -> None:
        super().__init__(text)
        self.problem: Problem = problem


@dataclass(frozen=True, slots=True)
class Target:
    """Where the endpoint is."""

    scheme: str
    host: str
    port: int
    path: str  # with its query

    @classmethod
    def of(cls, url: str) -> Target:
        """The target of an https address, or http on this machine. Raises TargetRefused."""
        if not url.isascii() or not url.isprintable() or " " in url:
            raise TargetRefused("the address has characters that no address has")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise TargetRefused(f"not an address: {error}") from error
        if parts.scheme not in {"http", "https"} or not host:
            raise TargetRefused("an address begins with https:// and a host")
        if "@" in parts.netloc:
            raise TargetRefused("no user and password in the address: Alexa sends none")
        if parts.scheme == "http" and host not in LOOPBACK:
            raise TargetRefused("http only on this machine: Alexa itself speaks https only")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)

    @property
    def is_here(self) -> bool:
        return self.host in LOOPBACK

    @property
    def shown(self) -> str:
        """For reports: without its query, which may be a secret."""
        path, query, _ = self.path.partition("?")
        return f"{self.scheme}://{self.authority}{path}{'?…' if query else ''}"

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class Request:
    headers: Headers  # as they are sent, in this order, some perhaps twice
    body: bytes = b""
    method: str = "POST"
    length: str | None = None  # of the body, where the request says another than it has
    patience: float = PATIENCE  # seconds

    def raw(self, target: Target) -> bytes:
        """The request as it goes out. Raises ValueError for a header that would be two."""
        lines = [
            ("Host", target.authority),
            ("User-Agent", USER_AGENT),
            ("Accept", "application/json"),
            ("Connection", "close"),
            ("Content-Length", str(len(self.body)) if self.length is None else self.length),
            *self.headers,
        ]
        if not _METHOD.fullmatch(self.method) or any(
            set("\r\n") & set(name + value) for name, value in lines
        ):
            raise ValueError("not one line")
        head = [f"{self.method} {target.path} HTTP/1.1", *(f"{n}: {v}" for n, v in lines), "", ""]
        return "\r\n".join(head).encode() + self.body


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int = 0  # 0: none came; `problem` says why
    content_type: str = ""
    retry_after: str = ""
    body: bytes = b""
    is_whole: bool = True  # False: more than MAX_ANSWER bytes, or than was asked for
    milliseconds: int = 0
    problem: Problem = ""


def exchange(target: Target, request: Request, *, limit: int = MAX_ANSWER) -> Answer:
    """Send it, and read at most `limit` bytes of the answer's body; never raises for the network.

    Redirects are answers like others: Alexa does not follow them.
    """
    raw = request.raw(target)
    begin = time.monotonic()
    answer = Answer()
    try:
        with connect(target) as connection:
            end = begin + request.patience
            _send(connection, raw, end)
            answer = _read(connection, request.method, limit, end)
    except NoConnection as error:
        answer = Answer(problem=error.problem)
    except TimeoutError:
        answer = Answer(problem="timeout")
    except http.client.RemoteDisconnected:
        answer = Answer(problem="closed")
    except OSError:
        answer = Answer(problem="reset")
    except (http.client.HTTPException, ValueError):
        answer = Answer(problem="garbled")
    return replace(answer, milliseconds=round((time.monotonic() - begin) * 1000))


def connect(target: Target) -> socket.socket:
    """A connection; with TLS, one that Amazon would trust. Raises NoConnection."""
    try:
        plain = socket.create_connection((target.host, target.port), CONNECT_SECONDS)
    except (OSError, UnicodeError) as error:
        raise NoConnection("unreachable", _said(error)) from error
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if target.scheme == "http":
        return plain
    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        return context.wrap_socket(plain, server_hostname=target.host)
    except OSError as error:
        plain.close()
        raise NoConnection("tls", _said(error)) from error


def _said(error: Exception) -> str:
    verify = getattr(error, "verify_message", "")
    return str(verify or getattr(error, "strerror", "") or error)[:200]


def _send(connection: socket.socket, raw: bytes, end: float) -> None:
    """All of it, or until the endpoint answers or hangs up: what it said can then be read."""
    rest = memoryview(raw)
    try:
        while rest:
            connection.settimeout(_left(end))
            # a TLS connection is readable for reasons of its own
            if len(raw) > _AT_ONCE and not isinstance(connection, ssl.SSLSocket):
                readable, writable, _ = select.select(
                    [connection], [connection], [], min(1, _left(end))
                )
                if readable:
                    return
                if not writable:
                    continue
            rest = rest[connection.send(rest[:_AT_ONCE]) :]
    except (BrokenPipeError, ConnectionResetError):
        return


def _read(connection: socket.socket, method: str, limit: int, end: float) -> Answer:
    source: Any = _Source(connection, end)  # all that HTTPResponse wants of a socket is makefile
    response = http.client.HTTPResponse(source, method=method)
    response.begin()
    body = response.read(limit + 1)
    return Answer(
        status=response.status,
        content_type=response.headers.get("Content-Type", ""),
        retry_after=response.headers.get("Retry-After", ""),
        body=body[:limit],
        is_whole=len(body) <= limit,
    )


class _Source:
    def __init__(self, connection: socket.socket, end: float) -> None:
        self._reader = _UntilDeadline(connection, end)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader)


class _UntilDeadline(io.RawIOBase):
    """A socket to read; its timeout is what is left of the whole time, and not one a read."""

    def __init__(self, connection: socket.socket, end: float) -> None:
        self._connection, self._end = connection, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(_left(self._end))
        return self._connection.recv_into(buffer)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
