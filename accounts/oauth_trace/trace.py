"""An attempt as diagnosis reads it: plain values, whether they come from the database or a log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Attempt, Event, Stage


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One exchange. `milliseconds` until the answer was there."""

    stage: Stage
    at: datetime
    milliseconds: int = 0
    request: Message = Message()  # noqa: RUF009 - frozen
    response: Message = Message()  # noqa: RUF009 - frozen
    is_withheld: bool = False


@dataclass(frozen=True, kw_only=True)
class Trace:
    """All of one attempt, in order. `seen_at` is now: some findings are about silence."""

    reference: str = ""
    started_at: datetime
    seen_at: datetime
    captured: bool = False
    redirect_uri: str = ""  # the one that Alexa named, where the callback was captured
    sub: str = ""
    site_sub: str = ""
    beside: str = ""  # a token call of nobody's: the attempt that waited for one meanwhile
    events: tuple[Recorded, ...] = ()

    @classmethod
    def of(cls, attempt: Attempt, events: list[Event] | None = None) -> Trace:
        found = list(attempt.events.all()) if events is None else events
        return cls(
            reference=attempt.reference,
            started_at=attempt.started_at,
            seen_at=timezone.now(),
            captured=attempt.captured,
            redirect_uri=attempt.redirect_uri,
            sub=attempt.sub,
            site_sub=attempt.site_sub,
            beside=_beside(attempt, found),
            events=tuple(recorded(event) for event in found),
        )

    def at(self, stage: Stage) -> list[Recorded]:
        return [event for event in self.events if event.stage == stage]

    def first(self, stage: Stage) -> Recorded | None:
        return next(iter(self.at(stage)), None)

    def last(self, stage: Stage) -> Recorded | None:
        return next(reversed(self.at(stage)), None)

    @property
    def silence(self) -> timedelta:
        """How long nothing was heard of it."""
        return self.seen_at - (self.events[-1].at if self.events else self.started_at)

    @property
    def is_silent(self) -> bool:
        return self.silence >= Attempt.ABANDONED

    @property
    def has_code(self) -> bool:
        """Whether the browser brought back a code, and it was passed on."""
        return any(
            event.request.has("code") and event.response.status < 400
            for event in self.at(Stage.CALLBACK)
        )

    @property
    def has_tokens(self) -> bool:
        """Whether some token request was answered with an access token."""
        return any(
            event.response.status == 200 and event.response.has("access_token")
            for event in (*self.at(Stage.TOKEN), *self.at(Stage.REFRESH))
        )


def _beside(attempt: Attempt, events: list[Event]) -> str:
    """The reference of an attempt that may be the same; asked for where only token calls came."""
    if not events or any(event.stage != Stage.TOKEN for event in events):
        return ""
    waiting = Attempt.objects.waiting_beside(attempt)
    return waiting.reference if waiting else ""


def recorded(event: Event) -> Recorded:
    return Recorded(
        stage=Stage(event.stage),
        at=event.at,
        milliseconds=event.milliseconds,
        request=Message.from_json(event.request),
        response=Message.from_json(event.response),
        is_withheld=event.is_withheld,
    )
