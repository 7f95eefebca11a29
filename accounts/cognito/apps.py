from __future__ import annotations

from django.apps import AppConfig


class CognitoConfig(AppConfig):
    """An app only so that allauth finds provider.py in it; it has no tables."""

    name = "accounts.cognito"
