"""Rules that join several settings of the user pool; each with an id, a hint and a test by id."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from accounts.cognito import endpoints

_NEEDED = (
    "COGNITO_USER_POOL_ID",
    "COGNITO_DOMAIN_URL",
    "COGNITO_WEB_CLIENT_ID",
    "COGNITO_WEB_CLIENT_SECRET",
    "COGNITO_ALEXA_CLIENT_ID",
)


@register
def pool_is_consistent(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Region, pool id and issuer name the same pool."""
    pool, region = settings.COGNITO_USER_POOL_ID, settings.AWS_REGION
    if not pool:
        return []
    problems: list[CheckMessage] = []
    if not pool.startswith(f"{region}_"):
        problems.append(
            Error(
                f"The pool {pool} is not in the region {region}.",
                hint="A pool id begins with its region: set AWS_REGION to that.",
                id="accounts.E001",
            )
        )
    if not endpoints.issuer().endswith(f"/{pool}") or f".{region}." not in endpoints.issuer():
        problems.append(
            Error(
                f"COGNITO_ISSUER {endpoints.issuer()} is not the issuer of {pool}.",
                hint="Correct COGNITO_USER_POOL_ID, or leave COGNITO_ISSUER empty: it is derived.",
                id="accounts.E002",
            )
        )
    return problems


@register(Tags.security, deploy=True)
def pool_is_configured(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    missing = [name for name in _NEEDED if not getattr(settings, name)]
    if not missing:
        return []
    return [
        Error(
            f"The user pool is not configured: {', '.join(missing)}.",
            hint="`manage.py pool show --env --secret` prints these lines for a deployed pool.",
            id="accounts.E003",
        )
    ]


@register(Tags.security, deploy=True)
def pool_is_amazons(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """No local AWS, and nothing over plain http, where real people sign in."""
    problems: list[CheckMessage] = []
    if settings.AWS_ENDPOINT_URL:
        problems.append(
            Error(
                "AWS_ENDPOINT_URL is set: calls do not go to Amazon.",
                hint="Remove it; it is for a local AWS.",
                id="accounts.E004",
            )
        )
    plain = [
        name
        for name, url in (
            ("COGNITO_DOMAIN_URL", settings.COGNITO_DOMAIN_URL),
            ("COGNITO_JWKS_URL", endpoints.jwks_url()),
        )
        if url and not url.startswith("https://")
    ]
    if plain:
        problems.append(
            Error(
                f"Not https: {', '.join(plain)}.",
                hint="Whoever answers these addresses decides who people are.",
                id="accounts.E005",
            )
        )
    return problems
