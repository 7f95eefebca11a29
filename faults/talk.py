"""Talks to the site at a steady pace, whatever it answers, and keeps what came of each request.

As a load balancer does, it keeps connections and sends a turn once: one that got no answer is not
sent again, and counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from faults.asking import ANSWERED, PAGE, Cast, Question
from faults.background import Background

TURNS = 12.0  # a second, where nothing else is said
PAGES = 3.0
SITE_PAGES = ("/saved/", "/facts/", "/today/", "/saved/")
SLOW = 2.0  # seconds: nobody who waits for a voice calls that well
CALM = 1.5  # seconds without anything wrong, after which all is well again

NO_CONNECTION, LOST, NO_ANSWER = "no connection", "connection lost", "no answer in time"


@dataclass(frozen=True, slots=True)
class Record:
    """One request. Times are of time.monotonic(), in seconds."""

    question: Question
    sent: float
    took: float
    outcome: str
    said: str = ""  # the beginning of what was spoken

    @property
    def is_well(self) -> bool:
        return self.is_right and self.took <= SLOW

    @property
    def is_right(self) -> bool:
        return self.outcome == (ANSWERED if self.question.is_voice else PAGE)


@dataclass
class Talk:
    """`port` may change while it talks: a switch leads new requests to another server."""

    here: Background
    cast: Cast
    port: int
    turns: float = TURNS
    pages: float = PAGES
    intent: str = ""  # "save": nothing else is asked by voice
    records: list[Record] = field(default_factory=list)
    begun: float = 0.0  # of the fault, and when it was lifted; 0 where there was none yet
    lifted: float = 0.0
    well_after: float | None = None  # seconds after it was lifted; None: not while it was looked
    _waiting: dict[int, float] = field(default_factory=dict)
    _idle: deque[tuple[int, asyncio.StreamReader, asyncio.StreamWriter]] = field(
        default_factory=deque
    )
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _is_over: bool = False

    @contextlib.contextmanager
    def fault(self) -> Iterator[None]:
        """Around the time in which something is broken."""
        self.begun = time.monotonic()
        yield
        self.lifted = time.monotonic()

    def until_well(self, limit: float = 12.0) -> None:
        """Go on until nothing was wrong for CALM seconds, or for `limit`."""
        end = self.lifted + limit
        while (now := time.monotonic()) < end:
            wrong = [r.sent for r in self.records if r.sent >= self.begun and not r.is_well]
            waiting = [sent for sent in list(self._waiting.values()) if now - sent > SLOW / 2]
            last = max([*wrong, *waiting], default=self.begun)
            if now - max(last, self.lifted) > CALM and not waiting:
                self.well_after = max(0.0, last - self.lifted)
                return
            time.sleep(0.05)

    def counted(self, *, voice: bool, since: float = 0.0, until: float = 0.0) -> Counter[str]:
        """Outcomes of requests that were sent in that time."""
        return Counter(
            r.outcome
            for r in self.records
            if r.question.is_voice == voice and since <= r.sent < (until or float("inf"))
        )

    def ask(self, question: Question) -> Record:
        """One more, from the main thread, and wait for what comes of it."""
        return self.here.run(self._record(question))

    def aside(self, question: Question) -> Record:
        """As `ask`, and it does not count: what comes of it is the scenario's to judge."""
        record = self.ask(question)
        self.records.remove(record)
        return record

    def answer(self, question: Question) -> dict[str, Any]:
        """The whole answer to one more, which does not count. Raises ValueError for none."""
        status, body = self.here.run(self._exchange(question), limit=question.patience)
        if status != 200:
            raise ValueError(f"status {status}")
        answer: dict[str, Any] = json.loads(body)
        return answer

    async def run(self) -> None:
        await asyncio.gather(
            self._keep_asking(self.turns, self._next_turn),
            self._keep_asking(self.pages, self._next_page),
        )

    async def end(self) -> None:
        """Say nothing more, and wait for the answers that are still to come."""
        self._is_over = True
        while self._tasks:
            await asyncio.gather(*self._tasks)
        while self._idle:
            self._idle.pop()[2].transport.abort()

    def _next_turn(self, number: int) -> Question:
        return self.cast.next_turn(self.intent)

    def _next_page(self, number: int) -> Question:
        return self.cast.page(SITE_PAGES[number % len(SITE_PAGES)])

    async def _keep_asking(self, rate: float, make: object) -> None:
        assert callable(make)  # noqa: S101 - one of the two above
        number, begun = 0, time.monotonic()
        while rate and not self._is_over:
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            if self._is_over:  # or one more would go out that nobody waits for, and count as lost
                break
            task = asyncio.create_task(self._one(make(number)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            number += 1

    async def _one(self, question: Question) -> None:
        await self._record(question)

    async def _record(self, question: Question) -> Record:
        sent = time.monotonic()
        self._waiting[id(question)] = sent
        said = ""
        try:
            async with asyncio.timeout(question.patience):
                status, body = await self._exchange(question)
            outcome, said = question.outcome(status, body), question.said(status, body)
        except TimeoutError:
            outcome = NO_ANSWER
        except ConnectionRefusedError:
            outcome = NO_CONNECTION
        except (OSError, asyncio.IncompleteReadError, EOFError):
            outcome = LOST
        finally:
            del self._waiting[id(question)]
        record = Record(question, sent, time.monotonic() - sent, outcome, said)
        self.records.append(record)
        return record

    async def _exchange(self, question: Question) -> tuple[int, bytes]:
        reader, writer = await self._connection()
        is_kept = False
        try:
            writer.write(question.raw)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            pairs = (line.partition(":") for line in lines)
            values = {name.lower(): value.strip() for name, _, value in pairs}
            body = await reader.readexactly(int(values["content-length"]))
            is_kept = values.get("connection", "").lower() != "close"
            return int(first.split()[1]), body
        finally:
            if is_kept:
                self._idle.append((self.port, reader, writer))
            else:
                writer.transport.abort()

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            port, reader, writer = self._idle.pop()
            # a proxy sees that a connection was closed, too, before it uses it
            if port == self.port and not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.transport.abort()
        return await asyncio.open_connection("127.0.0.1", self.port)
