"""Error pages; Django calls these by the handler names of companion/urls.py."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was open too long, or cookies are off; the reason is for the log only."""
    return render(request, "403_csrf.html", status=403)
