"""Facts as they are told: one statement each, whatever the length of anybody's history."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import User
from skill_endpoint.facts.models import FactText, Hearing, candidates

RECENT = 30  # hearings that a quiz asks about


def text_of(fact_id: int, language: str) -> FactText | None:
    """The text with its fact and topic, in the language (`fr-ca`), its parent or English.

    None for a fact that was withdrawn: there is a reason.
    """
    wanted = language.lower()
    texts = FactText.objects.filter(fact_id=fact_id, fact__is_published=True).readable_in(wanted)
    return max(
        texts.select_related("fact__topic"),
        # the nearer the language, the longer the part that both share; English comes last
        key=lambda text: len(text.language) if wanted.startswith(text.language) else 0,
        default=None,
    )


def questions_of(fact_ids: Iterable[int], language: str) -> list[FactText]:
    """Texts with a quiz question on these facts, one a fact, in the language or a parent of it."""
    texts = (
        FactText.objects.filter(fact_id__in=set(fact_ids), fact__is_published=True)
        .readable_in(language)
        .exclude(question="")
        .select_related("fact")
    )
    best: dict[int, FactText] = {}
    for text in sorted(texts, key=lambda text: -candidates(language).index(text.language)):
        best[text.fact_id] = text
    return list(best.values())


def heard_last(user: User, limit: int = RECENT) -> list[int]:
    """Ids of the facts that the person heard last, by either door, the last one first."""
    hearings = Hearing.objects.filter(user=user).order_by("-heard_at", "-pk")
    return list(hearings.values_list("fact_id", flat=True)[:limit])


def last_heard(user: User) -> int | None:
    """The id of the fact that the person heard last, by either door."""
    hearings = Hearing.objects.filter(user=user).order_by("-heard_at", "-pk")
    return hearings.values_list("fact_id", flat=True).first()
