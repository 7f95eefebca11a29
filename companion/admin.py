"""What the website adds to the admin: a person's sessions and links, and what operators did."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin import ReadOnlyAdmin, UserAdmin
from accounts.models import User
from accounts.oauth_trace.diagnosis.rule import by_code
from accounts.oauth_trace.models import Attempt
from accounts.people_actions import RECORDED, described
from companion.devices import device_of
from companion.open_sessions import open_sessions
from companion.traces import access

OPERATORS_SHOWN = 50
SESSIONS_SHOWN = 20
ATTEMPTS_SHOWN = 10


def sessions_panel(user: User, operator: User) -> str:
    """Where the person is signed in now. Never a session's key: who has it is that person."""
    rows = [
        {"device": device_of(session.user_agent), "session": session}
        for session in open_sessions(user)[:SESSIONS_SHOWN]
    ]
    return render_to_string("admin/accounts/user/sessions.html", {"rows": rows})


def attempts_panel(user: User, operator: User) -> str:
    """What the trace saw of their tries to link Alexa; nothing where it saw none.

    Nor for who may not see attempts.
    """
    if not operator.has_perm(access.VIEW):
        return ""
    attempts = list(Attempt.objects.of_person(user.sub)[:ATTEMPTS_SHOWN])
    if not attempts:
        return ""
    rows = [
        {
            "attempt": attempt,
            "address": reverse("trace", args=[attempt.reference]),
            "verdict": verdict_in_words(attempt),
        }
        for attempt in attempts
    ]
    return render_to_string("admin/accounts/user/attempts.html", {"rows": rows})


def verdict_in_words(attempt: Attempt) -> str:
    """In English, as diagnosis is."""
    rule = by_code(attempt.finding)
    said = attempt.get_outcome_display().capitalize()
    return f"{said}. {rule.cause}" if rule else said


UserAdmin.panels.append(sessions_panel)
UserAdmin.panels.append(attempts_panel)


class WhoFilter(admin.SimpleListFilter):
    title = _("operator")
    parameter_name = "who"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[LogEntry]
    ) -> list[tuple[str, str]]:
        """Whoever is on record, also those who are no operators any more."""
        active = User.objects.filter(logentry__isnull=False).select_related("profile")
        return [(str(user.pk), described(user)) for user in active.distinct()[:OPERATORS_SHOWN]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[LogEntry]) -> QuerySet[LogEntry]:
        who = self.value() or ""
        if not who:
            return queryset
        return queryset.filter(user=int(who)) if who.isdecimal() else queryset.none()


class KindFilter(admin.RelatedOnlyFieldListFilter):
    @property
    def include_empty_choice(self) -> bool:
        return False  # everything that is on record is of some kind


@admin.register(LogEntry)
class OperatorsLog(ReadOnlyAdmin):
    list_display = ("action_time", "operator", "what", "kind", "whom")
    list_display_links = ("action_time",)
    list_filter = (
        "action_flag",
        WhoFilter,
        ("content_type", KindFilter),
        "action_time",
    )
    list_select_related = ("user__profile", "content_type")
    search_fields = ("object_repr", "change_message", "user__sub__istartswith", "user__email")
    search_help_text = _("Sub or name of what was changed, words of the record, or the operator")
    date_hierarchy = "action_time"
    fields = ("action_time", "operator", "what", "kind", "whom")
    readonly_fields = fields

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = {"title": gettext("What operators did")}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    @admin.display(description=_("operator"), ordering="user__email")
    def operator(self, entry: LogEntry) -> str:
        return described(entry.user)

    @admin.display(description=_("kind"), ordering="content_type")
    def kind(self, entry: LogEntry) -> str:
        return str(entry.content_type.name) if entry.content_type else ""

    @admin.display(description=_("whom or what"), ordering="object_repr")
    def whom(self, entry: LogEntry) -> str:
        address = None if entry.is_deletion() else entry.get_admin_url()
        if not address:
            return str(entry.object_repr)
        return format_html('<a href="{}">{}</a>', address, entry.object_repr)

    @admin.display(description=_("what was done"))
    def what(self, entry: LogEntry) -> str:
        said = entry.get_change_message() or entry.get_action_flag_display()
        return gettext(said) if said in RECORDED else said
