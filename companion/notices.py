"""Where the one sentence waits that the next page says: “Saved”.

In the session of whoever has one: it ends with that, so that nobody who signs in next in the same
browser reads it. A visitor has none, and a notice must not begin one, which is a row: theirs waits
in a cookie, and goes as soon as there is a session.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpRequest, HttpResponseBase


class OfThisSession(SessionStorage):
    def update(self, response: HttpResponseBase) -> list[Any] | None:
        left = super().update(response)
        if CookieStorage.cookie_name in self.request.COOKIES:
            response.delete_cookie(
                CookieStorage.cookie_name,
                domain=settings.SESSION_COOKIE_DOMAIN,
                samesite="Lax",
            )
        return left


def storage(request: HttpRequest) -> BaseStorage:
    """By the cookie and not by the user: looking for notices costs no statement."""
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
    return OfThisSession(request) if has_session else CookieStorage(request)
