"""Processes of the site end: one without warning, all of them as a deployment ends them."""

from __future__ import annotations

import os
import signal
import time

from benchmarks.accounting import descendants
from faults.asking import ANSWERED
from faults.scenario import Scenario
from faults.stage import Site, Stage
from faults.talk import LOST, NO_ANSWER, NO_CONNECTION
from faults.verdict import Expected


def worker(stage: Stage) -> None:
    """Out of memory, or by hand: SIGKILL in the middle of turns that write."""
    expected = Expected(
        turns=frozenset({ANSWERED}),
        pages=frozenset({"page", LOST}),
        answered=0.8,
        few={LOST: 24},  # what one worker had at hand, three times: eight threads
        longest=8.0,  # to start a worker takes seconds of a processor
        well=3.0,
    )
    with (
        stage.site() as site,
        stage.talking("a worker killed, three times", site, expected) as (talk, _),
    ):
        time.sleep(1)
        with talk.fault():
            for _ in range(3):
                os.kill(_workers(site)[0], signal.SIGKILL)
                time.sleep(1.5)
        talk.until_well()


def terminated(stage: Stage) -> None:
    """SIGTERM under load, and a new server: what was begun is answered.

    Nobody listens in between, which a deployment does not do to people: see the group deploy.
    """
    expected = Expected(
        # the new one takes connections before it has imported everything
        turns=frozenset({ANSWERED, NO_CONNECTION, NO_ANSWER}),
        pages=frozenset({"page", NO_CONNECTION}),
        few={LOST: 2},
        longest=8.1,
    )
    with (
        stage.site() as site,
        stage.talking("SIGTERM, then a new server", site, expected, turns=30) as (talk, found),
    ):
        time.sleep(1)
        with talk.fault():
            begun = time.monotonic()
            site.process.popen.terminate()
            site.process.popen.wait(30)
            found.said.append(f"ended in {time.monotonic() - begun:.1f} s")
            again = stage.world.serve(
                f"again-{site.port}", stage.command(site.port), stage.environment(), site.port
            )
            stage.world.supervisor.wait_ready(again, f"http://127.0.0.1:{site.port}/readyz")
        talk.until_well()
    stage.world.supervisor.stop(again)


def _workers(site: Site) -> list[int]:
    """gunicorn's, below its master; a resource tracker or the like is none of them."""
    return descendants(site.process.popen.pid)


SCENARIOS = [Scenario(worker, is_quick=True), Scenario(terminated)]
