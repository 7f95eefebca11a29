from __future__ import annotations

from django.utils.translation import gettext as _

from skill_endpoint.speech.wording import pick
from skill_endpoint.ssml import Ssml, fill, first_name_of
from skill_endpoint.turn import DAILY, Question


def greeting(seed: str, *, name: str = "", speaker_id: str = "", hour: int | None = None) -> Ssml:
    """Hello, by name where we have one, and by the time of day where we know it (0 to 23)."""
    called = name or (first_name_of(speaker_id) if speaker_id else "")
    if words := _by_the_clock(hour, named=bool(called)):
        return fill(words, name=called)
    if called:
        return fill(
            pick(seed, _("Hi, {name}."), _("Hello, {name}."), _("Good to hear you, {name}.")),
            name=called,
        )
    return fill(pick(seed, _("Hi there."), _("Hello."), _("Nice to hear from you.")))


def _by_the_clock(hour: int | None, *, named: bool) -> str:
    if hour is None:
        return ""
    if 5 <= hour < 12:
        return _("Good morning, {name}.") if named else _("Good morning.")
    if 12 <= hour < 18:
        return _("Good afternoon, {name}.") if named else _("Good afternoon.")
    if 18 <= hour < 23:
        return _("Good evening, {name}.") if named else _("Good evening.")
    return ""  # nobody wants to be told how late it is


def what_i_do(seed: str) -> Ssml:
    return fill(
        pick(
            seed,
            _("I've got a true, surprising fact for every day, and more if you name a topic."),
            _("I collect true things that sound made up, one for each day, on many topics."),
            _("I tell small wonders: one true surprise a day, and more on any topic I know."),
        )
    )


def had_todays(seed: str) -> Ssml:
    return fill(
        pick(
            seed,
            _("You've had today's."),
            _("You've heard today's fact already."),
            _("You already know today's fact."),
        )
    )


def offer_daily(seed: str) -> Question:
    return Question(
        fill(
            pick(
                seed,
                _("Would you like today's?"),
                _("Shall I tell you today's?"),
                _("Do you want to hear today's?"),
            )
        ),
        fill(pick(seed, _("Today's fact?"), _("Want today's fact?"), _("Ready for today's?"))),
        DAILY,
    )
