"""What we hold about a person: the list, the download, and the way to deletion."""

from __future__ import annotations

from typing import Any, cast

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_safe

from accounts.data_export import archive, making
from accounts.data_export.models import DataExport
from accounts.models import User
from accounts.personal_data import counts_of, elsewhere, shown_holdings
from accounts.rate_limit import limited
from companion import time_zones
from companion.http import SignedInRequest


@require_safe
def data(request: SignedInRequest) -> HttpResponse:
    """What, why and how long, from the registry, so that it cannot drift."""
    counts = counts_of(request.user)
    context = {
        "holdings": [
            (holding, counts[holding])
            for holding in shown_holdings()
            if counts[holding] or not holding.for_operators
        ],
        "elsewhere": [place for place in elsewhere() if place.label],
        "export": DataExport.objects.last_of(request.user),
    }
    with timezone.override(time_zones.of(request.user.profile)):
        return render(request, "companion/data.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@limited("data-export", rate=10, per=600)
def start(request: SignedInRequest) -> HttpResponse:
    """What is small is made at once and sent; what is large begins, and the page goes on."""
    if request.method != "POST":  # back from signing in, which ends with a GET
        return _back()
    try:
        return _made(request)
    except ObjectDoesNotExist:  # the account was deleted meanwhile, and all of it with it
        return _back()


def _made(request: SignedInRequest) -> HttpResponse:
    export = making.begin(request.user, counts_of(request.user), translation.get_language() or "en")
    if export.total_rows > making.AT_ONCE:
        return _back()
    while export.state == DataExport.State.MAKING:
        steps = export.steps
        making.take_step(export, time_zones.of(request.user.profile))
        if export.state == DataExport.State.MAKING and export.steps == steps:
            return _back()  # another press is at it
    return _file(export) if export.state == DataExport.State.READY else _back()


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: SignedInRequest, pk: int) -> HttpResponse:
    """One step on; the page calls it until the file is ready."""
    export = _own(request.user, pk)
    if request.method != "POST":
        return _back()
    try:
        making.take_step(export, time_zones.of(request.user.profile))
    except ObjectDoesNotExist:
        return _back()
    if not request.htmx:
        return _back()
    with timezone.override(time_zones.of(request.user.profile)):
        return render(request, "companion/data_export.html", {"export": export})


@require_safe
def download(request: SignedInRequest, pk: int) -> HttpResponse:
    export = _own(request.user, pk)
    if export.state != DataExport.State.READY:
        raise Http404
    return _file(export)


def _own(user: User, pk: int) -> DataExport:
    """Other people's, and what is no longer kept, do not exist."""
    return get_object_or_404(DataExport.objects.current().filter(user=user), pk=pk)


def _back() -> HttpResponse:
    return redirect(f"{reverse('data')}#export")


def _file(export: DataExport) -> HttpResponse:
    members = making.members_of(export)
    pieces = archive.archive(members, making.pieces_of(export), export.requested_at)
    headers: dict[str, Any] = {
        "Content-Disposition": (
            f'attachment; filename="small-wonders-data-{export.requested_at:%Y-%m-%d}.zip"'
        ),
        "Content-Length": str(archive.length_of(members)),
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    response = StreamingHttpResponse(pieces, content_type="application/zip", headers=headers)
    return cast("HttpResponse", response)  # as decorators name what a view returns
