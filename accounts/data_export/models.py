"""A download of everything we hold about a person, while it is made and for a day after."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User


class DataExportQuerySet(models.QuerySet["DataExport"]):
    def current(self) -> Self:
        """What is still kept; the rest waits for `manage.py prune`."""
        return self.filter(requested_at__gte=timezone.now() - DataExport.KEPT)

    def expired(self) -> Self:
        return self.filter(requested_at__lt=timezone.now() - DataExport.KEPT)

    def last_of(self, user: User) -> DataExport | None:
        return self.current().filter(user=user).order_by("-requested_at", "-pk").first()

    def begin(
        self, user: User, *, language: str, total_rows: int, position: dict[str, Any]
    ) -> DataExport:
        """A new one in the place of the last; the one that is being made, where there is one.

        Two presses at once make one: UNIQUE on what is being made decides.
        """
        # one that nobody went on with for a day would be in the way of the next
        self.expired().filter(user=user).delete()
        making = self.filter(user=user, state=DataExport.State.MAKING)
        if found := making.first():
            return found
        try:
            with transaction.atomic():
                # not one that another press began meanwhile
                self.filter(user=user).exclude(state=DataExport.State.MAKING).delete()
                return self.create(
                    user=user, language=language, total_rows=total_rows, position=position
                )
        except IntegrityError:  # the other press's, which may be finished by now
            return self.filter(user=user).latest("requested_at", "pk")


class DataExport(models.Model):
    """Who asked, how far it is, and the finished file in pieces (DataExportPart)."""

    class State(models.TextChoices):
        MAKING = "making", _("being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    KEPT: ClassVar[timedelta] = timedelta(hours=24)
    # a step that began longer ago was lost with its process; another may do it
    STEP_MAY_TAKE: ClassVar[timedelta] = timedelta(minutes=2)

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="data_exports",
        verbose_name=_("person"),
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.MAKING)
    requested_at = models.DateTimeField(_("requested"), default=timezone.now, db_index=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=12)
    done_rows = models.PositiveIntegerField(_("rows done"), default=0)
    total_rows = models.PositiveIntegerField(_("rows"), default=0)
    # False: the user pool did not answer, and the file says so
    has_pool_record = models.BooleanField(_("with the user pool’s record"), default=True)
    # where the next step goes on, and the files so far (accounts/data_export/making.py)
    position = models.JSONField(default=dict, editable=False)
    steps = models.PositiveIntegerField(default=0, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)

    objects = DataExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("data export")
        verbose_name_plural = _("data exports")
        ordering: ClassVar[list[str]] = ["-requested_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(state="making"), name="one_export_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}, {self.requested_at:%Y-%m-%d}"

    @property
    def kept_until(self) -> datetime:
        return self.requested_at + self.KEPT

    def claim(self) -> datetime | None:
        """Take the next step for this request alone; None where another has it, or it is done."""
        now = timezone.now()
        free = Q(claimed_at=None) | Q(claimed_at__lt=now - self.STEP_MAY_TAKE)
        mine = DataExport.objects.filter(
            free, pk=self.pk, state=self.State.MAKING, steps=self.steps
        ).update(claimed_at=now)
        return now if mine else None

    def advance(self, claim: datetime, parts: list[DataExportPart], **changes: Any) -> bool:
        """Keep what a claimed step made; False where the claim ran out and another has it."""
        with transaction.atomic():
            mine = DataExport.objects.filter(pk=self.pk, claimed_at=claim).update(
                claimed_at=None, steps=self.steps + 1, **changes
            )
            if mine:
                DataExportPart.objects.bulk_create(parts)
        self.refresh_from_db()
        return bool(mine)

    def fail(self, claim: datetime) -> None:
        """It can be tried again from the start; what was made so far is dropped.

        Not where the claim ran out meanwhile: another has it, and may be well.
        """
        with transaction.atomic():
            mine = DataExport.objects.filter(pk=self.pk, claimed_at=claim).update(
                state=self.State.FAILED, claimed_at=None, position={}
            )
            if mine:
                DataExportPart.objects.filter(export=self).delete()
        self.refresh_from_db()


class DataExportPart(models.Model):
    """A piece of one file of the archive, compressed (accounts/data_export/archive.py)."""

    export = models.ForeignKey(DataExport, on_delete=models.CASCADE, related_name="parts")
    file = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        verbose_name = _("part of a data export")
        verbose_name_plural = _("parts of data exports")
        ordering: ClassVar[list[str]] = ["file", "number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["export", "file", "number"], name="one_part_in_each_place"
            )
        ]

    def __str__(self) -> str:
        return f"{self.file}.{self.number}"
