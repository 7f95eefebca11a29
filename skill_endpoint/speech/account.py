"""For what needs an account: why, and where to link. Said only when somebody asks for such."""

from __future__ import annotations

from django.utils.translation import gettext as _

from skill_endpoint.ssml import Ssml, fill, join


def needed_to_save() -> Ssml:
    return fill(_("I can keep favorites once I know whose they are."))


def needed_to_list() -> Ssml:
    return fill(_("Your favorites live in your account, and I don't know yours yet."))


def needed_to_know_you() -> Ssml:
    return fill(_("We haven't met yet, so there's nothing I know about you."))


def needed_to_keep_topics() -> Ssml:
    return fill(_("I can keep your topics once I know whose they are."))


def card_sent() -> Ssml:
    return fill(_("To link your account, open the card in your Alexa app."))


def stopped_working() -> Ssml:
    return join(
        fill(_("Your account isn't linked any more.")),
        fill(_("There's a card in your Alexa app to link it again.")),
    )


def switched_off() -> Ssml:
    return join(
        fill(_("Your account is switched off at the moment.")),
        fill(_("Facts still work without it.")),
    )


def out_of_reach() -> Ssml:
    return fill(_("I can't reach your account right now. Please try again in a minute."))
