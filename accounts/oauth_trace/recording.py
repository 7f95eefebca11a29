"""Writing down what the front saw. Nothing here may ever stop a linking.

Each entry point takes an exchange that is already redacted, waits only briefly for the database,
and raises nothing: what could not be written is counted, and the attempt is marked.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import F, Sum
from django.utils import timezone

from accounts.models import Tombstone
from accounts.oauth_trace import briefly, capture
from accounts.oauth_trace import wanted as wanted_values
from accounts.oauth_trace.briefly import Unavailable
from accounts.oauth_trace.diagnosis import diagnose
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Attempt, Correlation, Event, Outcome, Span, Stage
from accounts.oauth_trace.redaction import digest
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.verdict import verdict
from accounts.rate_limit import is_over, network_of

log = structlog.get_logger(__name__)

MOST_EVENTS = 60  # of one attempt; a token refreshed each hour for two days
# new attempts, all together: a flood is forwarded, not written down. Refreshes of people who linked
# before count for themselves, or of a busy skill they would leave no room for the linkings.
MOST_PER_MINUTE = {Stage.AUTHORIZE: 600, Stage.TOKEN: 300, Stage.REFRESH: 120}
# and of one network: a tenth, so that a handful of addresses leaves room for the others
MOST_OF_ONE = {Stage.AUTHORIZE: 60, Stage.TOKEN: 30, Stage.REFRESH: 12}
MOST_PER_HOUR = 6_000  # new attempts, all together; of one network a tenth
MOST_KEPT = 20_000  # attempts
MOST_BYTES = 32 * 1024  # of one attempt's exchanges as JSON, but for those that ended well
LOOK_EACH = 200  # new attempts of this process between two looks at how many are kept
SPAN_MEMO = 2.0  # seconds for which a process believes what it knows of the span
_VERDICT = ("outcome", "finding", "stages", "is_complete")  # what judging changes

type Keys = Iterable[tuple[Correlation.Kind, str]]  # kinds with digests


@dataclass
class _Memo:
    last: Span | None = None  # the latest, also one that is over
    until: float = 0.0
    begun: int = 0  # attempts, by this process
    is_full: bool = False  # what is kept is kept for somebody: nothing new has room


_memo = _Memo()
# Exchanges that this process could not record, each by its attempt's id, or 0 for one that could
# not even begin. Told to the database when it is back. Bounded: an outage may be long.
_losses: deque[int] = deque(maxlen=10_000)


def span() -> Span | None:
    """The span that is on; believed for a moment, so that a turn of the skill costs nothing.

    While the database does not answer, the one that was on stays on: what it loses is counted.
    """
    found = _last_span()
    is_on = found and found.stopped_at is None and found.ends_at > timezone.now()
    return found if is_on else None


def may_go_on() -> bool:
    """Whether attempts may be under way that began while a span was on; believed for a moment, too.

    Where none can be, a token request costs no look into the database.
    """
    found = _last_span()
    if not found:
        return False
    return (found.stopped_at or found.ends_at) > timezone.now() - timedelta(seconds=capture.MEMORY)


def _last_span() -> Span | None:
    if not settings.OAUTH_TRACE:
        return None
    now = time.monotonic()
    if now >= _memo.until:
        try:
            _memo.last = briefly.reads(_latest)
        except Unavailable:
            pass
        else:
            _tell_losses()
        _memo.until = now + SPAN_MEMO
    return _memo.last


def _latest() -> Span | None:
    return Span.objects.current() or Span.objects.filter(started_at__lte=timezone.now()).first()


def forget_span() -> None:
    """Look again next time: it was switched on or off, or a test begins."""
    _memo.last, _memo.until, _memo.begun, _memo.is_full = None, 0.0, 0, False
    briefly.forget()


def find(kind: Correlation.Kind, digest_: str) -> Attempt | None:
    """The latest attempt that this digest was seen in; None also where the database fails."""
    return _found(lambda: Attempt.objects.correlated(kind, digest_)) if digest_ else None


def by_pk(pk: int) -> Attempt | None:
    return _found(lambda: Attempt.objects.filter(pk=pk).first()) if pk else None


def only_candidate(client_id: str, redirect_uri: str) -> Attempt | None:
    """The one attempt that could go on with a token request whose code nobody saw."""

    def look() -> Attempt | None:
        since = timezone.now() - Attempt.ABANDONED
        waiting = Attempt.objects.filter(
            started_at__gte=since, client_id=client_id, captured=False
        ).exclude(events__stage=Stage.TOKEN)
        if redirect_uri:
            waiting = waiting.filter(redirect_uri=redirect_uri)
        # one that looked wrong may go on: the pool has the last word
        candidates = waiting.filter(outcome=Outcome.OPEN)[:2] or waiting[:2]
        return candidates[0] if len(candidates) == 1 else None

    return _found(look)


def begin(
    stage: Stage,
    *,
    client_id: str = "",
    redirect_uri: str = "",
    language: str = "",
    captured: bool = False,
    site_sub: str = "",
    who: str = "",
    keys: Keys = (),
) -> Attempt | None:
    """A new attempt, by its first exchange; None where it cannot be recorded, or is one too many.

    `stage`: authorize; or token, refresh where nothing was seen before. `who`: the address that it
    came from.
    """
    if not span():
        return None
    if _is_flood(stage, who) or not _has_room():
        lose()
        return None

    def write() -> Attempt:
        attempt = Attempt.objects.begin(
            client_id=client_id[:200],
            redirect_uri=redirect_uri[:500],
            language=language[:16],
            captured=captured,
            site_sub=site_sub,
        )
        _correlate(attempt, keys)
        return attempt

    try:
        attempt = briefly.writes(write)
    except Unavailable:
        lose()
        return None
    _tell_losses()
    return attempt


def _is_flood(stage: Stage, who: str) -> bool:
    """One network is stopped first, and what it sends beyond is not counted against the others."""
    network = who
    with contextlib.suppress(ValueError):  # a socket of this machine has no address
        network = network_of(who)
    return (
        is_over(f"oauth_trace-{stage}", network, rate=MOST_OF_ONE[stage], per=60)
        or is_over("oauth_trace-hour", network, rate=MOST_PER_HOUR // 10, per=3600)
        or is_over("oauth_trace", stage, rate=MOST_PER_MINUTE[stage], per=60)
        or is_over("oauth_trace-hour", "all", rate=MOST_PER_HOUR, per=3600)
    )


def _has_room() -> bool:
    """Whether one more may be kept: now and then it is looked, and those of nobody make room."""
    _memo.begun += 1
    if _memo.begun % LOOK_EACH == 0:
        with contextlib.suppress(Unavailable):
            left = briefly.writes(lambda: make_room(most=2 * LOOK_EACH))
            _memo.is_full = left > MOST_KEPT
    return not _memo.is_full


def make_room(*, most: int) -> int:
    """Delete what is over MOST_KEPT, no more than `most`, the oldest first; how many are left.

    Those that came to nothing before others, never one that is pinned or of a person we know.
    """
    count = Attempt.objects.count()
    for rows in Attempt.objects.of_nobody():
        over = min(most, count - MOST_KEPT)
        if over <= 0:
            break
        oldest = list(rows.order_by("started_at", "pk").values_list("pk", flat=True)[:over])
        Attempt.objects.filter(pk__in=oldest).delete()
        count, most = count - len(oldest), most - len(oldest)
    return count


def add(
    attempt: Attempt,
    stage: Stage,
    request: Message | None,
    response: Message | None,
    *,
    milliseconds: float = 0,
    keys: Keys = (),
    sub: str = "",
) -> None:
    """One exchange more. `None` for a side that could not be redacted: nothing of it is kept.

    `attempt` then is as it was written.
    """
    is_withheld = request is None or response is None

    def write() -> Attempt | None:
        # locked: two calls at once must each judge what the other one saw
        held = Attempt.objects.select_for_update().filter(pk=attempt.pk).first()
        if held is None:  # pruned, or the person was erased meanwhile
            return None
        if sub and Tombstone.objects.for_sub(sub).exists():  # tokens for who was just leaving
            held.delete()
            return None
        events = list(held.events.all()[:MOST_EVENTS])
        event = Event(
            attempt=held,
            stage=stage,
            at=timezone.now() - timedelta(milliseconds=milliseconds),
            milliseconds=max(0, round(milliseconds)),
            request={} if is_withheld or request is None else request.to_json(),
            response={} if is_withheld or response is None else response.to_json(),
            is_withheld=is_withheld,
        )
        if len(events) >= MOST_EVENTS or _is_too_much(events, event):
            lose(held.pk)
            return None
        event.save(force_insert=True)
        _correlate(held, keys)
        held.sub, held.updated_at = sub or held.sub, timezone.now()
        held.is_complete = held.is_complete and not is_withheld
        _judged(held, [*events, event])
        held.save(update_fields=[*_VERDICT, "updated_at", "sub"])
        return held

    try:
        held = briefly.writes(write)
    except Unavailable:
        lose(attempt.pk)
        return
    if held:
        for name in ("sub", "updated_at", *_VERDICT):
            setattr(attempt, name, getattr(held, name))
    _tell_losses()


def _is_too_much(events: list[Event], event: Event) -> bool:
    """Whether this would fill the attempt. What the pool granted nobody can send in numbers."""
    if not events or _size(event) == 0:
        return False
    return sum(map(_size, (*events, event))) > MOST_BYTES


def _size(event: Event) -> int:
    """Bytes of what counts against MOST_BYTES."""
    if event.stage != Stage.CALLBACK and event.response.get("status") == 200:
        return 0
    return len(json.dumps((event.request, event.response)))


def lose(attempt_pk: int = 0) -> None:
    """An exchange of this attempt, or of one that could not begin, was passed on unrecorded."""
    _losses.append(attempt_pk)


def judge(attempt: Attempt, events: list[Event] | None = None) -> bool:
    """Diagnose it as things stand, and keep what came out for the lists. Asks nobody.

    Only the verdict is written: Alexa may be adding to it. False where it is gone meanwhile.
    """
    judged = _judged(attempt, events)
    kept = {name: getattr(judged, name) for name in _VERDICT if name != "is_complete"}
    return bool(Attempt.objects.filter(pk=attempt.pk).update(**kept))


def _judged(attempt: Attempt, events: list[Event] | None = None) -> Attempt:
    """A rule that breaks over something odd takes the verdict with it, never the record."""
    try:
        trace = Trace.of(attempt, events)
        found = verdict(trace, diagnose(trace, wanted_values.known()))
    except Exception as error:  # noqa: BLE001 - as said above
        log.warning("oauth_trace_diagnosis_failed", error=type(error).__name__)
        return attempt
    attempt.outcome = found.outcome
    attempt.finding = found.main.code if found.main else ""
    attempt.stages = found.stages
    return attempt


def settle(limit: int = 200) -> int:
    """Judge those that were left open and have gone quiet: silence is a finding, too."""
    quiet = Attempt.objects.filter(
        outcome=Outcome.OPEN, updated_at__lt=timezone.now() - Attempt.ABANDONED
    )
    found = list(quiet.prefetch_related("events")[:limit])
    if found:  # in one statement: pages do it while somebody waits
        for attempt in found:
            _judged(attempt)
            if attempt.outcome == Outcome.OPEN:  # it could not be judged: it is over all the same
                attempt.outcome = Outcome.GAVE_UP
        Attempt.objects.bulk_update(found, _VERDICT)
    return len(found)


def note_skill_request(token: str, request: Message, problem: str = "") -> bool:
    """The first request of the skill with a token that was traced. Costs nothing while off.

    Whether an attempt is known that ended with this token.
    """
    if not token or not span() or not (attempt := find(Correlation.Kind.ACCESS, digest(token))):
        return False
    if Stage.SKILL not in attempt.stages:
        add(attempt, Stage.SKILL, request, Message(status=200, problem=problem))
    return True


def _correlate(attempt: Attempt, keys: Keys) -> None:
    Correlation.objects.bulk_create(
        Correlation(attempt=attempt, kind=kind, digest=each) for kind, each in keys if each
    )


def lost() -> int:
    """How many exchanges of late could not be recorded, as far as it is known by now."""
    since = timezone.now() - Attempt.kept()
    told = Span.objects.filter(ends_at__gte=since).aggregate(all=Sum("lost"))["all"] or 0
    return int(told) + len(_losses)


def _found(look: Callable[[], Attempt | None]) -> Attempt | None:
    try:
        return briefly.reads(look)
    except Unavailable:
        return None


def _tell_losses() -> None:
    """The database is back: it hears how many exchanges it missed, and of which attempts."""
    if not _losses:
        return
    missed = []
    with contextlib.suppress(IndexError):  # another thread may take them, too
        while True:
            missed.append(_losses.popleft())

    def write() -> None:
        if last := Span.objects.first():
            Span.objects.filter(pk=last.pk).update(lost=F("lost") + len(missed))
        Attempt.objects.filter(pk__in=set(missed)).update(is_complete=False)

    try:
        briefly.writes(write)
    except Unavailable:
        _losses.extend(missed)
