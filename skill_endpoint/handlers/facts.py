from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils import timezone
from django.utils.translation import get_language

from accounts.models import Door
from skill_endpoint.facts import measures
from skill_endpoint.facts.models import FactReport, FactText, Hearing, Topic
from skill_endpoint.facts.reading import last_heard, text_of
from skill_endpoint.facts.selection import Choice, choose, day_start, todays
from skill_endpoint.facts.topics import EVERYTHING, near
from skill_endpoint.memory import ALL
from skill_endpoint.screens import Screen
from skill_endpoint.speech import facts as say
from skill_endpoint.speech.builtin import offer_todays_fact
from skill_endpoint.speech.screen import source
from skill_endpoint.speech.wording import pick, read_aloud
from skill_endpoint.ssml import Ssml, join
from skill_endpoint.turn import ANOTHER, Question, Reply, Turn

SUGGESTED = 3  # topics that are named where nobody asked for all of them


def daily(turn: Turn) -> Reply:
    """The one fact of the person's day; who asks again hears it again."""
    turn.memory.topic = ""
    choice = todays(turn.user, language=language())
    text = text_of(choice.fact_id, language()) if choice else None
    if choice is None or text is None:
        return Reply(say.no_facts())
    if choice.heard_today or text.fact_id in turn.memory.heard:
        return _tell_again(turn, text)
    if choice.is_repeat:
        return _tell_repeat(turn, text, choice)
    return _told(turn, text, say.opening_daily(turn.seed))


def another(turn: Turn) -> Reply:
    """One more: of the topic that was asked for last, else of those that the person chose."""
    opening = say.opening_another(turn.seed)
    topic = turn.memory.topic
    return (
        (topic and _tell(turn, [topic], lambda topic: opening))
        or _tell(turn, turn.topics, lambda topic: opening, or_any_topic=True)
        or Reply(say.no_facts())
    )


def by_topic(turn: Turn) -> Reply:
    slot = turn.slot("topic")
    if slot.id == EVERYTHING:
        turn.memory.topic = ""
        return another(turn)
    if slot.id and (reply := about(turn, slot.id)):
        return reply
    topics = list(Topic.objects.all())
    if not slot.spoken:
        names = [topic.spoken for topic in topics[:SUGGESTED]]
        return Reply(say.i_know_about(names), say.which_topic(turn.seed))
    # what the interaction model did not match may still be a topic's name
    for topic in topics:
        if slot.spoken.casefold() in {topic.slug, topic.title.casefold(), topic.spoken.casefold()}:
            return about(turn, topic.slug) or no_such_topic(turn, slot.spoken, topics)
    return no_such_topic(turn, slot.spoken, topics)


def about(turn: Turn, slug: str) -> Reply | None:
    """A fact of this topic; None where there is no such topic, or nothing in it."""
    reply = _tell(turn, [slug], lambda topic: say.opening_topic(turn.seed, topic.spoken))
    if reply:
        turn.memory.topic = slug
    return reply


def list_topics(turn: Turn) -> Reply:
    """Stays open even when asked in one shot: the answer is half a question."""
    names = [topic.spoken for topic in Topic.objects.all()]
    if not names:
        return Reply(say.no_facts())
    return Reply(say.all_topics(names), say.which_topic(turn.seed))


def tell_me_more(turn: Turn) -> Reply:
    if not (text := that_fact(turn)):
        return no_fact_yet(turn)
    offer = say.offer_another(turn.seed)
    if turn.memory.more_of == text.fact_id:
        return turn.reply(say.that_is_all(), offer)
    turn.memory.more_of = text.fact_id
    if not text.more:
        return turn.reply(say.no_more(turn.seed), offer)
    speech = join(only_in_english(turn, text), aloud(turn, text, text.more))
    card = _card(turn, text, text.more)
    return turn.reply(speech, offer, card, screen_of(turn, text, text.more))


def who_says_so(turn: Turn) -> Reply:
    if not (text := that_fact(turn)):
        return no_fact_yet(turn)
    card = (measures.shown(text.headline), say.source_card_text(text.fact))
    return turn.reply(say.source(turn.seed, text.fact), say.offer_another(turn.seed), card)


def report(turn: Turn) -> Reply:
    """ "That's wrong": before the operators it goes, also from people that we do not know."""
    if not (text := that_fact(turn)):
        return no_fact_yet(turn)
    is_new = FactReport.objects.file(
        text.fact_id, turn.user, language=text.language, request_id=turn.seed
    )
    headline = aloud(turn, text, text.headline)
    speech = say.reported(turn.seed, headline) if is_new else say.reported_already(headline)
    return turn.reply(speech, say.offer_another(turn.seed))


def aloud(turn: Turn, text: FactText, words: str) -> Ssml:
    """Words of this text, as they are read to this person."""
    return read_aloud(words, text.language, imperial=turn.imperial)


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
    return Reply(say.no_fact_yet(), next_question(turn))


def next_question(turn: Turn) -> Question:
    """What fits after an answer that was not a fact."""
    if turn.memory.fact_id and not turn.memory.quizzed:
        return say.offer_another(turn.seed)
    if turn.memory.quizzed or turn.memory.pending == ANOTHER:
        return say.offer_a_fact(turn.seed)
    return offer_todays_fact(turn.seed)


def _tell(
    turn: Turn,
    topics: Sequence[str],
    opening: Callable[[Topic], Ssml],
    *,
    or_any_topic: bool = False,
) -> Reply | None:
    choice = choose(
        turn.seed,
        topics=topics,
        or_any_topic=or_any_topic,
        history_of=turn.keeps_history_of,
        heard=turn.memory.heard,
        language=language(),
    )
    text = text_of(choice.fact_id, language()) if choice else None
    if choice is None or text is None:
        return None
    if choice.is_repeat:
        return _tell_repeat(turn, text, choice)
    return _told(turn, text, opening(text.fact.topic))


def _tell_repeat(turn: Turn, text: FactText, choice: Choice) -> Reply:
    """That there is nothing new is said once in a conversation, and what else there is."""
    key = "+".join(sorted(choice.topics)) or ALL
    if key in turn.memory.used_up:
        return _told(turn, text, say.opening_known(turn.seed))
    turn.memory.used_up.append(key)
    if not choice.topics:
        return _told(turn, text, say.all_heard(turn.seed))
    topics = list(Topic.objects.all())
    names = [topic.spoken for topic in topics if topic.slug in choice.topics]
    others = [topic for topic in topics if topic.slug not in choice.topics]
    start = say.all_heard(turn.seed, names if len(names) <= SUGGESTED else ())
    return _told(turn, text, start, _offer_of(turn, others) if others else None)


def _told(turn: Turn, text: FactText, opening: Ssml, question: Question | None = None) -> Reply:
    if turn.keeps_history_of:
        Hearing.objects.create(user=turn.keeps_history_of, fact=text.fact, door=Door.VOICE)
    return _spoken(turn, text, opening, question)


def _tell_again(turn: Turn, text: FactText) -> Reply:
    """Today's, heard before: no second hearing, but "save that" means this one from now on."""
    if user := turn.keeps_history_of:
        today = Hearing.objects.filter(user=user, fact=text.fact, heard_at__gte=day_start(user))
        today.update(heard_at=timezone.now())
    return _spoken(turn, text, say.opening_again(turn.seed))


def _spoken(turn: Turn, text: FactText, opening: Ssml, question: Question | None = None) -> Reply:
    turn.memory.told(text.fact_id)
    turn.memory.more_of = 0
    return turn.reply(
        say.told(join(opening, only_in_english(turn, text)), aloud(turn, text, text.speech)),
        question or say.offer_another(turn.seed),
        _card(turn, text, text.speech),
        screen_of(turn, text, text.speech),
    )


def only_in_english(turn: Turn, text: FactText) -> Ssml:
    """Once a conversation, before the first text that is not in the person's language."""
    wanted = language().partition("-")[0]
    if turn.memory.in_english or text.language.partition("-")[0] == wanted:
        return Ssml()
    turn.memory.in_english = True
    return say.only_in_english()


def no_such_topic(turn: Turn, spoken: str, topics: Sequence[Topic]) -> Reply:
    question = _offer_of(turn, near(topics, spoken)) if len(topics) > 1 else next_question(turn)
    return Reply(say.not_a_topic(spoken), question)


def _offer_of(turn: Turn, topics: Sequence[Topic]) -> Question:
    """Two of the topics, or the only one."""
    first = next(t for t in topics if t.slug == pick(turn.seed, *(t.slug for t in topics)))
    second = topics[(topics.index(first) + 1) % len(topics)]
    names = [first.spoken] if first == second else [first.spoken, second.spoken]
    return say.offer_topics(turn.seed, first.slug, names)


def screen_of(turn: Turn, text: FactText, body: str, *, is_saved: bool = False) -> Screen:
    return Screen(
        fact_id=text.fact_id,
        topic=text.fact.topic.title,
        headline=measures.spoken(text.headline, imperial=turn.imperial),
        text=measures.spoken(body, imperial=turn.imperial),
        source=source(text.fact),
        is_saved=is_saved,
    )


def _card(turn: Turn, text: FactText, body: str) -> tuple[str, str]:
    """With a hint that can be used where the card is read: in the conversation or after it."""
    if turn.is_one_shot:
        hint = say.hint_from_outside(is_remembered=bool(turn.keeps_history_of))
    else:
        hint = say.hint_after_more() if turn.memory.more_of else say.hint_after_a_fact()
    body = measures.spoken(body, imperial=turn.imperial)
    return text.fact.topic.title, say.card_text(body, text.fact, hint)


def language() -> str:
    return get_language() or "en"
