"""Rules about the settings of the trace."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register
def no_loop(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The front passes on to the pool's domain: to itself it would pass on for ever."""
    own, domain = urlsplit(settings.PUBLIC_URL), urlsplit(settings.COGNITO_DOMAIN_URL)
    if not settings.OAUTH_TRACE or own.netloc.lower() != domain.netloc.lower():
        return []
    return [
        Error(
            "COGNITO_DOMAIN_URL is this site itself.",
            hint="Set it to the pool's sign-in domain: manage.py pool show --env prints it.",
            id="oauth_trace.E001",
        )
    ]
