"""Facts as they are told: one statement each, whatever the length of anybody's history."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import User
from skill_endpoint.facts.models import FactText, Hearing, candidates
from skill_endpoint.prepared import Prepared

RECENT = 30  # hearings that a quiz asks about


_texts = Prepared(
    lambda fact_id, *languages: FactText.objects.filter(
        fact_id=fact_id, fact__is_published=True, language__in=languages
    ).select_related("fact__topic")
)
_last_heard = Prepared(
    lambda user_id: (
        Hearing.objects.filter(user=user_id).order_by("-heard_at", "-pk").values_list("fact_id")[:1]
    )
)


def text_of(fact_id: int, language: str) -> FactText | None:
    """The text with its fact and topic, in the language (`fr-ca`), its parent or English.

    None for a fact that was withdrawn: there is a reason.
    """
    wanted = language.lower()
    return max(
        _texts(fact_id, *candidates(language)),
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
    return next((fact_id for (fact_id,) in _last_heard(user.pk)), None)
