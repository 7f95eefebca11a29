"""Which server: the same turns behind each, with one process and with two, on both databases.

Speed alone does not decide. Beside it stands how long an honest request waits while others send
half of theirs, or keep a connection that is done with: who can stop a server so needs no load.
granian is no dependency; it is installed for this alone.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import statistics
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import accounting, load, report, turns
from benchmarks.world import World, gunicorn, world
from companion.local import environment, services
from companion.local.supervisor import Process

APPLICATION = "companion.wsgi:application"
THREADS = 8  # as deploy/gunicorn.conf.py
CONNECTIONS = 16
ROUNDS, BATCH = 5, 400  # of each, in turn
WARM_UP = 800
SLOW = 12  # for each process: more than it has threads
PATIENCE = 10.0  # seconds
AT_ONCE = 1.0  # seconds; an answer within them was not held up
AS_FAST = 0.9  # of the fastest: what is between is the noise of this machine

GRANIAN = "2.8.7"
FOLDER = Path(__file__).resolve().parents[1] / ".local" / "bench" / "granian"
INSTALL_LIMIT = 300  # seconds

OURS = "gunicorn, our threads"
HALF = b"POST /alexa/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{"
DONE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Contender:
    """`command` of (port, workers); `path` is where its own packages are."""

    name: str
    command: Callable[[int, int], list[str]]
    path: Path | None = None


@dataclass(frozen=True)
class Row:
    server: str
    database: str
    workers: int
    rate: float  # requests a second, all connections busy; the median of the rounds
    slowest: float
    fastest: float
    cpu: float  # milliseconds a turn, of all its processes
    p50: float  # milliseconds, at half of its own rate
    p99: float
    memory: float  # MB of all its processes, at the end
    halves: float  # seconds that an answer took while others sent half a request
    kept: float  # and while others did not hang up
    wrong: int  # answers

    @property
    def is_held_up(self) -> bool:
        return max(self.halves, self.kept) > AT_ONCE


def contenders(granian: Path | None) -> list[Contender]:
    def of(*more: str) -> Callable[[int, int], list[str]]:
        return lambda port, workers: gunicorn(APPLICATION, port, f"--workers={workers}", *more)

    found = [
        Contender(OURS, of()),
        Contender("gunicorn, gthread", of("--worker-class=gthread")),
        Contender("gunicorn, sync", of("--worker-class=sync", "--threads=1")),
    ]
    if granian:
        found.append(Contender("granian", _granian, granian))
    return found


def _granian(port: int, workers: int) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", APPLICATION, "--interface=wsgi", "--http=1", "--no-ws"),
        *("--host=127.0.0.1", f"--port={port}", f"--workers={workers}"),
        *(f"--blocking-threads={THREADS}", "--http1-header-read-timeout=5000"),
    ]


def install(folder: Path = FOLDER) -> Path | None:
    """Where granian's packages are; None, and a line that says why, without. Asks pip's index."""
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    if (packages / f"granian-{GRANIAN}.dist-info").is_dir():
        return packages
    print(f"Installing granian {GRANIAN} in {folder} …")
    command = ["-m", "pip", "install", "--quiet", "--only-binary=:all:", f"granian=={GRANIAN}"]
    try:
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run(
            [folder / "bin" / "python", *command],
            check=True,
            capture_output=True,
            timeout=INSTALL_LIMIT,
        )
    except (OSError, subprocess.SubprocessError) as error:
        print(f"Without granian: {type(error).__name__}.")
        return None
    return packages


def run() -> bool:
    """Print a table; whether none is clearly faster than ours of those that nobody can stop."""
    granian = install()  # before the world is made: its settings are the caller's
    rows: list[Row] = []
    with world() as here:
        people = here.people()
        for name, url in _databases(here):
            here.fill(url)
            for workers in (1, 2):
                rows += measure(here, name, url, contenders(granian), workers, people)
    _table(rows)
    report.current.parts["servers"] = [asdict(row) for row in rows]
    return verdict(rows)


def _databases(here: World) -> Iterator[tuple[str, str]]:
    yield "SQLite", here.sqlite("servers")
    try:
        yield "PostgreSQL", services.postgresql(here.supervisor, here.state)
    except services.NotInstalled as error:
        print(f"Without PostgreSQL: {error}")


def measure(
    here: World,
    database: str,
    url: str,
    among: Sequence[Contender],
    workers: int,
    people: Sequence[turns.Person],
    *,
    rounds: int = ROUNDS,
    batch: int = BATCH,
    warm_up: int = WARM_UP,
) -> list[Row]:
    """All of them run, and take turns, so that what else the machine does hits each."""
    running: dict[str, tuple[int, Process]] = {}
    busy: dict[str, list[load.Round]] = {each.name: [] for each in among}
    half: dict[str, list[load.Round]] = {each.name: [] for each in among}
    cpu: dict[str, list[float]] = {each.name: [] for each in among}

    def sent(name: str, count: int, rate: float | None = None) -> load.Round:
        asking = [people[n % len(people)] for n in range(count)]
        requests = turns.signed(asking, here.signer)
        port = running[name][0]
        if rate is None:
            return load.closed(port, requests, connections=CONNECTIONS)
        return load.at_rate(port, requests, rate=rate, connections=CONNECTIONS)

    for number, each in enumerate(among):
        port = environment.free_port()
        more = {"PYTHONPATH": str(each.path)} if each.path else {}
        env = here.environment(url) | more
        process = here.serve(
            f"server-{database}-{workers}-{number}", each.command(port, workers), env, port
        )
        running[each.name] = port, process
        sent(each.name, warm_up)
    for _ in range(rounds):
        for name, (_, process) in running.items():
            before = accounting.usage(process.popen.pid).cpu
            busy[name].append(sent(name, batch))
            cpu[name].append((accounting.usage(process.popen.pid).cpu - before) / batch * 1000)
    rates = {name: statistics.median(each.rate for each in busy[name]) for name in running}
    for _ in range(rounds):
        for name in running:
            half[name].append(sent(name, batch, rates[name] / 2))
    rows = []
    for name, (port, process) in running.items():
        every = [each.rate for each in busy[name]]
        rows.append(
            Row(
                server=name,
                database=database,
                workers=workers,
                rate=rates[name],
                slowest=min(every),
                fastest=max(every),
                cpu=statistics.median(cpu[name]),
                p50=statistics.median(each.percentile(0.5) for each in half[name]),
                p99=statistics.median(each.percentile(0.99) for each in half[name]),
                memory=accounting.usage(process.popen.pid).rss / 1e6,
                halves=wait_behind(port, SLOW * workers, HALF),
                kept=wait_behind(port, SLOW * workers, DONE),
                wrong=sum(sum(each.wrong.values()) for each in busy[name] + half[name]),
            )
        )
        here.supervisor.stop(process)
    return rows


def wait_behind(port: int, count: int, sent: bytes, *, patience: float = PATIENCE) -> float:
    """Seconds until an honest request is answered, while `count` others sent that and stay.

    As long as that, at most: `patience` stands for any longer time as well.
    """
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            slow = socket.create_connection(("127.0.0.1", port), timeout=patience)
            stack.callback(slow.close)
            slow.sendall(sent)
        time.sleep(0.2)  # all of them are there
        begun = time.perf_counter()
        honest = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        stack.callback(honest.close)
        try:
            honest.request("GET", "/healthz", headers={"Host": "localhost", "Connection": "close"})
            honest.getresponse().read()
        except OSError:
            return patience
        return min(time.perf_counter() - begun, patience)


def verdict(rows: Sequence[Row]) -> bool:
    """Ours is not held up, answers right, and is as fast as any other that is not held up."""
    held = True
    for row in rows:
        if row.server != OURS:
            continue
        free = [
            each
            for each in rows
            if (each.database, each.workers) == (row.database, row.workers) and not each.is_held_up
        ]
        best = max((each.rate for each in free), default=0.0)
        held &= not row.is_held_up and not row.wrong and row.rate >= AS_FAST * best
    return held


def _table(rows: Sequence[Row]) -> None:
    print(
        f"\nTurns behind each server: {ROUNDS} rounds of {BATCH} in turn, {CONNECTIONS} "
        f"connections;\nthen at half of what each can do. The last two: seconds until an answer "
        f"while {SLOW} a process\nsent half a request, and while {SLOW} did not hang up "
        f"({PATIENCE:g} is as long as was waited).\n"
    )
    heads = ("requests/s", "spread", "CPU ms", "p50 ms", "p99 ms", "MB", "halves", "kept")
    print(f"  {'':<36}" + "".join(f"{head:>12}" for head in heads))
    for row in rows:
        name = f"{row.server}, {row.workers}, {row.database}"
        cells = (
            f"{row.rate:.0f}",
            f"{row.slowest:.0f}-{row.fastest:.0f}",
            f"{row.cpu:.2f}",
            f"{row.p50:.1f}",
            f"{row.p99:.1f}",
            f"{row.memory:.0f}",
            f"{row.halves:.1f}",
            f"{row.kept:.1f}",
        )
        mark = f"  {row.wrong} WRONG" if row.wrong else ""
        print(f"  {name:<36}" + "".join(f"{cell:>12}" for cell in cells) + mark)
    print(f"\nThis machine: load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors.")
    print(f"No faster one that cannot be stopped: {'held' if verdict(rows) else 'NOT HELD'}.")


if __name__ == "__main__":
    sys.exit(0 if run() else 1)
