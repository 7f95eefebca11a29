"""Keeps AccountLink true: by the turns that people take and by the events that Alexa sends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from skill_endpoint.models import AccountLink, SkillEvent, alexa_digest

ENABLED = "AlexaSkillEvent.SkillEnabled"
DISABLED = "AlexaSkillEvent.SkillDisabled"
LINKED = "AlexaSkillEvent.SkillAccountLinked"
STATE_CHANGING = (ENABLED, DISABLED, LINKED)
NOT_PERSISTED = "NOT_PERSISTED"


@dataclass(frozen=True, slots=True)
class AlexaAccount:
    """An Alexa account in one skill, or one recognised speaker of it."""

    application_id: str
    user_id: str
    person_id: str = ""

    @property
    def key(self) -> dict[str, Any]:
        return {
            "application_id": self.application_id,
            "alexa_user_id": self.user_id,
            "person_id": self.person_id,
        }


def known_link(account: AlexaAccount) -> AccountLink | None:
    """The link with its person and their profile, in one statement."""
    return AccountLink.objects.select_related("user__profile").filter(**account.key).first()


def note_use(account: AlexaAccount, link: AccountLink | None, user: User) -> None:
    """A turn came with a good token of this person. Writes only what changed."""
    now = timezone.now()
    if link is None:
        try:
            with transaction.atomic():
                AccountLink.objects.create(
                    **account.key, user=user, linked_at=now, last_used_at=now
                )
        except IntegrityError:  # another turn of the same device was faster
            return
        return
    changes: dict[str, Any] = {}
    if link.user_id != user.pk:
        changes.update(user=user, linked_at=now)
    if not link.linked_at:
        changes.update(linked_at=now)
    if link.disabled_at:
        changes.update(disabled_at=None)
    if link.refused_at or link.refused_reason:
        changes.update(refused_at=None, refused_reason="")
    if not link.last_used_at or now - link.last_used_at >= AccountLink.LAST_USE_RESOLUTION:
        changes.update(last_used_at=now)
    if changes:
        AccountLink.objects.filter(pk=link.pk).update(**changes)


def note_refusal(link: AccountLink | None, reason: str) -> None:
    """A turn came with a token that does not count. Written once, not with each turn."""
    if link and link.refused_reason != reason:
        AccountLink.objects.filter(pk=link.pk).update(
            refused_at=timezone.now(), refused_reason=reason
        )


@dataclass(frozen=True, slots=True)
class Event:
    """A skill event. `user` is who an AccountLinked token belongs to; None: it did not count."""

    type: str
    request_id: str
    account: AlexaAccount
    time: datetime
    persistence: str = ""
    user: User | None = None


def record(event: Event) -> SkillEvent | None:
    """Keep the event, and apply it unless something newer is known already.

    Events come late, twice and in the wrong order. One that was recorded before gives None.
    """
    digest = alexa_digest(event.account.application_id, event.account.user_id)
    with transaction.atomic():
        links = list(_links_of(event.account).select_for_update())
        try:
            with transaction.atomic():
                recorded = SkillEvent.objects.create(
                    request_id=event.request_id,
                    type=event.type,
                    application_id=event.account.application_id,
                    alexa_user_digest=digest,
                    event_time=event.time,
                    persistence=event.persistence,
                    applied=_is_news(event, digest, links),
                )
        except IntegrityError:
            return None
        if recorded.applied:
            _apply(event)
    return recorded


def _links_of(account: AlexaAccount) -> Any:
    return AccountLink.objects.filter(
        application_id=account.application_id, alexa_user_id=account.user_id
    )


def _is_news(event: Event, digest: str, links: list[AccountLink]) -> bool:
    if event.type not in STATE_CHANGING:
        return True
    if not event.account.user_id or (event.type == LINKED and event.user is None):
        return False
    newer = SkillEvent.objects.filter(
        alexa_user_digest=digest,
        type__in=STATE_CHANGING,
        applied=True,
        event_time__gt=event.time,
    )
    if newer.exists():
        return False
    # A turn with a good token after the event proves more than the event can. Events have whole
    # seconds: within one of them the event is what came later.
    proofs = [moment for link in links for moment in (link.linked_at, link.last_used_at) if moment]
    return event.type == ENABLED or all(
        moment.replace(microsecond=0) <= event.time for moment in proofs
    )


def _apply(event: Event) -> None:
    links = _links_of(event.account)
    if event.type == ENABLED:
        # enabling gives a fresh start: Alexa dropped the token when the skill was disabled
        links.filter(disabled_at__isnull=False, linked_at__lt=event.time).update(linked_at=None)
        links.update(disabled_at=None)
        _put(event.account, enabled_at=event.time)
    elif event.type == LINKED:
        _put(
            event.account,
            user=event.user,
            linked_at=event.time,
            disabled_at=None,
            refused_at=None,
            refused_reason="",
        )
    elif event.type == DISABLED and event.persistence == NOT_PERSISTED:
        links.delete()
    elif event.type == DISABLED:
        links.update(disabled_at=event.time)


def _put(account: AlexaAccount, **values: Any) -> None:
    AccountLink.objects.update_or_create(**account.key, defaults=values)
