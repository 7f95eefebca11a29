"""Links and events, for the operator's question: why does the skill not know this person?"""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from accounts.admin import FindsPeople, ReadOnly, ReadOnlyAdmin, UserAdmin
from accounts.models import User
from accounts.people_actions import described
from skill_endpoint import recent_turns
from skill_endpoint.models import AccountLink, SkillEvent, alexa_digest


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[AccountLink]
    ) -> list[tuple[str, str]]:
        return [(state.value, str(state.label)) for state in AccountLink.State]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AccountLink]
    ) -> QuerySet[AccountLink]:
        """The same rules as AccountLink.state, as a query."""
        linked = Q(disabled_at=None, linked_at__isnull=False)
        unlinked = linked & Q(unlinked_at__isnull=False)
        linked &= Q(unlinked_at=None)
        states = {
            "disabled": Q(disabled_at__isnull=False),
            "enabled": Q(disabled_at=None, linked_at=None),
            "unlinked": unlinked,
            "refused": linked & Q(refused_at__isnull=False),
            "working": linked & Q(refused_at=None),
        }
        rule = states.get(self.value() or "")
        return queryset if rule is None else queryset.filter(rule)


class ReasonFilter(admin.SimpleListFilter):
    """Why links were refused. Not those that never were: an empty name is no choice."""

    title = _("reason")
    parameter_name = "refused_reason"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[AccountLink]
    ) -> list[tuple[str, str]]:
        links = AccountLink.objects.exclude(refused_reason="").order_by("refused_reason")
        return [(each, each) for each in links.values_list("refused_reason", flat=True).distinct()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AccountLink]
    ) -> QuerySet[AccountLink]:
        return queryset.filter(refused_reason=self.value()) if self.value() else queryset


class LinkInline(ReadOnly, admin.TabularInline[AccountLink, User]):
    """On a person's page: each of their links, and the way to it."""

    model = AccountLink
    extra = 0
    fields = ("state_word", "refused_reason", "linked_at", "last_used_at")
    readonly_fields = ("state_word",)
    show_change_link = True

    @admin.display(description=_("state"))
    def state_word(self, link: AccountLink) -> str:
        return str(link.state.label)


def turns_panel(user: User, operator: User) -> str:
    context = {"turns": recent_turns.of(user), "is_shared": recent_turns.is_shared()}
    return render_to_string("admin/skill_endpoint/recent_turns.html", context)


UserAdmin.inlines.append(LinkInline)
UserAdmin.panels.append(turns_panel)


@admin.register(AccountLink)
class AccountLinkAdmin(ReadOnly, FindsPeople):
    list_display = ("__str__", "person", "state_word", "refused_reason", "last_used_at")
    list_filter = (StateFilter, ReasonFilter, "linked_at")
    list_select_related = ("user__profile",)
    search_fields = (
        "alexa_user_id",
        "person_id",
        "user__sub__istartswith",
        "user__email",
        "user__phone_number",
    )
    phone_field = "user__phone_number"
    exact_fields = ("alexa_user_id", "user__sub", "user__email", "person_id")
    search_help_text = _("Alexa user id, speaker id, Cognito sub, e-mail or phone number")

    @admin.display(description=_("person"), ordering="user__email")
    def person(self, link: AccountLink) -> str:
        return described(link.user) if link.user else ""

    @admin.display(description=_("state"))
    def state_word(self, link: AccountLink) -> str:
        return str(link.state.label)


@admin.register(SkillEvent)
class SkillEventAdmin(ReadOnlyAdmin):
    list_display = ("type", "event_time", "received_at", "persistence", "applied", "digest")
    list_filter = ("type", "applied", "event_time")
    search_fields = ("request_id", "alexa_user_digest__startswith")
    search_help_text = _("Request id, or an Alexa user id (whole)")
    date_hierarchy = "event_time"

    @admin.display(description=_("Alexa user digest"))
    def digest(self, event: SkillEvent) -> str:
        return event.alexa_user_digest[:12]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SkillEvent], search_term: str
    ) -> tuple[QuerySet[SkillEvent], bool]:
        """Events keep no Alexa user id: one that is searched for is digested first."""
        found, many = super().get_search_results(request, queryset, search_term)
        if not search_term:
            return found, many
        skills = AccountLink.objects.values_list("application_id", flat=True).distinct()
        digests = [alexa_digest(skill, search_term.strip()) for skill in skills]
        return found | queryset.filter(alexa_user_digest__in=digests), many
