from __future__ import annotations

from django.db.models import Count, QuerySet, Window

from accounts.models import Door
from skill_endpoint.facts.models import Fact, Favourite, Topic
from skill_endpoint.facts.topics import EVERYTHING
from skill_endpoint.handlers.account import account_needed
from skill_endpoint.handlers.facts import (
    aloud,
    language,
    next_question,
    no_fact_yet,
    no_such_topic,
    only_in_english,
    screen_of,
    that_fact,
)
from skill_endpoint.speech import account
from skill_endpoint.speech import favourites as say
from skill_endpoint.speech.facts import offer_a_fact, offer_another
from skill_endpoint.ssml import Ssml, join
from skill_endpoint.turn import Reply, Turn

READ_OUT = 3  # headlines: more than that nobody remembers


def save(turn: Turn) -> Reply:
    if not turn.user:
        return account_needed(turn, account.needed_to_save())
    if not (text := that_fact(turn)):
        return no_fact_yet(turn)
    is_new = Favourite.objects.keep(turn.user, text.fact_id, Door.VOICE)
    confirm = say.saved if is_new else say.saved_already
    headline = aloud(turn, text, text.headline)
    return turn.reply(
        confirm(turn.seed, headline),
        offer_another(turn.seed),
        screen=screen_of(turn, text, text.speech, is_saved=True),
    )


def remove(turn: Turn) -> Reply:
    if not turn.user:
        return account_needed(turn, account.needed_to_save())
    if not (text := that_fact(turn)):
        return no_fact_yet(turn)
    count, _ = Favourite.objects.filter(user=turn.user, fact=text.fact).delete()
    headline = aloud(turn, text, text.headline)
    speech = say.removed(turn.seed, headline) if count else say.not_saved(headline)
    screen = screen_of(turn, text, text.speech)
    return turn.reply(speech, offer_another(turn.seed), screen=screen)


def list_saved(turn: Turn) -> Reply:
    if not turn.user:
        return account_needed(turn, account.needed_to_list())
    slot = turn.slot("topic")
    if slot.spoken and not slot.id:
        return no_such_topic(turn, slot.spoken, list(Topic.objects.all()))
    favourites: QuerySet[Favourite] = Favourite.objects.filter(
        user=turn.user, fact__in=Fact.objects.told_in(language())
    )
    slug = slot.id if slot.id != EVERYTHING else ""
    if slug:
        favourites = favourites.filter(fact__topic__slug=slug)
    latest = list(
        favourites.annotate(total=Window(Count("pk")))
        .select_related("fact__topic")
        .prefetch_related("fact__texts")
        .order_by("-saved_at", "-pk")[:READ_OUT]
    )
    if not latest:
        topic = Topic.objects.filter(slug=slug).first() if slug else None
        return turn.reply(say.nothing_saved(topic.spoken if topic else ""), next_question(turn))
    texts = [favourite.fact.text(language()) for favourite in latest]
    headlines = [aloud(turn, text, text.headline) for text in texts]
    announced = next(filter(None, (only_in_english(turn, text) for text in texts)), Ssml())
    about = latest[0].fact.topic.spoken if slug else ""
    speech = say.list_saved(latest[0].total, headlines, about)
    return turn.reply(join(announced, speech), offer_a_fact(turn.seed))
