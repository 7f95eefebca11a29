"""Topics by what people call them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from django.utils.translation import get_language

from skill_endpoint.facts.models import Fact, Topic

EVERYTHING = "all"  # a value of the topic slot that is no topic: facts about anything
NEAR = 2
_SPOKEN_LENGTH = 60  # longer words name no topic


def near(topics: Sequence[Topic], spoken: str) -> Sequence[Topic]:
    """Those that speak of it, then those that sound like it; all where none does. One statement."""
    words = spoken[:_SPOKEN_LENGTH]
    facts = Fact.objects.published().matching(words, get_language() or "en")
    slugs = facts.order_by("topic__position").values_list("topic__slug", flat=True).distinct()
    found = list(slugs[:NEAR])
    by_name = {name.casefold(): t.slug for t in topics for name in (t.title, t.spoken)}
    for name in difflib.get_close_matches(words.casefold(), by_name, n=NEAR):
        found.append(by_name[name])
    nearest = [topic for topic in topics if topic.slug in found]
    return nearest or topics
