"""Start and stop the processes of demo, smoke and tests; whatever happens, none is left behind.

Each process has a session of its own, so that Ctrl-C reaches the supervisor alone, which then stops
them one by one, the last started first. SIGTERM comes first: the local AWS saves its state on it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Self

from companion.local.environment import BASE_DIR, private_folder, require_loopback

START_LIMIT = 60.0  # seconds until a process must answer
STOP_LIMIT = 10.0  # seconds from SIGTERM to SIGKILL
POLL = 0.05
TAIL = 3000  # characters of a log that are shown when its process died

_launcher = Path(__file__).with_name("child.py")
# never an address of the environment's proxy: everything asked here is on this machine
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ProcessDied(RuntimeError):
    """A process ended by itself. The message holds the end of its log."""


class NotReady(RuntimeError):
    """A process runs but did not answer in time. The message holds the end of its log."""


class Interrupted(SystemExit):
    """SIGTERM or SIGHUP: unwinds like Ctrl-C, so that everything is stopped on the way."""


@dataclass(frozen=True)
class Process:
    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    def tail(self) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return text[-TAIL:].strip() or "(nothing in its log)"

    def check(self) -> None:
        """Raise ProcessDied where the process has ended."""
        status = self.popen.poll()
        if status is not None:
            raise ProcessDied(f"{self.name} ended with status {status}:\n{self.tail()}")


class Supervisor:
    """`with Supervisor(logs) as supervisor:` stops at its end everything that it started."""

    def __init__(self, logs: Path) -> None:
        self.logs = private_folder(logs)
        self.processes: list[Process] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        env: Mapping[str, str],
        *,
        sockets: Sequence[socket.socket] = (),
    ) -> Process:
        """Start a program with exactly this environment; its output goes to `<logs>/<name>.log`.

        It gets the `sockets` under the numbers that they have here.

        From the main thread only: the kernel's note of a parent's death (child.py) follows the
        thread that started the child, not the process.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError(f"start {name} from the main thread")
        path = self.logs / f"{name}.log"
        launcher = [sys.executable, "-I", "-S", str(_launcher), str(os.getpid())]
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            popen = subprocess.Popen(
                [*launcher, *map(str, command)],
                cwd=BASE_DIR,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[each.fileno() for each in sockets],
            )
        finally:
            os.close(descriptor)
        process = Process(name, popen, path)
        self.processes.append(process)
        return process

    def finish(self, process: Process, *, limit: float = START_LIMIT) -> None:
        """Wait until a process has done its work; raise ProcessDied where it failed."""
        try:
            status = process.popen.wait(limit)
        except subprocess.TimeoutExpired:
            raise NotReady(f"{process.name}: not done in {limit:g} s:\n{process.tail()}") from None
        self.processes.remove(process)
        if status:
            raise ProcessDied(f"{process.name} ended with status {status}:\n{process.tail()}")

    def wait_ready(self, process: Process, url: str, *, limit: float = START_LIMIT) -> None:
        """Wait until `url` answers with a 2xx; raise ProcessDied or NotReady."""
        require_loopback(url)
        end = time.monotonic() + limit
        last = "no answer"
        while time.monotonic() < end:
            process.check()
            try:
                with _direct.open(url, timeout=5):
                    process.check()  # it may have ended since, and another one have answered
                    return
            except urllib.error.HTTPError as answer:
                with answer:
                    body = answer.read(300).decode(errors="replace")
                last = f"status {answer.code} {body}"
            except OSError:  # not listening yet
                pass
            time.sleep(POLL)
        raise NotReady(
            f"{process.name} is not ready at {url} after {limit:g} s ({last}):\n{process.tail()}"
        )

    def watch(self) -> None:
        """Sleep while all is well; raise ProcessDied when one of them ends."""
        while True:
            for process in self.processes:
                process.check()
            time.sleep(0.5)

    def stop(self, process: Process | None = None) -> None:
        """Stop one process, or all of them, the last started first."""
        with _signals_ignored():
            for each in [process] if process else reversed(self.processes[:]):
                _stop(each.popen)
                with contextlib.suppress(ValueError):
                    self.processes.remove(each)


def _stop(popen: subprocess.Popen[bytes]) -> None:
    if popen.poll() is None:
        popen.terminate()
        try:
            popen.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
    # what it started itself and left behind; the session is its own, so nobody else is meant
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(popen.pid, signal.SIGKILL)


@contextlib.contextmanager
def unwinding_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the main thread, so that supervisors stop their processes.

    SIGINT does it anyway, but for a shell's background jobs, which start with it ignored.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        raise Interrupted(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _signals_ignored() -> Iterator[None]:
    """An impatient second Ctrl-C must not cut the stopping short. It ends by itself in seconds."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
