"""What becomes of a turn when things grow: people, one person's history, callers at once, time.

    make bench PARTS=growth PROFILES=1000000     (100,000 people without PROFILES)

* profiles: the same turn in a database of 100 people, 1,000, and so on: their link and profile are
  one statement, and have to stay one step away.
* heard: turns of somebody who has heard a hundred facts, and of somebody who has heard 100,000.
* clients: from 1 to 64 connections that each ask again as soon as they have an answer.
* lasting: 100,000 different requests in a row, at ten points: is memory flat, is time?
* strangers: 20,000 people, one turn each: what a process remembers of them has an end.
* turn: what one turn asks of the database and of the cache; and what that keeps of it.

On PostgreSQL and Redis where they are installed, else on SQLite and the memory of each process. CPU
is what the system accounts for, in microseconds a turn, of the server and of the two behind it. On
a machine that does other things too it says more than the clock, and still depends on them: so
each point also says what CPU it took to make and sign one of its requests, which is always the same
work, and a curve is judged by what a turn takes in proportion. The answers are looked at: a turn
that failed ends the run.
"""

from __future__ import annotations

import http.client
import os
import re
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import batched
from pathlib import Path
from typing import Any

import psycopg
import redis

from benchmarks import load, report, turns
from benchmarks.accounting import usage
from benchmarks.load import Request
from benchmarks.turns import Person
from benchmarks.website import HEADER
from benchmarks.world import World, gunicorn, world
from companion.local import environment, services

# in the largest database; read before a measurement forgets its caller's environment
PROFILES = int(os.environ.get("PROFILES", "100000"))
FEWEST = 100
HEARD = (100, 1_000, 10_000, 100_000)  # facts, by one person each
HEARING = 300  # turns of each of them
CLIENTS = (1, 2, 4, 8, 16, 32, 64)
WORKERS = (1, 2)
LASTING = 100_000  # requests
STRANGERS = 20_000  # twice as many as a process remembers tokens
POINTS = 10
SPEAKING = 1_000  # people of a round
ROUND = 1_500  # turns
TRIES = 3  # rounds; the one with the least CPU counts, which other work disturbed least
WARM_UP = 20
BATCH = 2_500  # signed together, and sent well within the 150 s that a request is good for
CONNECTIONS = 8  # as many as a process has threads

LEAN = "benchmarks.contenders.ours:application"  # says a name, as what it is compared with does
# of CPU, in proportion to that of making a request, at the end of a curve against its beginning
TIMES = 1.5
# by which so many requests may let a warm process grow
MEMORY = 2**20  # bytes
# What a right answer holds, and an apology or a question to link does not: a name, a fact's card.
ANSWERS = {"WhoAmIIntent": b"", "DailyFactIntent": b'"Simple"', "AnotherFactIntent": b'"Simple"'}
_WHOSE = re.compile(r"[0-9a-f]{16,}|(?<=:)\d+(?=:|$)")  # a digest, or a number, in a key
LEAN_INTENTS = ("WhoAmIIntent",)
# commands of Redis that come with a connection, or are our own
OF_CONNECTIONS = ("auth", "hello", "client", "select", "info", "ping")


@dataclass(frozen=True)
class Stores:
    """Where the installation keeps things, and the processes that do; 0 where there is none."""

    name: str
    database_url: str
    cache_url: str = ""
    database_pid: int = 0
    cache_pid: int = 0


@dataclass(frozen=True)
class Served:
    """A site that runs: all its requests go there."""

    port: int
    pid: int
    stores: Stores


@dataclass(frozen=True)
class Point:
    """One place of a curve. Times in milliseconds, CPU in microseconds a turn, memory in bytes."""

    at: int
    turns: int
    rate: float
    p50: float
    p99: float
    cpu: float
    database_cpu: float
    cache_cpu: float
    making: float  # of CPU, for a request: how fast the machine was just then
    rss: int
    load: float  # of the machine, when it was measured
    more: dict[str, Any] = field(default_factory=dict)


def run() -> bool:
    """Print a table a curve; whether all of them are as flat as they have to be."""
    data: dict[str, Any] = {}
    report.current.parts["growth"] = data
    with world() as here:
        stores = _stores(here)
        data["stores"] = stores.name
        print(
            f"\nGrowth on {stores.name}; times in milliseconds, CPU in microseconds a turn,"
            " of the server and of the two that it asks:"
        )
        for name, curve in CURVES.items():
            _print_head(name)
            data[name] = [asdict(point) for point in _printed(curve(here, stores))]
        data["turn"] = list(_printed_turns(turn(here, stores)))
        data["keys"] = _printed_keys(keys(stores))
    data["faults"] = faults(data)
    print("".join(f"\nNOT HELD: {fault}" for fault in data["faults"]) or "\nAll of it held.")
    return not data["faults"]


def faults(data: dict[str, Any]) -> list[str]:
    """Which curves are not flat."""
    found = []
    for name in ("profiles", "heard", "lasting"):
        for intent in dict.fromkeys(point["more"].get("intent", "") for point in data[name]):
            points = [each for each in data[name] if each["more"].get("intent", "") == intent]
            times = _times(points)
            if times > TIMES:
                of = f"{name}, {intent}" if intent else name
                found.append(f"{of}: {times:.1f} times the CPU at its end, more than {TIMES}")
    for name in ("lasting", "strangers"):
        # of strangers the first half fills what a process remembers
        start = 0 if name == "lasting" else len(data[name]) // 2
        grown = data[name][-1]["rss"] - data[name][start]["rss"]
        if grown > MEMORY:
            found.append(f"{name}: {grown / 2**20:.1f} MB more memory at its end")
    return found


def _times(points: list[dict[str, Any]]) -> float:
    """The last of them against the first; of many a third each, and there the least disturbed."""
    third = max(1, len(points) // 3)
    return min(map(_in_proportion, points[-third:])) / min(map(_in_proportion, points[:third]))


def _in_proportion(point: dict[str, Any]) -> float:
    return float((point["cpu"] + point["database_cpu"] + point["cache_cpu"]) / point["making"])


def profiles(here: World, stores: Stores) -> Iterator[Point]:
    """The same turn among more and more people, who were here before; and their first one."""
    size = FEWEST
    while size <= PROFILES:
        here.fill(stores.database_url, size)
        database_bytes = _settle(stores)
        with _site(here, stores, LEAN) as site:
            _measured(here, site, size, _people(here, range(1)), WARM_UP)
            people = _some(here, size)
            first = _measured(here, site, size, people, len(people))
            point = _best(here, site, size, people, ROUND)
        more = {"first_p50": first.p50, "first_cpu": first.cpu, "database_bytes": database_bytes}
        yield replace(point, more=more)
        size *= 10


def heard(here: World, stores: Stores) -> Iterator[Point]:
    """Who they are, the fact of the day, another one: for people with longer histories."""
    here.fill(stores.database_url, SPEAKING)
    command = [sys.executable, "-m", "benchmarks.histories", *map(str, HEARD)]
    process = here.supervisor.start("histories", command, here.environment(stores.database_url))
    here.supervisor.finish(process, limit=600)
    _settle(stores)
    with _site(here, stores) as site:
        for intent in ANSWERS:
            for number, count in enumerate(HEARD):
                person = _people(here, [number])
                _measured(here, site, count, person, WARM_UP, intents=[intent])
                point = _best(here, site, count, person, HEARING, intents=[intent], connections=1)
                yield replace(point, more={"intent": intent})


def clients(here: World, stores: Stores) -> Iterator[Point]:
    """More and more callers at once, with one process and with two."""
    here.fill(stores.database_url, SPEAKING)
    people = _some(here, SPEAKING)
    for workers in WORKERS:
        with _site(here, stores, LEAN, f"--workers={workers}") as site:
            for _ in range(2):  # until each process knows nearly all tokens
                _measured(here, site, 0, people, ROUND, connections=2 * CONNECTIONS)
            for count in CLIENTS:
                point = _best(here, site, count, people, ROUND, connections=count)
                yield replace(point, more={"workers": workers})


def lasting(here: World, stores: Stores) -> Iterator[Point]:
    """Turns of all kinds for long. What comes before the first point warms the process."""
    here.fill(stores.database_url, SPEAKING)
    each, people = LASTING // POINTS, _some(here, SPEAKING)
    with _site(here, stores) as site:
        for number in range(POINTS + 1):
            yield _measured(here, site, number * each, people, each, intents=list(ANSWERS))


def strangers(here: World, stores: Stores) -> Iterator[Point]:
    """One turn of each of many people: of how many does a process remember the token?"""
    here.fill(stores.database_url, SPEAKING + STRANGERS)
    each = STRANGERS // POINTS
    with _site(here, stores, LEAN) as site:
        _measured(here, site, 0, _people(here, range(SPEAKING)), SPEAKING)
        for number in range(POINTS):
            start = SPEAKING + number * each
            people = _people(here, range(start, start + each))
            point = _measured(here, site, (number + 1) * each, people, each)
            yield replace(point, more={"cache_bytes": _cache_bytes(stores)})


CURVES: dict[str, Callable[[World, Stores], Iterator[Point]]] = {
    "profiles": profiles,
    "heard": heard,
    "clients": clients,
    "lasting": lasting,
    "strangers": strangers,
}


def turn(here: World, stores: Stores) -> Iterator[dict[str, Any]]:
    """Statements, and commands of Redis, that a warm turn takes, with the limits switched on."""
    here.fill(stores.database_url, SPEAKING)
    people = _people(here, [0])
    with _site(here, stores, "benchmarks.counted:application", limits="1") as site:
        for intent in ANSWERS:
            for _ in range(3):  # the last one counts
                before = _commands(stores)
                statements = _statements(site, _requests(here, people, [0], [intent])[0])
                commands = _commands(stores) - before
            yield {"intent": intent, "statements": statements, "commands": commands}


def keys(stores: Stores) -> dict[str, int]:
    """Bytes of the largest key of each kind that Redis has by now."""
    largest: dict[str, int] = {}
    if stores.cache_url:
        with redis.Redis.from_url(stores.cache_url, decode_responses=True) as client:
            for key in client.scan_iter(count=1000):
                kind = _WHOSE.sub("…", key)
                largest[kind] = max(largest.get(kind, 0), client.memory_usage(key) or 0)
    return largest


def _best(
    here: World,
    site: Served,
    at: int,
    people: Sequence[Person],
    count: int,
    *,
    intents: Sequence[str] = LEAN_INTENTS,
    connections: int = CONNECTIONS,
) -> Point:
    tries = [
        _measured(here, site, at, people, count, intents=intents, connections=connections)
        for _ in range(TRIES)
    ]
    return min(tries, key=lambda point: point.cpu + point.database_cpu + point.cache_cpu)


def _measured(
    here: World,
    site: Served,
    at: int,
    people: Sequence[Person],
    count: int,
    *,
    intents: Sequence[str] = LEAN_INTENTS,
    connections: int = CONNECTIONS,
) -> Point:
    """`count` turns of these people, one after another. Raises SystemExit for a wrong answer."""
    pids = (site.pid, site.stores.database_pid, site.stores.cache_pid)
    whole, spent, making = load.Round(), [0.0, 0.0, 0.0], 0.0
    for numbers in batched(range(count), BATCH):
        begun = time.process_time()
        requests = _requests(here, people, numbers, intents)
        making += time.process_time() - begun
        before = [_cpu(pid) for pid in pids]
        part = load.closed(site.port, requests, connections=connections)
        spent = [s + _cpu(pid) - b for s, pid, b in zip(spent, pids, before, strict=True)]
        if part.wrong:
            raise SystemExit(f"{site.stores.name}, at {at}: {dict(part.wrong)}")
        whole.seconds += part.seconds
        whole.times += part.times
    cpu, database_cpu, cache_cpu = (seconds / count * 1e6 for seconds in spent)
    return Point(
        at=at,
        turns=count,
        rate=whole.rate,
        p50=whole.percentile(0.5),
        p99=whole.percentile(0.99),
        cpu=cpu,
        database_cpu=database_cpu,
        cache_cpu=cache_cpu,
        making=making / count * 1e6,
        rss=usage(site.pid).rss,
        load=round(os.getloadavg()[0], 1),
    )


def _requests(
    here: World, people: Sequence[Person], numbers: Sequence[int], intents: Sequence[str]
) -> list[Request]:
    """Signed now. People take turns, and each goes on to the next intent."""
    made = []
    for number in numbers:
        intent = intents[(number + number // len(people)) % len(intents)]
        [request] = turns.signed([people[number % len(people)]], here.signer, intent=intent)
        expected = ANSWERS[intent] or request.expected
        made.append(replace(request, expected=expected))
    return made


def _stores(here: World) -> Stores:
    state, processes = here.state, here.supervisor.processes
    if missing := services.missing():
        print(f"On SQLite, as there is no {'; no '.join(missing)}", file=sys.stderr)
        return Stores("SQLite", here.sqlite("growth"))
    database_url = services.postgresql(here.supervisor, state / "postgresql")
    database_pid = processes[-1].popen.pid
    cache_url = services.redis(here.supervisor, state / "redis")
    return Stores(
        "PostgreSQL and Redis", database_url, cache_url, database_pid, processes[-1].popen.pid
    )


@contextmanager
def _site(
    here: World,
    stores: Stores,
    application: str = "companion.wsgi:application",
    *more: str,
    limits: str = "0",
) -> Iterator[Served]:
    """As production runs it; a process that nobody asked anything yet."""
    port = environment.free_port()
    env = here.environment(stores.database_url, stores.cache_url, {"RATE_LIMITS": limits})
    process = here.serve("site", gunicorn(application, port, *more), env, port)
    try:
        yield Served(port, process.popen.pid, stores)
    finally:
        here.supervisor.stop(process)


def _some(here: World, among: int) -> list[Person]:
    """From all over the population."""
    return _people(here, range(0, among, max(1, among // SPEAKING)))


def _people(here: World, numbers: Iterable[int]) -> list[Person]:
    """With new tokens."""
    return turns.people(numbers, here.pool_key, here.issuer)


def _cpu(pid: int) -> float:
    return usage(pid).cpu if pid else 0.0


def _settle(stores: Stores) -> int:
    """What a database that runs for long does by itself after a change; its size in bytes."""
    if stores.database_pid:
        with psycopg.connect(stores.database_url, autocommit=True) as postgresql:
            postgresql.execute("VACUUM ANALYZE")
            row = postgresql.execute("SELECT pg_database_size(current_database())").fetchone()
            return int(row[0]) if row else 0
    path = Path(stores.database_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as sqlite:
        sqlite.execute("ANALYZE")
    return path.stat().st_size


def _statements(site: Served, request: Request) -> int:
    """Of the process that counts."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=load.PATIENCE) as connection:
        connection.sendall(request.raw)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        if request.expected not in answer.read():
            raise SystemExit(f"status {answer.status}, and another answer")
        return int(answer.headers[HEADER])


def _commands(stores: Stores) -> int:
    """That Redis was given until now, but for those of a connection's beginning, and of this."""
    if not stores.cache_url:
        return 0
    with redis.Redis.from_url(stores.cache_url) as client:
        calls: dict[str, dict[str, int]] = client.info("commandstats")
    named = {name.removeprefix("cmdstat_"): said["calls"] for name, said in calls.items()}
    return sum(count for name, count in named.items() if not name.startswith(OF_CONNECTIONS))


def _cache_bytes(stores: Stores) -> int:
    if not stores.cache_url:
        return 0
    with redis.Redis.from_url(stores.cache_url) as client:
        return int(client.info("memory")["used_memory"])


def _print_head(name: str) -> None:
    print(
        f"\n  {name:<26}{'requests/s':>12}{'p50':>8}{'p99':>8}{'CPU':>8}{'database':>10}"
        f"{'cache':>8}{'making':>8}{'MB':>8}{'load':>6}"
    )


def _printed(points: Iterator[Point]) -> Iterator[Point]:
    """Each as soon as it is measured."""
    for point in points:
        kind = next(
            (f"{point.more[name]}" for name in ("intent", "workers") if name in point.more), ""
        )
        print(
            f"  {point.at:<9,}{kind:<17}{point.rate:>12.0f}{point.p50:>8.1f}{point.p99:>8.1f}"
            f"{point.cpu:>8.0f}{point.database_cpu:>10.0f}{point.cache_cpu:>8.0f}"
            f"{point.making:>8.0f}{point.rss / 2**20:>8.1f}{point.load:>6.1f}",
            flush=True,
        )
        yield point


def _printed_turns(found: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    print("\n  a turn asks for   statements   commands of Redis")
    for each in found:
        print("  {intent:<18}{statements:>10}{commands:>20}".format(**each), flush=True)
        yield each


def _printed_keys(largest: dict[str, int]) -> dict[str, int]:
    if largest:
        print("\n  a key in Redis, with what Redis needs for it      bytes at most")
    for kind, size in sorted(largest.items()):
        print(f"  {kind:<50}{size:>13,}")
    return largest


if __name__ == "__main__":
    sys.exit(0 if run() else 1)
