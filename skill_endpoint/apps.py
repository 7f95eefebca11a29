from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SkillEndpointConfig(AppConfig):
    name = "skill_endpoint"
    verbose_name = _("Alexa skill")

    def ready(self) -> None:
        from skill_endpoint import checks, personal_data  # noqa: F401
