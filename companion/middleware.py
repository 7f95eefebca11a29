from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.middleware import csp
from django.utils.csp import CSP
from django_structlog.middlewares import RequestMiddleware

from accounts.cognito import endpoints


class RequestLogMiddleware(RequestMiddleware):
    """One line a request with its id, without the query: codes and states stand there."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"


class CanonicalHostMiddleware:
    """One host name: what comes to 127.0.0.1 or another allowed name is sent to PUBLIC_URL.

    Cookies, CSP and the pool's registered addresses compare host names to the letter.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        host = request.get_host()  # answers 400 for one that is not allowed
        canonical = settings.PUBLIC_URL.partition("://")[2]
        if host != canonical and request.method in {"GET", "HEAD"}:
            if request.path in {"/healthz", "/readyz", "/metrics"}:  # probes call by address
                return self.get_response(request)
            # not a permanent one: browsers remember that, and a local PUBLIC_URL changes its port
            return HttpResponseRedirect(settings.PUBLIC_URL + request.get_full_path())
        return self.get_response(request)


class ContentSecurityPolicyMiddleware(csp.ContentSecurityPolicyMiddleware):
    """Django's, with the pool's origin in form-action.

    In Chromium a POST that answers with a redirect to another origin counts as a form action, and
    sign-in and sign-out are POSTs that redirect to Cognito.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if not hasattr(response, "_csp_config") and (origin := endpoints.origin()):
            form_action = [CSP.SELF, origin]
            policy = {**settings.SECURE_CSP, "form-action": form_action}
            response._csp_config = policy  # type: ignore[attr-defined]
        return super().process_response(request, response)
