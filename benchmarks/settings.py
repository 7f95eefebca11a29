"""The settings of production, with the development keys: what else DEV_TOOLS brings goes."""

from __future__ import annotations

from companion import logs
from companion.settings import *  # noqa: F403
from companion.settings import INSTALLED_APPS

INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "skill_endpoint.simulator"]
LOGGING = logs.configuration(console=False)
