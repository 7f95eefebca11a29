"""What the skill holds about a person (accounts/personal_data.py)."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.personal_data import UNTIL_DELETED, on_erasure, register
from skill_endpoint import recent_turns
from skill_endpoint.models import AccountLink, SeenRequest, SkillEvent, alexa_digest


def _events_of(user: User) -> QuerySet[SkillEvent]:
    links = AccountLink.objects.filter(user=user).values_list("application_id", "alexa_user_id")
    return SkillEvent.objects.filter(alexa_user_digest__in=[alexa_digest(*link) for link in links])


# Before the links: the events are found through them.
register(
    SkillEvent,
    _events_of,
    export=("type", "event_time", "received_at"),
    label=_("What Alexa told us about your link"),
    why=_("To know whether your Alexa is linked."),
    kept=_("90 days."),
)
register(
    AccountLink,
    lambda user: AccountLink.objects.filter(user=user),
    export=(
        "application_id",
        "alexa_user_id",
        "person_id",
        "enabled_at",
        "linked_at",
        "disabled_at",
        "last_used_at",
        "refused_at",
        "refused_reason",
        "unlinked_at",
    ),
    label=_("Your Alexa links"),
    why=_("So that Alexa knows that it is you who speaks."),
    kept=UNTIL_DELETED,
)
register(
    SeenRequest,
    lambda user: SeenRequest.objects.none(),
    withheld="digests of request ids, kept for five minutes: they name nobody",
)


def _turns_of(user: User) -> list[dict[str, object]]:
    def told(turn: recent_turns.RecentTurn) -> dict[str, object]:
        fields = turn._asdict()
        del fields["timestamp"]
        return {"time": turn.time, **fields}

    return [told(turn) for turn in recent_turns.of(user)]


on_erasure(
    recent_turns.forget,
    read=_turns_of,
    name="recent_turns",
    label=_("Your last turns with Alexa"),
    why=_("So that an operator can help when Alexa does not do what you asked."),
    kept=_("24 hours, without what was said."),
)
