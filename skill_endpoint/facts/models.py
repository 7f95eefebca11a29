"""The content, and what people did with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Door
from skill_endpoint.facts.content import LIMITS
from skill_endpoint.facts.folding import words_like
from skill_endpoint.facts.validators import (
    EachReading,
    known_language,
    names_by_language,
    source_locator,
    three_answers,
)

if TYPE_CHECKING:
    from accounts.models import User

# what a column holds over what is spoken: room for measures written both ways
BOTH_READINGS = 1.5
SEARCH_MAX_WORDS = 8  # each is a subquery over all texts


def _long(text: str) -> int:
    """The length of a column for one of the content's texts."""
    return int(LIMITS[text] * BOTH_READINGS)


class Topic(models.Model):
    slug = models.SlugField(_("slug"), unique=True)
    name = models.CharField(_("name"), max_length=LIMITS["name"])
    spoken_name = models.CharField(
        _("name in a sentence"),
        max_length=LIMITS["spoken"],
        blank=True,
        help_text=_("As it stands in “Here's one about …”. Empty: the name in small letters."),
    )
    names = models.JSONField(
        _("names in other languages"),
        default=dict,
        blank=True,
        validators=[names_by_language],
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    # of the names and the position as they were loaded: what differs now was edited here
    loaded_digest = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering: ClassVar[list[str]] = ["position", "slug"]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """Its name in the language of this thread, as a title."""
        return self._named("name") or self.name

    @property
    def spoken(self) -> str:
        """Its name as it stands in a sentence in the language of this thread."""
        lower_case = self.name.lower() if self.name.istitle() else self.name
        return self._named("spoken") or self.spoken_name or lower_case

    def _named(self, form: str) -> str:
        for language in candidates(get_language() or "en"):
            if name := self.names.get(language):
                return str(name[form])
        return ""


class FactQuerySet(models.QuerySet["Fact"]):
    def published(self) -> Self:
        return self.filter(is_published=True)

    def in_topics(self, slugs: list[str]) -> Self:
        """Facts of these topics; of all topics where the list is empty."""
        return self.filter(topic__slug__in=slugs) if slugs else self

    def with_text(self) -> Self:
        return self.select_related("topic").prefetch_related("texts")

    def unheard_by(self, user: User) -> Self:
        return self.exclude(hearings__user=user)

    def told_in(self, language: str) -> Self:
        """Facts that Fact.text() finds a text for."""
        return self.filter(Exists(FactText.objects.of_fact().readable_in(language)))

    def matching(self, words: str, language: str) -> Self:
        """Facts with each of the words in a text that the reader understands, or in the topic.

        By the beginning of a word or its singular, with and without accents; a topic by its name
        in the reader's language or in English.
        """
        facts = self
        for word in words.split()[:SEARCH_MAX_WORDS]:
            pattern = words_like(word, language)
            named = Q(topic__name__iregex=pattern)
            for candidate in dict.fromkeys(candidates(language)):
                named |= Q(**{f"topic__names__{candidate}__name__iregex": pattern})
            told = FactText.objects.of_fact().readable_in(language).saying(pattern)
            facts = facts.filter(named | Q(Exists(told)))
        return facts


class Fact(models.Model):
    topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, related_name="facts", verbose_name=_("topic")
    )
    slug = models.SlugField(_("slug"), unique=True, max_length=80)
    source_title = models.CharField(_("source: title"), max_length=200)
    source_publisher = models.CharField(_("source: publisher"), max_length=120)
    source_locator = models.CharField(
        _("source: locator"),
        max_length=300,
        validators=[source_locator],
        help_text=_("Web address, DOI, or chapter and page."),
    )
    checked_on = models.DateField(
        _("checked on"),
        null=True,
        blank=True,
        help_text=_("When somebody compared it with its source. Empty: nobody has yet."),
    )
    child_safe = models.BooleanField(_("safe for children"), default=True)
    is_published = models.BooleanField(_("published"), default=True)
    # of the content with its texts as it was loaded: what differs now was edited here
    loaded_digest = models.CharField(max_length=64, blank=True, editable=False)

    objects = FactQuerySet.as_manager()

    class Meta:
        verbose_name = _("fact")
        verbose_name_plural = _("facts")
        ordering: ClassVar[list[str]] = ["topic__position", "slug"]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return reverse("fact", args=[self.topic.slug, self.slug])

    def text(self, language: str) -> FactText:
        """The text in a language (`fr-ca`), else in its parent (`fr`), else in English.

        Uses prefetched rows where there are some (FactQuerySet.with_text).
        """
        texts = {text.language: text for text in self.texts.all()}
        for candidate in candidates(language):
            if candidate in texts:
                return texts[candidate]
        raise FactText.DoesNotExist(f"{self.slug} has no text in {language} and none in English")


def candidates(language: str) -> tuple[str, str, str]:
    """Languages to look for, best first: fr-ca, fr, en."""
    wanted = language.lower()
    return wanted, wanted.partition("-")[0], "en"


class FactTextQuerySet(models.QuerySet["FactText"]):
    def of_fact(self) -> Self:
        """For a subquery on facts."""
        return self.filter(fact=OuterRef("pk"))

    def readable_in(self, language: str) -> Self:
        return self.filter(language__in=candidates(language))

    def saying(self, pattern: str) -> Self:
        """Texts in which a pattern of folding.words_like() is found."""
        return self.filter(
            Q(headline__iregex=pattern) | Q(speech__iregex=pattern) | Q(more__iregex=pattern)
        )


class FactText(models.Model):
    fact = models.ForeignKey(
        Fact, on_delete=models.CASCADE, related_name="texts", verbose_name=_("fact")
    )
    language = models.CharField(
        _("language"),
        max_length=12,
        validators=[known_language],
        help_text=_("Lower case: en, fr, fr-ca."),
    )
    headline = models.CharField(
        _("headline"), max_length=_long("headline"), validators=[EachReading(LIMITS["headline"])]
    )
    speech = models.CharField(
        _("speech"),
        max_length=_long("speech"),
        validators=[EachReading(LIMITS["speech"])],
        help_text=_("One breath; plain text. Measures like [80 kilometers|50 miles]."),
    )
    more = models.TextField(
        _("tell me more"),
        blank=True,
        max_length=_long("more"),
        validators=[EachReading(LIMITS["more"])],
    )
    question = models.CharField(
        _("quiz question"),
        max_length=LIMITS["question"],
        blank=True,
        validators=[EachReading(LIMITS["question"])],
        help_text=_("On the speech."),
    )
    options = models.JSONField(
        _("answers"),
        default=list,
        blank=True,
        validators=[three_answers],
    )

    objects: ClassVar[FactTextQuerySet] = FactTextQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("text")
        verbose_name_plural = _("texts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["fact", "language"], name="one_text_per_language")
        ]

    def __str__(self) -> str:
        return self.headline

    def clean(self) -> None:
        if bool(self.question) != bool(self.options):
            raise ValidationError(_("A quiz question and its answers come together."))


def _telling(language: str) -> Prefetch[Any]:
    """The texts of a row's fact that Fact.text() may take, and no others."""
    texts = FactText.objects.readable_in(language)
    return Prefetch("fact__texts", queryset=texts)


class FavouriteQuerySet(models.QuerySet["Favourite"]):
    def with_facts(self, language: str) -> Self:
        """Each with its fact, topic and text, ready for a page in this language."""
        return self.select_related("fact__topic").prefetch_related(_telling(language))

    def keep(
        self, user: User, fact_id: int, door: str, *, saved_at: datetime | None = None
    ) -> bool:
        """Put a fact on a person's list; False where it stands there already.

        Not get_or_create: where another tab saves and removes meanwhile, it reads a row again
        that is gone by then, and fails.
        """
        if self.filter(user=user, fact_id=fact_id).exists():
            return False
        favourite = Favourite(
            user=user, fact_id=fact_id, door=door, saved_at=saved_at or timezone.now()
        )
        self.bulk_create([favourite], ignore_conflicts=True)
        return True


class Favourite(models.Model):
    """A fact that a person saved, by voice or on the website."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="favourites",
        verbose_name=_("person"),
    )
    fact = models.ForeignKey(
        Fact, on_delete=models.CASCADE, related_name="favourites", verbose_name=_("fact")
    )
    door = models.CharField(_("saved by"), max_length=8, choices=Door.choices)
    saved_at = models.DateTimeField(_("saved"), default=timezone.now)

    objects = FavouriteQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved fact")
        verbose_name_plural = _("saved facts")
        ordering: ClassVar[list[str]] = ["-saved_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "fact"], name="saved_once")
        ]

    def __str__(self) -> str:
        return str(self.fact)


class HearingQuerySet(models.QuerySet["Hearing"]):
    def with_facts(self, language: str) -> Self:
        """As of favourites, and each with `is_saved`: whether its fact is on the person's list."""
        saved = Favourite.objects.filter(user=OuterRef("user"), fact=OuterRef("fact"))
        rows = self.select_related("fact__topic").prefetch_related(_telling(language))
        return rows.annotate(is_saved=Exists(saved))

    def put_back(self, user: User, fact_id: int, door: str, heard_at: datetime) -> None:
        """As it was before it was removed; once, however often it is asked for."""
        if not self.filter(user=user, fact_id=fact_id, heard_at=heard_at).exists():
            self.create(user=user, fact_id=fact_id, door=door, heard_at=heard_at)


class Hearing(models.Model):
    """That a person heard a fact: keeps facts from repeating and makes up the history."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="hearings",
        verbose_name=_("person"),
    )
    fact = models.ForeignKey(
        Fact, on_delete=models.CASCADE, related_name="hearings", verbose_name=_("fact")
    )
    door = models.CharField(_("heard by"), max_length=8, choices=Door.choices)
    heard_at = models.DateTimeField(_("heard"), default=timezone.now)

    objects = HearingQuerySet.as_manager()

    class Meta:
        verbose_name = _("heard fact")
        verbose_name_plural = _("heard facts")
        ordering: ClassVar[list[str]] = ["-heard_at", "-pk"]
        indexes: ClassVar[list[models.Index]] = [
            # the last ones in their order, also those by one door, from the index alone
            models.Index(
                fields=["user", "-heard_at", "-id", "fact", "door"], name="heard_in_order"
            ),
            # when it was last heard is one step away, however often it was
            models.Index(fields=["user", "fact", "-heard_at"], name="heard_which_when"),
        ]

    def __str__(self) -> str:
        return str(self.fact)


class FactReportQuerySet(models.QuerySet["FactReport"]):
    def open(self) -> Self:
        return self.filter(closed_at=None)

    def expired(self) -> Self:
        return self.filter(closed_at__lt=timezone.now() - FactReport.KEPT)

    def reopenable(self) -> Self:
        """Closed ones that may be open again: a person has one open report of a fact."""
        same = FactReport.objects.filter(fact=OuterRef("fact"), user=OuterRef("user"))
        later = Q(pk__in=self.values("pk"), pk__gt=OuterRef("pk"))
        return self.exclude(closed_at=None).exclude(Exists(same.filter(Q(closed_at=None) | later)))

    def file(self, fact_id: int, user: User | None, *, language: str, request_id: str) -> bool:
        """Put a fact before the operators; False where enough of it stands there already.

        A person says it once. Of people that we do not know a few are enough: nobody can fill
        the queue.
        """
        open_ = self.open().filter(user=user)
        of_this = open_.filter(fact_id=fact_id).count()
        if of_this >= (1 if user else FactReport.FROM_NOBODY):
            return False
        if not user and open_.count() >= FactReport.FROM_NOBODY_IN_ALL:
            return False
        report = self.model(
            fact_id=fact_id, user=user, language=language, request_id=request_id[:255]
        )
        # of two at once the second finds the first there only now
        self.bulk_create([report], ignore_conflicts=True)
        return True


class FactReport(models.Model):
    """Somebody said that a fact is wrong: for an operator to look into."""

    # open reports by people without an account: of one fact, and of all
    FROM_NOBODY: ClassVar[int] = 3
    FROM_NOBODY_IN_ALL: ClassVar[int] = 100
    KEPT: ClassVar[timedelta] = timedelta(days=90)  # after it was closed

    fact = models.ForeignKey(
        Fact, on_delete=models.CASCADE, related_name="reports", verbose_name=_("fact")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="fact_reports",
        verbose_name=_("person"),
    )
    language = models.CharField(_("heard in"), max_length=12)
    request_id = models.CharField(_("Alexa request id"), max_length=255, blank=True)
    reported_at = models.DateTimeField(_("reported"), default=timezone.now)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = FactReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report of a wrong fact")
        verbose_name_plural = _("reports of wrong facts")
        ordering: ClassVar[list[str]] = ["-reported_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user", "fact"],
                condition=Q(closed_at__isnull=True, user__isnull=False),
                name="reported_once",
            )
        ]

    def __str__(self) -> str:
        return str(self.fact)


class Version(models.Model):
    """What a fact with its texts, or a topic, said at one time: to compare, and to go back to."""

    class How(models.TextChoices):
        FOUND = "found", _("as it was found")  # before the first change, or changed by a file
        EDITED = "edited", _("edited")
        REVERTED = "reverted", _("reverted")
        IMPORTED = "imported", _("imported")
        LOADED = "loaded", _("loaded from the files")

    fact = models.ForeignKey(Fact, on_delete=models.CASCADE, null=True, related_name="versions")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, null=True, related_name="versions")
    content = models.JSONField(_("content"))
    how = models.CharField(_("how"), max_length=8, choices=How.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    made_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering: ClassVar[list[str]] = ["-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(fact__isnull=True) ^ Q(topic__isnull=True), name="version_of_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_how_display()} {self.made_at:%Y-%m-%d %H:%M}"


class FactImportQuerySet(models.QuerySet["FactImport"]):
    def expired(self) -> Self:
        return self.filter(made_at__lt=timezone.now() - FactImport.KEPT)


class FactImport(models.Model):
    """A file that an operator sent: its preview has an address, and outlives a session."""

    KEPT: ClassVar[timedelta] = timedelta(days=1)

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("person"),
    )
    file_name = models.CharField(_("file"), max_length=120)
    text = models.TextField(_("content"), blank=True)  # empty once it was imported
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    imported_at = models.DateTimeField(_("imported"), null=True)
    # facts that it wrote
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)

    objects = FactImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of facts")
        verbose_name_plural = _("imports of facts")

    def __str__(self) -> str:
        return self.file_name
