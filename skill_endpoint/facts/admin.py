from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.admin import UserAdmin
from accounts.careful_admin import CarefulAdmin
from accounts.models import User
from skill_endpoint.facts.forms import FactTextForm, FactTexts, TopicForm
from skill_endpoint.facts.models import Fact, FactReport, FactText, Topic
from skill_endpoint.locales import LOCALES


@admin.register(Topic)
class TopicAdmin(CarefulAdmin):
    form = TopicForm
    list_display = ("name", "slug", "position", "facts")
    list_editable = ("position",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}  # noqa: RUF012 - ModelAdmin declares it so

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        return Topic.objects.annotate(number_of_facts=Count("facts"))

    @admin.display(description=_("facts"), ordering="number_of_facts")
    def facts(self, topic: Topic) -> int:
        return int(topic.number_of_facts)  # type: ignore[attr-defined]


class FactTextInline(admin.StackedInline[FactText, Fact]):
    model = FactText
    form = FactTextForm
    formset = FactTexts
    extra = 0
    min_num = 1
    max_num = 2 * len(LOCALES)

    def get_formset(self, request: HttpRequest, obj: Fact | None = None, **kwargs: Any) -> Any:
        # a forged number of forms costs no more than so many
        return super().get_formset(request, obj, **{"absolute_max": self.max_num, **kwargs})


@admin.register(Fact)
class FactAdmin(CarefulAdmin):
    list_display = (
        "headline",
        "topic",
        "checked_on",
        "is_published",
    )
    list_filter = ("topic", "is_published", "child_safe", "texts__language", "checked_on")
    search_fields = ("slug", "texts__headline", "texts__speech", "source_title")
    search_help_text = _("Words of the fact or of its source")
    inlines = (FactTextInline,)
    actions = ("publish", "withdraw")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fact]:
        return super().get_queryset(request).select_related("topic").prefetch_related("texts")

    @admin.display(description=_("headline"), ordering="slug")
    def headline(self, fact: Fact) -> str:
        return next((text.headline for text in fact.texts.all()), fact.slug)

    @admin.action(description=_("Publish the selected facts"), permissions=["change"])
    def publish(self, request: HttpRequest, facts: QuerySet[Fact]) -> None:
        changed = facts.update(is_published=True)
        self.message_user(request, _("Published: %(n)d") % {"n": changed})

    @admin.action(description=_("Withdraw the selected facts"), permissions=["change"])
    def withdraw(self, request: HttpRequest, facts: QuerySet[Fact]) -> None:
        changed = facts.update(is_published=False)
        self.message_user(request, _("Withdrawn: %(n)d") % {"n": changed})


class OpenFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[FactReport]
    ) -> list[tuple[str, Any]]:
        return [("open", _("open")), ("closed", _("closed"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[FactReport]
    ) -> QuerySet[FactReport]:
        if self.value() not in {"open", "closed"}:
            return queryset
        return queryset.filter(closed_at__isnull=self.value() == "open")


@admin.register(FactReport)
class FactReportAdmin(CarefulAdmin):
    """What people said is wrong: look the fact up, mend or leave it, close the report."""

    list_display = ("fact", "topic", "language", "reported_at", "closed_at")
    list_filter = (OpenFilter, "language", "reported_at")
    list_select_related = ("fact__topic",)
    search_fields = ("fact__slug", "fact__texts__headline", "request_id")
    search_help_text = _("Words of the fact, or an Alexa request id")
    fields = ("fact_link", "language", "request_id", "reported_at", "closed_at")
    actions = ("close", "reopen")

    def get_readonly_fields(self, request: HttpRequest, obj: FactReport | None = None) -> Any:
        return self.fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("topic"), ordering="fact__topic__position")
    def topic(self, report: FactReport) -> str:
        return report.fact.topic.name

    @admin.display(description=_("fact"))
    def fact_link(self, report: FactReport) -> str:
        address = reverse("admin:facts_fact_change", args=[report.fact_id])
        return format_html('<a href="{}">{}</a>', address, report.fact)

    @admin.action(description=_("Close the selected reports"), permissions=["change"])
    def close(self, request: HttpRequest, reports: QuerySet[FactReport]) -> None:
        changed = reports.filter(closed_at=None).update(closed_at=timezone.now())
        self.message_user(request, _("Closed: %(n)d") % {"n": changed})

    @admin.action(description=_("Open the selected reports again"), permissions=["change"])
    def reopen(self, request: HttpRequest, reports: QuerySet[FactReport]) -> None:
        changed = reports.exclude(closed_at=None).update(closed_at=None)
        self.message_user(request, _("Opened again: %(n)d") % {"n": changed})


@admin.display(description=_("saved facts"))
def saved(user: User) -> int:
    return user.favourites.count()


@admin.display(description=_("heard facts"))
def heard(user: User) -> int:
    return user.hearings.count()


UserAdmin.from_above += [saved, heard]
