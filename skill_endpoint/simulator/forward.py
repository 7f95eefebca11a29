"""POST /dev/alexa/forward: a fully verifying endpoint for clients that cannot sign."""

from __future__ import annotations

import requests
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.rate_limit import limited
from skill_endpoint.simulator import alexa, pki
from skill_endpoint.simulator.access import (
    few_at_once,
    loopback_only,
    needs_development_keys,
    pki_folder,
)


@login_not_required
@csrf_exempt
@never_cache
@require_POST
@loopback_only
@needs_development_keys
@limited("simulator-forward", rate=600, per=60)
@few_at_once
def forward(request: HttpRequest) -> HttpResponse:
    """Sign the body as it came, send it to the skill, pass its answer on as it came."""
    try:
        body = request.body
    except RequestDataTooBig:
        return _plain("The request is too large.", 413)
    try:
        signer = pki.load(pki_folder())
    except (OSError, ValueError):
        return _plain("There are no development keys: start with make demo.", 404)
    try:
        answer = alexa.post(f"{settings.PUBLIC_URL}/alexa/", body, signer.headers_for(body))
    except requests.Timeout:
        return _plain("The skill did not answer in time.", 504)
    except requests.RequestException:
        return _plain("The skill could not be reached.", 502)
    return HttpResponse(
        answer.content,
        status=answer.status_code,
        content_type=answer.headers.get("Content-Type", "application/octet-stream"),
    )


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
