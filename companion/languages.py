"""The languages of the website, and which of them a request is answered in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from accounts.models import User
from accounts.own_path import is_own_path

KEPT = timedelta(days=365)
CODES = tuple(code for code, _name in settings.LANGUAGES)
# the simulator is a developer's tool: it speaks to the skill in any language, of itself in English
_ENGLISH_ONLY = ("/dev/",)


class LanguageConverter:
    """The beginning of an address that has one language: `/fr/facts/…`."""

    regex = "|".join(CODES)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class LanguageMiddleware:
    """What the person chose, else what this browser was told, else what it asks for.

    An address that names its language (in_language) is answered in that, whatever else was said.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        translation.activate(language_of(request))
        request.LANGUAGE_CODE = translation.get_language()
        response = self.get_response(request)
        if "Content-Language" not in response:
            response["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def language_of(request: HttpRequest) -> str:
    if request.path.startswith(_ENGLISH_ONLY):
        return settings.LANGUAGE_CODE
    return chosen(request) or translation.get_language_from_request(request)


def chosen(request: HttpRequest) -> str:
    """What the person chose on their page, or the browser's form said; empty if nobody did."""
    # without a session nobody is signed in: the voice door and the probes cost no statement
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        user = request.user
        if isinstance(user, User) and user.profile.language in CODES:
            return user.profile.language
    cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return cookie if cookie in CODES else ""


def remember(response: HttpResponse, language: str, *, kept: timedelta | None = KEPT) -> None:
    """In this browser; without `kept` until it is closed."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=kept,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )


def in_language(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The same page at an address of its own in one language, for links and search engines.

    Who comes by it without having chosen a language goes on in this one.
    """

    @wraps(view)
    def wrapper(request: Any, *, language: str, **kwargs: Any) -> HttpResponse:
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = view(request, **kwargs)
        response["Content-Language"] = language
        if not chosen(request) and language != translation.get_language():
            remember(response, language, kept=None)
        return response

    return wrapper


def without_language(path: str) -> str:
    """`/fr/facts/` -> `/facts/`; other paths as they are.

    What is left of `/fr//evil.example/` would lead to another site: it is the front page.
    """
    first, _slash, rest = path.removeprefix("/").partition("/")
    if first not in CODES:
        return path
    return f"/{rest}" if is_own_path(f"/{rest}") else "/"


def url_in(language: str, name: str, **kwargs: Any) -> str:
    """The address of a page (in_language) that has one of its own in each language."""
    return reverse(f"in_language:{name}", kwargs={"language": language, **kwargs})
