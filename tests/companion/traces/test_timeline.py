"""Lanes of the timeline: in order, within the picture, with what they are in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from accounts.oauth_trace.exchange import Field, Message, Value
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Recorded, Trace
from companion.traces.timeline import LEAST, WIDTH, Lane, lanes
from companion.traces.words import took

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def trace(*events: tuple[Stage, float, int]) -> Trace:
    """(stage, seconds after the beginning, milliseconds that it took)."""
    return Trace(
        started_at=NOW,
        seen_at=NOW + timedelta(days=1),
        events=tuple(
            Recorded(stage=stage, at=NOW + timedelta(seconds=at), milliseconds=time)
            for stage, at, time in events
        ),
    )


def by_name(made: Trace, **stages: str) -> dict[str, Lane]:
    reached = {event.stage.value: "ok" for event in made.events}
    if {"authorize", "callback"} <= reached.keys() and not stages:
        reached["login"] = "ok"
    return {lane.name: lane for lane in lanes(made, reached | stages)}


LINKED = trace(
    (Stage.AUTHORIZE, 0, 8),
    (Stage.CALLBACK, 41, 12),
    (Stage.TOKEN, 41.5, 302),
    (Stage.REFRESH, 3600, 150),
    (Stage.REFRESH, 7200, 150),
)


def test_every_stage_has_a_lane_in_the_order_of_a_linking() -> None:
    assert list(by_name(LINKED)) == [stage.label for stage in Stage]
    assert list(by_name(trace())) == [stage.label for stage in Stage]


def test_bars_are_to_be_seen_and_within_the_picture() -> None:
    for lane in by_name(LINKED).values():
        for bar in lane.bars:
            assert bar.width >= LEAST
            assert bar.x >= 0
            assert bar.x + bar.width <= WIDTH + 0.1


def test_what_comes_later_stands_further_on() -> None:
    found = by_name(LINKED)
    starts = [found[name].bars[0].x for name in ("authorize", "callback", "token", "refresh")]
    assert starts == sorted(starts)
    assert len(found["refresh"].bars) == 2


def test_sign_in_fills_the_time_at_the_pools_page() -> None:
    lane = by_name(LINKED)["sign-in"]
    assert lane.text == "41 s at the pool’s page"
    assert len(lane.bars) == 1


def test_without_a_captured_way_back_the_time_covers_it() -> None:
    made = trace((Stage.AUTHORIZE, 0, 8), (Stage.TOKEN, 30, 302))
    found = by_name(made, login="unseen", callback="unseen")
    assert found["sign-in"].text == "30 s at the pool’s page and on the way back"
    assert found["callback"].text == "passed: it did not lead over the trace"
    assert found["callback"].look.word == "not seen"
    assert found["callback"].is_reached


def test_an_error_that_comes_back_at_once_had_no_sign_in_page() -> None:
    made = trace((Stage.AUTHORIZE, 0, 8), (Stage.CALLBACK, 0.035, 1))
    found = by_name(made, callback="unfinished")
    assert found["sign-in"].text == "not seen: the browser was back after 27 ms, without a code"
    assert (found["sign-in"].is_reached, found["sign-in"].bars) == (False, ())
    assert found["callback"].text == "27 ms later, answered in 1 ms, and brought no code"


def test_gaps_are_told() -> None:
    lane = by_name(LINKED)["token"]
    assert lane.text == "488 ms later, answered in 302 ms"
    assert lane.gap
    assert by_name(LINKED)["authorize"].gap is None


def test_several_of_a_stage_are_counted() -> None:
    made = trace(*((Stage.REFRESH, 100 * n, 150) for n in range(5)))
    told = by_name(made)["refresh"].text
    assert told == "5 times, answered in 150 ms, 150 ms, 150 ms and 2 more"


def test_who_acts_is_told_apart() -> None:
    who = {lane.name: lane.who for lane in by_name(LINKED).values()}
    assert {who["authorize"], who["sign-in"], who["callback"]} == {"browser"}
    assert {who["token"], who["refresh"], who["first skill request"]} == {"Alexa"}


def test_what_was_not_reached_says_so() -> None:
    lane = by_name(trace((Stage.AUTHORIZE, 0, 8)))["token"]
    assert (lane.text, lane.is_reached, lane.bars) == ("not reached", False, ())


def test_what_still_comes_of_a_link_that_works_is_not_missing() -> None:
    tokens = Message(status=200, body=(Field("access_token", Value(digest="0" * 32, length=900)),))
    linked = replace(trace(), events=(Recorded(stage=Stage.TOKEN, at=NOW, response=tokens),))
    found = by_name(linked)
    for name in ("refresh", "first skill request"):
        assert found[name].text.startswith("not yet: "), name
        assert (found[name].look.word, found[name].is_reached) == ("not yet", False)
    assert found["callback"].text == "not reached"


def test_what_is_passed_on_at_once_takes_no_time() -> None:
    made = trace((Stage.AUTHORIZE, 0, 0), (Stage.CALLBACK, 4.3, 0))
    assert by_name(made)["authorize"].text == "answered in no time"
    assert by_name(made)["callback"].text == "4.3 s later, answered in no time"


def test_all_at_one_moment() -> None:
    made = trace((Stage.AUTHORIZE, 0, 0), (Stage.CALLBACK, 0, 0), (Stage.TOKEN, 0, 0))
    assert [len(lane.bars) for lane in by_name(made).values()] == [1, 0, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (timedelta(seconds=-1), "0 ms"),
        (timedelta(milliseconds=302), "302 ms"),
        (timedelta(seconds=1.24), "1.2 s"),
        (timedelta(seconds=9.97), "10 s"),
        (timedelta(seconds=41.3), "41 s"),
        (timedelta(seconds=59.8), "1 min"),
        (timedelta(seconds=200), "3 min 20 s"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=3, hours=5), "3 days"),
    ],
)
def test_times_in_words(time: timedelta, said: str) -> None:
    assert took(time) == said
