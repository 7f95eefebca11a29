"""What the database knows of the day: people who spoke and came, links, reports, tries to link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, IntegerField, Min, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.oauth_trace.models import Attempt, Outcome
from skill_endpoint.facts.models import FactReport
from skill_endpoint.models import AccountLink


@dataclass(frozen=True, slots=True)
class People:
    spoke: int  # with a link; the others are nobody whom we know
    linked: int
    unlinked: int  # on the website
    disabled: int  # the skill, at Amazon
    refused: int  # links that began to fail
    signed_in: int
    new: int
    reports: int
    oldest_report: datetime | None


@dataclass(frozen=True, slots=True)
class Tries:
    """To link an account, as the trace saw them. None where there is no trace."""

    number: int
    failed: int
    causes: tuple[tuple[str, int], ...]  # (code of the finding, number) of those that failed


def people(user: User, since: datetime) -> People:
    """Of all people, in one statement; `user` is whose row carries it."""
    links, persons = AccountLink.objects.all(), User.objects.all()
    reports = FactReport.objects.filter(closed_at=None)
    counted = {
        "spoke": _number(links.filter(last_used_at__gte=since), of="user"),
        "linked": _number(links.filter(linked_at__gte=since)),
        "unlinked": _number(links.filter(unlinked_at__gte=since)),
        "disabled": _number(links.filter(disabled_at__gte=since)),
        "refused": _number(links.current().filter(refused_at__gte=since)),
        "signed_in": _number(persons.filter(last_login__gte=since)),
        "new": _number(persons.filter(date_joined__gte=since)),
        "reports": _number(reports),
        "oldest_report": Subquery(
            reports.order_by().values(_one=Value(1)).annotate(at=Min("reported_at")).values("at")
        ),
    }
    row: Any = User.objects.filter(pk=user.pk).values(**counted).first()
    return People(**row)


def _number(rows: QuerySet[Any], *, of: str = "pk") -> Coalesce:
    counted = rows.order_by().values(_one=Value(1)).annotate(_n=Count(of, distinct=of != "pk"))
    return Coalesce(Subquery(counted.values("_n"), output_field=IntegerField()), 0)


def tries(since: datetime) -> Tries | None:
    """One statement, by the index of when they began."""
    if not settings.OAUTH_TRACE:
        return None
    begun = Attempt.objects.filter(started_at__gte=since).order_by()
    rows = list(begun.values_list("outcome", "finding").annotate(number=Count("pk")))
    failed = [(finding, number) for outcome, finding, number in rows if outcome == Outcome.FAILED]
    return Tries(
        number=sum(number for *_kind, number in rows),
        failed=sum(number for _finding, number in failed),
        causes=tuple(sorted(failed, key=lambda cause: -cause[1])),
    )
