"""The voice door beside its peers, on the same work, in one run.

Each contender is one process that answers the same turn: signature over the raw body, access token
of the pool, one profile read, a sentence with the person's name (benchmarks/contenders). Each
request is made and signed just before its round, and sent once. The contenders take turns, each
round in another order, so that whatever else this machine does hits all of them; CPU time is the
operating system's account of the server's processes, without database, cache and load.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import accounting, load, report, turns
from benchmarks.contenders import express, start
from benchmarks.contenders.start import Start
from benchmarks.world import World, gunicorn, world
from companion.local import environment, services
from companion.local.supervisor import Process

ROUNDS = 7
BATCH = 1000  # requests of a contender in a round, from all connections at once
PACED = 250  # and then, at a rate that all of them can keep
CONNECTIONS = 8
FLOOR, OURS, STOCK, EXPRESS = "floor", "ours", "stock SDK", "Express adapter"
ON_REDIS, ALONE, NEW_TOKENS = "ours", "ours, without Redis", "ours, tokens all new"
UNPINNED = "ours, not pinned"

# (what, at least or at most, what this project promises, what it was aimed at)
OVER_STOCK = ("times the requests/s of the stock SDK", "at least", 1.5, 2.5)
OVER_EXPRESS = ("times the requests/s of the Express adapter", "at least", 0.5, 1.5)
OVER_FLOOR = ("times the CPU of the floor", "at most", 6.0, 2.0)
WAITING = ("ms waits one of a hundred, at half of what ours can do", "at most", 100.0, 25.0)
COLD_START = ("s from the start of ours to its first answer", "at most", 5.0, 2.0)
OUTBOUND = ("connections to anything that a warm turn of ours opens", "at most", 0.0, 0.0)
Target = tuple[str, str, float, float]

LEGEND = f"""
  One process each, {CONNECTIONS} connections, 400 people; signature, token, profile, name.
  floor            the least that this takes in Python, without a framework
  ours             this project; also refuses replays, keeps links true, logs (without rate limits)
  stock SDK        WebserviceSkillHandler in a new Django project, chain checked for each request
  Express adapter  Amazon's, on Node; benchmarks/contenders/express/README.md: what it leaves out
  floor and ours remember tokens that they have verified, the others verify each one each time:
  "tokens all new" is ours where everybody comes with a token for the first time.
  All in Python run under our server with PIN_WORKERS=1, but for the one that is "not pinned".
"""


@dataclass
class Contender:
    name: str
    start: Start
    port: int
    cache_url: str = ""
    has_new_tokens: bool = False
    process: Process | None = None
    cold_start: float = 0.0  # seconds
    rates: list[float] = field(default_factory=list)  # requests a second, of each round
    cpu: list[float] = field(default_factory=list)  # microseconds a request, of each round
    waited: list[float] = field(default_factory=list)  # seconds, at the rate that is the same

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    def figures(self) -> dict[str, Any]:
        paced = load.Round(times=self.waited)
        return {
            "name": self.name,
            "cold_start": round(self.cold_start, 2),
            "rates": self.rates,
            "cpu": self.cpu,
            "p50": round(paced.percentile(0.5), 2),
            "p99": round(paced.percentile(0.99), 2),
        }


def run() -> bool:
    """Print the tables; whether every promise holds that could be looked at."""
    installed = express.install()  # before the world is made: npm's settings are the caller's
    lacking = services.missing()
    for line in lacking:
        print(f"Without PostgreSQL and Redis, as something is not installed: {line}")
    print(LEGEND)
    figures: dict[str, Any] = {}
    report.current.parts["voice"] = figures
    with world() as here:
        judged = _contest(here, "SQLite", here.sqlite(), _on_sqlite(), figures)
        database_url, cache_url = here.sqlite(), ""
        if not lacking:
            cache_url = services.redis(here.supervisor, here.state)
            database_url = services.postgresql(here.supervisor, here.state)
            contenders = _on_postgresql(cache_url, installed)
            judged = _contest(here, "PostgreSQL", database_url, contenders, figures)
        figures["half"] = _at_half(here, database_url, cache_url, judged[OURS].rate)
        figures["turns"] = _turns(here, database_url, cache_url)
    held = _judge(judged, figures)
    if EXPRESS not in judged:
        print("  not measured here: the Express adapter, and what needs PostgreSQL and Redis")
    print(f"\n  {report.busyness(os.getloadavg()[0], os.cpu_count() or 1)}")
    return held


def _on_sqlite() -> list[Contender]:
    return [
        _contender(FLOOR, start.floor),
        _contender(OURS, _ours),
        _contender(STOCK, start.stock),
    ]


def _on_postgresql(cache_url: str, installed: Path | None) -> list[Contender]:
    found = [
        _contender(FLOOR, start.floor),
        _contender(ON_REDIS, _ours, cache_url),
        _contender(ALONE, _ours),
        _contender(NEW_TOKENS, _ours, cache_url),
        _contender(UNPINNED, _unpinned, cache_url),
        _contender(STOCK, start.stock),
    ]
    found[3].has_new_tokens = True
    if installed:
        found.append(_contender(EXPRESS, lambda port: start.express(port, installed)))
    return found


def _ours(port: int) -> Start:
    return Start(gunicorn("benchmarks.contenders.ours:application", port))


def _unpinned(port: int) -> Start:
    return Start(_ours(port).command, {"PIN_WORKERS": "0"})


def _contender(name: str, begin: Callable[[int], Start], cache_url: str = "") -> Contender:
    port = environment.free_port()
    return Contender(name, begin(port), port, cache_url)


def _contest(
    here: World,
    database: str,
    database_url: str,
    contenders: list[Contender],
    figures: dict[str, Any],
) -> dict[str, Contender]:
    print(f"{database}: {len(contenders)} contenders, {ROUNDS} rounds …", flush=True)
    here.fill(database_url)
    people = here.people()
    for each in contenders:
        _begin(here, database_url, each, people)
    for each in contenders:  # everything is imported, fetched, prepared, compiled
        _flood(each, here, people)
    paced_at = min(each.rate for each in contenders) / 2
    for each in contenders:
        each.rates, each.cpu = [], []
    for _ in range(ROUNDS):
        for each in contenders:
            _flood(each, here, people)
        for each in contenders:
            requests = turns.signed(_asking(each, here, people, PACED), here.signer)
            result = load.at_rate(each.port, requests, rate=paced_at, connections=2 * CONNECTIONS)
            _check(each, result)
            each.waited += result.times
        contenders = [*contenders[1:], contenders[0]]
    for each in contenders:
        here.supervisor.stop(each.process)
    contenders.sort(key=lambda each: -each.rate)
    _table(database, contenders, paced_at)
    figures[database.lower()] = [each.figures() for each in contenders]
    return {each.name: each for each in contenders}


def _begin(
    here: World, database_url: str, contender: Contender, people: Sequence[turns.Person]
) -> None:
    """Start it and ask it once: how long a new process takes for its first answer."""
    name = f"{contender.name.replace(' ', '-').replace(',', '')}-{contender.port}"
    env = here.environment(database_url, contender.cache_url, contender.start.more)
    first = turns.signed(people[:1], here.signer)
    begun = time.perf_counter()
    contender.process = here.serve(name, contender.start.command, env, contender.port)
    result = load.closed(contender.port, first, connections=1)
    contender.cold_start = time.perf_counter() - begun
    _check(contender, result)


def _flood(contender: Contender, here: World, people: Sequence[turns.Person]) -> None:
    """A round from all connections: each sends its next request as soon as it has an answer."""
    requests = turns.signed(_asking(contender, here, people, BATCH), here.signer)
    before = _cpu(contender)
    result = load.closed(contender.port, requests, connections=CONNECTIONS)
    spent = _cpu(contender) - before
    _check(contender, result)
    contender.rates.append(round(result.rate, 1))
    contender.cpu.append(round(spent / len(requests) * 1e6, 1))


def _asking(
    contender: Contender, here: World, people: Sequence[turns.Person], count: int
) -> list[turns.Person]:
    if contender.has_new_tokens:
        numbers = [n % len(people) for n in range(count)]
        return turns.people(numbers, here.pool_key, here.issuer)
    return [people[n % len(people)] for n in range(count)]


def _cpu(contender: Contender) -> float:
    assert contender.process  # noqa: S101 - _begin started it
    return accounting.usage(contender.process.popen.pid).cpu


def _check(contender: Contender, result: load.Round) -> None:
    """A wrong answer may be a quick one."""
    if result.wrong:
        tail = contender.process.tail() if contender.process else ""
        raise SystemExit(f"{contender.name}: {dict(result.wrong)}\n{tail}")


def _table(database: str, contenders: Sequence[Contender], paced_at: float) -> None:
    print(f"\nOn {database}: median of {ROUNDS} rounds of {BATCH}, and range;")
    print(f"waiting in milliseconds at {paced_at:.0f} requests a second, the same for all\n")
    heads = f"{'requests/s':>22}{'CPU us':>20}{'p50':>8}{'p99':>8}{'start s':>9}"
    print(f"  {'':<22}{heads}")
    for each in contenders:
        figures = each.figures()
        rates = f"{each.rate:.0f} ({min(each.rates):.0f}-{max(each.rates):.0f})"
        cpu = f"{statistics.median(each.cpu):.0f} ({min(each.cpu):.0f}-{max(each.cpu):.0f})"
        waited = f"{figures['p50']:>8.1f}{figures['p99']:>8.1f}{each.cold_start:>9.1f}"
        print(f"  {each.name:<22}{rates:>22}{cpu:>20}{waited}")
    print(flush=True)


def _at_half(here: World, database_url: str, cache_url: str, rate: float) -> dict[str, float]:
    """How long people wait at half of what ours can do: of all rounds together."""
    each = _contender(OURS, _ours, cache_url)
    people = here.people()
    _begin(here, database_url, each, people)
    _flood(each, here, people)
    times: list[float] = []
    for _ in range(ROUNDS):
        requests = turns.signed(_asking(each, here, people, BATCH // 2), here.signer)
        result = load.at_rate(each.port, requests, rate=rate / 2, connections=2 * CONNECTIONS)
        _check(each, result)
        times += result.times
    here.supervisor.stop(each.process)
    whole = load.Round(times=times)
    p50, p99 = whole.percentile(0.5), whole.percentile(0.99)
    return {"rate": round(rate / 2, 1), "p50": round(p50, 2), "p99": round(p99, 2)}


def _turns(here: World, database_url: str, cache_url: str) -> dict[str, dict[str, float]]:
    """The product's own turns, once everything is warm."""
    port, counting = environment.free_port(), environment.free_port()
    env = here.environment(database_url, cache_url)
    site = here.serve("site", gunicorn("companion.wsgi:application", port), env, port)
    command = gunicorn("benchmarks.counted:application", counting)
    counted = here.serve("counted", command, env, counting)
    people = here.people()
    found: dict[str, dict[str, float]] = {}
    print("The product's own turns: statements, connections opened, CPU in microseconds\n")
    print(f"  {'':<22}{'statements':>12}{'connections':>13}{'CPU us':>9}")
    for intent in ("WhoAmIIntent", "DailyFactIntent", "AnotherFactIntent", "SaveFactIntent"):
        most = {"statements": 0, "connections": 0}
        for is_warm in (False, True):
            for request in turns.signed(people[:20], here.signer, intent=intent):
                answer = load.ask(counting, request)
                for name in most if is_warm else ():
                    most[name] = max(most[name], int(answer[f"x-{name}"]))
        found[intent] = {**most, "cpu": _cost(here, site, port, people, intent)}
        row = f"{most['statements']:>12}{most['connections']:>13}{found[intent]['cpu']:>9.0f}"
        print(f"  {intent:<22}{row}")
    print(flush=True)
    here.supervisor.stop(site)
    here.supervisor.stop(counted)
    return found


def _cost(
    here: World, site: Process, port: int, people: Sequence[turns.Person], intent: str
) -> float:
    """The least of three rounds: other work only ever adds to it."""
    costs = []
    for _ in range(3):
        asked = turns.signed(people, here.signer, intent=intent)
        requests = [load.Request(each.raw, b'"outputSpeech"') for each in asked]
        before = accounting.usage(site.popen.pid).cpu
        result = load.closed(port, requests, connections=CONNECTIONS)
        if result.wrong:
            raise SystemExit(f"{intent}: {dict(result.wrong)}\n{site.tail()}")
        costs.append((accounting.usage(site.popen.pid).cpu - before) / len(requests) * 1e6)
    return round(min(costs), 1)


def _judge(contenders: dict[str, Contender], figures: dict[str, Any]) -> bool:
    ours, floor, stock = contenders[OURS], contenders[FLOOR], contenders[STOCK]
    cpu = statistics.median(ours.cpu) / statistics.median(floor.cpu)
    found: list[tuple[Target, float]] = [
        (OVER_STOCK, ours.rate / stock.rate),
        (OVER_FLOOR, cpu),
        (WAITING, figures["half"]["p99"]),
        (COLD_START, ours.cold_start),
        (OUTBOUND, max(each["connections"] for each in figures["turns"].values())),
    ]
    if peer := contenders.get(EXPRESS):
        found.insert(1, (OVER_EXPRESS, ours.rate / peer.rate))
    figures["targets"] = {target[0]: round(value, 2) for target, value in found}
    print("What was promised, and what was aimed at (docs/speed.md says why they differ):\n")
    held = [_line(target, value) for target, value in found]
    return all(held)


def _line(target: Target, value: float) -> bool:
    """Print one; whether the promise holds."""
    name, bound, promised, aimed = target
    is_most = bound == "at most"

    def holds(limit: float) -> bool:
        return value <= limit if is_most else value >= limit

    kept = "held" if holds(promised) else "NOT HELD"
    aim = "reached" if holds(aimed) else "missed"
    print(
        f"  {value:6.1f} {name}: {bound} {promised:g} promised, {kept}; {aimed:g} aimed at, {aim}"
    )
    return holds(promised)
