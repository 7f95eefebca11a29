from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from skill_endpoint.facts.models import Fact
from skill_endpoint.speech.wording import and_list, date_of, month_of, pick, read_aloud
from skill_endpoint.ssml import BREATH, Ssml, fill, join
from skill_endpoint.turn import ANOTHER, TOPIC, Question


def opening_daily(seed: str) -> Ssml:
    return fill(
        pick(
            seed,
            _("Here's today's fact."),
            _("Here's your small wonder for today."),
            _("This one's for today."),
            _("Today's surprise goes like this."),
        )
    )


def opening_another(seed: str) -> Ssml:
    return fill(
        pick(
            seed,
            _("Here's another one."),
            _("Try this one."),
            _("And here's one more."),
            _("How about this?"),
        )
    )


def opening_again(seed: str) -> Ssml:
    """Before today's fact where it was heard today."""
    return fill(
        pick(
            seed,
            _("Today's, once more."),
            _("Here's today's again."),
            _("You've had today's, so here it is once more."),
        )
    )


def opening_known(seed: str) -> Ssml:
    """Before one that was heard before, where all_heard was said already."""
    return fill(
        pick(
            seed,
            _("Here's one you may remember."),
            _("You might know this one."),
            _("This one's an old friend."),
        )
    )


def opening_topic(seed: str, topic: str) -> Ssml:
    return fill(
        pick(
            seed,
            _("Here's one about {topic}."),
            _("I've got one about {topic}."),
            _("Let's see. This one's about {topic}."),
        ),
        topic=topic,
    )


def all_heard(seed: str, topics: Sequence[str] = ()) -> Ssml:
    """In place of an opening, before the first fact that was heard before."""
    if not topics:
        return fill(
            pick(
                seed,
                _("You've heard everything I've got for you, so here's one again."),
                _("I've told you everything I've got, so I'm starting over."),
                _("There's nothing new left for you today, so here's an old one."),
            )
        )
    return fill(
        pick(
            seed,
            _("You've heard everything about {topics}, so here's one again."),
            _("That was everything about {topics}, so I'm starting over."),
            _("There's nothing new left about {topics}, so here's an old one."),
        ),
        topics=and_list(topics),
    )


def told(opening: Ssml, text: Ssml) -> Ssml:
    return join(opening, BREATH, text)


def only_in_english() -> Ssml:
    """Said before the first text that is not translated."""
    return fill(_("So far I only have this in English."))


def offer_another(seed: str) -> Question:
    return Question(
        fill(
            pick(
                seed,
                _("Would you like another?"),
                _("Shall I tell you one more?"),
                _("Do you want to hear another one?"),
            )
        ),
        fill(pick(seed, _("One more?"), _("Another?"), _("Shall I go on?"))),
        ANOTHER,
    )


def offer_a_fact(seed: str) -> Question:
    """After an answer that was not a fact."""
    return Question(
        fill(
            pick(
                seed,
                _("Would you like to hear a fact?"),
                _("Shall I tell you a fact?"),
                _("How about a fact?"),
            )
        ),
        fill(pick(seed, _("A fact?"), _("Shall I?"), _("Want one?"))),
        ANOTHER,
    )


def no_facts() -> Ssml:
    return fill(_("I've run out of facts for the moment. Please ask me again later."))


def no_fact_yet() -> Ssml:
    """The answer to "tell me more", "save that" and the like when there's no "that"."""
    return fill(_("I haven't told you a fact yet."))


def all_topics(topics: Sequence[str]) -> Ssml:
    return fill(_("I know about {topics}."), topics=and_list(topics))


def i_know_about(topics: Sequence[str]) -> Ssml:
    return fill(
        _("I know about {topics}, for example."),
        topics=and_list(topics),
    )


def which_topic(seed: str) -> Question:
    return Question(
        fill(
            pick(
                seed,
                _("Which topic would you like?"),
                _("What would you like to hear about?"),
                _("Which one shall it be?"),
            )
        ),
        fill(pick(seed, _("Which topic?"), _("Which one?"), _("What shall it be?"))),
    )


def not_a_topic(spoken: str) -> Ssml:
    return fill(_("“{topic}” isn't a topic I know yet."), topic=spoken)


def offer_topics(seed: str, slug: str, names: Sequence[str]) -> Question:
    """One topic or two; a plain "yes" takes the first, whose slug this is."""
    first, second = names[0], names[-1]
    if len(names) == 1:
        asked = pick(seed, _("How about {first}?"), _("Shall we try {first}?"))
    else:
        # a pause before "or": some topics are called "your body"
        asked = pick(
            seed,
            _("How about {first}, or {second}?"),
            _("Shall we try {first}, or {second}?"),
            _("What about {first}, or maybe {second}?"),
        )
    return Question(
        fill(asked, first=first, second=second),
        fill(_("Maybe {first}?"), first=first),
        TOPIC + slug,
    )


def that_is_all() -> Ssml:
    """The answer to "tell me more" when more was told already."""
    return fill(_("That's all I have on that one."))


def no_more(seed: str) -> Ssml:
    return fill(
        pick(
            seed,
            _("That's all I know about that one."),
            _("I'm afraid there's no more to that one."),
            _("That one's as short as it sounds."),
        )
    )


def source(seed: str, fact: Fact) -> Ssml:
    """Who says so. Titles are those of the sources, which are in English."""
    named = {
        "publisher": read_aloud(fact.source_publisher, "en"),
        "title": read_aloud(fact.source_title, "en"),
    }
    if fact.checked_on is None:
        words = pick(
            seed,
            _("That's from {publisher}: “{title}”."),
            _("My source is {publisher}, “{title}”."),
            _("{publisher} says so, in “{title}”."),
        )
        return fill(words, **named)
    words = pick(
        seed,
        _("That's from {publisher}: “{title}”. I last checked it in {month}."),
        _("My source is {publisher}, “{title}”, last checked in {month}."),
        _("{publisher} says so, in “{title}”. I last checked in {month}."),
    )
    return fill(words, **named, month=month_of(fact.checked_on))


def reported(seed: str, headline: Ssml) -> Ssml:
    """The answer to "that's wrong"."""
    return fill(
        pick(
            seed,
            _("Thanks for telling me. I've asked someone to check “{headline}”."),
            _("Good to know. I've put “{headline}” on the list to be checked."),
            _("Thank you. Somebody will look into “{headline}”."),
        ),
        headline=headline,
    )


def reported_already(headline: Ssml) -> Ssml:
    return fill(_("“{headline}” is on the list to be checked already."), headline=headline)


def card_text(text: str, fact: Fact, hint: str) -> str:
    """For the Alexa app: plain text."""
    return _("{text}\n\nSource: {publisher}, {title}\n\n{hint}").format(
        text=text, publisher=fact.source_publisher, title=fact.source_title, hint=hint
    )


def hint_after_a_fact() -> str:
    return _("Say “tell me more” or “save that”.")


def hint_after_more() -> str:
    return _("Say “save that” or “another one”.")


def hint_from_outside(*, is_remembered: bool) -> str:
    """After the conversation; what "that" means is known then only to a history."""
    if is_remembered:
        return _("Say “Alexa, ask Small Wonders to save that”.")
    return _("Say “Alexa, open Small Wonders” for more.")


def source_card_text(fact: Fact) -> str:
    source = _("{publisher}: {title}\n{locator}").format(
        publisher=fact.source_publisher, title=fact.source_title, locator=fact.source_locator
    )
    if fact.checked_on is None:
        return source
    checked = _("Checked on {date}").format(date=date_of(fact.checked_on))
    return f"{source}\n{checked}"
