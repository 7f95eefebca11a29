"""Rules that join several settings of the voice door."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.core.checks import CheckMessage, Error, Tags, register


@register
def skill_ids_are_skill_ids(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    wrong = [
        skill for skill in settings.ALEXA_SKILL_IDS if not skill.startswith("amzn1.ask.skill.")
    ]
    if not wrong:
        return []
    return [
        Error(
            f"Not a skill id: {', '.join(wrong)}.",
            hint="ALEXA_SKILL_IDS looks like amzn1.ask.skill.1234…; the developer console shows it "
            "under Endpoint. The vendor id (M…) is another setting.",
            id="skill_endpoint.E001",
        )
    ]


@register(Tags.security, deploy=True)
def voice_door_is_configured(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    if not settings.ALEXA_SKILL_IDS:
        problems.append(
            Error(
                "No skill may talk to this endpoint: ALEXA_SKILL_IDS is empty.",
                hint="Every request is refused without it. Set your skill's id.",
                id="skill_endpoint.E002",
            )
        )
    if settings.ALEXA_DEV_PKI_DIR:
        problems.append(
            Error(
                "A development PKI is configured: ALEXA_DEV_PKI_DIR.",
                hint="Whoever has its key can speak as Alexa. Remove the setting.",
                id="skill_endpoint.E003",
            )
        )
    return problems


@register(Tags.security, deploy=True)
def limits_are_shared(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Replays need no rule: without a shared cache the database keeps the request ids."""
    if isinstance(caches["default"], RedisCache):
        return []
    return [
        checks.Warning(
            "Rate limits are counted by each process on its own.",
            hint="With more than one process set CACHE_URL to a Redis or Valkey server.",
            id="skill_endpoint.W001",
        )
    ]
