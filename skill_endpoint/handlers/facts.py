from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.translation import get_language

from accounts.models import Door
from skill_endpoint.facts.models import FactText, Hearing, Topic
from skill_endpoint.facts.reading import last_heard, text_of
from skill_endpoint.facts.selection import choose, daily_seed, local_day
from skill_endpoint.speech import facts as say
from skill_endpoint.speech.builtin import offer_todays_fact
from skill_endpoint.speech.wording import pick
from skill_endpoint.ssml import Ssml
from skill_endpoint.turn import Reply, Turn

SUGGESTED = 3  # topics that are named where nobody said which


def daily(turn: Turn) -> Reply:
    turn.memory.topic = ""
    seed = daily_seed(local_day(turn.user))
    # who asks again in the same conversation has had today's, and gets one more
    opening = say.opening_another if turn.memory.heard else say.opening_daily
    return _tell_any(turn, seed, opening(turn.seed))


def another(turn: Turn) -> Reply:
    """One more: of the topic that was asked for last, else of those that the person chose."""
    opening = say.opening_another(turn.seed)
    return (
        turn.memory.topic and _tell(turn, turn.seed, [turn.memory.topic], lambda topic: opening)
    ) or _tell_any(turn, turn.seed, opening)


def by_topic(turn: Turn) -> Reply:
    slot = turn.slot("topic")
    if slot.id and (reply := about(turn, slot.id)):
        return reply
    topics = list(Topic.objects.all())
    if not slot.spoken:
        names = [topic.name for topic in topics[:SUGGESTED]]
        return Reply(say.i_know_about(names), say.which_topic(turn.seed))
    # what the interaction model did not match may still be a topic's name
    for topic in topics:
        if slot.spoken.casefold() in {topic.slug, topic.name.casefold()}:
            return about(turn, topic.slug) or _no_such_topic(turn, slot.spoken, topics)
    return _no_such_topic(turn, slot.spoken, topics)


def about(turn: Turn, slug: str) -> Reply | None:
    """A fact of this topic; None where there is no such topic, or nothing in it."""
    reply = _tell(turn, turn.seed, [slug], lambda topic: say.opening_topic(turn.seed, topic.name))
    if reply:
        turn.memory.topic = slug
    return reply


def tell_me_more(turn: Turn) -> Reply:
    if not (text := that_fact(turn)):
        return no_fact_yet(turn)
    speech = say.more(text.more) if text.more else say.no_more(turn.seed)
    return turn.reply(speech, say.offer_another(turn.seed), _card(text, text.more))


def who_says_so(turn: Turn) -> Reply:
    if not (text := that_fact(turn)):
        return no_fact_yet(turn)
    card = (text.headline, say.source_card_text(text.fact))
    return turn.reply(say.source(turn.seed, text.fact), say.offer_another(turn.seed), card)


def that_fact(turn: Turn) -> FactText | None:
    """What "that" means: the last fact of this conversation, else the last one ever heard."""
    fact_id = turn.memory.fact_id
    if fact_id is None and turn.keeps_history_of:
        fact_id = last_heard(turn.keeps_history_of)
    text = text_of(fact_id, language()) if fact_id else None
    if text:
        turn.memory.told(text.fact_id)
    return text


def no_fact_yet(turn: Turn) -> Reply:
    return Reply(say.no_fact_yet(), offer_todays_fact(turn.seed))


def _tell_any(turn: Turn, seed: str, opening: Ssml) -> Reply:
    """A fact of the person's topics, or of all where these have none."""
    reply = _tell(turn, seed, turn.topics, lambda topic: opening, or_any_topic=True)
    return reply or Reply(say.no_facts())


def _tell(
    turn: Turn,
    seed: str,
    topics: Sequence[str],
    opening: Callable[[Topic], Ssml],
    *,
    or_any_topic: bool = False,
) -> Reply | None:
    choice = choose(
        seed,
        topics=topics,
        or_any_topic=or_any_topic,
        history_of=turn.keeps_history_of,
        heard=turn.memory.heard,
        language=language(),
    )
    text = text_of(choice.fact_id, language()) if choice else None
    if choice is None or text is None:
        return None
    turn.memory.told(text.fact_id)
    if turn.keeps_history_of:
        Hearing.objects.create(user=turn.keeps_history_of, fact=text.fact, door=Door.VOICE)
    topic = text.fact.topic
    start = opening(topic)
    if choice.is_repeat:
        start = say.all_heard(turn.seed, "" if or_any_topic else topic.name)
    return turn.reply(
        say.told(start, text.speech), say.offer_another(turn.seed), _card(text, text.speech)
    )


def _no_such_topic(turn: Turn, spoken: str, topics: Sequence[Topic]) -> Reply:
    if len(topics) < 2:
        return Reply(say.not_a_topic(spoken), offer_todays_fact(turn.seed))
    first = next(t for t in topics if t.slug == pick(turn.seed, *(t.slug for t in topics)))
    second = topics[(topics.index(first) + 1) % len(topics)]
    question = say.offer_topics(turn.seed, (first.slug, first.name), second.name)
    return Reply(say.not_a_topic(spoken), question)


def _card(text: FactText, body: str) -> tuple[str, str]:
    if not body:
        return "", ""
    return text.fact.topic.name, say.card_text(body, text.fact)


def language() -> str:
    return get_language() or "en"
