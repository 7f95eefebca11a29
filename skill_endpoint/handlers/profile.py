from __future__ import annotations

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Profile
from skill_endpoint.facts.models import Favourite, Hearing, Topic
from skill_endpoint.handlers.account import account_needed
from skill_endpoint.handlers.facts import next_question
from skill_endpoint.speech import account
from skill_endpoint.speech import profile as say
from skill_endpoint.speech.facts import offer_a_fact
from skill_endpoint.turn import Reply, Turn


def who_am_i(turn: Turn) -> Reply:
    if not (turn.user and turn.profile):
        return account_needed(turn, account.needed_to_know_you())
    heard, saved = _counts(turn.profile)
    speech = say.who_you_are(
        name=turn.profile.display_name,
        topics=_topic_names(turn.topics),
        heard=heard,
        saved=saved,
        has_email=bool(turn.user.email),
        has_phone=bool(turn.user.phone_number),
        keeps_history=turn.profile.remember_history,
    )
    return turn.reply(speech, offer_a_fact(turn.seed))


def settings_(turn: Turn) -> Reply:
    """Name, topics, account: nothing of it is changed by voice."""
    return turn.reply(say.on_the_website(), next_question(turn), say.website_card())


def _counts(profile: Profile) -> tuple[int, int]:
    """How many facts the person heard and saved, in one statement."""
    counted = Profile.objects.filter(pk=profile.pk).annotate(
        heard=_facts_of(Hearing.objects.all()), saved=_facts_of(Favourite.objects.all())
    )
    heard, saved = counted.values_list("heard", "saved").get()
    return heard, saved


def _facts_of(rows: QuerySet[Hearing] | QuerySet[Favourite]) -> Coalesce:
    counted = (
        rows.filter(user=OuterRef("user"))
        .order_by()
        .values("user")
        .annotate(facts=Count("fact", distinct=True))
    )
    return Coalesce(Subquery(counted.values("facts"), output_field=IntegerField()), 0)


def _topic_names(slugs: list[str]) -> list[str]:
    if not slugs:
        return []
    return list(Topic.objects.filter(slug__in=slugs).values_list("name", flat=True))
