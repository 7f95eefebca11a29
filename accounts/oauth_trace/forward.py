"""Send a token request on to the pool and bring its answer back, in the time that Alexa gives."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ProtocolError
from urllib3.util import SKIP_HEADER

from accounts import spans
from accounts.bounded import Unreadable, read
from accounts.metrics import Service, note_outbound

DEADLINE = 4.2  # seconds for the whole; Alexa waits 4.5 s, its way to us included
CONNECT = 1.5  # seconds
MAX_ANSWER = 64 * 1024  # bytes
MARK = "oauth-trace"  # in Via (RFC 9110, 7.6.3): a request that carries it came from here
# A gateway between us and the pool forgets a silent connection after minutes (AWS's NAT after 350
# s), and what is sent on it then is lost: only one that was just used is used again.
IDLE = 30.0  # seconds
# Threads of this process that wait for the pool at once: the others serve pages. There are six of
# them (companion/patient_threads.py); Alexa's turns have eight of their own.
MOST_WAITING = 4
PATIENCE = 0.5  # seconds to wait for the place of one of them
SLOW = 1.0  # seconds: while a call has waited longer the pool is slow, and waiting is no use
MOST_AT_ONCE = 64  # calls to the pool, those included that hang and that nobody waits for any more

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
    problem: str = ""  # timeout, unreachable, tls, too_long, broken; busy: it was not asked

    def passed_back(self, upstream: str) -> list[tuple[str, str]]:
        """The headers that the caller gets; a redirect only within the pool's own address.

        Not those with a line break, which old servers fold long ones with, or other letters.
        """
        plain = [
            (name, text) for name, text in self.headers if text.isascii() and text.isprintable()
        ]
        passed = [(name, text) for name, text in plain if name.lower() in _PASSED_BACK]
        target = next((text for name, text in plain if name.lower() == "location"), "")
        if target and _origin(target) == _origin(upstream):
            passed.append(("Location", target))
        return passed


class _Connections:
    """To the pool: kept open between calls for a moment, shared by the threads.

    The adapter alone, for a session of requests would keep cookies, ask the machine for proxies,
    and read a redirect to its end to see where it leads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._adapter = HTTPAdapter()
        self._used_at = time.monotonic()

    def get(self) -> HTTPAdapter:
        with self._lock:
            now = time.monotonic()
            if now - self._used_at > IDLE:
                self._adapter.close()
            self._used_at = now
            return self._adapter


class _Places:
    """Who may wait for the pool: so many at once, and who comes then waits for a place briefly."""

    def __init__(self) -> None:
        self._left = threading.Condition()
        self._begun: list[float] = []  # when each that waits for the pool began to

    def take(self) -> float | None:
        """The time by which the place is given back; None where there is none."""
        with self._left:
            if self._is_full() and time.monotonic() - self._begun[0] > SLOW:
                return None
            if not self._left.wait_for(lambda: not self._is_full(), PATIENCE):
                return None
            self._begun.append(time.monotonic())
            return self._begun[-1]

    def give_back(self, begun: float) -> None:
        with self._left:
            self._begun.remove(begun)
            self._left.notify()

    def _is_full(self) -> bool:
        return len(self._begun) >= MOST_WAITING


_connections = _Connections()
_places = _Places()
_room = threading.BoundedSemaphore(MOST_AT_ONCE)


def post(
    url: str, headers: Iterable[tuple[str, str]], body: bytes, *, seconds: float = DEADLINE
) -> Answer:
    """POST `body` with these headers, follow nothing, read no more than MAX_ANSWER.

    In a thread of its own, because no timeout of a socket counts everything: looking up the name,
    one address after another, a header that comes letter by letter. After `seconds` nobody waits
    for it any more. Nor for a place among those that wait: then the problem is `busy`.
    """
    with spans.span(f"call {Service.TOKEN_FRONT}"):
        answer = _in_a_place(url, headers, body, seconds)
    result = answer.problem or ("ok" if answer.status < 500 else "bad_answer")
    note_outbound(Service.TOKEN_FRONT, result, answer.milliseconds / 1000)
    return answer


def _in_a_place(
    url: str, headers: Iterable[tuple[str, str]], body: bytes, seconds: float
) -> Answer:
    begun = time.monotonic()
    place = _places.take()
    if place is None:
        return _failed("busy", begun)
    try:
        return _waited(url, headers, body, begun, seconds - (time.monotonic() - begun))
    finally:
        _places.give_back(place)


def _waited(
    url: str, headers: Iterable[tuple[str, str]], body: bytes, begun: float, seconds: float
) -> Answer:
    room = _room
    if not room.acquire(blocking=False):
        return _failed("timeout", begun)  # so many hang already
    answers: SimpleQueue[Answer] = SimpleQueue()

    def call() -> None:
        try:
            answers.put(_post(url, _sent(headers), body, seconds))
        except Exception:  # noqa: BLE001 - a thread has nobody to raise it to
            answers.put(_failed("broken", begun))
        finally:
            room.release()

    threading.Thread(target=call, name="oauth-trace", daemon=True).start()
    try:
        return answers.get(timeout=max(0.0, seconds))
    except Empty:
        return _failed("timeout", begun)


def _sent(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What goes on: all but what is of this connection, and what proxies before us said."""
    pairs = list(headers)
    named = next((text for name, text in pairs if name.lower() == "connection"), "")
    hops = _NOT_SENT | {each.strip().lower() for each in named.split(",")}
    sent = {
        name: text
        for name, text in pairs
        if name.lower() not in hops and not name.lower().startswith("x-forwarded-")
    }
    sent |= {"Accept-Encoding": "identity", "Via": f"1.1 {MARK}"}
    if not any(name.lower() == "user-agent" for name in sent):
        sent["User-Agent"] = SKIP_HEADER  # not ours in the place of none
    return sent


def _post(url: str, headers: dict[str, str], body: bytes, seconds: float) -> Answer:
    begun = time.monotonic()
    try:
        request = requests.Request("POST", url, headers=headers, data=body).prepare()
        timeout = (CONNECT, seconds)
        with _connections.get().send(request, stream=True, timeout=timeout) as response:
            left = seconds - (time.monotonic() - begun)
            text = read(response, limit=MAX_ANSWER, seconds=left)
    except requests.exceptions.SSLError:
        return _failed("tls", begun)
    except requests.Timeout:
        return _failed("timeout", begun)
    except requests.ConnectionError as error:
        # connected, and then what came was no HTTP, or nothing came
        is_broken = bool(error.args) and isinstance(error.args[0], ProtocolError)
        return _failed("broken" if is_broken else "unreachable", begun)
    except requests.RequestException:
        return _failed("broken", begun)
    except Unreadable as error:
        is_late = time.monotonic() - begun >= seconds
        is_broken = error.__cause__ is not None
        return _failed("timeout" if is_late else "broken" if is_broken else "too_long", begun)
    if not 200 <= response.status_code <= 599:  # 103 and its like are no answer yet
        return _failed("broken", begun)
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
