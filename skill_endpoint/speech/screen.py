"""Words on devices with a screen. Buttons say what to say, so that voice alone is enough."""

from __future__ import annotations

from django.utils.translation import pgettext

from skill_endpoint.facts.models import Fact


def save() -> str:
    return pgettext("button on a screen", "Save that")


def saved() -> str:
    return pgettext("button on a screen", "Saved")


def another() -> str:
    return pgettext("button on a screen", "Another one")


def source(fact: Fact) -> str:
    return f"{fact.source_publisher}: {fact.source_title}"
