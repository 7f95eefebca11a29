"""Pages of text: help, privacy, accessibility."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from accounts.personal_data import elsewhere, shown_holdings


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """For who asks for it unasked, on the page of a feed for example."""
    return redirect(static("companion/icon.svg"))


@login_not_required
@require_safe
def help_(request: HttpRequest) -> HttpResponse:
    return render(request, "companion/help.html")


@login_not_required
@require_safe
def help_linking(request: HttpRequest) -> HttpResponse:
    return render(request, "companion/help_linking.html")


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept comes from the registry, so that the page cannot drift from the tables."""
    context = {
        "holdings": [holding for holding in shown_holdings() if not holding.for_operators],
        "elsewhere": [place for place in elsewhere() if place.label],
        "backup_days": settings.BACKUP_DAYS,
        "log_days": settings.LOG_DAYS,
    }
    return render(request, "companion/privacy.html", context)


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "companion/accessibility.html")
