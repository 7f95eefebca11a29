from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Count, Model, Q, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.admin import UserAdmin
from accounts.careful_admin import CarefulAdmin
from accounts.models import User
from skill_endpoint.facts import admin_transfer, history
from skill_endpoint.facts.admin_coverage import coverage
from skill_endpoint.facts.admin_filters import (
    CheckedFilter,
    MissingFilter,
    OpenFilter,
    ReportedFilter,
)
from skill_endpoint.facts.admin_history import WithHistory
from skill_endpoint.facts.content import ENGLISH
from skill_endpoint.facts.forms import FactTextForm, FactTexts, TopicForm, breath
from skill_endpoint.facts.models import (
    Fact,
    FactReport,
    FactReportQuerySet,
    FactText,
    Topic,
    Version,
)
from skill_endpoint.locales import LOCALES

MAX_TYPED = 1000  # characters that are counted
REPORTS = 20  # of a fact, on its page
JUST_CLOSED = timedelta(days=1)  # a closed report can be opened again on the fact's page


def record(request: HttpRequest, rows: list[Any], message: str) -> None:
    """A line in the admin's records for each row, one statement for all."""
    user = cast(User, request.user)
    LogEntry.objects.log_actions(user.pk, cast(QuerySet[Model], rows), CHANGE, message)


@admin.register(Topic)
class TopicAdmin(WithHistory):
    form = TopicForm
    list_display = ("name", "slug", "position", "facts")
    list_editable = ("position",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}  # noqa: RUF012 - ModelAdmin declares it so

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        return Topic.objects.annotate(number_of_facts=Count("facts"))

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        """The boxes in the list have no label of their own."""
        formset = super().get_changelist_formset(request, **kwargs)
        formset.form.base_fields["position"].widget.attrs["aria-label"] = _("position")
        return formset

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
class FactAdmin(WithHistory):
    list_display = (
        "headline",
        "topic",
        "checked_on",
        "is_published",
    )
    list_filter = (
        "topic",
        MissingFilter,
        ReportedFilter,
        CheckedFilter,
        "is_published",
        "texts__language",
        "child_safe",
    )
    search_fields = ("slug", "texts__headline", "texts__speech", "source_title")
    search_help_text = _("Words of the fact or of its source")
    inlines = (FactTextInline,)
    save_on_top = True
    actions = ("publish", "withdraw", "mark_checked", "export_chosen")

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Callable[..., HttpResponseBase]]] = {
            "coverage": ("coverage/", coverage),
            "export": ("export/", admin_transfer.export),
            "import": ("import/", admin_transfer.upload),
            "import_preview": ("import/<uuid:key>/", admin_transfer.preview),
        }
        urls = [
            path(
                address,
                self.admin_site.admin_view(view),
                {"site": self.admin_site},
                name=f"facts_{name}",
            )
            for name, (address, view) in pages.items()
        ]
        live = path("breath/", self.admin_site.admin_view(self.breath_view), name="facts_breath")
        return [live, *urls, *super().get_urls()]

    def breath_view(self, request: HttpRequest) -> HttpResponse:
        """For htmx, while somebody types: the sentence below a speech."""
        told = {
            name.rpartition("-")[2]: str(typed)[:MAX_TYPED] for name, typed in request.GET.items()
        }
        said = breath(told.get("speech", ""), told.get("language", ENGLISH))
        return HttpResponse(said, content_type="text/plain; charset=utf-8")

    def rows(self, keys: list[int]) -> QuerySet[Fact]:
        return Fact.objects.with_text().filter(pk__in=keys)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fact]:
        return super().get_queryset(request).select_related("topic").prefetch_related("texts")

    def view_on_site(self, fact: Fact) -> str | None:
        return fact.get_absolute_url() if fact.is_published else None

    @admin.display(description=_("headline"), ordering="slug")
    def headline(self, fact: Fact) -> str:
        return _headline(fact)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        fact: Fact | None = context.get("original")
        if fact:
            context["subtitle"] = _headline(fact)
        if fact and request.user.has_perm("facts.view_factreport"):
            recent = Q(closed_at=None) | Q(closed_at__gte=timezone.now() - JUST_CLOSED)
            context["reports"] = fact.reports.filter(recent).order_by("-pk")[:REPORTS]
            context["may_close"] = request.user.has_perm("facts.change_factreport")
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(description=_("Publish the selected facts"), permissions=["change"])
    def publish(self, request: HttpRequest, facts: QuerySet[Fact]) -> None:
        changed = self._set(request, facts, gettext("Published."), is_published=True)
        said = ngettext("%(n)s fact was published.", "%(n)s facts were published.", changed)
        self.message_user(request, said % {"n": changed})

    @admin.action(description=_("Withdraw the selected facts"), permissions=["change"])
    def withdraw(self, request: HttpRequest, facts: QuerySet[Fact]) -> None:
        changed = self._set(request, facts, gettext("Withdrawn."), is_published=False)
        said = ngettext("%(n)s fact was withdrawn.", "%(n)s facts were withdrawn.", changed)
        self.message_user(request, said % {"n": changed})

    @admin.action(description=_("Mark the selected facts checked today"), permissions=["change"])
    def mark_checked(self, request: HttpRequest, facts: QuerySet[Fact]) -> None:
        today = timezone.localdate()
        changed = self._set(request, facts, gettext("Marked as checked."), checked_on=today)
        said = ngettext(
            "%(n)s fact was marked as checked today.",
            "%(n)s facts were marked as checked today.",
            changed,
        )
        self.message_user(request, said % {"n": changed})

    @admin.action(description=_("Export the selected facts"), permissions=["view"])
    def export_chosen(self, request: HttpRequest, facts: QuerySet[Fact]) -> StreamingHttpResponse:
        keys = list(facts.values_list("pk", flat=True))
        return admin_transfer.as_file(Fact.objects.filter(pk__in=keys))

    def _set(
        self, request: HttpRequest, facts: QuerySet[Fact], message: str, **values: object
    ) -> int:
        """Change those that say something else, keep their versions, record each."""
        [(name, value)] = values.items()
        pairs = facts.values_list("pk", name)
        keys = [key for key, present in pairs if present != value]
        rows = self.rows(keys)
        with history.recorded(rows, Version.How.EDITED, cast(User, request.user)):
            Fact.objects.filter(pk__in=keys).update(**values)
            record(request, list(rows), message)
        return len(keys)


def _headline(fact: Fact) -> str:
    """In English where there is one: operators know a fact by it, not by its slug."""
    told = {text.language: text.headline for text in fact.texts.all()}
    return told.get(ENGLISH) or next(iter(told.values()), fact.slug)


@admin.register(FactReport)
class FactReportAdmin(CarefulAdmin):
    """What people said is wrong: look the fact up, mend or leave it, close the report."""

    list_display = ("headline", "topic", "language", "reported_at", "closed_at")
    list_filter = (OpenFilter, "language", "reported_at")
    search_fields = ("fact__slug", "fact__texts__headline", "request_id")
    search_help_text = _("Words of the fact, or an Alexa request id")
    fields = ("fact_link", "language", "request_id", "reported_at", "closed_at")
    actions = ("close", "reopen")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FactReport]:
        reports = super().get_queryset(request)
        return reports.select_related("fact__topic").prefetch_related("fact__texts")

    def get_readonly_fields(self, request: HttpRequest, obj: FactReport | None = None) -> Any:
        return self.fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """Buttons on the page of a fact."""
        buttons = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(require_POST(self.press)),
                {"closes": name == "close"},
                name=f"facts_factreport_{name}",
            )
            for name in ("close", "reopen")
        ]
        return [*buttons, *super().get_urls()]

    def press(self, request: HttpRequest, object_id: str, closes: bool) -> HttpResponse:
        report = self.get_object(request, object_id)
        if report is None:
            raise Http404
        if not self.has_change_permission(request, report):
            raise PermissionDenied
        this = FactReport.objects.filter(pk=report.pk)
        self.close(request, this) if closes else self.reopen(request, this)
        return redirect("admin:facts_fact_change", report.fact_id)

    @admin.display(description=_("fact"), ordering="fact__slug")
    def headline(self, report: FactReport) -> str:
        return _headline(report.fact)

    @admin.display(description=_("topic"), ordering="fact__topic__position")
    def topic(self, report: FactReport) -> str:
        return report.fact.topic.name

    @admin.display(description=_("fact"))
    def fact_link(self, report: FactReport) -> str:
        address = reverse("admin:facts_fact_change", args=[report.fact_id])
        return format_html('<a href="{}">{}</a>', address, _headline(report.fact))

    @admin.action(description=_("Close the selected reports"), permissions=["change"])
    def close(self, request: HttpRequest, reports: QuerySet[FactReport]) -> None:
        changed = _set_closed(
            request, reports.filter(closed_at=None), gettext("Closed."), timezone.now()
        )
        said = ngettext("%(n)s report was closed.", "%(n)s reports were closed.", changed)
        self.message_user(request, said % {"n": changed})

    @admin.action(description=_("Open the selected reports again"), permissions=["change"])
    def reopen(self, request: HttpRequest, reports: FactReportQuerySet) -> None:
        try:
            changed = _set_closed(request, reports.reopenable(), gettext("Opened again."), None)
        except IntegrityError:  # its person said it again at this moment: that one is open
            changed = 0
        said = ngettext("%(n)s report is open again.", "%(n)s reports are open again.", changed)
        self.message_user(request, said % {"n": changed})


@transaction.atomic
def _set_closed(
    request: HttpRequest, reports: QuerySet[FactReport], message: str, closed_at: datetime | None
) -> int:
    rows = list(reports.select_related("fact"))
    FactReport.objects.filter(pk__in=[row.pk for row in rows]).update(closed_at=closed_at)
    record(request, rows, message)
    return len(rows)


@admin.display(description=_("saved facts"))
def saved(user: User) -> int:
    return user.favourites.count()


@admin.display(description=_("heard facts"))
def heard(user: User) -> int:
    return user.hearings.count()


UserAdmin.from_above += [saved, heard]
