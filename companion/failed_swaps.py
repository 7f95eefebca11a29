"""An error is no part of a page: htmx swaps whatever comes, so errors are sent above the page."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

FORM_HAS_ERRORS = 422  # the form itself comes back, and belongs where it was


class FailedSwapsMiddleware:
    """Everything else that failed goes to the notices; what was on the page stays.

    Their templates are short where htmx asks: see message.html.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        failed = response.status_code >= 400 and response.status_code != FORM_HAS_ERRORS
        if failed and request.headers.get("HX-Request") == "true":
            response.headers.setdefault("HX-Retarget", "#notices")
            response.headers.setdefault("HX-Reswap", "innerHTML")
        return response
