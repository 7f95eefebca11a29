from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from skill_endpoint.speech.wording import and_list, pick
from skill_endpoint.ssml import Ssml, fill, join
from skill_endpoint.turn import WHICH_TOPICS, Question


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
        _counts(heard, saved, keeps_history=keeps_history),
        "" if keeps_history else _no_history(heard),
        _contact(has_email=has_email, has_phone=has_phone),
    )


def topics_are(topics: Sequence[str]) -> Ssml:
    """What the person gets facts about from now on; every topic where there are none."""
    if not topics:
        return fill(_("From now on, you get facts from every topic."))
    return fill(_("From now on, you get facts about {topics}."), topics=and_list(topics))


def not_among_them(spoken: Sequence[str]) -> Ssml:
    """Words that are no topics, beside those that are."""
    return fill(_("“{words}” isn't a topic I know yet."), words=and_list(spoken))


def you_said(spoken: Sequence[str]) -> Ssml:
    """Before the topics that we take it for."""
    return fill(_("You said “{words}”."), words=and_list(spoken))


def these_topics(slugs: Sequence[str], names: Sequence[str]) -> Question:
    topics = and_list(names)
    return Question(
        fill(_("Do you want facts about {topics} from now on?"), topics=topics),
        fill(_("Facts about {topics}, then?"), topics=topics),
        f"{WHICH_TOPICS}:{'+'.join(slugs)}",
    )


def topics_now(topics: Sequence[str]) -> Ssml:
    """Before they are changed; every topic where there are none."""
    if not topics:
        return fill(_("Right now, you get facts from every topic."))
    return fill(_("Right now, you get facts about {topics}."), topics=and_list(topics))


def which_topics(seed: str) -> Question:
    return Question(
        fill(
            pick(
                seed,
                _("Name up to three, or say: everything. What shall it be?"),
                _("Tell me one, two or three, or say: everything. Which would you like?"),
            )
        ),
        fill(_("Which topics shall it be?")),
        WHICH_TOPICS,
    )


def on_the_website() -> Ssml:
    return fill(
        _("You can do that on the Small Wonders website. I've sent its address to your Alexa app.")
    )


def website_card() -> tuple[str, str]:
    """Title and text. Only a card may hold an address: nobody wants to hear one."""
    where = _(
        "Your name, your topics, your history: sign in at {address} and open your preferences.\n\n"
        "You can unlink Alexa there, too, or disable the Small Wonders skill in the Alexa app."
    )
    return _("Your settings"), where.format(address=settings.PUBLIC_URL)


def _name(name: str) -> Ssml:
    return fill(_("I call you {name}."), name=name) if name else fill(_("I don't know your name."))


def _topics(topics: Sequence[str]) -> Ssml:
    if not topics:
        return fill(_("You get facts from every topic."))
    return fill(
        _("You get facts about {topics}."),
        topics=and_list(topics),
    )


def _counts(heard: int, saved: int, *, keeps_history: bool) -> Ssml:
    if heard and saved:
        said = ngettext(
            "You've heard {heard} fact and {and_saved}.",
            "You've heard {heard} facts and {and_saved}.",
            heard,
        )
    elif heard:
        said = ngettext(
            "You've heard {heard} fact and saved none.",
            "You've heard {heard} facts and saved none.",
            heard,
        )
    elif saved:
        said = ngettext("You've saved {saved} fact.", "You've saved {saved} facts.", saved)
    elif keeps_history:
        said = _("You haven't heard any yet. You haven't saved any.")
    else:  # what was heard, nobody knows
        said = _("You haven't saved any.")
    return fill(said, heard=heard, saved=saved, and_saved=_and_saved(saved))


def _and_saved(saved: int) -> Ssml:
    """The end of a sentence on facts: its number is another one than that of the facts heard."""
    return fill(ngettext("saved {saved}", "saved {saved}", saved), saved=saved)


def _no_history(heard: int) -> Ssml:
    if heard:
        return fill(_("I've stopped keeping track of what you hear."))
    return fill(_("I don't keep track of what you hear."))


def _contact(*, has_email: bool, has_phone: bool) -> Ssml:
    if has_email and has_phone:
        return fill(_("I have your e-mail address and phone number on file."))
    if has_email:
        return fill(_("I have your e-mail address on file."))
    if has_phone:
        return fill(_("I have your phone number on file."))
    # The pool has one of them, and the skill learns it when the person signs in on the website:
    # to somebody who only talked so far, "I have none" would be wrong.
    return Ssml("")
