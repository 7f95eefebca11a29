from __future__ import annotations

from django.apps import AppConfig


class SimulatorConfig(AppConfig):
    """Only with DEV_TOOLS: a stand-in for Alexa's cloud and the pages to talk to it."""

    name = "skill_endpoint.simulator"
