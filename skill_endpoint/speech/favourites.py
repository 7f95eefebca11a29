from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from skill_endpoint.speech.wording import pick
from skill_endpoint.ssml import BREATH, Ssml, fill, join


def saved(seed: str, headline: Ssml) -> Ssml:
    return fill(
        pick(
            seed,
            _("Saved: “{headline}”."),
            _("Done. I've saved “{headline}”."),
            _("Got it. “{headline}” is in your favorites."),
        ),
        headline=headline,
    )


def saved_already(seed: str, headline: Ssml) -> Ssml:
    return fill(
        pick(
            seed,
            _("You've saved that one already: “{headline}”."),
            _("“{headline}” is in your favorites already."),
            _("No need, you've already got “{headline}”."),
        ),
        headline=headline,
    )


def removed(seed: str, headline: Ssml) -> Ssml:
    return fill(
        pick(
            seed,
            _("Okay, “{headline}” is off your list."),
            _("Done. I've taken “{headline}” off your list."),
            _("I've removed “{headline}”."),
        ),
        headline=headline,
    )


def not_saved(headline: Ssml) -> Ssml:
    return fill(_("“{headline}” isn't in your favorites."), headline=headline)


def nothing_saved(topic: str = "") -> Ssml:
    if topic:
        return fill(_("You haven't saved anything about {topic} yet."), topic=topic)
    return fill(_("You haven't saved anything yet. When you like a fact, just say, save that."))


def list_saved(count: int, headlines: Sequence[Ssml], topic: str = "") -> Ssml:
    """How many there are, and the latest of them by their headlines."""
    about = {"count": count, "topic": topic}
    if topic:
        start = ngettext(
            "You've saved {count} fact about {topic}.",
            "You've saved {count} facts about {topic}.",
            count,
        )
    else:
        start = ngettext("You've saved {count} fact.", "You've saved {count} facts.", count)
    latest = _("The latest are these.") if count > len(headlines) else ""
    a_headline = pgettext("one of a list of headlines", "{headline}.")
    titles = [part for each in headlines for part in (BREATH, fill(a_headline, headline=each))]
    return join(fill(start, **about), fill(latest), *titles)
