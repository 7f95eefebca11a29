from __future__ import annotations

from django.apps import AppConfig


class OAuthTraceConfig(AppConfig):
    name = "accounts.oauth_trace"
    label = "oauth_trace"
    verbose_name = "Linking attempts"

    def ready(self) -> None:
        from accounts.oauth_trace import checks, personal_data  # noqa: F401
