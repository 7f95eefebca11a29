"""All of a person's Alexa links in one word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from skill_endpoint.models import AccountLink

State = AccountLink.State

_CAUSES: dict[str, Promise] = {
    "expired": _("Alexa’s sign-in to your account expired and was not renewed."),
    "client": _("Alexa showed a sign-in that was made for another app."),
    "keys_unavailable": _("Alexa’s sign-in could not be checked while the service was away."),
}
_OTHER_CAUSE = _("Alexa’s sign-in to your account is not accepted any more.")


@dataclass(frozen=True)
class Summary:
    state: str  # one of AccountLink.State, or "none"
    last_used_at: datetime | None = None


def summarise(links: Iterable[AccountLink]) -> Summary:
    """The best state counts: one Echo that works is a link that works."""
    links = list(links)
    states = {link.state for link in links}
    used = max((link.last_used_at for link in links if link.last_used_at), default=None)
    for state in (State.WORKING, State.REFUSED, State.DISABLED):
        if state in states:
            return Summary(state.value, used)
    return Summary("none")


def cause(link: AccountLink) -> Promise:
    """Why Alexa has to be linked again, in words; the reason itself is for the log."""
    return _CAUSES.get(link.refused_reason, _OTHER_CAUSE)
