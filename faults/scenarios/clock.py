"""The clock of the site's machine jumps, and comes back; those of its database and cache do not."""

from __future__ import annotations

import time
from pathlib import Path

from faults.asking import ANSWERED
from faults.scenario import Scenario
from faults.stage import Stage
from faults.verdict import Expected

REFUSED = "status 400"
LIBRARIES = Path("/usr/lib")
# Python sleeps until a moment of the monotonic clock, which libfaketime 0.9.10 gets wrong (EINVAL)
SLEEP = (
    "import threading, time\ntime.sleep = lambda seconds: bool(threading.Event().wait(seconds))\n"
)
MINUTE, DAY = 60, 24 * 3600
# by how much, and what Alexa gets: a request is good for 150 s, both ways
JUMPS = {
    "+2 min": (2 * MINUTE, ANSWERED),
    "+3 min": (3 * MINUTE, REFUSED),
    "-2 min": (-2 * MINUTE, ANSWERED),
    "-3 min": (-3 * MINUTE, REFUSED),
    "+1 day": (DAY, REFUSED),
    "-1 day": (-DAY, REFUSED),
}


def jumps(stage: Stage) -> None:
    library = next(LIBRARIES.glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        stage.leave_out("a clock that jumps", "needs apt-get install faketime")
        return
    clock = stage.world.state / "clock"
    _set(clock, 0)
    modules = stage.world.state / "clocked"
    modules.mkdir()
    (modules / "sitecustomize.py").write_text(SLEEP)
    more = {
        "PYTHONPATH": str(modules),
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with stage.site(more=more) as site:
        for name, (seconds, outcome) in JUMPS.items():
            expected = Expected(
                turns=frozenset({outcome}),
                pages=frozenset({"page"}),
                # of what was on its way when the clock came back, or jumped
                few={ANSWERED: 10_000, REFUSED: 2 if outcome == ANSWERED else 0},
                answered=0.9 if outcome == ANSWERED else 0.0,
                well=1.0,
                # a token is of the future for a turn in the middle of which the clock went back
                forgotten=2 if seconds < 0 and outcome == REFUSED else 0,
            )
            with stage.talking(f"jumps by {name}", site, expected) as (talk, found):
                time.sleep(0.7)
                before = talk.cast.next_turn("save")
                found.check(talk.ask(before).outcome == ANSWERED, "a turn before it")
                with talk.fault():
                    _set(clock, seconds)
                    time.sleep(0.3)
                    meanwhile = talk.cast.next_turn("save")
                    first = talk.aside(meanwhile)
                    found.check(first.outcome == outcome, f"a turn meanwhile: {first.outcome}")
                    again = talk.aside(before)
                    found.check(again.outcome == REFUSED, "a replay was taken meanwhile")
                    time.sleep(2)
                    _set(clock, 0)
                talk.until_well()
                # what was refused unseen was not claimed: it would count now
                late = [before, meanwhile] if outcome == ANSWERED else [before]
                for question in late:
                    found.check(talk.aside(question).outcome == REFUSED, "a replay after it")


def _set(clock: Path, seconds: int) -> None:
    """Whole at once: it is read all the time."""
    beside = clock.with_suffix(".new")
    beside.write_text(f"{seconds:+d}\n")
    beside.chmod(0o644)
    beside.replace(clock)


SCENARIOS = [Scenario(jumps)]
