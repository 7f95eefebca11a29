"""`make load`: half an hour at 70 % of capacity, then ten times as much, on PostgreSQL and Redis.

Exit status 1 where an answer was wrong, a favorite is missing or there twice, or where waiting or
memory grew. MINUTES=3 for a short one.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg

from benchmarks import accounting, load, report, turns
from benchmarks.endurance.dialogs import Dialog, dialogs
from benchmarks.endurance.talking import MOST_CONNECTIONS, NO_ANSWER, NO_CONNECTION, Sample, Talk
from benchmarks.population import sub_of
from benchmarks.world import World, gunicorn, world
from companion.local import environment, services
from companion.local.supervisor import Process

PEOPLE = 4000
WARM = 20  # seconds, before anything is measured
ROUNDS, ROUND = 5, 6.0  # of as many turns as can be done: how many, and seconds of each
CONNECTIONS = 16  # in them
PART = 0.7  # of the capacity
SPIKE = 10  # seconds
TIMES = 10  # of the rate before
RECOVERY = 60  # seconds after the spike that are looked at
FLATTER_THAN = 1.5  # the last fifth of the time against the first: the median wait, and p99
GROWTH = 1.10  # memory, likewise
NOTICED = 250  # milliseconds that nobody notices
SOON = 15.0  # seconds until it is well again after the spike

LEGEND = """
  {people} people with links, PostgreSQL and Redis of its own, {workers} worker(s), rate limits on.
  {minutes:g} minutes of dialogs, after one or two to find the capacity; then two for the spike.
  turns        answered or not, in that minute; each waits from when it was due
  wrong        another status than 200, silence, an apology, or no answer in eight seconds
  CPU us, MB   of the server's processes: a turn's processor time, their memory
  connections  to PostgreSQL
  not sent     in the spike: all {most} connections of the load were waiting for an answer
  One turn of a hundred is sent twice: the second must be refused with 400.
"""
HEADS = ("turns", "p50 ms", "p95", "p99", "longest", "wrong", "CPU us", "MB", "connections")
SPIKE_HEADS = ("turns", "p50 ms", "p99", "no answer", "refused", "not sent", "other")


@dataclass
class Window:
    """What was seen in a minute."""

    turns: int
    times: load.Round
    wrong: Counter[str]
    cpu: float  # microseconds a turn, of the server's processes
    rss: float  # megabytes of them
    connections: int  # to PostgreSQL

    def row(self) -> tuple[str, ...]:
        of = self.times.percentile
        return (
            str(self.turns),
            *(f"{of(part):.1f}" for part in (0.5, 0.95, 0.99)),
            f"{max(self.times.times, default=0) * 1000:.0f}",
            str(self.wrong.total()),
            f"{self.cpu:.0f}",
            f"{self.rss:.1f}",
            str(self.connections),
        )


@dataclass
class Watch:
    """Takes the samples out of a talk, one window after the other."""

    talk: Talk
    server: Process
    database: psycopg.Connection[tuple[Any, ...]]
    windows: list[Window] = field(default_factory=list)
    cpu: float = 0.0

    def begin(self) -> None:
        self.talk.account.samples.clear()
        self.cpu = accounting.usage(self.server.popen.pid).cpu

    def look(self) -> None:
        samples, self.talk.account.samples = self.talk.account.samples, []
        used = accounting.usage(self.server.popen.pid)
        answered = [each.seconds for each in samples if not each.wrong]
        window = Window(
            turns=len(samples),
            times=load.Round(times=answered),
            wrong=Counter(each.wrong for each in samples if each.wrong),
            cpu=(used.cpu - self.cpu) / max(len(samples), 1) * 1e6,
            rss=used.rss / 1e6,
            connections=_number(
                self.database,
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()",
            ),
        )
        self.cpu = used.cpu
        self.windows.append(window)
        print(_row(f"minute {len(self.windows)}", window.row()), flush=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, help="turns a second, in place of a measured one")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args(arguments)
    if given.minutes <= 0 or (given.rate is not None and given.rate <= 0) or given.workers < 1:
        parser.error("minutes, rate and workers are more than nothing")
    if lacking := services.missing():
        print("\n".join(lacking))
        return 2
    with world() as here:
        cache_url = services.redis(here.supervisor, here.state)
        database_url = services.postgresql(here.supervisor, here.state)
        print(
            LEGEND.format(
                people=PEOPLE,
                workers=given.workers,
                minutes=given.minutes,
                most=MOST_CONNECTIONS,
            ),
            flush=True,
        )
        here.fill(database_url, PEOPLE)
        port = environment.free_port()
        env = here.environment(database_url, cache_url, {"RATE_LIMITS": "1"})
        command = gunicorn("companion.wsgi:application", port, f"--workers={given.workers}")
        server = here.serve("site", command, env, port)
        with psycopg.connect(database_url, autocommit=True) as database:
            try:
                held = _measure(here, server, port, database, given.minutes, given.rate)
            except KeyboardInterrupt:
                print("\nStopped; what ran has ended.")
                return 130
        server.check()
    print(f"\nEvery figure: {report.current.write()}")
    return 0 if held else 1


def _measure(
    here: World,
    server: Process,
    port: int,
    database: psycopg.Connection[tuple[Any, ...]],
    minutes: float,
    rate: float | None,
) -> bool:
    people = here.people(PEOPLE)
    talk = Talk(port, here.signer, dialogs(people, seed=1))
    watch = Watch(talk, server, database)
    try:
        if rate is None:
            capacity = _capacity(talk, server)
            rate = capacity * PART
            print(f"Capacity {capacity:.0f} turns a second; {PART:.0%} of it: {rate:.0f}.\n")
        print(_row("", HEADS))
        talk.run(WARM, rate)
        watch.begin()
        talk.run(minutes * 60 + 1, rate, look=watch.look)
        talk.settle()
        steady = _judge_steady(talk, watch, database)
        spike = _spike(talk, people, rate)
        kept = _judge_kept(talk, database)
    finally:
        talk.close()
    report.current.parts["endurance"] = {
        "rate": round(rate, 1),
        "minutes": [each.row() for each in watch.windows],
        "heads": HEADS,
    }
    return all((steady, spike, kept))


def _capacity(talk: Talk, server: Process) -> float:
    """Turns a second that come back when each connection asks again at once: median of rounds."""
    talk.run(WARM, 50)
    rates = []
    for _ in range(ROUNDS):
        talk.account.samples.clear()
        before = accounting.usage(server.popen.pid).cpu
        rates.append(talk.flood(ROUND, CONNECTIONS) / ROUND)
        busy = (accounting.usage(server.popen.pid).cpu - before) / ROUND
        wrong = Counter(each.wrong for each in talk.account.samples if each.wrong)
        print(f"  {rates[-1]:6.0f} a second, server busy {busy:.0%}, wrong {dict(wrong) or 0}")
        talk.settle()
    return statistics.median(rates)


def _judge_steady(talk: Talk, watch: Watch, database: psycopg.Connection[tuple[Any, ...]]) -> bool:
    windows = watch.windows
    fifth = max(1, len(windows) // 5)
    first, last = windows[:fifth], windows[-fifth:]
    wrong = sum((each.wrong for each in windows), Counter[str]())
    total = sum(each.turns for each in windows)

    def grew(of: str) -> float:
        part = {"p50": 0.5, "p99": 0.99}

        def middle(some: list[Window]) -> float:
            if of == "memory":
                return statistics.median(each.rss for each in some)
            return statistics.median(each.times.percentile(part[of]) for each in some)

        return middle(last) / middle(first)

    replays = dict(talk.account.replays)
    print()
    return all(
        [
            _line(not wrong, f"{wrong.total()} wrong answers of {total} turns {dict(wrong) or ''}"),
            *(
                _line(
                    grew(of) < most, f"{of}: the last fifth of the time {grew(of):.2f} x the first"
                )
                for of, most in (("p50", FLATTER_THAN), ("p99", FLATTER_THAN), ("memory", GROWTH))
            ),
            _line(set(replays) <= {"400"}, f"turns sent once more, and how they ended: {replays}"),
        ]
    )


def _spike(talk: Talk, people: list[turns.Person], rate: float) -> bool:
    """Ten times as much for ten seconds; what is seen of each second, and when it is well again."""
    count = round(rate * (TIMES - 1) * SPIKE)
    print(f"\nSigning {count} turns for {SPIKE} s of {TIMES} times as much …", flush=True)
    asked = ("DailyFactIntent", "WhoAmIIntent")
    extra = talk.sign_now(
        [Dialog(people[n % PEOPLE], [asked[n % 2]], "en-US") for n in range(count)]
    )
    talk.run(5, rate)  # what was said in the meantime is old by now
    talk.account.samples.clear()
    begun = time.perf_counter()
    talk.run(10, rate)
    talk.run(SPIKE, rate, extra)
    talk.run(RECOVERY, rate)
    talk.settle()
    seconds: dict[int, list[Sample]] = {}
    for each in talk.account.samples:
        seconds.setdefault(int(each.due - begun) - 10, []).append(each)
    print("\nEach second of the spike and after it, by when a turn was due\n")
    print(_row("", SPIKE_HEADS))
    usual = _p99([each for second in range(-10, 0) for each in seconds.get(second, [])])
    last_bad = SPIKE - 1
    rows: list[tuple[str, ...]] = []
    others: Counter[str] = Counter()
    for second, samples in sorted(seconds.items()):
        wrong = Counter(each.wrong for each in samples if each.wrong)
        is_bad = bool(wrong) or _p99(samples) > max(2 * usual, NOTICED)
        if is_bad and second >= SPIKE:
            last_bad = second
        times = load.Round(times=[each.seconds for each in samples if not each.wrong])
        waited, unsent = wrong.pop(NO_ANSWER, 0), wrong.pop(NO_CONNECTION, 0)
        refused = wrong.pop("503", 0) + wrong.pop("429", 0)
        others += wrong
        rows.append(
            (
                str(second),
                str(len(samples)),
                f"{times.percentile(0.5):.0f}",
                f"{times.percentile(0.99):.0f}",
                str(waited),
                str(refused),
                str(unsent),
                str(wrong.total()),
            )
        )
        if is_bad or second in {-1, last_bad + 1}:
            print(_row(f"second {second}", rows[-1][1:]))
    for words, number in others.most_common():
        print(f"  other: {number} x {words}")
    report.current.parts["spike"] = rows
    well = last_bad + 1 - SPIKE
    return _line(well <= SOON, f"well again {well} s after the spike (wanted: {SOON:.0f} s)")


def _p99(samples: list[Sample]) -> float:
    return load.Round(times=[each.seconds for each in samples]).percentile(0.99)


def _judge_kept(talk: Talk, database: psycopg.Connection[tuple[Any, ...]]) -> bool:
    """What people were told is saved, against the rows."""
    account = talk.account
    numbers = {sub_of(number): number for number in range(PEOPLE)}
    found = database.execute(
        "SELECT u.sub, f.fact_id FROM facts_favourite f JOIN accounts_user u ON u.id = f.user_id"
    ).fetchall()
    rows = [(numbers[str(sub)], int(fact)) for sub, fact in found]
    saved = set(rows)
    missing = account.kept - saved - account.unsure
    more = saved - account.kept - account.unsure
    words = (
        f"{account.saves} times a person heard that a favorite is saved; {len(account.kept)} are "
        f"to be there, {len(rows)} rows: {len(missing)} missing, {len(more)} nobody was told of, "
        f"{len(rows) - len(saved)} twice ({len(account.unsure)} unknown: their answer never came)"
    )
    return _line(not missing and not more and len(rows) == len(saved), words)


def _number(database: psycopg.Connection[tuple[Any, ...]], sql: str) -> int:
    row = database.execute(sql.encode()).fetchone()
    return int(row[0]) if row else 0


def _line(held: bool, words: str) -> bool:
    print(f"  {'held' if held else 'NOT HELD':<9} {words}", flush=True)
    return held


def _row(name: str, cells: tuple[str, ...]) -> str:
    return f"  {name:<11}" + "".join(f"{cell:>12}" for cell in cells)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
