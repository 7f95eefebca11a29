"""Facts as they are told: one statement each, whatever the length of anybody's history."""

from __future__ import annotations

from accounts.models import User
from skill_endpoint.facts.models import FactText, Hearing


def text_of(fact_id: int, language: str) -> FactText | None:
    """The text with its fact and topic, in the language (`fr-ca`), its parent or English."""
    wanted = language.lower()
    texts = FactText.objects.filter(fact_id=fact_id).readable_in(wanted)
    return max(
        texts.select_related("fact__topic"),
        # the nearer the language, the longer the part that both share; English comes last
        key=lambda text: len(text.language) if wanted.startswith(text.language) else 0,
        default=None,
    )


def last_heard(user: User) -> int | None:
    """The id of the fact that the person heard last, by either door."""
    hearings = Hearing.objects.filter(user=user).order_by("-heard_at", "-pk")
    return hearings.values_list("fact_id", flat=True).first()
