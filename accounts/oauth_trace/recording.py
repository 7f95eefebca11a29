"""Writing down what the front saw. Nothing here may ever stop a linking.

Each entry point takes an exchange that is already redacted, waits only briefly for the database,
and ends in a log line where it fails.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts import forgiving_cache
from accounts.oauth_trace import wanted as wanted_values
from accounts.oauth_trace.diagnosis import diagnose
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Attempt, Correlation, Event, Outcome, Span, Stage
from accounts.oauth_trace.redaction import digest
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.verdict import verdict
from accounts.rate_limit import is_over

log = structlog.get_logger(__name__)

LONGEST_WAIT = 500  # milliseconds for a lock: Alexa waits 4.5 s for a token in all
MOST_EVENTS = 60  # of one attempt; a token refreshed each hour for two days
MOST_PER_MINUTE = 600  # new attempts, all together: a flood is forwarded, not written down
SPAN_MEMO = 2.0  # seconds for which a process believes what it knows of the span
_VERDICT = ("outcome", "finding", "stages", "is_complete")  # what judging changes
_LOST = "oauth-trace:lost"
_LOSS_TOLD = 14 * 24 * 3600  # seconds
REST = 30.0  # seconds without a try after the database failed

type Keys = Iterable[tuple[Correlation.Kind, str]]  # kinds with digests


@dataclass
class _Memo:
    span: Span | None = None
    until: float = 0.0
    rest_until: float = 0.0


_memo = _Memo()


def span() -> Span | None:
    """The span that is on; believed for a moment, so that a turn of the skill costs nothing."""
    if not settings.OAUTH_TRACE:
        return None
    now = time.monotonic()
    if now < _memo.until:
        found = _memo.span
    else:
        found = _careful(Span.objects.current)
        _memo.span, _memo.until = found, now + SPAN_MEMO
    return found if found and found.ends_at > timezone.now() else None


def forget_span() -> None:
    """Look again next time: it was switched on or off, or a test begins."""
    _memo.span, _memo.until, _memo.rest_until = None, 0.0, 0.0


def find(kind: Correlation.Kind, digest_: str) -> Attempt | None:
    """The latest attempt that this digest was seen in; None also where the database fails."""
    return _careful(lambda: Attempt.objects.correlated(kind, digest_))


def only_candidate(client_id: str, redirect_uri: str) -> Attempt | None:
    """The one attempt that could go on with a token request whose code nobody saw."""

    def look() -> Attempt | None:
        since = timezone.now() - Attempt.ABANDONED
        waiting = Attempt.objects.filter(
            started_at__gte=since, client_id=client_id, outcome=Outcome.OPEN, captured=False
        ).exclude(events__stage=Stage.TOKEN)
        if redirect_uri:
            waiting = waiting.filter(redirect_uri=redirect_uri)
        candidates = list(waiting[:2])
        return candidates[0] if len(candidates) == 1 else None

    return _careful(look)


def begin(
    *,
    client_id: str = "",
    redirect_uri: str = "",
    language: str = "",
    captured: bool = False,
    site_sub: str = "",
    keys: Keys = (),
) -> Attempt | None:
    """A new attempt; None where none is to be recorded, or it cannot be."""
    if not span() or is_over("oauth_trace", "all", rate=MOST_PER_MINUTE, per=60):
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

    return _careful(write)


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
    """One exchange more. `None` for a side that could not be redacted: nothing of it is kept."""

    def write() -> None:
        events = list(attempt.events.all()[: MOST_EVENTS + 1])
        if len(events) > MOST_EVENTS:
            return
        is_withheld = request is None or response is None
        event = Event.objects.create(
            attempt=attempt,
            stage=stage,
            at=timezone.now() - timedelta(milliseconds=milliseconds),
            milliseconds=max(0, round(milliseconds)),
            request={} if is_withheld or request is None else request.to_json(),
            response={} if is_withheld or response is None else response.to_json(),
            is_withheld=is_withheld,
        )
        _correlate(attempt, keys)
        attempt.sub, attempt.updated_at = sub or attempt.sub, timezone.now()
        judge(attempt, [*events, event])

    _careful(write, attempt)


def judge(attempt: Attempt, events: list[Event] | None = None) -> None:
    """Diagnose it as things stand, and keep what came out for the lists. Asks nobody."""
    _judged(attempt, events)
    attempt.save(update_fields=[*_VERDICT, "updated_at", "sub"])


def _judged(attempt: Attempt, events: list[Event] | None = None) -> Attempt:
    trace = Trace.of(attempt, events)
    found = verdict(trace, diagnose(trace, wanted_values.known()))
    attempt.outcome = found.outcome
    attempt.finding = found.main.code if found.main else ""
    attempt.stages = found.stages
    if forgiving_cache.found(_incomplete(attempt)):
        attempt.is_complete = False
    return attempt


def settle(limit: int = 200) -> int:
    """Judge those that were left open and have gone quiet: silence is a finding, too."""
    quiet = Attempt.objects.filter(
        outcome=Outcome.OPEN, updated_at__lt=timezone.now() - Attempt.ABANDONED
    )
    found = list(quiet.prefetch_related("events")[:limit])
    if found:  # in one statement: pages do it while somebody waits
        Attempt.objects.bulk_update([_judged(attempt) for attempt in found], _VERDICT)
    return len(found)


def note_skill_request(token: str, request: Message, problem: str = "") -> None:
    """The first request of the skill with a token that was traced. Costs nothing while off."""
    if not token or not span() or not (attempt := find(Correlation.Kind.ACCESS, digest(token))):
        return
    if Stage.SKILL not in attempt.stages:
        add(attempt, Stage.SKILL, request, Message(status=200, problem=problem))


def _correlate(attempt: Attempt, keys: Keys) -> None:
    Correlation.objects.bulk_create(
        Correlation(attempt=attempt, kind=kind, digest=each) for kind, each in keys if each
    )


def lost() -> int:
    """How many events could not be recorded of late."""
    return int(forgiving_cache.found(_LOST) or 0)


def _careful[T](work: Callable[[], T], attempt: Attempt | None = None) -> T | None:
    """Short waits, one transaction, no exception; after a failure a rest. None where it failed."""
    if time.monotonic() >= _memo.rest_until:
        try:
            with _short_waits(), transaction.atomic():
                if connection.vendor == "postgresql":
                    with connection.cursor() as cursor:
                        cursor.execute(f"SET LOCAL statement_timeout = {LONGEST_WAIT}")
                return work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the linking goes on
            _memo.rest_until = time.monotonic() + REST
            log.warning("oauth_trace_failed", error=type(error).__name__)
    forgiving_cache.keep(_LOST, lost() + 1, seconds=_LOSS_TOLD)
    if attempt is not None:
        forgiving_cache.keep(_incomplete(attempt), value=True, seconds=_LOSS_TOLD)
    return None


def _incomplete(attempt: Attempt) -> str:
    return f"oauth-trace:incomplete:{attempt.pk}"


@contextmanager
def _short_waits() -> Iterator[None]:
    """A database that is busy gets little time; afterwards its waits are as before."""
    if connection.vendor == "sqlite":
        before = int(connection.settings_dict["OPTIONS"].get("timeout", 5) * 1000)
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {LONGEST_WAIT}")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout = {before}")
    else:
        yield
