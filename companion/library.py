"""Which facts the pages show."""

from __future__ import annotations

from django.utils.translation import get_language

from skill_endpoint.facts.models import Fact, FactQuerySet


def language() -> str:
    return get_language() or "en"


def readable() -> FactQuerySet:
    """Published facts with a text for the page's language, their texts ready."""
    return Fact.objects.published().told_in(language()).with_text()
