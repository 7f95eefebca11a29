"""When each stage was reached and how long it took: a lane each, on a scale that shows both.

Sign-in takes a minute, a token a tenth of a second, a refresh comes an hour later: the scale is
compressed by the logarithm of each piece of time, so that none of them disappears.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.verdict import UNFINISHED
from companion.traces import words

WIDTH = 1000.0
LEAST = 8.0  # of a bar
FINEST = 0.02  # seconds: what is shorter has hardly a width
_AHEAD = {
    Stage.REFRESH: "not yet: Alexa asks for new tokens shortly before these run out",
    Stage.SKILL: "not yet: it comes when somebody speaks, or when Alexa tells of the link",
}
_PASSED = "passed: it did not lead over the trace"
MOST_TOLD = 3  # exchanges of one stage that are told one by one
BROWSER, ALEXA = "browser", "Alexa"
_WHO = {
    Stage.AUTHORIZE: BROWSER,
    Stage.LOGIN: BROWSER,
    Stage.CALLBACK: BROWSER,
    Stage.TOKEN: ALEXA,
    Stage.REFRESH: ALEXA,
    Stage.SKILL: ALEXA,
}


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Lane:
    """`gap`: from the end of the exchange before to the first one here."""

    name: str
    who: str
    look: words.Look
    bars: tuple[Bar, ...]
    gap: Bar | None
    text: str

    @property
    def is_reached(self) -> bool:
        return self.look.style != words.STAGES[""].style


@dataclass(frozen=True, slots=True)
class _Span:
    start: datetime
    end: datetime


def lanes(trace: Trace, stages: dict[str, str]) -> list[Lane]:
    """One for each stage, those that were not reached as well."""
    spans = [_span(event) for event in trace.events]
    scale = _Scale([moment for span in spans for moment in (span.start, span.end)])
    return [_lane(stage, trace, stages.get(stage, ""), scale) for stage in Stage]


def _lane(stage: Stage, trace: Trace, state: str, scale: _Scale) -> Lane:
    look = words.stage_look(stage, state, is_linked=trace.has_tokens)
    events = trace.at(stage)
    if stage == Stage.LOGIN and not events:
        return _sign_in(trace, look, scale)
    bars = tuple(scale.bar(_span(event)) for event in events)
    gap, text = None, _AHEAD[stage] if look == words.AHEAD else "not reached"
    if events:
        before = [event for event in trace.events if event.at < events[0].at]
        end = max((_span(event).end for event in before), default=events[0].at)
        silence = events[0].at - end
        gap = scale.bar(_Span(end, events[0].at)) if silence > timedelta(0) else None
        text = _told(events)
        if silence > timedelta(0) and before:
            text = f"{words.took(silence)} later, {text}"
        if stage == Stage.CALLBACK and state == UNFINISHED:
            text += ", and brought no code"
        if stage == Stage.SKILL:
            text += ": somebody spoke, or Alexa told of the link"
    elif state:
        text = _PASSED
    return Lane(stage.label, _WHO[stage], look, bars, gap, text)


def _sign_in(trace: Trace, look: words.Look, scale: _Scale) -> Lane:
    """The pool's own page: nothing of it leads over us, but it lies between two that do."""
    begun = trace.last(Stage.AUTHORIZE)
    back = trace.first(Stage.CALLBACK) or trace.first(Stage.TOKEN)
    name, who = Stage.LOGIN.label, _WHO[Stage.LOGIN]
    if begun and back and look == words.STAGES[""]:
        time = words.took(back.at - _span(begun).end)
        text = f"not seen: the browser was back after {time}, without a code"
    elif begun and back and back.at > (start := _span(begun).end):
        where = "" if back.stage == Stage.CALLBACK else " and on the way back"
        text = f"{words.took(back.at - start)} at the pool’s page{where}"
        return Lane(name, who, look, (scale.bar(_Span(start, back.at)),), None, text)
    elif begun and not back:
        text = "nobody came back from the pool’s page"
    else:
        text = _PASSED if look != words.STAGES[""] else "not reached"
    return Lane(name, who, look, (), None, text)


def _told(events: Sequence[Recorded]) -> str:
    shown = ", ".join(
        words.took(timedelta(milliseconds=event.milliseconds)) if event.milliseconds else "no time"
        for event in events[:MOST_TOLD]
    )
    if len(events) == 1:
        return f"answered in {shown}"
    more = f" and {len(events) - MOST_TOLD} more" if len(events) > MOST_TOLD else ""
    return f"{len(events)} times, answered in {shown}{more}"


def _span(event: Recorded) -> _Span:
    return _Span(event.at, event.at + timedelta(milliseconds=event.milliseconds))


class _Scale:
    """From a moment to a place between 0 and WIDTH."""

    def __init__(self, moments: Sequence[datetime]) -> None:
        self._moments = sorted(set(moments))
        places = [0.0]
        for before, after in pairwise(self._moments):
            seconds = (after - before).total_seconds()
            places.append(places[-1] + math.log1p(seconds / FINEST))
        whole = places[-1] or 1.0
        self._places = [place * (WIDTH - LEAST) / whole for place in places]

    def _at(self, moment: datetime) -> float:
        return self._places[self._moments.index(moment)]

    def bar(self, span: _Span) -> Bar:
        x, end = self._at(span.start), self._at(span.end)
        return Bar(round(x, 1), round(max(end - x, LEAST), 1))
