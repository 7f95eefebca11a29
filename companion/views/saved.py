from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from companion import time_zones
from companion.http import SignedInRequest, page_of, safe_next
from companion.removal import Removal
from skill_endpoint.facts.models import Favourite

PAGE_SIZE = 20


@require_safe
def saved(request: SignedInRequest) -> HttpResponse:
    """What was saved by voice and here, newest first; days begin where the person lives."""
    favourites = (
        Favourite.objects.filter(user=request.user)
        .select_related("fact__topic")
        .prefetch_related("fact__texts")
    )
    page = page_of(request, favourites, PAGE_SIZE)
    with timezone.override(time_zones.of(request.user.profile)):
        return render(request, "companion/saved.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def dismiss(request: SignedInRequest) -> HttpResponse:
    """Take the offer to undo off the page."""
    if request.method == "POST":
        Removal.forget(request)
    return redirect(safe_next(request, "/saved/"))


@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: SignedInRequest) -> HttpResponse:
    """Put back what was removed last; a second press finds nothing to do."""
    if request.method != "POST":  # back from signing in, which ends with a GET
        return redirect("saved")
    removal = Removal.of(request)
    if removal and removal.undo(request.user):
        messages.success(request, _("Back on your list: %s") % removal.headline)
    Removal.forget(request)
    return redirect(safe_next(request, "/saved/"))
