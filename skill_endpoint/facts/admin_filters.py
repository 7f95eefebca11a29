"""What the list of facts is narrowed down by: what an operator has to do next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from skill_endpoint.facts.models import Fact, FactReport, FactText
from skill_endpoint.locales import LANGUAGES

OLD = timedelta(days=365)


class MissingFilter(admin.SimpleListFilter):
    title = _("no text in")
    parameter_name = "missing"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, Any]]:
        return [(each, get_language_info(each)["name_translated"]) for each in LANGUAGES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Fact]) -> QuerySet[Fact]:
        if self.value() not in LANGUAGES:
            return queryset
        return queryset.exclude(Exists(FactText.objects.of_fact().filter(language=self.value())))


class ReportedFilter(admin.SimpleListFilter):
    title = _("reported wrong")
    parameter_name = "reported"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, Any]]:
        return [("open", _("with open reports"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Fact]) -> QuerySet[Fact]:
        if self.value() != "open":
            return queryset
        return queryset.filter(Exists(FactReport.objects.open().filter(fact=OuterRef("pk"))))


class CheckedFilter(admin.SimpleListFilter):
    title = _("compared with the source")
    parameter_name = "checked"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, Any]]:
        return [("never", _("never")), ("old", _("over a year ago")), ("lately", _("lately"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Fact]) -> QuerySet[Fact]:
        since = timezone.localdate() - OLD
        chosen = {
            "never": Q(checked_on=None),
            "old": Q(checked_on__lt=since),
            "lately": Q(checked_on__gte=since),
        }
        return queryset.filter(chosen.get(self.value() or "", Q()))


class OpenFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, Any]]:
        return [("open", _("open")), ("closed", _("closed"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[FactReport]
    ) -> QuerySet[FactReport]:
        if self.value() not in {"open", "closed"}:
            return queryset
        return queryset.filter(closed_at__isnull=self.value() == "open")
