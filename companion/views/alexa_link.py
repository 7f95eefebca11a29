"""How the person's Alexa stands with us, and the ways into a link and out of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.rate_limit import limited
from companion import linking, time_zones
from companion.http import SignedInRequest, page_of
from companion.link_summary import households, summarise
from companion.linking import Attempt, Outcome
from companion.linking_cause import Cause, cause, recent
from skill_endpoint.models import AccountLink

PAGE_SIZE = 10


@require_safe
def alexa_link(request: SignedInRequest) -> HttpResponse:
    """A state, not a yes or no."""
    links = list(AccountLink.objects.filter(user=request.user))
    attempt = Attempt.of(request)
    outcome = found = None
    if attempt:
        outcome, found = _so_far(request, attempt, links)
    else:
        found = recent(request.user, links)
    if outcome == Outcome.LINKED:
        return _linked(request)
    with timezone.override(time_zones.of(request.user.profile)):
        context = {
            "summary": summarise(links),
            "outcome": outcome,
            "cause": found,
            "page": page_of(request, households(links), PAGE_SIZE),
        }
        return render(request, "companion/alexa_link.html", context)


@require_POST
@limited("linking", rate=30, per=60)
def start(request: SignedInRequest) -> HttpResponse:
    """Remember how things stood; the next page leads to Amazon and watches what comes of it."""
    Attempt.begin(request, AccountLink.objects.filter(user=request.user))
    return redirect("alexa_link_progress")


@require_safe
def progress(request: SignedInRequest) -> HttpResponse:
    """Asked every few seconds while it is open: 204 as long as nothing has changed."""
    attempt = Attempt.of(request)
    if not attempt:
        return _back(request)
    links = AccountLink.objects.filter(user=request.user)
    outcome, found = _so_far(request, attempt, links)
    if outcome == Outcome.LINKED:
        return _linked(request)
    if request.htmx and outcome == Outcome.WAITING:
        return HttpResponse(status=204)
    context: dict[str, Any] = {"outcome": outcome, "cause": found, "address": linking.address()}
    template = (
        "partials/linking_swapped.html" if request.htmx else "companion/alexa_link_progress.html"
    )
    return render(request, template, context)


def _so_far(
    request: SignedInRequest, attempt: Attempt, links: Iterable[AccountLink]
) -> tuple[Outcome, Cause | None]:
    """What came of it, and why where it did not work. One that the trace saw fail waits no more."""
    outcome = attempt.outcome(links)
    if outcome == Outcome.LINKED:
        return outcome, None
    found = cause(request.user, attempt.begun_at)
    if outcome != Outcome.WAITING:
        return outcome, found
    return (Outcome.FAILED, found) if found and found.is_over else (outcome, None)


def _linked(request: SignedInRequest) -> HttpResponse:
    Attempt.forget(request)
    messages.success(request, _("Alexa is linked to your account."))
    return _back(request)


def _back(request: SignedInRequest) -> HttpResponse:
    address = reverse("alexa_link")
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


@require_http_methods(["GET", "HEAD", "POST"])
def unlink(request: SignedInRequest, pk: int) -> HttpResponse:
    """Asks first; doing it twice does no harm."""
    mine = AccountLink.objects.filter(user=request.user, linked_at__isnull=False)
    link = get_object_or_404(mine.select_related("user"), pk=pk)
    if link.unlinked_at:
        return redirect("alexa_link")
    if request.method != "POST":
        return render(request, "companion/alexa_link_unlink.html", {"link": link})
    link.unlink()
    Attempt.forget(request)
    messages.success(request, _("Unlinked. That Alexa account does not know you any more."))
    return redirect("alexa_link")
