from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.middleware import csp
from django.urls import reverse
from django.utils.csp import CSP
from django.utils.functional import SimpleLazyObject

from accounts.cognito import endpoints
from accounts.models import User
from accounts.rights import with_rights_that_count
from companion.http import page_behind, to_sign_in
from companion.serving import turn_in_time
from skill_endpoint.views import alexa


class VoiceDoorMiddleware:
    """Alexa's requests go to their view from here: all that follows is there for pages.

    Sessions, cookies, languages and policies for browsers mean nothing to a turn, and take a tenth
    of its time.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.path = reverse("alexa")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info != self.path:
            return self.get_response(request)
        request.get_host()  # answers 400 for one that is not allowed
        with turn_in_time():
            return alexa(request)


FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


class Utf8FormsMiddleware:
    """Refuse forms in another charset than UTF-8 here, before anything reads them.

    Django refuses them when they are read, and then once more inside its own error page, which
    reads the form for its CSRF token: that ended in a 500.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_form = request.content_type in FORMS
        if is_form and (charset := (request.content_params or {}).get("charset")):
            try:
                is_utf8 = codecs.lookup(charset).name == "utf-8"
            except (LookupError, ValueError):  # Django ignores what it does not know
                is_utf8 = True
            if not is_utf8:
                return HttpResponse("Send it as UTF-8.\n", status=415, content_type="text/plain")
            request.encoding = "utf-8"  # it knows none of the other names for it
        return self.get_response(request)


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
            if request.path_info in {"/healthz", "/readyz", "/metrics"}:  # probes call by address
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


class AuthenticationMiddleware(auth.AuthenticationMiddleware):
    """Django's, to whom an operator with old rights is nobody (accounts/rights.py)."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)

        def user() -> User | AnonymousUser:
            found: Any = auth.get_user(request)  # kept there, for whoever asks next
            request._cached_user = with_rights_that_count(request, found)  # type: ignore[attr-defined]
            return request._cached_user  # type: ignore[attr-defined, no-any-return]

        request.user = SimpleLazyObject(user)  # type: ignore[assignment]


class LoginRequiredMiddleware(auth.LoginRequiredMiddleware):
    """Django's, which also answers htmx.

    It would swap the sign-in page into the middle of this one; it is told to go there instead,
    and the person comes back to the page they were on.
    """

    # htmx takes its redirect with a status of 200
    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        if getattr(request, "htmx", None):
            return to_sign_in(request, page_behind(request) or request.path)  # type: ignore[arg-type]
        return super().handle_no_permission(request, view_func)


class PrivatePagesMiddleware:
    """What a signed-in person sees is kept by no cache, the browser's own included.

    Pages for anybody have forms with a token, and what sets a cookie sets one of somebody's: those
    are for no cache that people share.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # by the cookie and not by the user: that would cost a statement
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            response.headers.setdefault("Cache-Control", "private, no-store")
        elif response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Cache-Control", "private, no-cache")
        elif response.cookies:
            response.headers["Cache-Control"] = "private, no-cache"
        return response
