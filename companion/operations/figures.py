"""The figures on top of the page, each with the way to where one sees more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import inf
from urllib.parse import urlencode

from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse

from accounts.models import User
from accounts.oauth_trace.models import Outcome
from companion.operations.day import Day, Quantiles, Step
from companion.operations.people import People, Tries

FEW_TURNS = 20  # of fewer, 95 of 100 is all


@dataclass(frozen=True, slots=True)
class Figure:
    slug: str
    title: str
    value: str
    note: str = ""
    address: str = ""  # empty where the operator may not look there


def figures(day: Day, people: People, tries: Tries | None, operator: User) -> list[Figure]:
    def list_of(name: str, permission: str, **filters: str) -> str:
        if not operator.has_perm(permission):
            return ""
        address = reverse(f"admin:{name}_changelist")
        return f"{address}?{urlencode(filters)}" if filters else address

    def links(**filters: str) -> str:
        return list_of("skill_endpoint_accountlink", "skill_endpoint.view_accountlink", **filters)

    since = day.since.isoformat(sep=" ", timespec="seconds")
    return [
        Figure("turns", "Turns", _number(day.turns), _compared(day), "#turns"),
        Figure(
            "apologies",
            "Ended in an apology",
            _share(day.apologies, day.turns),
            f"{_number(day.apologies)} of {_number(day.turns)}" if day.turns else "",
            "#turns",
        ),
        Figure("median", "Median time", between(day.took.median), "of a turn", "#times"),
        Figure("late", "95th percentile", between(day.took.late), _of_what(day.took), "#times"),
        Figure(
            "spoke",
            "People who spoke",
            _number(people.spoke),
            "with a linked account",
            links(),
        ),
        Figure(
            "links",
            "New links",
            _number(people.linked),
            f"{_number(people.refused)} began to fail",
            links(linked_at__gte=since),
        ),
        Figure(
            "unlinks",
            "Unlinked",
            _number(people.unlinked),
            f"and {_number(people.disabled)} switched the skill off",
            links(state="unlinked"),
        ),
        _tries(tries, operator),
        Figure(
            "sign-ins",
            "People who signed in",
            _number(people.signed_in),
            f"{_number(people.new)} new, here or by voice",
            list_of("accounts_user", "accounts.view_user"),
        ),
        Figure(
            "requests",
            "Requests refused",
            _number(sum(number for _reason, number in day.requests)),
            "at the voice door",
            "#refused",
        ),
        Figure(
            "tokens",
            "Tokens refused",
            _number(day.refused_tokens),
            "in turns and at sign-in",
            "#refused",
        ),
        Figure("failures", "Failures", _number(day.failures), "of turns and pages", "#failures"),
        Figure(
            "reports",
            "Reports waiting",
            _number(people.reports),
            _oldest(people.oldest_report, day.now),
            list_of("facts_factreport", "facts.view_factreport", state="open"),
        ),
    ]


def traces(operator: User, **filters: str) -> str:
    """The list of tries to link in the last day; empty for who may not see it."""
    if not operator.has_perm("oauth_trace.view_attempt"):
        return ""
    return f"{reverse('traces')}?{urlencode({'time': '24h', **filters})}"


def took(seconds: float) -> str:
    """`4 ms`, `28 ms`, `2 s`."""
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:g} s"


def between(step: Step | None) -> str:
    """`4 to 8 ms`, `0.5 to 1 s`, `under 1 ms`, `over 8 s`; a dash where nothing was measured."""
    if step is None:
        return "–"
    if step.most == inf:
        return f"over {took(step.over)}"
    if not step.over:
        return f"under {took(step.most)}"
    if step.most >= 0.9995:
        return f"{step.over:g} to {step.most:g} s"
    return f"{step.over * 1000:.0f} to {took(step.most)}"


def _of_what(times: Quantiles) -> str:
    if 0 < times.number < FEW_TURNS:
        return "of a turn" if times.number == 1 else f"the slowest of {times.number} turns"
    return "of a turn"


def _tries(tries: Tries | None, operator: User) -> Figure:
    if tries is None:
        return Figure("tries", "Failed tries to link", "–", "OAUTH_TRACE is off", traces(operator))
    return Figure(
        "tries",
        "Failed tries to link",
        _number(tries.failed),
        f"of {_number(tries.number)} that were recorded",
        traces(operator, outcome=Outcome.FAILED.value),
    )


def _number(number: int) -> str:
    return str(intcomma(number, use_l10n=False))


def _share(part: int, whole: int) -> str:
    """`0 %`, `0.03 %`, `4.2 %`, `31 %`."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if not part or percent >= 9.95:
        return f"{percent:.0f} %"
    return f"{percent:.1f} %" if percent >= 0.095 else f"{max(percent, 0.01):.2f} %"


def _compared(day: Day) -> str:
    if day.turns_before is None:
        return "nothing to compare with yet"
    return f"{_number(day.turns_before)} the day before"


def _oldest(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "nobody waits"
    days = (now - at).days
    return f"the oldest for {days} day{'s' if days != 1 else ''}" if days else "all of today"
