"""For load balancers and Prometheus: process up, installation ready, counters."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from accounts.rate_limit import limited
from companion import metrics as counters
from companion import readiness


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
@limited("readyz", rate=600, per=60)  # balancers come six times a minute
def readyz(request: HttpRequest) -> HttpResponse:
    """200 where this process can serve, if need be with less, else 503; each part in a word.

    Soon, whatever hangs: companion/readiness.py.
    """
    found = readiness.now()
    return JsonResponse(
        {name: str(part) for name, part in found.parts.items()},
        status=200 if found.is_ready else 503,
    )


def has_metrics_token(request: HttpRequest) -> bool:
    """False where no token is set: then there is no such page."""
    if not settings.METRICS_TOKEN:
        return False
    given = request.headers.get("Authorization", "").encode("utf-8", "replace")
    return hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not settings.METRICS_TOKEN:
        raise Http404
    if not has_metrics_token(request):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(generate_latest(counters.registry()), content_type=CONTENT_TYPE_LATEST)
