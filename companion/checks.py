"""Rules that join several settings of the whole installation."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register


@register
def dev_tools_are_local(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The simulator can speak as Alexa: only on an address that nobody else can reach."""
    parts = urlsplit(settings.PUBLIC_URL)
    if not settings.DEV_TOOLS or (parts.scheme, parts.hostname) == ("http", "localhost"):
        return []
    return [
        Error(
            f"DEV_TOOLS is on while PUBLIC_URL is {settings.PUBLIC_URL}.",
            hint="Set PUBLIC_URL to http://localhost:PORT, or DEV_TOOLS to 0.",
            id="companion.E001",
        )
    ]


@register
def public_url_is_an_origin(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """As browsers write it: every request is compared with it, and sent to it where it differs."""
    parts = urlsplit(settings.PUBLIC_URL)
    default = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    origin = f"{parts.scheme}://{parts.netloc.lower().removesuffix(default)}"
    if origin == settings.PUBLIC_URL:
        return []
    return [
        Error(
            f"PUBLIC_URL is {settings.PUBLIC_URL}.",
            hint=f"Write it as browsers do, without path and default port: {origin}",
            id="companion.E008",
        )
    ]


@register
def proxies_are_networks(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    wrong = []
    for proxy in settings.TRUSTED_PROXIES:
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            wrong.append(proxy)
    if not wrong:
        return []
    return [
        Error(
            f"TRUSTED_PROXIES: not an address or network: {', '.join(wrong)}.",
            hint="Write it like 10.0.0.0/8,192.0.2.7.",
            id="companion.E002",
        )
    ]


@register
def proxies_are_not_everybody(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whoever is trusted may say who a client is, and that it came by https."""
    if not {"0.0.0.0/0", "::/0"} & {proxy.replace(" ", "") for proxy in settings.TRUSTED_PROXIES}:
        return []
    return [
        Error(
            "TRUSTED_PROXIES names everybody.",
            hint="Then each client chooses its own address, and no rate limit holds. Name the "
            "proxies, or their network.",
            id="companion.E010",
        )
    ]


@register
def support_is_an_address(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """It stands in a link on public pages."""
    try:
        parts = urlsplit(settings.SUPPORT_URL)
        is_page = parts.scheme in {"https", "http"} and bool(parts.hostname)
        is_mail = parts.scheme == "mailto" and "@" in parts.path
    except ValueError:
        is_page = is_mail = False
    if not settings.SUPPORT_URL or is_page or is_mail:
        return []
    return [
        Error(
            f"SUPPORT_URL is {settings.SUPPORT_URL}.",
            hint="Write it like https://example.com/help or mailto:help@example.com, or leave it "
            "empty.",
            id="companion.E009",
        )
    ]


@register(Tags.security, deploy=True)
def production_is_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    rules = (
        ("E003", settings.DEBUG, "DEBUG is on.", "Its error pages show reasons. Set DEBUG=0."),
        (
            "E004",
            settings.DEV_TOOLS,
            "DEV_TOOLS is on.",
            "Simulator and development keys are for a local run. Remove it.",
        ),
        (
            "E005",
            not settings.RATE_LIMITS,
            "RATE_LIMITS is off.",
            "That is for measuring. Remove it.",
        ),
        (
            "E006",
            not settings.HTTPS,
            f"PUBLIC_URL is {settings.PUBLIC_URL}.",
            "Alexa and Cognito speak https only: set it to https://…",
        ),
        (
            "E007",
            not settings.SECRET_KEY_IS_GIVEN,
            "SECRET_KEY is missing; this process made one up.",
            "Set SECRET_KEY or SECRET_KEY_FILE to 50 random characters, or people are signed "
            "out at each restart.",
        ),
    )
    return [
        Error(text, hint=hint, id=f"companion.{code}") for code, wrong, text, hint in rules if wrong
    ]


@register(Tags.security, deploy=True)
def people_are_told_of_backups(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The privacy page says nothing of copies where nobody said how long they are kept."""
    if settings.BACKUP_DAYS_ARE_GIVEN:
        return []
    return [
        checks.Warning(
            "BACKUP_DAYS is not set: the privacy page tells people of no backups.",
            hint="Set it to the days for which backups are kept, or to 0 where there are none.",
            id="companion.W001",
        )
    ]
