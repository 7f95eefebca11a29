"""Error pages; Django calls these by the handler names of companion/urls.py."""

from __future__ import annotations

import sys

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.csrf import requires_csrf_token

from companion import draft
from companion.languages import CODES
from companion.logs import reference

AWAY = 30  # seconds after which to try again
VOICE_DOOR = "/alexa/"  # Alexa reads no page, and counts a 500


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


@requires_csrf_token
def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Without the request's context: what failed may be what the base layout needs.

    Django calls it where it caught the exception. A database that does not answer is no fault of
    the site: 503, and when to come back.
    """
    no_database = isinstance(sys.exception(), OperationalError | InterfaceError)
    is_away = no_database and not request.path.startswith(VOICE_DOOR)
    context = {
        "reference": reference(),
        "is_away": is_away,
        "path": request.get_full_path() if request.method in {"GET", "HEAD"} else "/",
        "support_url": settings.SUPPORT_URL,
    }
    page = "503.html" if is_away else "500.html"
    if request.headers.get("HX-Request") == "true":
        page = "partials/broken.html"
    with translation.override(_language(request)):
        response = HttpResponse(render_to_string(page, context), status=503 if is_away else 500)
    if is_away:
        response["Retry-After"] = str(AWAY)
    return response


def too_many_requests(request: HttpRequest, wait: int) -> HttpResponse:
    """Before any session is read: the page stands alone, like that of an error. `wait` in seconds.

    Pages that have a limit of their own are refused with 429.html, which knows who is there.
    """
    is_part = request.headers.get("HX-Request") == "true"
    page = "partials/too_many_swapped.html" if is_part else "429_alone.html"
    context = {"retry_after": wait, "support_url": settings.SUPPORT_URL}
    language = _language(request)
    with translation.override(language):
        response = HttpResponse(render_to_string(page, context), status=429)
    response["Content-Language"] = language
    return response


def _language(request: HttpRequest) -> str:
    """What the middleware found; where it got no further, what the browser says."""
    cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return (
        getattr(request, "LANGUAGE_CODE", "")
        or (cookie if cookie in CODES else "")
        or translation.get_language_from_request(request)
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was open too long, or cookies are off; the reason is for the log only."""
    return render(request, "403_csrf.html", {"kept_at": draft.rescue(request)}, status=403)
