"""Where cases are tried: it sends what they build, and waits where the endpoint says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from skill_endpoint.certification.exchange import MAX_ANSWER, Answer, Request, exchange
from skill_endpoint.certification.kit import Kit

TOO_MANY = 429
TRIES = 3
WAIT = 5.0  # seconds, where the endpoint names none
MAX_WAIT = 60.0  # seconds for one answer, and for all waiting of a run together


@dataclass(frozen=True, kw_only=True)
class Sent:
    request: Request
    answer: Answer


@dataclass
class Bench:
    """Safe for threads: a wait that one of them is told holds for all."""

    kit: Kit
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _until: float = 0.0
    _waited: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, build: Callable[[Kit], Request], *, limit: int = MAX_ANSWER) -> Sent:
        """Build and send; again after a 429, built afresh, because requests grow old."""
        for left in reversed(range(TRIES)):
            self._wait()
            request = build(self.kit)
            answer = exchange(self.kit.target, request, limit=limit)
            if answer.status != TOO_MANY or not left or not self._may_wait(answer):
                break
        return Sent(request=request, answer=answer)

    def _wait(self) -> None:
        with self._lock:
            seconds = self._until - self.clock()
        if seconds > 0:
            self.pause(seconds)

    def _may_wait(self, answer: Answer) -> bool:
        text = answer.retry_after
        seconds = float(text) if text.isascii() and text.isdigit() else WAIT
        now = self.clock()
        with self._lock:
            until = now + seconds
            more = until - max(now, self._until)  # others may be waiting for as long already
            if seconds > MAX_WAIT or self._waited + max(0, more) > MAX_WAIT:
                return False
            self._waited += max(0, more)
            self._until = max(self._until, until)
        return True
