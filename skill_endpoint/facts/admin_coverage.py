"""Topics by languages: how many published facts have a text, and where to find those without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from skill_endpoint.facts.content import ENGLISH
from skill_endpoint.facts.models import Fact, FactText, Topic
from skill_endpoint.locales import LANGUAGES

PUBLISHED = {"is_published__exact": "1"}


@dataclass(frozen=True, slots=True)
class Cell:
    told: int
    of: int
    address: str  # of what is missing; where nothing is, of what is there

    @property
    def shade(self) -> str:
        """The name of a class; the numbers say the same."""
        if self.told == self.of:
            return "all" if self.of else "none"
        share = self.told / self.of
        return "most" if share >= 0.5 else "some" if share > 0 else "nothing"


@dataclass(frozen=True, slots=True)
class Row:
    topic: Topic
    facts: int
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Grid:
    languages: tuple[str, ...]
    rows: list[Row]
    totals: list[Cell]
    names: list[Cell]  # of the topics themselves


def coverage(request: HttpRequest, site: AdminSite) -> HttpResponse:
    if not request.user.has_perm("facts.view_fact"):
        raise PermissionDenied
    context = {
        **site.each_context(request),
        "title": _("Coverage"),
        "opts": Fact._meta,
        "grid": grid(),
    }
    return TemplateResponse(request, "admin/facts/coverage.html", context)


def grid() -> Grid:
    """Two statements, whatever the number of facts.

    A region's texts (fr-ca) hold what differs from its language: nothing is missing there.
    """
    published = Count("facts", filter=Q(facts__is_published=True))
    topics = list(Topic.objects.annotate(published=published))
    told: Counter[tuple[int, str]] = Counter()
    counted = FactText.objects.filter(fact__is_published=True, language__in=LANGUAGES)
    by_topic = counted.order_by().values_list("fact__topic", "language").annotate(Count("pk"))
    for topic_id, language, count in by_topic:
        told[topic_id, language] = count
    rows = [
        Row(
            topic,
            topic.published,
            [
                _cell(told[topic.pk, language], topic.published, language, topic)
                for language in LANGUAGES
            ],
        )
        for topic in topics
    ]
    facts = sum(row.facts for row in rows)
    totals = [
        _cell(sum(told[topic.pk, language] for topic in topics), facts, language)
        for language in LANGUAGES
    ]
    shelf = reverse("admin:facts_topic_changelist")
    names = [
        Cell(sum(_is_named(topic, language) for topic in topics), len(topics), shelf)
        for language in LANGUAGES
    ]
    return Grid(LANGUAGES, rows, totals, names)


def _is_named(topic: Topic, language: str) -> bool:
    return language == ENGLISH or language in topic.names


def _cell(told: int, of: int, language: str, topic: Topic | None = None) -> Cell:
    which: Mapping[str, object] = {} if topic is None else {"topic__id__exact": topic.pk}
    state = {"texts__language": language} if told == of else {"missing": language}
    query = urlencode({**which, **state, **PUBLISHED})
    return Cell(told, of, f"{reverse('admin:facts_fact_changelist')}?{query}")
