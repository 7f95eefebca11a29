"""What only a trusted proxy may say is taken out where somebody else says it.

Django believes the header of SECURE_PROXY_SSL_HEADER whoever sent it. Addresses and ids of requests
are asked about where they are read (accounts/rate_limit.py, companion/request_log.py).
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from accounts.rate_limit import is_trusted_proxy

SCHEME = "HTTP_X_FORWARDED_PROTO"


class TrustedHeadersMiddleware:
    """Before all that asks whether a request came by https."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if SCHEME in request.META and not is_trusted_proxy(request.META.get("REMOTE_ADDR") or ""):
            del request.META[SCHEME]
        return self.get_response(request)
