from __future__ import annotations

from django.utils.translation import gettext as _

from skill_endpoint.speech.wording import pick
from skill_endpoint.ssml import Ssml, fill
from skill_endpoint.turn import DAILY, Question


def help_at_the_start() -> Ssml:
    return fill(
        _(
            "I tell one true, surprising fact a day. "
            "Ask for today's fact, or for a topic, like space or food."
        )
    )


def help_after_a_fact() -> Ssml:
    return fill(
        _(
            "You can say: tell me more, who says so, save that, or quiz me. "
            "Or ask for another topic, like food."
        )
    )


def help_on_topics() -> Ssml:
    """While we wait for topics to be named."""
    return fill(_("Your facts come from the topics you name, like space, or food and history."))


def offer_todays_fact(seed: str) -> Question:
    return Question(
        fill(
            pick(
                seed,
                _("Would you like today's fact?"),
                _("Shall I tell you today's fact?"),
                _("Do you want to hear today's fact?"),
            )
        ),
        fill(pick(seed, _("Today's fact?"), _("Ready for it?"), _("Want to hear it?"))),
        DAILY,
    )


def not_understood(seed: str) -> Ssml:
    """Names two things that the skill does."""
    return fill(
        pick(
            seed,
            _("Sorry, I didn't get that. I can tell you today's fact, or one about space."),
            _("Hm, I missed that one. You can ask for today's fact, or for your favorites."),
            _("I'm not sure what you'd like. I know today's fact, and facts about animals."),
        )
    )


def not_understood_after_a_fact(seed: str) -> Ssml:
    return fill(
        pick(
            seed,
            _("Sorry, I didn't get that. You can say: tell me more, or save that."),
            _("Hm, I missed that one. Try: tell me more, save that, or another one."),
            _("I'm not sure what you'd like. I can tell you more, or save it for you."),
        )
    )


def not_understood_again() -> Ssml:
    return fill(_("I'm still not with you. Just say yes or no."))


def glad(seed: str) -> Ssml:
    return fill(
        pick(
            seed,
            _("I thought so too."),
            _("I know the feeling."),
            _("There's more where that came from."),
        )
    )


def giving_up() -> Ssml:
    return fill(_("I'm sorry, I'm not getting it today. Let's try again later."))


def goodbye(seed: str) -> Ssml:
    return fill(
        pick(
            seed,
            _("Bye for now."),
            _("Until next time."),
            _("See you tomorrow."),
            _("Have a wonderful day."),
        )
    )


def nothing_to_repeat() -> Ssml:
    return fill(_("I haven't said anything yet."))


def apology() -> Ssml:
    return fill(_("Sorry, something went wrong on my side. Please try again in a minute."))
