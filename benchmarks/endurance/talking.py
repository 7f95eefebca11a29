"""Keeps many dialogs going at a steady pace, as long as wanted, and judges every answer.

Open loop: a turn is due at its time, whatever the server does, and waits from then. As Alexa does,
it is given up after eight seconds. A thread signs the turns a little ahead; one loop sends and
reads, so that the load costs little beside what it measures.
"""

from __future__ import annotations

import queue
import random
import selectors
import socket
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.endurance.dialogs import REMOVE, SAVE, Dialog, Saved
from benchmarks.load import Broken, read_head
from skill_endpoint.simulator.pki import Signer

PATIENCE = 8.0  # seconds that Alexa waits for an answer
AHEAD = 2.0  # seconds of turns that are signed before they are due
MOST_CONNECTIONS = 1000
IDLE = 50.0  # seconds: a server may close a connection that rests for longer
REPLAYED = 0.01  # of the turns are sent once more, and must be refused
NO_ANSWER = "no answer in 8 s"
NO_CONNECTION = "no connection left"  # all MOST_CONNECTIONS of them wait for an answer
_CHUNK = 65536


@dataclass(slots=True)
class Sample:
    """One turn: when it was due (perf_counter), how long it waited, what was wrong with it."""

    due: float
    seconds: float
    wrong: str = ""


@dataclass
class Account:
    """Everything that came of it."""

    samples: list[Sample] = field(default_factory=list)  # whoever looks at them takes them out
    kept: set[Saved] = field(default_factory=set)  # what people were told is saved
    unsure: set[Saved] = field(default_factory=set)  # asked for, and never answered
    saves: int = 0  # confirmed
    replays: Counter[str] = field(default_factory=Counter)  # how turns sent once more ended
    late: int = 0  # turns that the load itself had not signed in time


@dataclass(eq=False, slots=True)
class Said:
    """A turn that is signed. Without a dialog it is one that was said before."""

    raw: bytes
    dialog: Dialog | None
    due: float = 0.0
    goes_on: bool = True  # its dialog, or another one after it


@dataclass(eq=False, slots=True)
class _Connection:
    socket: socket.socket
    said: Said | None = None
    received: bytes = b""
    used_at: float = 0.0
    is_open: bool = False


class Talk:
    """`run` may be called again and again; the dialogs go on."""

    def __init__(self, port: int, signer: Signer, coming: Iterator[Dialog]) -> None:
        self.port, self.coming, self.signer = port, coming, signer
        self.account = Account()
        self.idle: list[_Connection] = []  # the last used at the end
        self.busy: set[_Connection] = set()
        self.selector = selectors.DefaultSelector()
        self.wanted: queue.SimpleQueue[Dialog | None] = queue.SimpleQueue()
        self.ready: deque[Said] = deque()
        self.replays: deque[Said] = deque()
        self.going = 0  # dialogs
        self.chance = random.Random(7)  # noqa: S311 - which turns are sent twice is no secret
        sys.setswitchinterval(0.001)  # the thread that signs lets the one that sends be in time
        self.signing = threading.Thread(target=self._sign)
        self.signing.start()

    def sign_now(self, dialogs: Sequence[Dialog]) -> list[Said]:
        """Their next turns, for a spike: they have to be sent within two minutes."""
        return [Said(dialog.request(self.signer), dialog, goes_on=False) for dialog in dialogs]

    def run(
        self,
        seconds: float,
        rate: float,
        spike: Sequence[Said] = (),
        look: Callable[[], None] | None = None,
        every: float = 60.0,
    ) -> None:
        """`rate` turns a second, and those of the spike evenly in between; `look` now and then."""
        self._begin_dialogs(round(rate * AHEAD))
        begun = looked = checked = time.perf_counter()
        sent = extra = 0
        spike_rate = len(spike) / seconds
        while (now := time.perf_counter()) < begun + seconds:
            while begun + sent / rate <= now and self._send_next(begun + sent / rate):
                sent += 1
            while extra < len(spike) and begun + extra / spike_rate <= now:
                spike[extra].due = begun + extra / spike_rate
                self._send(spike[extra])
                extra += 1
            self._read(0.0005 if spike else min(0.02, max(0.0, begun + sent / rate - now)))
            if now > checked + 0.25:
                checked = now
                self._give_up(now)
            if look and now > looked + every:
                looked += every
                look()

    def flood(self, seconds: float, connections: int) -> int:
        """Each connection sends the next turn as soon as it has an answer; how many came."""
        self._begin_dialogs(connections * 20)
        begun = checked = time.perf_counter()
        before = len(self.account.samples)
        while (now := time.perf_counter()) < begun + seconds:
            while len(self.busy) < connections and self._send_next(now):
                pass
            self._read(0.005)
            if now > checked + 0.25:
                checked = now
                self._give_up(now)
        return len(self.account.samples) - before

    def settle(self) -> None:
        """Wait for the answers that are still to come."""
        while self.busy:
            self._read(0.05)
            self._give_up(time.perf_counter())

    def close(self) -> None:
        self.wanted.put(None)
        self.signing.join()
        for each in [*self.busy, *self.idle]:
            self._close(each)
        self.selector.close()

    def _sign(self) -> None:
        """In a thread of its own."""
        while (dialog := self.wanted.get()) is not None:
            self.ready.append(Said(dialog.request(self.signer), dialog))

    def _begin_dialogs(self, count: int) -> None:
        for _ in range(count - self.going):
            self.wanted.put(next(self.coming))
            self.going += 1
        while len(self.ready) < min(count, self.going) / 2:
            self._read(0.01)  # most of them may still wait for their answers

    def _send_next(self, due: float) -> bool:
        if self.replays and self.chance.random() < REPLAYED * 2:
            said = self.replays.popleft()
        elif self.ready:
            said = self.ready.popleft()
        else:
            self.account.late += 1
            return False
        said.due = due
        return self._send(said)

    def _send(self, said: Said) -> bool:
        now = time.perf_counter()
        while self.idle:
            connection = self.idle.pop()
            if now - connection.used_at < IDLE:
                break
            self._close(connection)
        else:
            if len(self.busy) >= MOST_CONNECTIONS:
                self._judge(said, NO_CONNECTION)
                return True
            connection = self._connect()
        connection.said, connection.received, connection.used_at = said, b"", now
        self.busy.add(connection)
        if connection.is_open:
            self._write(connection)
        return True

    def _connect(self) -> _Connection:
        new = socket.socket()
        new.setblocking(False)
        new.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        new.connect_ex(("127.0.0.1", self.port))
        connection = _Connection(new)
        self.selector.register(new, selectors.EVENT_WRITE, connection)
        return connection

    def _write(self, connection: _Connection) -> None:
        assert connection.said  # noqa: S101 - only one that says something is written to
        try:
            sent = connection.socket.send(connection.said.raw)
        except OSError as error:
            self._fail(connection, f"not taken: {type(error).__name__}")
            return
        if sent < len(connection.said.raw):  # a socket's buffer has room for many of ours
            self._fail(connection, "not taken whole")

    def _read(self, wait: float) -> None:
        for key, events in self.selector.select(wait):
            connection: _Connection = key.data
            if events & selectors.EVENT_WRITE:
                connection.is_open = True
                self.selector.modify(connection.socket, selectors.EVENT_READ, connection)
                self._write(connection)
                continue
            try:
                answer = self._received(connection)
            except (OSError, Broken) as error:
                self._fail(connection, f"broken: {error}" if connection.said else "")
                continue
            if answer:
                self._done(connection, *answer)

    def _received(self, connection: _Connection) -> tuple[int, bytes, bool] | None:
        part = connection.socket.recv(_CHUNK)
        if not part:
            raise Broken("closed")
        connection.received += part
        head, found, body = connection.received.partition(b"\r\n\r\n")
        if not found:
            return None
        status, length, is_last = read_head(head)
        return (status, body, is_last) if len(body) >= length else None

    def _done(self, connection: _Connection, status: int, body: bytes, is_last: bool) -> None:
        said, connection.said = connection.said, None
        self.busy.discard(connection)
        connection.used_at = time.perf_counter()
        if is_last:
            self._close(connection)
        else:
            self.idle.append(connection)
        if said is None:
            raise Broken("an answer to nothing")
        if said.dialog is None:
            self.account.replays[str(status)] += 1
            return
        asked = said.dialog.said
        wrong = said.dialog.hear(status, body, self.account.kept)
        if asked == SAVE and not wrong:
            self.account.saves += 1
        if not wrong and self.chance.random() < REPLAYED and len(self.replays) < 100:
            self.replays.append(Said(said.raw, None))
        self._judge(said, wrong)

    def _fail(self, connection: _Connection, wrong: str) -> None:
        said, connection.said = connection.said, None
        self.busy.discard(connection)
        if connection in self.idle:
            self.idle.remove(connection)
        self._close(connection)
        if said is not None:
            self._judge(said, wrong)

    def _give_up(self, now: float) -> None:
        for each in [each for each in self.busy if each.said and now > each.said.due + PATIENCE]:
            self._fail(each, NO_ANSWER)

    def _judge(self, said: Said, wrong: str) -> None:
        dialog = said.dialog
        if dialog is None:
            self.account.replays[wrong] += 1
            return
        self.account.samples.append(Sample(said.due, time.perf_counter() - said.due, wrong))
        if wrong and dialog.left and dialog.said in {SAVE, REMOVE}:
            heard = dialog.attributes.get("heard") or [0]
            self.account.unsure.add((dialog.person.number, heard[-1]))
        if not said.goes_on:
            return
        if wrong or not dialog.left:
            self.wanted.put(next(self.coming))  # whoever was not answered lets it be
        else:
            self.wanted.put(dialog)

    def _close(self, connection: _Connection) -> None:
        self.selector.unregister(connection.socket)
        connection.socket.close()
