"""What a link must say, whatever order its events came in.

Events come late, twice and in the wrong order, and turns happen in between. So an event is not
played onto the link as it comes: all that is known of the Alexa account is looked at again. Events
have whole seconds, our own times do not: within a second an event comes after a turn, and
disabling after the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from accounts.models import User
from skill_endpoint.models import AccountLink, SkillEvent

ENABLED = "AlexaSkillEvent.SkillEnabled"
DISABLED = "AlexaSkillEvent.SkillDisabled"
LINKED = "AlexaSkillEvent.SkillAccountLinked"
STATE_CHANGING = (ENABLED, DISABLED, LINKED)
NOT_PERSISTED = "NOT_PERSISTED"
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class History:
    """When things happened to an Alexa account in our skill, as far as events told us."""

    enabled: list[datetime] = field(default_factory=list)
    disabled: list[datetime] = field(default_factory=list)
    linked: list[datetime] = field(default_factory=list)  # only those whose token counted
    erased: datetime = NEVER  # the last time that Alexa wanted everything forgotten

    @classmethod
    def of(cls, alexa_user_digest: str) -> History:
        events = SkillEvent.objects.filter(
            alexa_user_digest=alexa_user_digest, type__in=STATE_CHANGING
        )
        known = list(events.values_list("type", "event_time", "persistence", "applied"))
        of_type = {
            each: [time for kind, time, *_ in known if kind == each] for each in STATE_CHANGING
        }
        forgotten = [
            time for kind, time, how, _ in known if kind == DISABLED and how == NOT_PERSISTED
        ]
        return cls(
            enabled=of_type[ENABLED],
            disabled=of_type[DISABLED],
            linked=[time for kind, time, _, applied in known if kind == LINKED and applied],
            erased=max(forgotten, default=NEVER),
        )

    def is_after(self, moment: datetime) -> bool:
        """Whether something happened later."""
        return any(each > moment for each in (*self.enabled, *self.disabled, *self.linked))

    def fresh_start(self, linked: datetime, used: datetime) -> datetime:
        """When the skill was enabled again after it was disabled as a linked one, else NEVER.

        Alexa drops the token when the skill is disabled. A turn between the two says that it was
        not dropped.
        """
        return max(
            (
                enabled
                for disabled in self.disabled
                for enabled in self.enabled
                if linked <= disabled < enabled and not disabled < used <= enabled
            ),
            default=NEVER,
        )


def second(moment: datetime | None) -> datetime:
    """A time of ours as events have it; NEVER for none."""
    return moment.replace(microsecond=0) if moment else NEVER


def last_proof(link: AccountLink) -> datetime:
    """When a token last showed whose link this is."""
    return max(second(link.linked_at), second(link.last_used_at))


def tells_of_another(link: AccountLink, sub: str, time: datetime) -> bool:
    """Whether somebody else was shown to be linked after that time."""
    return link.user is not None and link.user.sub != sub and last_proof(link) > time


def take_over(link: AccountLink, history: History, user: User, time: datetime, grant: str) -> None:
    """The person linked their account at that time, and no later link is known."""
    link.unlinked_at = None
    if second(link.last_used_at) <= time or not link.grant:
        link.grant = grant  # a later turn has shown a later one
    if user.pk != link.user_id:
        link.user, link.linked_at = user, time
    elif history.fresh_start(time, second(link.last_used_at)) == NEVER:
        link.linked_at = time  # turns may have shown the link before we heard of it
    if second(link.refused_at) <= time:
        link.refused_at, link.refused_reason = None, ""


def settle(link: AccountLink, history: History) -> bool:
    """Have the link say what all events say together; False where nothing is left of it."""
    is_household = not link.person_id
    _forget(link, history)
    if link.linked_at:
        used = second(link.last_used_at)
        again = history.fresh_start(second(link.linked_at), used)
        if again != NEVER:
            # a turn since then shows that it was linked again; when exactly, an event may tell
            link.linked_at = link.last_used_at if used > again else None
    enabled = _latest(history.enabled, link.enabled_at)
    disabled = _latest(history.disabled, link.disabled_at)
    if is_household:
        link.enabled_at = enabled if enabled > history.erased else None
    linked = max(history.linked, default=NEVER) if is_household else NEVER
    is_disabled = disabled > history.erased and disabled >= max(enabled, linked, last_proof(link))
    link.disabled_at = disabled if is_disabled else None
    return bool(link.user_id or link.enabled_at)


def _forget(link: AccountLink, history: History) -> None:
    """What was before the last time that Alexa wanted everything forgotten."""
    if history.erased == NEVER:
        return
    if second(link.last_used_at) <= history.erased:
        link.last_used_at = None
    if second(link.linked_at) <= history.erased:
        link.linked_at = link.last_used_at
    if second(link.refused_at) <= history.erased:
        link.refused_at, link.refused_reason = None, ""
    is_linked_since = not link.person_id and any(time > history.erased for time in history.linked)
    if not (link.linked_at or is_linked_since):
        link.user, link.unlinked_at, link.grant = None, None, ""


def _latest(known: Iterable[datetime], also: datetime | None) -> datetime:
    """The last of the events; events are kept for some months, what a link says for longer."""
    return max(*known, also or NEVER, NEVER)
