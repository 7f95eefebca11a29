from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from skill_endpoint.facts.models import Fact, FactText, Topic


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin[Topic]):
    list_display = ("name", "slug", "position", "facts")
    list_editable = ("position",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}  # noqa: RUF012 - ModelAdmin declares it so

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        return super().get_queryset(request).annotate(number_of_facts=Count("facts"))

    @admin.display(description=_("facts"), ordering="number_of_facts")
    def facts(self, topic: Topic) -> int:
        return int(topic.number_of_facts)  # type: ignore[attr-defined]


class FactTextInline(admin.StackedInline[FactText, Fact]):
    model = FactText
    extra = 0
    min_num = 1


@admin.register(Fact)
class FactAdmin(admin.ModelAdmin[Fact]):
    list_display = (
        "headline",
        "topic",
        "languages",
        "source_publisher",
        "checked_on",
        "child_safe",
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

    @admin.display(description=_("languages"))
    def languages(self, fact: Fact) -> str:
        return ", ".join(sorted(text.language for text in fact.texts.all()))

    @admin.action(description=_("Publish the selected facts"), permissions=["change"])
    def publish(self, request: HttpRequest, facts: QuerySet[Fact]) -> None:
        changed = facts.update(is_published=True)
        self.message_user(request, _("Published: %(n)d") % {"n": changed})

    @admin.action(description=_("Withdraw the selected facts"), permissions=["change"])
    def withdraw(self, request: HttpRequest, facts: QuerySet[Fact]) -> None:
        changed = facts.update(is_published=False)
        self.message_user(request, _("Withdrawn: %(n)d") % {"n": changed})
