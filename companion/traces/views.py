"""Attempts to link an account, for operators: the list, one of them, and what is done with them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.oauth_trace import recording, switch
from accounts.oauth_trace.models import ALPHABET, Attempt, Span, Viewing
from accounts.rate_limit import limited
from companion import time_zones
from companion.http import SignedInRequest, page_of
from companion.traces import access, briefs, chart, filters, listed, report, viewings, words
from companion.traces.attempt import Shown, shown
from companion.traces.filters import Filters
from companion.traces.recorder import HOURS, Recorder, recorder

PAGE_SIZE = 30
MOST_SETTLED = 20  # quiet attempts that one page judges anew
OTHERS_SHOWN = 5
MOST_COUNTED = 100
WEEK = timedelta(days=7)


@require_safe
@access.needs(access.VIEW)
def traces(request: SignedInRequest) -> HttpResponse:
    """One row an attempt. Live, it is asked every few seconds: 204 while nothing has changed."""
    recording.settle(MOST_SETTLED)
    wish = Filters.of(request.GET)
    found, is_cut = briefs.latest(wish.of_database())
    matching = wish.matching(found)
    now = recorder(found[0].started_at if found else None, is_all=not wish.is_narrow)
    mark = _mark(matching, now)
    if request.htmx and request.GET.get("mark") == mark:
        return HttpResponse(status=204)
    page = page_of(request, matching, PAGE_SIZE, or_last=True)
    rows = list(page)
    took = briefs.durations(rows)
    people = _people(request.user, rows)
    facets = filters.facets(wish, found)
    context: dict[str, Any] = {
        "filters": wish,
        "facets": facets,
        "is_foldable": wish.person or not all(facet.is_first for facet in facets),
        "page": page,
        "rows": [
            {
                "brief": row,
                "took": words.took(took[row.pk]) if took.get(row.pk) else "",
                "person": people.get(row.person, 0),
                "by": {name: wish.address(**{name: key(row)}) for name, key in briefs.KEYS.items()},
                "by_person": wish.address(person=row.person),
            }
            for row in rows
        ],
        "number": len(matching),
        "is_cut": is_cut,
        "most": briefs.MOST,
        "older": wish.address(before=f"{found[-1].started_at.timestamp():.6f}") if is_cut else "",
        "recorder": now,
        "hours": HOURS,
        "days": Attempt.kept().days,
        "may_switch": request.user.has_perm(access.SWITCH),
        "live_address": f"{wish.address(live='1')}&mark={mark}",
        "to_go_live": wish.address(live="1"),
        "to_stay_still": wish.address(live=""),
        "not_pinned": wish.address(pinned=""),
        "only_pinned": wish.address(pinned="1"),
        "of_anybody": wish.address(person=""),
        "from_newest": wish.address(),
        "time_zone": str(time_zones.of(request.user.profile)),
    }
    template = "traces/attempts.html" if request.htmx else "traces/list.html"
    with timezone.override(time_zones.of(request.user.profile)):
        # here, so that its days are those of the rows
        return render(request, template, {**context, "chart": chart.days(matching)})


def _mark(rows: list[briefs.Brief], now: Recorder) -> str:
    """Another one when the list would look different."""
    seen = [(row.pk, row.updated_at, row.outcome, row.finding, row.pinned) for row in rows]
    whole = f"{seen} {now.span and now.span.pk} {now.lost} {len(now.silence)}"
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _people(viewer: User, rows: list[briefs.Brief]) -> dict[str, int]:
    """By sub: who has a page in the admin that the viewer may see."""
    subs = {row.person for row in rows if row.person}
    if not subs or not viewer.has_perm("accounts.view_user"):
        return {}
    return dict(User.objects.filter(sub__in=subs).values_list("sub", "pk"))


@require_safe
@access.needs(access.VIEW)
@limited("traces_file", rate=20, per=60)
def file(request: SignedInRequest) -> HttpResponse:
    """What the list shows, all its pages."""
    wish = Filters.of(request.GET)
    found, _is_cut = briefs.latest(wish.of_database())
    text = listed.written(wish.matching(found))
    return _download(text, f"attempts-{timezone.now():%Y-%m-%d}.csv", "text/csv")


@require_safe
@access.needs(access.VIEW)
def find(request: SignedInRequest) -> HttpResponse:
    """By its reference, as somebody read it out."""
    said = request.GET.get("reference", "")[:40]
    reference = "".join(each for each in said.upper() if each.isalnum())[:8]
    return redirect("trace", reference) if reference else redirect("traces")


@require_safe
@access.needs(access.VIEW)
def attempt(request: SignedInRequest, reference: str) -> HttpResponse:
    """One attempt; that it was looked at is written down."""
    opened = _opened(reference, request.user)
    if opened is None:
        return _unknown(request, reference)
    found, made, seen = opened
    others = _others(found, made.person)
    since = timezone.now() - WEEK
    same = Attempt.objects.filter(finding=found.finding, started_at__gte=since).exclude(pk=found.pk)
    person = User.objects.filter(sub=made.person).first() if made.person else None
    context = {
        "made": made,
        "attempt": found,
        "client": words.CLIENTS.get(words.client_of(found.client_id), ""),
        "region": words.REGIONS.get(words.region_of(found.redirect_uri), ""),
        "took": words.took(made.duration) if made.duration else "",
        "who": words.masked(made.person),
        "person": person,
        "others": [(other, words.outcome_look(other.outcome, other.finding)) for other in others],
        "all_of_person": Filters(person=made.person).address(),
        "same": same[:MOST_COUNTED].count() if found.finding else 0,
        "most_counted": MOST_COUNTED,
        "all_of_cause": Filters(cause=found.finding, time="7d").address(),
        "viewings": seen,
        "days": Attempt.kept().days,
        "may_pin": request.user.has_perm(access.PIN),
        "may_delete": request.user.has_perm(access.DELETE),
        "may_see_person": bool(person) and request.user.has_perm("accounts.view_user"),
        "time_zone": str(time_zones.of(request.user.profile)),
    }
    with timezone.override(time_zones.of(request.user.profile)):
        return render(request, "traces/attempt.html", context)


def _others(found: Attempt, sub: str) -> list[Attempt]:
    if not sub:
        return []
    theirs = Attempt.objects.of_person(sub).exclude(pk=found.pk)
    return list(theirs.order_by("-started_at", "-pk")[:OTHERS_SHOWN])


@require_safe
@access.needs(access.VIEW)
def report_json(request: SignedInRequest, reference: str) -> HttpResponse:
    return _report(request, reference, report.as_json, "json", "application/json")


@require_safe
@access.needs(access.VIEW)
def report_text(request: SignedInRequest, reference: str) -> HttpResponse:
    return _report(request, reference, report.as_text, "md", "text/markdown")


def _report(
    request: SignedInRequest, reference: str, write: Any, ending: str, kind: str
) -> HttpResponse:
    opened = _opened(reference, request.user)
    if opened is None:
        return _unknown(request, reference)
    found, made, _seen = opened
    return _download(write(made), f"attempt-{found.reference}.{ending}", kind)


@require_POST
@access.needs(access.PIN)
def pin(request: SignedInRequest, reference: str) -> HttpResponse:
    """Keep it longer than the others, or as long as them. Doing it twice does no harm."""
    found = _found(reference)
    if found is None:
        return _unknown(request, reference)
    found.pinned = request.POST.get("pinned") == "1"
    if not Attempt.objects.filter(pk=found.pk).update(pinned=found.pinned):
        return _unknown(request, reference)
    said = "Pinned an attempt." if found.pinned else "Unpinned an attempt."
    LogEntry.objects.log_actions(request.user.pk, [found], CHANGE, said)
    return redirect("trace", found.reference)


@require_http_methods(["GET", "HEAD", "POST"])
@access.needs(access.DELETE)
def delete(request: SignedInRequest, reference: str) -> HttpResponse:
    """Asks first."""
    found = _found(reference)
    if found is None:
        return _unknown(request, reference)
    if request.method != "POST":
        return render(request, "traces/delete.html", {"attempt": found})
    LogEntry.objects.log_actions(request.user.pk, [found], DELETION, "Deleted an attempt.")
    found.delete()
    messages.success(request, f"Attempt {found.reference} is deleted.")
    return redirect("traces")


@require_POST
@access.needs(access.SWITCH)
def switch_on(request: SignedInRequest) -> HttpResponse:
    text = request.POST.get("hours", "")
    if text not in {str(hours) for hours in HOURS}:
        messages.error(request, "Choose for how long.")
        return redirect("traces")
    try:
        span = switch.on(hours=int(text), capture=request.POST.get("capture") == "1")
    except switch.NotPossible as error:
        messages.error(request, f"Not switched on: {error}.")
        return redirect("traces")
    said = f"Switched the trace on for {text} hours, {'with' if span.capture else 'no'} capture."
    LogEntry.objects.log_actions(request.user.pk, [span], ADDITION, said)
    messages.success(request, "The trace is on.")
    return redirect("traces")


@require_POST
@access.needs(access.SWITCH)
def switch_off(request: SignedInRequest) -> HttpResponse:
    span = Span.objects.current()
    if switch.off() and span:
        LogEntry.objects.log_actions(request.user.pk, [span], CHANGE, "Switched the trace off.")
    messages.success(request, "The trace is off. Linking goes on without it.")
    return redirect("traces")


def _found(reference: str) -> Attempt | None:
    """Whatever its letters' case; None also for what is no reference."""
    reference = reference.upper()
    if not reference or len(reference) > 8 or not set(reference) <= set(ALPHABET):
        return None
    return Attempt.objects.filter(reference=reference).first()


def _opened(reference: str, viewer: User) -> tuple[Attempt, Shown, list[Viewing]] | None:
    """Judged anew, and that it was looked at is written down. None also where it goes meanwhile."""
    found = _found(reference)
    if found is None:
        return None
    try:
        return found, shown(found), viewings.note(found, viewer)
    except Attempt.DoesNotExist:
        return None


def _unknown(request: SignedInRequest, reference: str) -> HttpResponse:
    context = {"reference": reference[:8].upper(), "days": Attempt.kept().days}
    return render(request, "traces/unknown.html", context, status=404)


def _download(text: str, name: str, kind: str) -> HttpResponse:
    return HttpResponse(
        text,
        content_type=f"{kind}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
