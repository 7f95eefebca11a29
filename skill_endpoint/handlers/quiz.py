"""Three questions on facts that the person heard; the session remembers how it stands."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from skill_endpoint.facts.answers import sound, words
from skill_endpoint.facts.models import FactText
from skill_endpoint.facts.reading import heard_last, questions_of, text_of
from skill_endpoint.handlers import builtin, facts
from skill_endpoint.handlers.facts import aloud, language
from skill_endpoint.memory import QUIZ_LENGTH
from skill_endpoint.speech import quiz as say
from skill_endpoint.speech.builtin import offer_todays_fact
from skill_endpoint.speech.facts import offer_a_fact
from skill_endpoint.ssml import Ssml, join
from skill_endpoint.turn import QUIZ, Question, Reply, SpokenSlot, Turn

MISSES = 3  # answers to one question that were none; then it is told and we go on


def start(turn: Turn) -> Reply:
    """Stays open even when asked in one shot: who asks for a quiz wants to be asked."""
    turn.memory.leave_quiz()
    heard = [*turn.memory.heard]
    if turn.keeps_history_of:
        heard += heard_last(turn.keeps_history_of)
    texts = questions_of(heard, language())
    if not texts:
        return Reply(say.nothing_to_ask(), offer_todays_fact(turn.seed))
    chosen = sorted(texts, key=lambda text: _shuffled(turn.seed, text.fact.slug))[:QUIZ_LENGTH]
    turn.memory.quiz = [text.fact_id for text in chosen]
    turn.memory.quiz_seed = turn.seed[-12:]
    turn.memory.asked_about(chosen[0].fact_id)  # what "tell me more" means, until it was answered
    before = join(say.begins(turn.seed, len(chosen)), facts.only_in_english(turn, chosen[0]))
    return _ask(turn, before, chosen[0])


def answer(turn: Turn) -> Reply:
    """To the question that was asked; outside a quiz nothing was."""
    text = _asked(turn)
    if text is None:
        return builtin.fallback(turn)
    slot = turn.slot("answer")
    if not (slot.spoken or slot.id):
        return _go_on(turn, say.passed(_right_answer(turn, text)))
    return _judge(turn, text, slot) or ask_again(turn)


def topic_or_answer(turn: Turn) -> Reply:
    """A bare "Venus" may come as a topic; what is no answer leaves the quiz for that topic."""
    text, slot = _asked(turn), turn.slot("topic")
    if text is None:
        return facts.by_topic(turn)
    return _judge(turn, text, slot) or (facts.by_topic(turn) if slot.id else ask_again(turn))


def ask_again(turn: Turn) -> Reply:
    text = _asked(turn)
    if text is None:
        return builtin.fallback(turn)
    if turn.memory.misses + 1 >= MISSES:
        turn.memory.misses = 0
        return _go_on(turn, say.passed(_right_answer(turn, text)))
    return Reply(say.none_of_these(turn.seed), _question(turn, text), is_miss=True)


def pass_on(turn: Turn) -> Reply:
    """ "Next": the answer, and the next question."""
    text = _asked(turn)
    return _go_on(turn, say.passed(_right_answer(turn, text))) if text else facts.another(turn)


def leave(turn: Turn) -> Reply:
    """Out of the quiz and not of the skill, with the score so far."""
    if not turn.memory.quiz:
        return builtin.stop(turn)
    turn.memory.quizzed = True  # also where the fact was told aside
    return Reply(_score(turn), offer_a_fact(turn.seed))


def aside(answer: Callable[[Turn], Reply]) -> Callable[[Turn], Reply]:
    """An answer that does not end the quiz: the question is asked again behind it."""

    def answered(turn: Turn) -> Reply:
        text = _asked(turn)
        reply = answer(turn)
        return replace(reply, question=_question(turn, text)) if text else reply

    return answered


def question_again(turn: Turn) -> Reply:
    text = _asked(turn)
    return Reply(Ssml(), _question(turn, text)) if text else start(turn)


def help_(turn: Turn) -> Reply:
    text = _asked(turn)
    return Reply(say.help_in_a_quiz(), _question(turn, text)) if text else builtin.help_(turn)


def _asked(turn: Turn) -> FactText | None:
    """The text that the last question was about, as long as it has one."""
    if turn.memory.pending != QUIZ or not turn.memory.quiz:
        return None
    text = text_of(turn.memory.quiz[0], language())
    return text if text and text.question else None


def _judge(turn: Turn, text: FactText, slot: SpokenSlot) -> Reply | None:
    """What we say to an answer; None where it is none of those that we offered."""
    chosen = _chosen(slot, _options(turn, text))
    if chosen is None:
        return None
    if chosen == text.options[0]:
        turn.memory.quiz_right += 1
        return _go_on(turn, say.right(turn.seed))
    return _go_on(turn, say.wrong(turn.seed, _right_answer(turn, text)))


def _go_on(turn: Turn, verdict: Ssml) -> Reply:
    memory = turn.memory
    memory.quiz_asked += 1
    memory.asked_about(memory.quiz[0])  # "tell me more" now means this one
    memory.quiz = memory.quiz[1:]
    while memory.quiz:
        text = text_of(memory.quiz[0], language())
        if text and text.question:
            lead = say.next_one if len(memory.quiz) > 1 else say.last_one
            return _ask(turn, join(verdict, lead(turn.seed)), text)
        memory.quiz = memory.quiz[1:]  # withdrawn since the quiz began
    return Reply(join(verdict, _score(turn)), offer_a_fact(turn.seed))


def _score(turn: Turn) -> Ssml:
    """Of one question the verdict says it all."""
    right, asked = turn.memory.quiz_right, turn.memory.quiz_asked
    return say.score(turn.seed, min(right, asked), asked) if asked > 1 else Ssml()


def _ask(turn: Turn, before: Ssml, text: FactText) -> Reply:
    return Reply(before, _question(turn, text))


def _question(turn: Turn, text: FactText) -> Question:
    options = [aloud(turn, text, option) for option in _options(turn, text)]
    return say.asks(aloud(turn, text, text.question), options)


def _right_answer(turn: Turn, text: FactText) -> Ssml:
    return aloud(turn, text, text.options[0])


def _options(turn: Turn, text: FactText) -> list[str]:
    """In an order that the whole quiz keeps, also when it is asked again."""
    seed = f"{text.fact.slug} {turn.memory.quiz_seed}"
    return sorted(text.options, key=lambda option: _shuffled(seed, option))


def _shuffled(seed: str, word: str) -> bytes:
    return hashlib.sha256(f"{seed} {word}".encode()).digest()


def _chosen(slot: SpokenSlot, options: Sequence[str]) -> str | None:
    """By its words, then by its place, then by words that are part of one another.

    "Two" may be an answer and a place: what we offered in so many words comes first. The place is
    the slot's id.
    """
    said = sound(slot.spoken)
    if exact := [option for option in options if sound(option) == said]:
        return exact[0]
    if slot.id.isdecimal() and slot.id.isascii() and 0 < int(slot.id[:3]) <= len(options):
        return options[int(slot.id[:3]) - 1]
    alike = [option for option in options if _is_part(slot.spoken, option)]
    return alike[0] if len(alike) == 1 else None


def _is_part(spoken: str, option: str) -> bool:
    """Whether one has all the words of the other: "moon" is "the Moon", and west is not east.

    Japanese writes no spaces: there it is the letters.
    """
    said, offered = set(words(spoken)), set(words(option))
    if len(said) == len(offered) == 1 and language() == "ja":
        return bool(sound(spoken)) and (
            sound(option) in sound(spoken) or sound(spoken) in sound(option)
        )
    return bool(said) and (said <= offered or offered <= said)
