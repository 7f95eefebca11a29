"""Which facts the pages show, and what a person has to do with them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Prefetch, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import get_language

from accounts.models import User
from companion.languages import CODES
from skill_endpoint.facts.folding import words_like
from skill_endpoint.facts.models import (
    SEARCH_MAX_WORDS,
    Fact,
    FactQuerySet,
    FactReport,
    FactText,
    FactTextQuerySet,
    Favourite,
    Topic,
    candidates,
)
from skill_endpoint.facts.selection import daily_seed, first_by, local_day

ENGLISH = "en"
TRIES = 12  # facts that a visitor turns over before the first one comes again
OFFERED = 3  # topics, where the chosen ones are used up
_HEADLINES = 2000  # as many are compared with a search that found nothing
_WORD = re.compile(r"\w{4,}")
_SENTENCES = re.compile(r"(?<=[.!?؟।])\s+|(?<=[。！？])")


def language() -> str:
    return get_language() or ENGLISH


def readable() -> FactQuerySet:
    """Published facts with a text for the page's language, their texts ready."""
    return Fact.objects.published().told_in(language()).with_text()


def listed() -> FactQuerySet:
    """As readable(), with no text in a language that the page does not show: a list has many."""
    texts = Prefetch("texts", FactText.objects.readable_in(language()))
    found = Fact.objects.published().told_in(language())
    return found.select_related("topic").prefetch_related(texts)


def marked(facts: FactQuerySet, person: User | None) -> FactQuerySet:
    """Each with `is_saved` and `is_reported`, by this person."""
    pk = person.pk if person else None
    reports = FactReport.objects.open().filter(fact=OuterRef("pk"), user__isnull=False, user=pk)
    return facts.annotate(
        is_saved=Exists(Favourite.objects.filter(fact=OuterRef("pk"), user=pk)),
        is_reported=Exists(reports),
    )


def beside(facts: FactQuerySet) -> FactQuerySet:
    """Each with `before` and `after`, slugs of its neighbours as the library lists them."""
    others = Fact.objects.published().told_in(language()).filter(topic=OuterRef("topic"))
    before = others.filter(slug__lt=OuterRef("slug")).order_by("-slug").values("slug")[:1]
    after = others.filter(slug__gt=OuterRef("slug")).order_by("slug").values("slug")[:1]
    return facts.annotate(before=Subquery(before), after=Subquery(after))


def texts() -> FactTextQuerySet:
    """As readable(), text by text: with fact and topic in one statement, for nearest()."""
    told = FactText.objects.filter(fact__is_published=True).readable_in(language())
    return told.select_related("fact__topic")


def nearest[Text: FactText](found: Iterable[Text]) -> list[Text]:
    """Of each fact the one text that is shown: the page's language before English."""
    best: dict[int, Text] = {}
    for text in sorted(found, key=lambda text: -candidates(language()).index(text.language)):
        best[text.fact_id] = text
    return list(best.values())


@dataclass(frozen=True, slots=True)
class Turned:
    """The fact of the day for nobody in particular, or one of those behind it."""

    fact: Fact | None
    number: int  # 0: the fact of the day
    following: int  # the number of the one to turn to


def turned(number: int) -> Turned:
    """The fact that the day's shuffle puts in this place; from 0 to TRIES - 1, then around."""
    facts = dict(Fact.objects.published().told_in(language()).order_by().values_list("pk", "slug"))
    number %= max(min(TRIES, len(facts)), 1)
    seed = daily_seed(local_day(None))
    for _place in range(number):
        del facts[first_by(seed, facts.items())]
    pk = first_by(seed, facts.items()) if facts else None
    fact = readable().filter(pk=pk).first() if pk else None
    return Turned(fact, number, number + 1)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A topic with what the library says about it."""

    topic: Topic
    count: int  # facts to read
    new: int | None  # of these the person has not heard; None: nobody keeps count
    languages: frozenset[str]  # of the site, in which there is a text of its own


def shelves(person: User | None) -> list[Shelf]:
    """Topics in their order, in one statement, whatever they hold."""
    facts = Fact.objects.published().told_in(language()).filter(topic=OuterRef("pk"))
    counts = {"count": _number_of(facts)}
    if person and person.profile.remember_history:
        counts["new"] = _number_of(facts.unheard_by(person))
    topics = Topic.objects.annotate(**counts, **_told_in(fact__topic=OuterRef("pk")))
    return [
        Shelf(
            topic,
            getattr(topic, "count", 0),
            getattr(topic, "new", None),
            frozenset(code for code in CODES if getattr(topic, f"in_{code}")),
        )
        for topic in topics.order_by("position", "slug")
    ]


def _number_of(facts: FactQuerySet) -> Coalesce:
    rows = facts.order_by().values("topic").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(rows), 0)


def _told_in(**of: OuterRef) -> dict[str, Exists]:
    """in_de, in_en, …: whether there is a text. A few steps each: it ends at the first one."""
    texts = FactText.objects.filter(fact__is_published=True, **of)
    return {f"in_{code}": Exists(texts.filter(language=code)) for code in CODES}


def to_pick(person: User) -> list[Topic]:
    """Topics that the person did not choose, with something new in them."""
    unheard = Fact.objects.published().told_in(language()).unheard_by(person)
    topics = Topic.objects.filter(Exists(unheard.filter(topic=OuterRef("pk"))))
    return list(topics.exclude(slug__in=person.profile.topics)[:OFFERED])


def found_in(text: FactText, words: str) -> str:
    """The sentence of `more` with a word that was searched for, where the hit shows it nowhere."""
    shown, sentences = f"{text.headline} {text.speech}", _SENTENCES.split(text.more)
    for word in words.split()[:SEARCH_MAX_WORDS]:
        like = re.compile(words_like(word, language()), re.IGNORECASE)
        if not like.search(shown):
            return next((sentence for sentence in sentences if like.search(sentence)), "")
    return ""


def meant(words: str, topics: Iterable[Topic]) -> str:
    """What somebody may have meant by words that nothing was found for; empty: no idea."""
    found = FactText.objects.filter(fact__is_published=True, language__in=candidates(language()))
    headlines = found.order_by("pk").values_list("headline", flat=True)[:_HEADLINES]
    known = {word.casefold(): word for line in headlines for word in _WORD.findall(line)}
    known |= {topic.title.casefold(): topic.title for topic in topics}
    near = difflib.get_close_matches(words.casefold(), known, n=1, cutoff=0.7)
    return known[near[0]] if near else ""
