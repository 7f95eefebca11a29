"""What Alexa will say with these preferences: the skill's own sentences, as text."""

from __future__ import annotations

from dataclasses import dataclass
from html import unescape

from django.utils import timezone
from django.utils.html import strip_tags

from companion import time_zones
from companion.forms import PreferencesForm
from skill_endpoint.facts.models import Favourite, Hearing
from skill_endpoint.speech import launch
from skill_endpoint.speech import profile as about
from skill_endpoint.ssml import Ssml, join


@dataclass(frozen=True)
class Preview:
    welcome: str
    about_you: str


def preview_of(form: PreferencesForm) -> Preview:
    """For the form's profile as it stands, changed or not; nothing is saved."""
    profile = form.instance
    person = profile.user
    now = timezone.localtime(timezone=time_zones.of(profile))
    greeting = launch.greeting(
        person.sub,
        name=profile.display_name,
        # as the skill does it: nobody chose UTC, so it tells nothing about the hour
        hour=None if profile.time_zone == time_zones.NOWHERE else now.hour,
    )
    about_you = about.who_you_are(
        name=profile.display_name,
        topics=form.spoken_topics,
        heard=Hearing.objects.filter(user=person).values("fact").distinct().count(),
        saved=Favourite.objects.filter(user=person).count(),
        has_email=bool(person.email),
        has_phone=bool(person.phone_number),
        keeps_history=profile.remember_history,
    )
    welcome = join(greeting, launch.what_i_do(person.sub))
    return Preview(_text(welcome), _text(about_you))


def _text(speech: Ssml) -> str:
    return unescape(strip_tags(speech))
