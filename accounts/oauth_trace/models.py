"""Linking attempts as the trace saw them: one row an attempt, redacted before it gets here."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import SUB_MAX_LENGTH

# no 0 and O, no 1, I and L: people read it aloud (Crockford's alphabet, without its vowels)
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
REFERENCE_LENGTH = 5


class SpanQuerySet(models.QuerySet["Span"]):
    def current(self) -> Span | None:
        """The one that is on now."""
        now = timezone.now()
        return self.filter(started_at__lte=now, ends_at__gt=now, stopped_at=None).first()

    def expired(self) -> Self:
        return self.filter(ends_at__lt=timezone.now() - Attempt.kept())


class Span(models.Model):
    """A time in which attempts are recorded."""

    started_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    # whether the way back from sign-in leads over us, so that it is seen too
    capture = models.BooleanField(default=True)
    lost = models.PositiveIntegerField(default=0)  # exchanges that could not be recorded

    objects = SpanQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} to {self.stopped_at or self.ends_at:%H:%M}"


class Stage(models.TextChoices):
    """The way of a linking, in its order."""

    AUTHORIZE = "authorize", "authorize"
    LOGIN = "login", "sign-in"
    CALLBACK = "callback", "callback"
    TOKEN = "token", "token"
    REFRESH = "refresh", "refresh"
    SKILL = "skill", "first skill request"


class Outcome(models.TextChoices):
    OPEN = "open", "under way"
    LINKED = "linked", "linked"
    GAVE_UP = "gave_up", "not finished"
    FAILED = "failed", "failed"


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def begin(self, **values: Any) -> Attempt:
        """A new one, by a reference that nobody has."""
        for _ in range(10):
            reference = "".join(secrets.choice(ALPHABET) for _ in range(REFERENCE_LENGTH))
            try:
                with transaction.atomic():
                    return self.create(reference=reference, **values)
            except IntegrityError:
                if not self.filter(reference=reference).exists():
                    raise
        raise RuntimeError("no free reference")

    def expired(self) -> Self:
        return self.filter(started_at__lt=timezone.now() - Attempt.kept(), pinned=False) | (
            self.filter(started_at__lt=timezone.now() - 4 * Attempt.kept())
        )

    def of_nobody(self) -> tuple[Self, Self]:
        """Those that may go where there are too many: what came to nothing, and then the others."""
        rows = self.filter(pinned=False, sub="", site_sub="")
        came_to_nothing = Q(outcome__in=[Outcome.OPEN, Outcome.GAVE_UP])
        return rows.filter(came_to_nothing), rows.exclude(came_to_nothing)

    def of_person(self, sub: str) -> Self:
        """Those that they linked by, and those begun in a browser that they were signed in with.

        Two questions, as each has its index; with an OR SQLite reads from the newest until it
        finds.
        """
        if not sub:
            return self.none()
        rows = self.model.objects.order_by().values("pk")
        return self.filter(pk__in=rows.filter(sub=sub).union(rows.filter(site_sub=sub)))

    def waiting_beside(self, other: Attempt) -> Attempt | None:
        """The latest of the same client whose token call was still to come when `other` began."""
        called = Event.objects.filter(
            attempt=OuterRef("pk"), stage=Stage.TOKEN, at__lt=other.started_at
        )
        return self.filter(
            ~Exists(called),
            captured=True,
            client_id=other.client_id,
            redirect_uri=other.redirect_uri,
            started_at__range=(other.started_at - Attempt.ABANDONED, other.started_at),
        ).first()

    def correlated(self, kind: str, digest: str) -> Attempt | None:
        """The latest that this digest was seen in."""
        if not digest:
            return None
        # from this side, so that the index on digests is the way, however many attempts there are
        seen = Correlation.objects.filter(digest=digest, kind=kind)
        found = seen.select_related("attempt").order_by("-attempt_id").first()
        return found.attempt if found else None


class Attempt(models.Model):
    """One try to link an account, from the authorize address to the first request of the skill."""

    # after so long without a word nobody sits before the sign-in page any more
    ABANDONED: ClassVar[timedelta] = timedelta(minutes=10)

    reference = models.CharField(max_length=8, unique=True)
    started_at = models.DateTimeField(default=timezone.now, db_index=True)
    updated_at = models.DateTimeField(default=timezone.now)
    client_id = models.CharField(max_length=200, blank=True)
    redirect_uri = models.CharField(max_length=500, blank=True)
    language = models.CharField(max_length=16, blank=True)  # of the browser
    # whether the callback leads over us: decided when it begins, kept whatever comes later
    captured = models.BooleanField(default=False)
    # of the token that Alexa got, and of who was signed in on the website in the same browser
    sub = models.CharField(max_length=SUB_MAX_LENGTH, blank=True, db_index=True)
    site_sub = models.CharField(max_length=SUB_MAX_LENGTH, blank=True, db_index=True)
    # what diagnosis said last: lists are filtered by these
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.OPEN)
    finding = models.CharField(max_length=64, blank=True)
    stages = models.JSONField(default=dict)  # Stage -> a word of verdict.py; missing: not reached
    is_complete = models.BooleanField(default=True)  # False: something could not be recorded
    pinned = models.BooleanField(default=False)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-started_at", "-pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["outcome", "-started_at"], name="attempts_by_outcome"),
            models.Index(fields=["finding", "-started_at"], name="attempts_by_finding"),
            models.Index(fields=["-started_at"], name="attempts_pinned", condition=Q(pinned=True)),
        ]

    def __str__(self) -> str:
        return self.reference

    @staticmethod
    def kept() -> timedelta:
        return timedelta(days=settings.OAUTH_TRACE_DAYS)


class Event(models.Model):
    """One exchange of an attempt. Both sides are exchange.Message as JSON."""

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="events")
    stage = models.CharField(max_length=9, choices=Stage.choices)
    at = models.DateTimeField(default=timezone.now)
    milliseconds = models.PositiveIntegerField(default=0)  # until the answer was there
    request = models.JSONField(default=dict)
    response = models.JSONField(default=dict)
    is_withheld = models.BooleanField(default=False)  # redaction failed: nothing of it is kept

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.stage} of {self.attempt_id}"


class Correlation(models.Model):
    """A digest by which the next exchange of the same attempt is known."""

    class Kind(models.TextChoices):
        STATE = "state"
        CODE = "code"
        CHALLENGE = "challenge"  # of PKCE
        REFRESH = "refresh"  # a refresh token
        ACCESS = "access"  # an access token

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="correlations")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    digest = models.CharField(max_length=32)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["digest", "kind"], name="correlations_by_digest")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.attempt_id}"


class Viewing(models.Model):
    """That an operator looked at an attempt."""

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="viewings")
    viewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
