"""Links between Alexa ids and people, the events that keep them true, and the replay store."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.cognito.tokens import AccessClaims
from accounts.metrics import Stage, count_stage

ALEXA_ID_MAX_LENGTH = 255  # userId: "at most 255 characters" (request and response JSON reference)


def alexa_digest(application_id: str, alexa_user_id: str) -> str:
    """SHA-256 in hex of an Alexa user id of one skill: finds events without keeping the id."""
    return hashlib.sha256(f"{application_id}\n{alexa_user_id}".encode()).hexdigest()


class AccountLinkQuerySet(models.QuerySet["AccountLink"]):
    def of_alexa_user(self, application_id: str, alexa_user_id: str) -> Self:
        """Every link of an Alexa account in one skill: the household's and its speakers'."""
        return self.filter(application_id=application_id, alexa_user_id=alexa_user_id)

    def current(self) -> Self:
        return self.filter(disabled_at=None, unlinked_at=None, linked_at__isnull=False)


class AccountLink(models.Model):
    """An Alexa account (or one recognised speaker of it) that belongs to a person of ours.

    Alexa gives a new user id at each enablement, so one person has many of these over time.
    """

    class State(models.TextChoices):
        ENABLED = "enabled", _("enabled, not linked")
        WORKING = "working", _("linked and working")
        UNLINKED = "unlinked", _("unlinked on the website")
        REFUSED = "refused", _("needs linking again")
        DISABLED = "disabled", _("skill disabled")

    LAST_USE_RESOLUTION: ClassVar[timedelta] = timedelta(hours=1)

    application_id = models.CharField(_("skill id"), max_length=ALEXA_ID_MAX_LENGTH)
    alexa_user_id = models.CharField(
        _("Alexa user id"), max_length=ALEXA_ID_MAX_LENGTH, db_index=True
    )
    # context.System.person.personId; empty: the household's account, no speaker recognised
    person_id = models.CharField(_("speaker id"), max_length=ALEXA_ID_MAX_LENGTH, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="account_links",
        verbose_name=_("person"),
    )
    enabled_at = models.DateTimeField(_("enabled"), null=True, blank=True)
    linked_at = models.DateTimeField(_("linked"), null=True, blank=True)
    disabled_at = models.DateTimeField(_("disabled"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    # why the last token that came with this id was refused; empty while it works
    refused_at = models.DateTimeField(_("token refused"), null=True, blank=True)
    refused_reason = models.CharField(_("reason"), max_length=32, blank=True)
    # the person took the link back on the website: tokens of that sign-in do not count any more
    unlinked_at = models.DateTimeField(_("unlinked"), null=True, blank=True)
    # AccessClaims.grant of the last token that counted
    grant = models.CharField(_("sign-in"), max_length=64, blank=True, editable=False)

    objects = AccountLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("account link")
        verbose_name_plural = _("account links")
        ordering: ClassVar[list[str]] = ["-last_used_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["application_id", "alexa_user_id", "person_id"],
                name="one_link_per_alexa_speaker",
            )
        ]

    def __str__(self) -> str:
        return f"…{self.alexa_user_id[-8:]}"

    @property
    def state(self) -> State:
        if self.disabled_at:
            return self.State.DISABLED
        if not self.linked_at:
            return self.State.ENABLED
        if self.unlinked_at:
            return self.State.UNLINKED
        return self.State.REFUSED if self.refused_at else self.State.WORKING

    def unlink(self) -> None:
        """Take the link back, with those of the voices that the same Alexa account recognizes.

        They all come with one token. Alexa keeps it: from now on we do not take it.
        """
        links = AccountLink.objects.of_alexa_user(self.application_id, self.alexa_user_id)
        if links.filter(user=self.user, unlinked_at=None).update(unlinked_at=timezone.now()):
            count_stage(Stage.UNLINKED)

    def was_taken_back(self, claims: AccessClaims) -> bool:
        """Whether this token is of a sign-in that its person took back on the website.

        A refreshed token says the sign-in it comes from, and a new sign-in is another one. Where
        one of the two is not known, the time of the sign-in decides; where that is not known
        either, the token does not count.
        """
        if not (self.unlinked_at and self.user and self.user.sub == claims.sub):
            return False
        if self.grant and claims.grant:
            return self.grant == claims.grant
        return claims.signed_in_at <= self.unlinked_at.timestamp()


class SkillEventQuerySet(models.QuerySet["SkillEvent"]):
    def expired(self) -> Self:
        return self.filter(received_at__lt=timezone.now() - SkillEvent.KEPT)


class SkillEvent(models.Model):
    """What Alexa told us about enabling, linking and permissions. Append-only.

    Events come late, twice and in the wrong order, so each keeps its own time and request id.
    The Alexa user id is kept as a digest only: an event outlives what it reports.
    """

    KEPT: ClassVar[timedelta] = timedelta(days=90)

    request_id = models.CharField(_("request id"), max_length=ALEXA_ID_MAX_LENGTH, unique=True)
    type = models.CharField(_("type"), max_length=64)
    application_id = models.CharField(_("skill id"), max_length=ALEXA_ID_MAX_LENGTH)
    alexa_user_digest = models.CharField(_("Alexa user digest"), max_length=64, db_index=True)
    event_time = models.DateTimeField(_("event time"))
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    # userInformationPersistenceStatus of SkillDisabled: PERSISTED or NOT_PERSISTED
    persistence = models.CharField(_("persistence"), max_length=16, blank=True)
    # False: recorded, but a later event of the same Alexa account had been applied before
    applied = models.BooleanField(_("applied"), default=False)

    objects = SkillEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("skill event")
        verbose_name_plural = _("skill events")
        ordering: ClassVar[list[str]] = ["-event_time", "-pk"]

    def __str__(self) -> str:
        return self.type


class SeenRequestQuerySet(models.QuerySet["SeenRequest"]):
    def claim(self, digest: str, now: datetime) -> bool:
        """Whether this is the first: one statement, and UNIQUE decides between two at a moment.

        Not by create(): a conflict would be an error, and needs a transaction around it that costs
        more than the rest. ON CONFLICT is SQLite's and PostgreSQL's.
        """
        table = connection.ops.quote_name(self.model._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (digest, seen_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",  # noqa: S608 - our own table
                [digest, connection.ops.adapt_datetimefield_value(now)],
            )
            return bool(cursor.rowcount == 1)

    def expired(self, now: datetime | None = None) -> Self:
        return self.filter(seen_at__lt=(now or timezone.now()) - SeenRequest.KEPT)


class SeenRequest(models.Model):
    """The replay store of installations without a shared cache: one row a request id."""

    # a request is refused after 150 s anyway: twice that, so that no clock skew opens a gap
    KEPT: ClassVar[timedelta] = timedelta(seconds=300)

    digest = models.CharField(max_length=64, primary_key=True)
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = SeenRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("seen request")
        verbose_name_plural = _("seen requests")

    def __str__(self) -> str:
        return self.digest[:12]
