"""What the content tables hold about a person (accounts/personal_data.py)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.personal_data import Reference, register
from skill_endpoint.facts.measures import shown
from skill_endpoint.facts.models import (
    FactImport,
    FactReport,
    FactText,
    Favourite,
    Hearing,
    Version,
)


def _fact_of(row: Any, language: str) -> Reference:
    """The fact as a reader finds it: its headline in their language, and where to read it."""
    fact = row.fact
    try:
        text = fact.text(language)
    except FactText.DoesNotExist:
        text = FactText(language="en", headline=fact.slug)
    headline, address = shown(text.headline), f"{settings.PUBLIC_URL}{fact.get_absolute_url()}"
    data = {"slug": fact.slug, "headline": headline, "address": address}
    return Reference(headline, text.language, address, data)


def _with_headlines(rows: QuerySet[Any]) -> QuerySet[Any]:
    headlines = FactText.objects.only("fact", "language", "headline")
    return rows.select_related("fact__topic").prefetch_related(
        Prefetch("fact__texts", queryset=headlines)
    )


register(
    Favourite,
    lambda user: Favourite.objects.filter(user=user),
    export=("fact", "door", "saved_at"),
    label=_("Facts you saved"),
    why=_("To show and tell you your list."),
    kept=_("Until you take them off the list, or delete your account."),
    references={"fact": _fact_of},
    prepare=_with_headlines,
)
register(
    Hearing,
    lambda user: Hearing.objects.filter(user=user),
    export=("fact", "door", "heard_at"),
    label=_("Facts you heard"),
    why=_("So that no fact comes back until you have heard them all."),
    kept=_("Until you clear your history, or delete your account."),
    references={"fact": _fact_of},
    prepare=_with_headlines,
)
register(
    FactReport,
    lambda user: FactReport.objects.filter(user=user),
    export=("fact", "language", "reported_at", "closed_at"),
    label=_("Facts you reported as wrong"),
    why=_("So that an operator can look into them."),
    kept=_(
        "90 days after an operator closed the report; that it was yours goes with your account."
    ),
    # the request's id leads to the person in the logs
    detach={"user": None, "request_id": ""},
    references={"fact": _fact_of},
    prepare=_with_headlines,
)
register(
    Version,
    lambda user: Version.objects.filter(by=user),
    export=("how", "made_at"),
    label=_("Facts and topics you edited"),
    why=_("So that an edit can be compared and taken back."),
    kept=_("The edit stays; that it was yours goes with your account."),
    for_operators=True,
    detach={"by": None},
)
register(
    FactImport,
    lambda user: FactImport.objects.filter(by=user),
    export=("file_name", "made_at", "imported_at"),
    label=_("Files of facts you imported"),
    why=_("To show you a preview before anything changes."),
    kept=_("A day."),
    for_operators=True,
)
