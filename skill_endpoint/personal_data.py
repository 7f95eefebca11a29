"""What the skill holds about a person (accounts/personal_data.py)."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from accounts.personal_data import register
from skill_endpoint.models import AccountLink, SeenRequest, SkillEvent, alexa_digest


def _events_of(user: User) -> QuerySet[SkillEvent]:
    links = AccountLink.objects.filter(user=user).values_list("application_id", "alexa_user_id")
    return SkillEvent.objects.filter(alexa_user_digest__in=[alexa_digest(*link) for link in links])


# Before the links: the events are found through them.
register(SkillEvent, _events_of, export=("type", "event_time", "received_at"))
register(
    AccountLink,
    lambda user: AccountLink.objects.filter(user=user),
    export=(
        "application_id",
        "alexa_user_id",
        "person_id",
        "linked_at",
        "disabled_at",
        "last_used_at",
    ),
)
# Digests of request ids, kept for five minutes: they name nobody.
register(SeenRequest, lambda user: SeenRequest.objects.none())
