"""All of a person's Alexa links in one word, and household by household."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from skill_endpoint.link_history import NEVER
from skill_endpoint.models import AccountLink

State = AccountLink.State
# the best comes first: one Echo that works is a link that works
_BY_RANK = (State.WORKING, State.REFUSED, State.UNLINKED, State.DISABLED)

_CAUSES: dict[str, Promise] = {
    "expired": _("Alexa’s sign-in to your account expired and was not renewed. Noticed on %s."),
    "client": _("Alexa showed a sign-in that was made for another app. Noticed on %s."),
    "inactive": _("Your account was switched off when Alexa last asked, on %s."),
}
_OTHER_CAUSE = _("Alexa’s sign-in to your account is not accepted any more. Noticed on %s.")


@dataclass(frozen=True)
class Summary:
    state: str  # one of AccountLink.State, or "none"
    last_used_at: datetime | None = None
    at: datetime | None = None  # when it came to be refused, unlinked or switched off


@dataclass(frozen=True)
class Household:
    """One Alexa account: its links, the one that says most about it, and the voices it knows."""

    link: AccountLink
    voices: int
    linked_at: datetime | None
    last_used_at: datetime | None

    @property
    def state(self) -> str:
        return self.link.state.value

    @property
    def is_over(self) -> bool:
        return self.state in {State.UNLINKED, State.DISABLED}

    @property
    def cause(self) -> str:
        return cause(self.link)


def summarise(links: Iterable[AccountLink]) -> Summary:
    found = sorted((link for link in links if link.linked_at), key=_rank)
    if not found or found[0].state not in _BY_RANK:
        return Summary("none")
    best = found[0]
    return Summary(best.state.value, _last(link.last_used_at for link in found), _moment(best))


def households(links: Iterable[AccountLink]) -> list[Household]:
    """Those that work first, then the latest used; a link of one voice alone counts as one too."""
    accounts: dict[tuple[str, str], list[AccountLink]] = {}
    for link in links:
        if link.linked_at:
            accounts.setdefault((link.application_id, link.alexa_user_id), []).append(link)
    found = [
        Household(
            link=min(of_one, key=lambda link: (_rank(link), bool(link.person_id))),
            voices=sum(bool(link.person_id) for link in of_one),
            linked_at=_last(link.linked_at for link in of_one),
            last_used_at=_last(link.last_used_at for link in of_one),
        )
        for of_one in accounts.values()
    ]
    found.sort(key=lambda each: each.last_used_at or each.linked_at or NEVER, reverse=True)
    return sorted(found, key=lambda each: _rank(each.link))


def cause(link: AccountLink) -> str:
    """Why Alexa has to be linked again, in words; the reason itself is for the log."""
    day = timezone.localtime(link.refused_at) if link.refused_at else timezone.localtime()
    words = _CAUSES.get(link.refused_reason, _OTHER_CAUSE)
    return str(words) % formats.date_format(day, "MONTH_DAY_FORMAT")


def _rank(link: AccountLink) -> int:
    return _BY_RANK.index(link.state) if link.state in _BY_RANK else len(_BY_RANK)


def _moment(link: AccountLink) -> datetime | None:
    return {
        State.REFUSED: link.refused_at,
        State.UNLINKED: link.unlinked_at,
        State.DISABLED: link.disabled_at,
    }.get(link.state)


def _last(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)
