"""The front page: for a visitor the promise and a fact, for a person their day."""

from __future__ import annotations

from operator import attrgetter

from django.contrib.auth.decorators import login_not_required
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from companion import library, time_zones
from companion.link_summary import summarise
from skill_endpoint.facts.models import Fact, Favourite, Hearing
from skill_endpoint.facts.selection import day_start, todays
from skill_endpoint.models import AccountLink


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):
        return _today(request, request.user)
    choice = todays(None, language=library.language())
    fact = library.readable().filter(pk=choice.fact_id).first() if choice else None
    return render(request, "companion/home.html", {"fact": fact})


def _today(request: HttpRequest, person: User) -> HttpResponse:
    """The fact of the day, as Alexa tells it; what was saved last; how Alexa stands."""
    profile = person.profile
    now = timezone.localtime(timezone=time_zones.of(profile))
    choice = todays(person, language=library.language())
    saved = Favourite.objects.filter(user=person)
    heard = Hearing.objects.filter(user=person, heard_at__gte=day_start(person))
    wanted = Q(pk__in=saved.values("fact")[: library.RECENT])
    if choice:
        wanted |= Q(pk=choice.fact_id)
    facts = list(
        library.readable()
        .filter(wanted)
        .annotate(
            saved_at=Subquery(saved.filter(fact=OuterRef("pk")).values("saved_at")[:1]),
            saved_by=Subquery(saved.filter(fact=OuterRef("pk")).values("door")[:1]),
            heard_at=Subquery(heard.filter(fact=OuterRef("pk")).values("heard_at")[:1]),
        )
    )
    chosen = [fact for fact in facts if choice and fact.pk == choice.fact_id]
    context = {
        "name": profile.display_name,
        "greeting": _greeting(now.hour),
        "fact": next(iter(chosen), None),
        "recent": _newest_first(facts, "saved_at")[: library.RECENT],
        "link": summarise(AccountLink.objects.filter(user=person)),
    }
    with timezone.override(now.tzinfo):
        return render(request, "companion/today.html", context)


def _greeting(hour: int) -> str:
    """As Alexa does it: nobody wants to be told how late it is."""
    if 5 <= hour < 12:
        return _("Good morning")
    if 12 <= hour < 18:
        return _("Good afternoon")
    return _("Good evening") if 18 <= hour < 23 else _("Hello")


def _newest_first(facts: list[Fact], moment: str) -> list[Fact]:
    """Those that have this moment, by it."""
    when = attrgetter(moment)
    return sorted(filter(when, facts), key=when, reverse=True)
