"""Who someone is: one row a person, keyed by the `sub` of their Cognito user."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import ClassVar
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# a model of this app, in a folder of its own
from accounts.data_export.models import DataExport  # noqa: F401 - Django looks for models here
from accounts.units import Units

SUB_MAX_LENGTH = 64  # a UUID today; Cognito documents no length


class PersonErased(Exception):
    """The person deleted their account; a token that is still valid does not bring them back."""


class Door(models.TextChoices):
    WEB = "web", _("website")
    VOICE = "voice", _("Alexa")


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    def for_sub(self, sub: str, *, door: Door) -> User:
        """The person of a verified `sub`, with their profile; made on first sight.

        The only way from a token to a row, for both doors. Two doors may meet a new person at
        the same moment: UNIQUE(sub) decides, and who loses reads the winner's row.

        Raises PersonErased while the tombstone of a deleted person stands.
        """
        if not sub or len(sub) > SUB_MAX_LENGTH:
            raise ValueError("not a sub")
        try:
            return self.select_related("profile").get(sub=sub)
        except User.DoesNotExist:
            pass
        user = self.model(sub=sub, first_seen_by=door)
        user.set_unusable_password()
        try:
            with transaction.atomic():
                user.save(force_insert=True, using=self._db)
                # read after the insert: erasure writes its tombstone before it deletes rows
                if Tombstone.objects.for_sub(sub).exists():
                    raise PersonErased
                Profile.objects.create(user=user)
        except IntegrityError:
            return self.select_related("profile").get(sub=sub)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(sub=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person of the user pool. Nobody has a password here: sign-in is Cognito's."""

    sub = models.CharField(_("Cognito sub"), max_length=SUB_MAX_LENGTH, unique=True, editable=False)
    # Display copies of claims: never a key, never unique, never used to find a person.
    email = models.EmailField(_("e-mail"), blank=True, db_index=True)
    email_verified = models.BooleanField(_("e-mail verified"), default=False)
    phone_number = models.CharField(_("phone number"), max_length=32, blank=True, db_index=True)
    # Rights come from the pool's groups at each sign-in (accounts/groups.py).
    is_staff = models.BooleanField(_("operator"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("first seen"), default=timezone.now)
    first_seen_by = models.CharField(_("first seen by"), max_length=8, choices=Door.choices)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "sub"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.sub  # what logs and the admin's history show: never an address

    def get_short_name(self) -> str:
        """What the pages call the person: their own choice, else their address."""
        return self.profile.display_name or self.email or self.phone_number


def _known_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("“%(value)s” is not a time zone."), params={"value": value})


class Profile(models.Model):
    """What a person chose; every field here changes what the skill or the website says."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    display_name = models.CharField(
        _("What should Alexa call you?"),
        max_length=40,
        blank=True,
        help_text=_("Spoken in greetings. Leave it empty to be greeted without a name."),
    )
    # slugs of facts.Topic: this package does not know the tables above it
    topics = models.JSONField(
        _("Topics"),
        default=list,
        blank=True,
        help_text=_("Facts come from these. With none chosen they come from all."),
    )
    time_zone = models.CharField(
        _("Time zone"),
        max_length=64,
        default="UTC",
        validators=[_known_time_zone],
        help_text=_("Decides when your day, and with it the fact of the day, begins."),
    )
    units = models.CharField(
        _("Units"),
        max_length=8,
        choices=Units.choices,
        blank=True,
        help_text=_("Kilometers or miles, in what Alexa tells you."),
    )
    # of the website; Alexa answers in the language of the device
    language = models.CharField(_("Language of the website"), max_length=12, blank=True)
    remember_history = models.BooleanField(
        _("Remember what I heard"),
        default=True,
        help_text=_("Needed so that no fact comes back until you have heard them all."),
    )

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")

    def __str__(self) -> str:
        return str(self.user)


def sub_digest(sub: str) -> str:
    """SHA-256 in hex. Unkeyed on purpose: a tombstone must survive a change of SECRET_KEY."""
    return hashlib.sha256(sub.encode()).hexdigest()


class TombstoneQuerySet(models.QuerySet["Tombstone"]):
    def for_sub(self, sub: str) -> TombstoneQuerySet:
        return self.filter(digest=sub_digest(sub))

    def expired(self) -> TombstoneQuerySet:
        return self.filter(erased_at__lt=timezone.now() - Tombstone.KEPT)


class Tombstone(models.Model):
    """Keeps a deleted person deleted while one of their tokens may still be valid."""

    # access tokens live 60 minutes and the pool user is gone: a day is ample
    KEPT: ClassVar[timedelta] = timedelta(days=1)

    digest = models.CharField(max_length=64, unique=True, editable=False)
    erased_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TombstoneQuerySet.as_manager()

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")

    def __str__(self) -> str:
        return self.digest[:12]


class DeletionQuerySet(models.QuerySet["Deletion"]):
    def expired(self) -> DeletionQuerySet:
        return self.filter(deleted_at__lt=timezone.now() - Deletion.KEPT)


class Deletion(models.Model):
    """That an account was deleted, for operators: nothing here says whose it was."""

    class By(models.TextChoices):
        SELF = "self", _("the person")
        OPERATOR = "operator", _("an operator")

    KEPT: ClassVar[timedelta] = timedelta(days=90)

    deleted_at = models.DateTimeField(_("deleted"), default=timezone.now, db_index=True)
    by = models.CharField(_("deleted by"), max_length=8, choices=By.choices)
    # label of a model -> how many rows of it went
    counts = models.JSONField(_("rows"), default=dict)

    objects = DeletionQuerySet.as_manager()

    class Meta:
        verbose_name = _("deleted account")
        verbose_name_plural = _("deleted accounts")
        ordering: ClassVar[list[str]] = ["-deleted_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.deleted_at:%Y-%m-%d}"
