"""Topics by what people call them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from django.utils.translation import get_language

from skill_endpoint.facts.answers import sound, words
from skill_endpoint.facts.models import Fact, Topic

EVERYTHING = "all"  # a value of the topic slot that is no topic: facts about anything
NEAR = 2
_ALIKE = 0.85  # of 1: singular and plural, or an article that is written with the word
_SPOKEN_LENGTH = 60  # longer words name no topic


def near(topics: Sequence[Topic], spoken: str) -> Sequence[Topic]:
    """Those that speak of it, then those that sound like it; all where none does. One statement."""
    said = spoken[:_SPOKEN_LENGTH]
    facts = Fact.objects.published().matching(said, get_language() or "en")
    slugs = facts.order_by("topic__position").values_list("topic__slug", flat=True).distinct()
    found = list(slugs[:NEAR])
    by_name = {name.casefold(): t.slug for t in topics for name in (t.title, t.spoken)}
    for name in difflib.get_close_matches(said.casefold(), by_name, n=NEAR):
        found.append(by_name[name])
    nearest = [topic for topic in topics if topic.slug in found]
    return nearest or topics


def is_called(topic: Topic, spoken: str) -> bool:
    """Whether these words name the topic ("the oceans"), and not a part of it ("whales")."""
    names, said = (topic.title, topic.spoken), set(words(spoken))
    return any(set(words(name)) <= said for name in names) or bool(
        difflib.get_close_matches(sound(spoken), map(sound, names), cutoff=_ALIKE)
    )
