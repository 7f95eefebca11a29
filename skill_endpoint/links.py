"""Keeps AccountLink true: by the turns that people take and by the events that Alexa sends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.cognito.tokens import AccessClaims
from accounts.metrics import Stage, count_stage
from accounts.models import Door, PersonErased, User
from skill_endpoint.link_history import (
    DISABLED,
    ENABLED,
    LINKED,
    STATE_CHANGING,
    History,
    last_proof,
    second,
    settle,
    take_over,
    tells_of_another,
)
from skill_endpoint.models import AccountLink, SkillEvent, alexa_digest
from skill_endpoint.prepared import Prepared

# what events change of a link
WRITTEN = (
    "user",
    "enabled_at",
    "linked_at",
    "disabled_at",
    "last_used_at",
    "refused_at",
    "refused_reason",
    "unlinked_at",
    "grant",
)


_STAGES = {LINKED: Stage.LINKED, DISABLED: Stage.DISABLED}

_links_with_profiles = Prepared(
    lambda application_id, user_id: AccountLink.objects.of_alexa_user(
        application_id, user_id
    ).select_related("user__profile")
)


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


@dataclass(frozen=True, slots=True)
class KnownLinks:
    """All links of an Alexa account: the household's and its speakers', with their people."""

    links: list[AccountLink]
    link: AccountLink | None  # of the account that was asked for

    @classmethod
    def of(cls, account: AlexaAccount) -> KnownLinks:
        """With the profiles, in one statement."""
        links = _links_with_profiles(account.application_id, account.user_id)
        own = [link for link in links if link.person_id == account.person_id]
        return cls(links, own[0] if own else None)

    def were_taken_back(self, claims: AccessClaims) -> bool:
        """A token is the household's, whoever speaks: one link that was taken back is enough."""
        return any(link.was_taken_back(claims) for link in self.links)


def note_use(account: AlexaAccount, known: KnownLinks, user: User, grant: str) -> None:
    """A turn came with a good token of this person. Writes only what changed."""
    now = timezone.now()
    _link_again([link for link in known.links if link.user_id == user.pk], now, grant)
    link = known.link
    if link is None:
        try:
            with transaction.atomic():
                AccountLink.objects.create(
                    **account.key, user=user, linked_at=now, last_used_at=now, grant=grant
                )
        except IntegrityError:  # another turn of the same device was faster
            return
        count_stage(Stage.FIRST_TURN)
        return
    changes: dict[str, Any] = {}
    if link.user_id != user.pk:
        changes.update(user=user, linked_at=now, unlinked_at=None)
    if link.grant != grant:
        changes.update(grant=grant)
    if not link.linked_at:
        changes.update(linked_at=now)
    if link.disabled_at:
        changes.update(disabled_at=None)
    if link.refused_at or link.refused_reason:
        changes.update(refused_at=None, refused_reason="")
    is_due = not link.last_used_at or now - link.last_used_at >= AccountLink.LAST_USE_RESOLUTION
    # a change says when, or an event that comes late could not tell that the turn was later
    if changes or is_due:
        changes.update(last_used_at=now)
    if changes:
        AccountLink.objects.filter(pk=link.pk).update(**changes)


def _link_again(links: list[AccountLink], now: datetime, grant: str) -> None:
    """After they were taken back, the person signed in anew: so all of them are linked again."""
    again = [link.pk for link in links if link.unlinked_at]
    if again:
        count_stage(Stage.FIRST_TURN)
        AccountLink.objects.filter(pk__in=again).update(
            unlinked_at=None, linked_at=now, grant=grant, refused_at=None, refused_reason=""
        )


def note_refusal(link: AccountLink | None, reason: str) -> None:
    """A turn came with a token that does not count. Written once, not with each turn."""
    if link and link.refused_reason != reason:
        AccountLink.objects.filter(pk=link.pk).update(
            refused_at=timezone.now(), refused_reason=reason
        )


@dataclass(frozen=True, slots=True)
class Event:
    """A skill event. `claims` are those of an AccountLinked token; None: it did not count."""

    type: str
    request_id: str
    account: AlexaAccount
    time: datetime
    persistence: str = ""
    claims: AccessClaims | None = None


def record(event: Event) -> SkillEvent | None:
    """Keep the event and have the links say what all events say (link_history.py).

    One that was recorded before gives None. `applied` tells whether this one was news when it came.
    """
    digest = alexa_digest(event.account.application_id, event.account.user_id)
    with transaction.atomic():
        _queue(digest)
        links = list(_locked(event.account))
        try:
            with transaction.atomic():
                recorded = SkillEvent.objects.create(
                    request_id=event.request_id,
                    type=event.type,
                    application_id=event.account.application_id,
                    alexa_user_digest=digest,
                    event_time=event.time,
                    persistence=event.persistence,
                    applied=event.type not in STATE_CHANGING,
                )
        except IntegrityError:
            return None
        if not recorded.applied and event.account.user_id:
            recorded.applied = _apply(event, History.of(digest), links)
            recorded.save(update_fields=["applied"])
    if event.type in _STAGES:
        count_stage(_STAGES[event.type])
    return recorded


def _queue(digest: str) -> None:
    """Wait until no other event of this Alexa account is being recorded; until the commit.

    The first events of an account find no link to lock, and none of two at the same moment would
    see the other. SQLite has one writer at a time anyway.
    """
    if connection.vendor == "postgresql":
        key = int.from_bytes(bytes.fromhex(digest)[:8], signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def _locked(account: AlexaAccount) -> Iterable[AccountLink]:
    """The household's link and its speakers', with their people."""
    links = AccountLink.objects.of_alexa_user(account.application_id, account.user_id)
    return links.select_related("user").select_for_update(of=("self",))


def _apply(event: Event, history: History, links: list[AccountLink]) -> bool:
    """Whether the event changed a link, or was the latest that is known of the account."""
    before = {link.pk: _written(link) for link in links}
    is_latest = not history.is_after(event.time) and (
        event.type == ENABLED or all(last_proof(link) <= event.time for link in links)
    )
    if event.type == LINKED:
        user = _person_of(event, history, links)
        if user is None:
            return False
        grant = event.claims.grant if event.claims else ""
        take_over(_household(event.account, links), history, user, event.time, grant)
        for link in links:
            if link.user_id == user.pk:
                link.unlinked_at = None
        history = replace(history, linked=[*history.linked, event.time])
    elif event.type == ENABLED and event.time > history.erased:
        _household(event.account, links)
    empty = [link for link in links if not settle(link, history)]
    changed = [link for link in links if before.get(link.pk) != _written(link)]
    AccountLink.objects.bulk_update(changed, WRITTEN)
    if empty:
        AccountLink.objects.filter(pk__in=[link.pk for link in empty]).delete()
    return event.type == LINKED or is_latest or bool(changed)


def _written(link: AccountLink) -> tuple[object, ...]:
    return tuple(getattr(link, name) for name in WRITTEN)


def _person_of(event: Event, history: History, links: list[AccountLink]) -> User | None:
    """Who linked their account; None where that does not count, or not any more.

    Nobody becomes a person of ours by what is out of date.
    """
    is_over = event.time <= history.erased or any(time > event.time for time in history.linked)
    claims = event.claims
    if claims is None or is_over or any(_was_before(link, event, claims) for link in links):
        return None
    if any(not link.person_id and tells_of_another(link, claims.sub, event.time) for link in links):
        return None
    try:
        user = User.objects.for_sub(claims.sub, door=Door.VOICE)
    except PersonErased:
        return None
    return user if user.is_active else None


def _was_before(link: AccountLink, event: Event, claims: AccessClaims) -> bool:
    """Whether the person took the link back after what the event tells of."""
    return link.was_taken_back(claims) or (
        link.user is not None
        and link.user.sub == claims.sub
        and event.time < second(link.unlinked_at)
    )


def _household(account: AlexaAccount, links: list[AccountLink]) -> AccountLink:
    """The link of the account itself, made where there is none: enabling is no speaker's."""
    for link in links:
        if not link.person_id:
            return link
    key = replace(account, person_id="").key
    household, _ = AccountLink.objects.select_for_update().get_or_create(**key)
    links.append(household)
    return household
