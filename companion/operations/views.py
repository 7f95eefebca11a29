"""The operators' page of the last day. It asks twelve statements at most, whatever happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.oauth_trace.models import Outcome
from companion import time_zones
from companion.http import SignedInRequest
from companion.operations import chart
from companion.operations.day import HOUR, Day
from companion.operations.figures import between, figures, took, traces
from companion.operations.looking import look
from companion.operations.models import KEPT, Failure, Server
from companion.operations.people import Tries, people, tries
from companion.operations.recorder import EVERY
from companion.traces.words import cause_of

VIEW = "companion.view_hourlycount"
FAILURES_SHOWN = 12
SERVERS_SHOWN = 12
CAUSES_SHOWN = 6


@require_safe
def operations(request: SignedInRequest) -> HttpResponse:
    """404 for who is no operator; who is not signed in was sent to do so before."""
    user = request.user
    if not (user.is_staff and user.has_perm(VIEW)):
        raise Http404
    seen = look()
    found, report = seen.day, seen.report
    tried = tries(found.since)
    zone = time_zones.of(user.profile)
    context: dict[str, Any] = {
        "day": found,
        "troubles": seen.troubles,
        "degraded": seen.amiss,
        "parts": seen.ready.parts,
        "report": report,
        "reported_at": datetime.fromisoformat(report["at"]) if report else None,
        "may_see_doctor": user.has_perm("oauth_trace.view_attempt"),
        "version": _version(found.servers),
        "hosts": len({server.host for server in found.running}),
        "figures": figures(found, people(user, found.since), tried, user),
        "turns": chart.turns(found),
        "times": chart.times(found),
        "top": took(chart.times(found).most),
        "rows": [
            {
                "hour": hour,
                "until": hour.begins + HOUR,
                "median": between(hour.took.median),
                "late": between(hour.took.late),
                "minutes_off": round(hour.off.total_seconds() / 60),
            }
            for hour in reversed(found.hours)
        ],
        "busiest": max(found.hours, key=lambda hour: hour.turns),
        "refused": _refused(found),
        "tries": tried,
        "causes": _causes(tried, traces(user)),
        "failures": list(Failure.objects.filter(at__gte=found.since)[:FAILURES_SHOWN]),
        "servers": found.servers[:SERVERS_SHOWN],
        "every": round(EVERY),
        "kept_days": KEPT.days,
        "time_zone": str(zone),
    }
    template = "operations/glance.html" if request.htmx else "operations/operations.html"
    with timezone.override(zone):
        return render(request, template, context)


def _version(servers: Sequence[Server]) -> dict[str, Any] | None:
    """The one that started last, and since when it is the one; None where there was no server."""
    if not servers:
        return None
    latest = max(servers, key=lambda server: server.started_at)
    others = [server.started_at for server in servers if server.version != latest.version]
    last_other = max(others, default=None)
    since = min(
        server.started_at
        for server in servers
        if server.version == latest.version
        and (last_other is None or server.started_at > last_other)
    )
    return {"name": latest.version, "since": since, "is_first": last_other is None}


def _refused(found: Day) -> list[tuple[str, tuple[tuple[str, int], ...]]]:
    kinds = [
        ("Requests at the voice door", found.requests),
        ("Access tokens in turns", found.voice_tokens),
        ("Tokens at sign-in on the site", found.site_tokens),
        ("Over a rate limit", found.limits),
        ("Turned away by the server before the site saw them", found.not_served),
    ]
    return [(title, rows) for title, rows in kinds if rows]


def _causes(tried: Tries | None, address: str) -> list[dict[str, Any]]:
    """Of tries that failed: the sentence, the number, and the way to them."""
    return [
        {
            "code": finding,
            "text": cause_of(finding) or "no cause was found",
            "number": number,
            "address": address
            and f"{address}&outcome={Outcome.FAILED.value}" + (f"&cause={finding}" * bool(finding)),
        }
        for finding, number in (tried.causes[:CAUSES_SHOWN] if tried else ())
    ]
