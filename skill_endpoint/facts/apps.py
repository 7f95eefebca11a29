from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FactsConfig(AppConfig):
    name = "skill_endpoint.facts"
    verbose_name = _("Facts")

    def ready(self) -> None:
        from skill_endpoint.facts import personal_data  # noqa: F401
