"""Which facts the pages show."""

from __future__ import annotations

from django.db.models import OuterRef, Subquery
from django.utils.translation import get_language

from accounts.models import User
from skill_endpoint.facts.models import Fact, FactQuerySet, Favourite

RECENT = 3  # as many of the facts saved last stand on the front page


def language() -> str:
    return get_language() or "en"


def readable() -> FactQuerySet:
    """Published facts with a text for the page's language, their texts ready."""
    return Fact.objects.published().told_in(language()).with_text()


def saved_last(person: User) -> list[Fact]:
    """The newest of the person's list, each with `saved_at` and `saved_by`, as the front page."""
    saved = Favourite.objects.filter(user=person)
    mine = saved.filter(fact=OuterRef("pk"))
    return list(
        readable()
        .filter(pk__in=saved.values("fact")[:RECENT])
        .annotate(
            saved_at=Subquery(mine.values("saved_at")[:1]),
            saved_by=Subquery(mine.values("door")[:1]),
        )
        .order_by("-saved_at")
    )
