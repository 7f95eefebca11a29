"""Alexa's own intents, and yes and no to the question that we asked."""

from __future__ import annotations

from dataclasses import replace

from skill_endpoint.handlers import facts
from skill_endpoint.speech import builtin as say
from skill_endpoint.speech.facts import offer_another
from skill_endpoint.ssml import Ssml, is_well_formed, join
from skill_endpoint.turn import ANOTHER, DAILY, TOPIC, Question, Reply, Turn

MISSES = 3  # after so many turns in a row that we did not understand, we stop asking


def help_(turn: Turn) -> Reply:
    """Stays open even when asked in one shot: who asks for help wants to try something next."""
    if turn.memory.fact_id:
        return Reply(say.help_after_a_fact(), offer_another(turn.seed))
    return Reply(say.help_at_the_start(), facts.next_question(turn))


def stop(turn: Turn) -> Reply:
    return Reply(say.goodbye(turn.seed))


def yes(turn: Turn) -> Reply:
    pending = turn.memory.pending
    if pending == DAILY:
        return facts.daily(turn)
    if pending == ANOTHER:
        return facts.another(turn)
    if pending.startswith(TOPIC) and (reply := facts.about(turn, pending.removeprefix(TOPIC))):
        return reply
    return Reply(Ssml(), facts.next_question(turn))


def no(turn: Turn) -> Reply:
    return Reply(say.goodbye(turn.seed))


def repeat(turn: Turn) -> Reply:
    """The last answer, word for word; in a new session the last fact that the person heard."""
    memory = turn.memory
    if memory.speech and is_well_formed(memory.speech) and is_well_formed(memory.reprompt):
        question = Question(Ssml(), Ssml(memory.reprompt), memory.pending)
        return Reply(Ssml(memory.speech), question if memory.reprompt else None)
    if text := facts.that_fact(turn):
        speech = join(facts.only_in_english(turn, text), facts.aloud(turn, text, text.speech))
        return turn.reply(speech, offer_another(turn.seed))
    return Reply(say.nothing_to_repeat(), say.offer_todays_fact(turn.seed))


def slower(turn: Turn) -> Reply:
    """The last answer again, slowly."""
    return replace(repeat(turn), slowly=True)


def fallback(turn: Turn) -> Reply:
    """First what can be said now, then a yes or no, then we let go."""
    if turn.memory.misses + 1 >= MISSES:
        return Reply(say.giving_up(), is_miss=True)
    if turn.memory.misses:
        speech = say.not_understood_again()
    elif turn.memory.fact_id and not turn.memory.quizzed:
        speech = say.not_understood_after_a_fact(turn.seed)
    else:
        speech = say.not_understood(turn.seed)
    return Reply(speech, facts.next_question(turn), is_miss=True)


def reaction(turn: Turn) -> Reply:
    """ "Wow": nothing was asked, and nothing was misunderstood."""
    speech = say.glad(turn.seed) if turn.memory.fact_id else Ssml()
    return Reply(speech, facts.next_question(turn))
