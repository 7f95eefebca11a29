"""The front page and today: for a visitor the promise and a fact, for a person their day."""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url

from accounts.models import Door, Profile, User
from accounts.rate_limit import limited
from companion import library, time_zones
from companion.addresses import addresses
from companion.http import SignedInRequest, SiteRequest
from companion.languages import CODES
from companion.link_summary import summarise
from companion.today import Day, day_of, day_with
from skill_endpoint.facts.models import Hearing, Topic
from skill_endpoint.facts.selection import choose
from skill_endpoint.models import AccountLink

_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,80}")
_MOST_SHOWN = 20  # facts that a page remembers, for people whose history is off


@login_not_required
@require_safe
@vary_on_headers("HX-Request")
def home(request: SiteRequest) -> HttpResponse:
    """The promise, with a fact to try; who is signed in does not need it any more."""
    if isinstance(request.user, User):
        return today(request)
    turned = library.turned(_place(request))
    context = {
        "turned": turned,
        "fact": turned.fact,
        "addresses": addresses("home", shown=library.language(), languages=CODES),
    }
    template = "partials/try_it.html" if request.htmx else "companion/home.html"
    return render(request, template, context)


@login_not_required
@require_safe
@vary_on_headers("HX-Request")
def today(request: SiteRequest) -> HttpResponse:
    if isinstance(request.user, User):
        return _my_day(request, request.user)
    turned = library.turned(_place(request))
    told_in = [text.language for text in turned.fact.texts.all()] if turned.fact else []
    text = turned.fact.text(library.language()) if turned.fact else None
    context = {
        "turned": turned,
        "fact": turned.fact,
        "text": text,
        "addresses": addresses(
            "today", shown=text.language if text else library.language(), languages=told_in
        ),
    }
    template = "partials/days_fact.html" if request.htmx else "companion/today.html"
    return render(request, template, context)


def _place(request: SiteRequest) -> int:
    """?n=2: how far a visitor turned; nonsense is the beginning."""
    number = request.GET.get("n", "")
    return int(number) if number.isdecimal() and len(number) < 4 else 0


def _my_day(request: SiteRequest, person: User) -> HttpResponse:
    """The fact of the day, as Alexa tells it, or the one that ?fact= names."""
    day, choice = day_of(person, _slug(request.GET.get("fact", "")))
    context = {
        **_of_day(day, [choice.fact_id] if choice else []),
        "greeting": _greeting(person.profile),
        "is_anywhere": person.profile.time_zone == time_zones.NOWHERE,
        "name": person.profile.display_name,
        "link": summarise(AccountLink.objects.filter(user=person)),
        # with no topics chosen there are no others
        "to_pick": library.to_pick(person) if day.is_repeat and choice and choice.topics else [],
    }
    with timezone.override(time_zones.of(person.profile)):
        return render(request, "companion/today.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@limited("another", rate=40, per=60)  # each is a row of the history
def another(request: SignedInRequest) -> HttpResponse:
    """One more that the person has not heard; it counts as heard on the website."""
    if request.method != "POST":  # back from signing in, which ends with a GET
        return redirect("today")
    person, shown = request.user, _shown(request)
    keeps_history = person.profile.remember_history
    choice = choose(
        secrets.token_hex(8),
        topics=person.profile.topics,
        or_any_topic=True,
        history_of=person if keeps_history else None,
        heard=shown,
        language=library.language(),
    )
    if not choice:
        return redirect("today")
    if keeps_history:
        Hearing.objects.create(user=person, fact_id=choice.fact_id, door=Door.WEB)
    day = day_with(person, choice)
    slug = day.told.fact.slug if day.told else ""
    here = f"{reverse('today')}?{urlencode({'fact': slug})}" if slug else reverse("today")
    if not request.htmx:
        return redirect(here)
    with timezone.override(time_zones.of(person.profile)):
        context = _of_day(day, shown)
        return push_url(render(request, "partials/days_fact_swapped.html", context), here)


def _shown(request: SignedInRequest) -> list[int]:
    """Ids of the facts that were on the page, the last one last."""
    numbers = request.POST.getlist("shown")[-_MOST_SHOWN:]
    return [int(number) for number in numbers if number.isdecimal() and len(number) < 12]


def _slug(value: str) -> str:
    return value if _SLUG.fullmatch(value) else ""


def _of_day(day: Day, shown: list[int]) -> dict[str, object]:
    """What is swapped when the person asks for another one."""
    told = day.told
    ids = [*shown, told.fact.pk] if told else shown
    return {
        "day": day,
        "fact": told.fact if told else None,
        "text": told.text if told else None,
        "shown": list(dict.fromkeys(ids))[-_MOST_SHOWN:],
    }


@require_http_methods(["GET", "HEAD", "POST"])
def pick_topic(request: SignedInRequest) -> HttpResponse:
    """One more topic, offered where the chosen ones are used up."""
    if request.method != "POST":
        return redirect("today")
    topic = Topic.objects.filter(slug=_slug(request.POST.get("topic", ""))).first()
    topics = request.user.profile.topics
    if topic and topic.slug not in topics:
        Profile.objects.filter(user=request.user).update(topics=[*topics, topic.slug])
        said = _("%(topic)s is one of your topics now. You find them under your preferences.")
        messages.success(request, said % {"topic": topic.title})
    return redirect("today")


def _greeting(profile: Profile) -> str:
    """As Alexa does it: nobody wants to be told how late it is, or what time it is elsewhere."""
    hour = timezone.localtime(timezone=time_zones.of(profile)).hour
    if profile.time_zone == time_zones.NOWHERE:
        return ""
    if 5 <= hour < 12:
        return "morning"
    if 12 <= hour < 18:
        return "afternoon"
    return "evening" if 18 <= hour < 23 else ""
