"""The doctor's page: the last report, and a button that makes a new one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts import forgiving_cache
from accounts.rate_limit import is_over
from companion.doctor.checks import ALL
from companion.doctor.context import Context, Options
from companion.doctor.examination import examine
from companion.doctor.report import joined
from companion.doctor.results import Result, State
from companion.http import SignedInRequest
from companion.traces.access import VIEW, needs

KEPT = "doctor:report:1"
KEPT_FOR = 24 * 3600  # seconds
DEADLINE = 8.0  # seconds: the page is there within ten
RATE, PER = 6, 60  # examinations of everybody together, seconds


@require_http_methods(["GET", "HEAD", "POST"])
@needs(VIEW)
def doctor(request: SignedInRequest) -> HttpResponse:
    """Who may see how a link failed may see why."""
    if request.method != "POST":
        return _page(request, forgiving_cache.found(KEPT))
    if is_over("doctor", "all", rate=RATE, per=PER):
        response = render(request, "429.html", {"retry_after": PER}, status=429)
        response["Retry-After"] = str(PER)
        return response
    report = examine(Context(Options()), ALL, deadline=DEADLINE).as_dict()
    forgiving_cache.keep(KEPT, report, seconds=KEPT_FOR)
    return _page(request, report)


def _page(request: SignedInRequest, report: Mapping[str, Any] | None) -> HttpResponse:
    context: dict[str, Any] = {"report": report}
    if report:
        results = [Result.of(values) for values in report["results"]]
        context |= {
            "at": datetime.fromisoformat(report["at"]),
            "to_mend": [each for state in _TO_MEND for each in results if each.state is state],
            "others": joined(each for each in results if each.state not in _TO_MEND),
        }
    template = "doctor/report.html" if request.htmx and report else "doctor/doctor.html"
    return render(request, template, context)


_TO_MEND = (State.ERROR, State.WARNING)  # in this order
