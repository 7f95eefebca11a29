from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from skill_endpoint.speech.wording import or_list, pick
from skill_endpoint.ssml import Ssml, fill, join
from skill_endpoint.turn import QUIZ, Question


def begins(seed: str, questions: int) -> Ssml:
    if questions == 1:
        return fill(
            pick(seed, _("One question, on what you've heard."), _("Here's a quick one for you."))
        )
    return fill(
        pick(
            seed,
            ngettext(
                "{count} question, on facts you've heard.",
                "{count} questions, on facts you've heard.",
                questions,
            ),
            ngettext(
                "Let's see what stuck: {count} question.",
                "Let's see what stuck: {count} questions.",
                questions,
            ),
        ),
        count=questions,
    )


def asks(question: Ssml, options: Sequence[Ssml]) -> Question:
    return Question(
        join(question, fill(_("{options}?"), options=or_list(options))),
        fill(_("Which is it: {options}?"), options=or_list(options)),
        QUIZ,
    )


def next_one(seed: str) -> Ssml:
    return fill(pick(seed, _("Next one."), _("Here's the next."), _("And now this one.")))


def last_one(seed: str) -> Ssml:
    return fill(pick(seed, _("Last one."), _("And the last one."), _("One more to go.")))


def right(seed: str) -> Ssml:
    return fill(pick(seed, _("That's right."), _("Yes, it is."), _("You've got it.")))


def wrong(seed: str, answer: Ssml) -> Ssml:
    return fill(
        pick(
            seed,
            _("Not quite. The answer is: {answer}."),
            _("Not this time: {answer}."),
            _("No, it's this one: {answer}."),
        ),
        answer=answer,
    )


def passed(answer: Ssml) -> Ssml:
    """After "I don't know"."""
    return fill(_("The answer is: {answer}."), answer=answer)


def none_of_these(seed: str) -> Ssml:
    return fill(
        pick(seed, _("I need one of the three."), _("That wasn't one of the three, I think."))
    )


def help_in_a_quiz() -> Ssml:
    return fill(_("Say the answer you think is right. Or say: pass, or: stop."))


def score(seed: str, number: int, asked: int) -> Ssml:
    if number == asked:
        return fill(
            pick(seed, _("Full marks: {number} of {asked}."), _("{number} of {asked}. Perfect!")),
            number=number,
            asked=asked,
        )
    if number:
        return fill(
            pick(
                seed,
                ngettext(
                    "You got {number} of {asked} right.",
                    "You got {number} of {asked} right.",
                    number,
                ),
                ngettext("{number} of {asked}, not bad.", "{number} of {asked}, not bad.", number),
            ),
            number=number,
            asked=asked,
        )
    return fill(_("None this time. They'll stick next time."))


def nothing_to_ask() -> Ssml:
    """Nobody is asked about what they never heard."""
    return fill(_("I ask about facts that you've heard from me, and there are none yet."))
