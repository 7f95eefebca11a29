"""What Alexa's cloud keeps of one household."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from skill_endpoint.simulator import devices

LOCALES = (
    "ar-SA",
    "de-DE",
    "en-AU",
    "en-CA",
    "en-GB",
    "en-IN",
    "en-US",
    "es-ES",
    "es-MX",
    "es-US",
    "fr-CA",
    "fr-FR",
    "hi-IN",
    "it-IT",
    "ja-JP",
    "nl-NL",
    "pt-BR",
)


@dataclass(kw_only=True)
class Account:
    """What Alexa knows of one household and the skill: plain values, so it can be kept as JSON."""

    application_id: str
    user_id: str = ""  # empty: the skill is not enabled
    person_id: str = ""  # empty: nobody's voice is recognized
    locale: str = "en-US"
    device: str = devices.ECHO
    access_token: str = ""
    refresh_token: str = ""
    expires_at: float = 0.0
    link_state: str = ""  # of the linking that is under way
    session_id: str = ""  # empty: no session is open
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def is_linked(self) -> bool:
        return bool(self.access_token)

    def forget_tokens(self) -> None:
        self.access_token = self.refresh_token = ""
        self.expires_at = 0.0
