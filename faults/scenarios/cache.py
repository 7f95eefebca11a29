"""Redis is away, hangs, is slow or full, or comes back empty."""

from __future__ import annotations

import time

import redis

from companion.local import services
from faults.asking import ANSWERED, Question
from faults.proxy import Mode
from faults.scenario import Scenario
from faults.stage import Stage
from faults.talk import Talk
from faults.verdict import Expected, Outcome

# what is counted and remembered there may be lost; nobody hears or sees it
UNHEARD = Expected(
    turns=frozenset({ANSWERED}),
    pages=frozenset({"page"}),
    answered=1.0,
    longest=2.0,
    well=1.0,
)
REFUSED = "status 400"


def stopped(stage: Stage) -> None:
    """Everything that is open breaks, and nobody listens for a while; all it held is forgotten."""
    with (
        stage.site() as site,
        stage.talking("stopped, and started empty", site, UNHEARD) as (talk, found),
    ):
        time.sleep(1)
        question = _counted_once(talk, found)
        with talk.fault():
            services.pause(stage.cache, stage.cache_url)
            time.sleep(6)
            services.resume(stage.cache, stage.cache_url)
        talk.until_well()
        _replay(talk, found, question)


def silent(stage: Stage) -> None:
    """The host hangs: nothing is refused, nothing comes."""
    with (
        stage.proxied(stage.cache_url) as (between, url),
        stage.site(cache=url) as site,
        stage.talking("hangs, without a word", site, UNHEARD) as (talk, found),
    ):
        time.sleep(1)
        question = _counted_once(talk, found)
        with talk.fault():
            between.be(Mode.SILENT)
            time.sleep(8)
            between.be(Mode.PASS)
        talk.until_well()
        _still_counted(talk, found, question)


def slow(stage: Stage) -> None:
    """Each answer takes a while; a turn asks four times."""
    with (
        stage.proxied(stage.cache_url) as (between, url),
        stage.site(cache=url) as site,
        stage.talking("each answer takes 0.1 s", site, UNHEARD) as (talk, found),
    ):
        time.sleep(1)
        with talk.fault():
            between.delay = 0.1
            time.sleep(4)
            _counted_once(talk, found)
            between.delay = 0.0
        talk.until_well()


def full(stage: Stage) -> None:
    """At its limit of memory: it refuses to write (noeviction), and reads go on."""
    with (
        redis.Redis.from_url(stage.cache_url, socket_timeout=5) as client,
        stage.site() as site,
        stage.talking("full: what is new is refused", site, UNHEARD) as (talk, found),
    ):
        time.sleep(1)
        question = _counted_once(talk, found)
        limit = client.config_get("maxmemory")["maxmemory"]
        with talk.fault():
            client.config_set("maxmemory", 1)
            time.sleep(5)
            client.config_set("maxmemory", limit)
        talk.until_well()
        _still_counted(talk, found, question)


def _counted_once(talk: Talk, found: Outcome) -> Question:
    """A turn that was answered; sent again it is refused."""
    question = talk.cast.next_turn("save")
    first, second = talk.ask(question), talk.aside(question)
    found.check(first.outcome == ANSWERED, f"a turn was not answered: {first.outcome}")
    found.check(second.outcome == REFUSED, f"a replay was not refused: {second.outcome}")
    return question


def _still_counted(talk: Talk, found: Outcome, question: Question) -> None:
    again = talk.aside(question)
    found.check(again.outcome == REFUSED, "a request of before it counted once more after it")


def _replay(talk: Talk, found: Outcome, question: Question) -> None:
    """What is true of a Redis that forgot: a request of the last 150 s counts once more."""
    first, second = talk.aside(question), talk.aside(question)
    found.said.append(
        f"a request captured before it: {first.outcome} when sent again, then {second.outcome}"
    )
    found.check(second.outcome == REFUSED, "claims are not kept again")


SCENARIOS = [
    Scenario(stopped, is_quick=True),
    Scenario(silent, is_quick=True),
    Scenario(slow),
    Scenario(full),
]
