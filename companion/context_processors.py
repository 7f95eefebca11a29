from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.cognito import endpoints
from companion.views import theme as chosen


def site(request: HttpRequest) -> dict[str, Any]:
    """What the base layout needs on every page."""
    theme = request.COOKIES.get(chosen.COOKIE, "")
    return {
        "theme": theme if theme in {"light", "dark"} else "",
        "languages": settings.LANGUAGES,
        "dev_tools": settings.DEV_TOOLS,
        "sign_in_configured": bool(endpoints.origin()),
        "support_url": settings.SUPPORT_URL,
    }
