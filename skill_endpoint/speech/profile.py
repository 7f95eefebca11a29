from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from skill_endpoint.speech.wording import and_list, topic_name
from skill_endpoint.ssml import Ssml, fill, join


def who_you_are(
    *,
    name: str,
    topics: Sequence[str],
    heard: int,
    saved: int,
    has_email: bool,
    has_phone: bool,
    keeps_history: bool,
) -> Ssml:
    """What we hold about a person. That there is an address is said, never the address."""
    return join(
        _name(name),
        _topics(topics),
        _heard(heard),
        _saved(saved),
        _history(heard, keeps_history=keeps_history),
        _contact(has_email=has_email, has_phone=has_phone),
        fill(_("You can change all this on the Small Wonders website.")),
    )


def _name(name: str) -> Ssml:
    return fill(_("I call you {name}."), name=name) if name else fill(_("I don't know your name."))


def _topics(topics: Sequence[str]) -> Ssml:
    if not topics:
        return fill(_("You get facts from every topic."))
    return fill(
        _("You get facts about {topics}."),
        topics=and_list([topic_name(topic) for topic in topics]),
    )


def _heard(count: int) -> Ssml:
    if not count:
        return fill(_("You haven't heard any yet."))
    return fill(
        ngettext("You've heard {count} so far.", "You've heard {count} so far.", count), count=count
    )


def _saved(count: int) -> Ssml:
    if not count:
        return fill(_("You haven't saved any."))
    return fill(ngettext("You've saved {count}.", "You've saved {count}.", count), count=count)


def _history(heard: int, *, keeps_history: bool) -> Ssml:
    if keeps_history:
        return fill(_("I keep track, so that nothing repeats."))
    if heard:
        return fill(_("I've stopped keeping track of what you hear."))
    return fill(_("I don't keep track of what you hear."))


def _contact(*, has_email: bool, has_phone: bool) -> Ssml:
    if has_email and has_phone:
        return fill(_("I have an e-mail address and a phone number for you."))
    if has_email:
        return fill(_("I have an e-mail address for you, but no phone number."))
    if has_phone:
        return fill(_("I have a phone number for you, but no e-mail address."))
    # The pool has one of them, and the skill learns it when the person signs in on the website:
    # to somebody who only talked so far, "I have none" would be wrong.
    return Ssml("")
