from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import Profile
from skill_endpoint.facts.answers import sound
from skill_endpoint.facts.models import Fact, Favourite, Hearing, Topic
from skill_endpoint.facts.topics import EVERYTHING, is_called
from skill_endpoint.handlers.account import account_needed
from skill_endpoint.handlers.builtin import no
from skill_endpoint.handlers.facts import next_question
from skill_endpoint.prepared import Prepared
from skill_endpoint.speech import account
from skill_endpoint.speech import builtin as help_
from skill_endpoint.speech import profile as say
from skill_endpoint.speech.facts import offer_a_fact
from skill_endpoint.ssml import Ssml, join
from skill_endpoint.turn import Reply, Turn

TOPIC_SLOTS = ("topic", "second_topic", "third_topic")


def who_am_i(turn: Turn) -> Reply:
    if not (turn.user and turn.profile):
        return account_needed(turn, account.needed_to_know_you())
    [(heard, saved)] = _counts(turn.profile.pk)
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


def set_topics(turn: Turn) -> Reply:
    """What the person gets facts about from now on: the topics that were named, or everything."""
    if not (turn.user and turn.profile):
        return account_needed(turn, account.needed_to_keep_topics())
    named = [slot for slot in map(turn.slot, TOPIC_SLOTS) if slot.spoken or slot.id]
    topics = list(Topic.objects.all())
    # "space food history" may come in one slot, which then resolves to nothing
    run_on = sound(" ".join(slot.spoken for slot in named if not slot.id))
    wanted = [
        topic
        for topic in topics
        if topic.slug in {slot.id for slot in named}
        or any(sound(name) in run_on for name in (topic.title, topic.spoken) if run_on)
    ]
    unknown = [
        slot.spoken
        for slot in named
        if not (slot.id or any(sound(topic.title) in sound(slot.spoken) for topic in wanted))
    ]
    everything = any(slot.id == EVERYTHING for slot in named)
    by_slug = {topic.slug: topic for topic in topics}
    parts = [
        slot.spoken
        for slot in named
        if slot.id in by_slug and slot.spoken and not is_called(by_slug[slot.id], slot.spoken)
    ]
    if unknown and not (wanted or everything):
        return Reply(say.not_among_them(unknown), say.which_topics(turn.seed))
    if not (wanted or everything):
        now = [topic.spoken for topic in topics if topic.slug in turn.topics]
        return Reply(say.topics_now(now), say.which_topics(turn.seed))
    not_among_them = say.not_among_them(unknown) if unknown else ""
    if parts and not everything:
        slugs, names = [topic.slug for topic in wanted], [topic.spoken for topic in wanted]
        speech = join(not_among_them, say.you_said(parts))
        return Reply(speech, say.these_topics(slugs, names))
    speech = join(_keep(turn.profile, [] if everything else wanted), not_among_them)
    turn.memory.topic = ""
    return turn.reply(speech, offer_a_fact(turn.seed))


def yes_to_topics(turn: Turn) -> Reply:
    """The topics that our question named; without any, which ones it shall be is still open."""
    topics = list(Topic.objects.filter(slug__in=_offered(turn)))
    if not (turn.profile and topics):
        return set_topics(turn)
    turn.memory.topic = ""
    return turn.reply(_keep(turn.profile, topics), offer_a_fact(turn.seed))


def no_to_topics(turn: Turn) -> Reply:
    """Not those that our question named, so which? Who was asked just that wants none."""
    return set_topics(turn) if _offered(turn) else no(turn)


def help_on_topics(turn: Turn) -> Reply:
    return Reply(help_.help_on_topics(), say.which_topics(turn.seed))


def settings_(turn: Turn) -> Reply:
    """Name, history, account: nothing of it is changed by voice."""
    return turn.reply(say.on_the_website(), next_question(turn), say.website_card())


def _offered(turn: Turn) -> list[str]:
    """The slugs in the question that was asked."""
    return [slug for slug in turn.memory.pending.partition(":")[2].split("+") if slug]


def _keep(profile: Profile, topics: Sequence[Topic]) -> Ssml:
    profile.topics = [topic.slug for topic in topics]
    profile.save(update_fields=["topics"])
    return say.topics_are([topic.spoken for topic in topics])


def _facts_of(rows: QuerySet[Hearing] | QuerySet[Favourite]) -> Coalesce:
    """Counted from the facts, which are few: of one fact somebody may have many hearings."""
    mine = rows.filter(user=OuterRef(OuterRef("user")), fact=OuterRef("pk")).order_by()
    known = Fact.objects.filter(Exists(mine)).order_by()
    counted = known.annotate(one=Value(1)).values("one").annotate(facts=Count("pk"))
    return Coalesce(Subquery(counted.values("facts"), output_field=IntegerField()), 0)


# how many facts the person of a profile heard, and how many they saved
_counts = Prepared(
    lambda profile_id: (
        Profile.objects.filter(pk=profile_id)
        .annotate(heard=_facts_of(Hearing.objects.all()), saved=_facts_of(Favourite.objects.all()))
        .values_list("heard", "saved")
    )
)


def _topic_names(slugs: list[str]) -> list[str]:
    if not slugs:
        return []
    return [topic.spoken for topic in Topic.objects.filter(slug__in=slugs)]
