"""What needs an operator now: a card each, for the admin's front page. Five statements for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language_info, gettext, ngettext

from accounts.data_export.models import DataExport
from accounts.models import Deletion, User
from accounts.oauth_trace.models import Attempt, Outcome
from skill_endpoint.facts.models import Fact, FactText
from skill_endpoint.locales import LANGUAGES
from skill_endpoint.models import AccountLink

RECENT = timedelta(hours=24)
REASONS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One matter. With `is_well` there is nothing to do; None is known, and waits for nobody."""

    slug: str
    title: str
    is_well: bool | None
    said: tuple[str, ...]  # whole sentences
    lines: tuple[Line, ...] = ()
    more: Line | None = None  # the way to the list


def cards(operator: User) -> list[Card]:
    """Those that this operator may see the lists of."""
    since = timezone.now() - RECENT
    offered: list[tuple[str, Callable[[datetime], Iterator[Card]]]] = [
        ("skill_endpoint.view_accountlink", _links),
        ("oauth_trace.view_attempt", _attempts),
        ("facts.view_fact", _facts),
        ("accounts.view_dataexport", _exports),
    ]
    return [
        card
        for permission, make in offered
        if operator.has_perm(permission)
        for card in make(since)
    ]


def _list(name: str, **filters: str) -> str:
    return reverse(f"admin:{name}_changelist") + (f"?{urlencode(filters)}" if filters else "")


def _links(since: datetime) -> Iterator[Card]:
    """Links that were refused, as AccountLink.state counts them, by reason."""
    reasons = (
        AccountLink.objects.current()
        .filter(refused_at__isnull=False)
        .values("refused_reason")
        .order_by("refused_reason")
        .annotate(all=Count("pk"), recent=Count("pk", filter=Q(refused_at__gte=since)))
    )
    found = sorted(reasons, key=lambda row: -row["all"])
    number, recent = sum(row["all"] for row in found), sum(row["recent"] for row in found)
    title = gettext("Alexa links that fail")
    if not number:
        yield Card("links", title, True, (gettext("Every link works."),))
        return
    in_all = ngettext(
        "%(number)d link needs to be made again.",
        "%(number)d links need to be made again.",
        number,
    )
    of_late = ngettext(
        "%(number)d of them failed in the last 24 hours.",
        "%(number)d of them failed in the last 24 hours.",
        recent,
    )
    lines = tuple(
        Line(
            f"{row['refused_reason'] or '–'}: {row['all']}",
            _list(
                "skill_endpoint_accountlink",
                state="refused",
                refused_reason=row["refused_reason"],
            ),
        )
        for row in found[:REASONS_SHOWN]
    )
    yield Card(
        "links",
        title,
        False,
        (in_all % {"number": number}, of_late % {"number": recent}),
        lines,
        Line(gettext("All failing links"), _list("skill_endpoint_accountlink", state="refused")),
    )


def _attempts(since: datetime) -> Iterator[Card]:
    """Tries to link Alexa that failed, by cause, where a trace is kept of them."""
    if not settings.OAUTH_TRACE:
        return
    failed = Attempt.objects.filter(started_at__gte=since, outcome=Outcome.FAILED)
    found = failed.values("finding").order_by("finding").annotate(number=Count("pk"))
    causes = sorted(found, key=lambda row: -row["number"])
    number = sum(row["number"] for row in causes)
    said = gettext("No try to link Alexa failed in the last 24 hours.")
    if number:
        said = ngettext(
            "%(number)d try to link Alexa failed in the last 24 hours.",
            "%(number)d tries to link Alexa failed in the last 24 hours.",
            number,
        ) % {"number": number}
    yield Card(
        "attempts",
        gettext("Tries to link Alexa"),
        not number,
        (said,),
        tuple(
            Line(f"{row['finding'] or '–'}: {row['number']}", _traces(cause=row["finding"]))
            for row in causes[:REASONS_SHOWN]
        ),
        Line(gettext("All tries"), reverse("traces")),
    )


def _traces(**filters: str) -> str:
    chosen = {"time": "24h", "outcome": Outcome.FAILED.value, **filters}
    return f"{reverse('traces')}?{urlencode(chosen)}"


def _facts(since: datetime) -> Iterator[Card]:
    is_open = Q(reports__isnull=False, reports__closed_at=None)
    known = Fact.objects.aggregate(
        all=Count("pk", distinct=True),
        published=Count("pk", distinct=True, filter=Q(is_published=True)),
        open_reports=Count("reports", distinct=True, filter=is_open),
        reported=Count("pk", distinct=True, filter=is_open),
        oldest=Min("reports__reported_at", filter=is_open),
    )
    yield _reports(known["open_reports"], known["reported"], known["oldest"])
    yield _missing(known["all"], known["published"])


def _reports(reports: int, facts: int, oldest: datetime | None) -> Card:
    title = gettext("Facts that people reported")
    if not (reports and oldest):
        return Card("reports", title, True, (gettext("Nobody waits for an answer."),))
    on_facts = ngettext(
        "%(number)d fact was reported as wrong.", "%(number)d facts were reported as wrong.", facts
    )
    waits = gettext("The oldest report is of %(date)s.")
    return Card(
        "reports",
        title,
        False,
        (on_facts % {"number": facts}, waits % {"date": date_format(oldest)}),
        more=Line(
            ngettext("%(number)d open report", "%(number)d open reports", reports)
            % {"number": reports},
            _list("facts_factreport", state="open"),
        ),
    )


def _missing(facts: int, published: int) -> Card:
    """Published facts that have no text of their own in a language: they are told in English."""
    title = gettext("Facts missing in a language")
    if not facts:
        return Card(
            "missing",
            title,
            False,
            (gettext("There are no facts yet. Load the sample facts: manage.py facts load"),),
            more=Line(gettext("Or write the first one"), reverse("admin:facts_fact_add")),
        )
    texts = FactText.objects.filter(fact__is_published=True, language__in=LANGUAGES)
    told = dict(texts.values_list("language").order_by("language").annotate(Count("pk")))
    lacking = {language: published - told.get(language, 0) for language in LANGUAGES}
    lines = tuple(
        Line(f"{get_language_info(language)['name_translated']}: {number}")
        for language, number in sorted(lacking.items(), key=lambda item: -item[1])
        if number
    )
    more = Line(gettext("Which ones"), reverse("admin:facts_coverage"))
    if not lines:
        said = gettext("Every published fact has a text in every language.")
        return Card("missing", title, True, (said,), more=more)
    said = ngettext(
        "Of %(number)d published fact, told in English instead:",
        "Of %(number)d published facts, told in English instead:",
        published,
    )
    return Card("missing", title, None, (said % {"number": published},), lines, more)


def _exports(since: datetime) -> Iterator[Card]:
    """Downloads of people's data, and accounts that were deleted."""
    exports = DataExport.objects.filter(requested_at__gte=since).order_by()
    deletions = Deletion.objects.filter(deleted_at__gte=since).order_by()
    # one statement: the states of the one and the doers of the other are different words
    numbers: dict[str, int] = dict(
        exports.values("state")
        .annotate(number=Count("pk"))
        .values_list("state", "number")
        .union(deletions.values("by").annotate(number=Count("pk")).values_list("by", "number"))
        .order_by()
    )
    asked = sum(numbers.get(state, 0) for state in DataExport.State.values)
    failed = numbers.get(DataExport.State.FAILED, 0)
    deleted = sum(numbers.get(by, 0) for by in Deletion.By.values)
    said = [
        ngettext(
            "%(number)d person asked for their data.",
            "%(number)d people asked for their data.",
            asked,
        )
        % {"number": asked},
        ngettext(
            "%(number)d download failed.",
            "%(number)d downloads failed.",
            failed,
        )
        % {"number": failed},
        ngettext(
            "%(number)d account was deleted.",
            "%(number)d accounts were deleted.",
            deleted,
        )
        % {"number": deleted},
    ]
    numbered = tuple(
        sentence for sentence, n in zip(said, (asked, failed, deleted), strict=True) if n
    )
    yield Card(
        "exports",
        gettext("Data and departures, last 24 hours"),
        not failed,
        numbered or (gettext("Nobody asked for their data, and nobody left."),),
        (
            Line(gettext("Data exports"), _list("accounts_dataexport")),
            Line(gettext("Deleted accounts"), _list("accounts_deletion")),
        ),
    )
