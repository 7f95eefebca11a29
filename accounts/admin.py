"""People and their profiles, for operators: to find and to read. people_actions.py acts on them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any, ClassVar, cast

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as StockGroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import people_actions
from accounts.careful_admin import CarefulAdmin
from accounts.data_export.models import DataExport
from accounts.models import Deletion, Profile, User
from accounts.people_actions import described

# Of allauth's tables some stay empty here (settings.py), one repeats the person's sub, and one
# holds session keys, with which whoever reads them is that person.
for _model in (EmailAddress, SocialApp, SocialToken, SocialAccount, UserSession, Group):
    admin.site.unregister(_model)


PHONE = re.compile(r"[\d\s+()./-]+")
MIN_DIGITS = 4  # fewer are in everybody's number
# all that a profile holds, in its own order: a new field is on the operators' pages at once
PROFILE_FIELDS = tuple(
    "topic_words" if field.name == "topics" else field.name
    for field in Profile._meta.concrete_fields
    if field.name not in {"id", "user"}
)


class FindsPeople(CarefulAdmin):
    """A search that finds a phone number however it is written: (206) 555-0101.

    And an id or an address that a line break or a space got into on its way: ids are long, and
    are copied from logs and mails, and from pages that show the end of one: …55FC85F1.
    """

    phone_field = "phone_number"
    exact_fields: tuple[str, ...] = ()  # of ids and addresses

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        search_term = search_term.strip("… ")
        compact = "".join(search_term.split())
        if compact and (whole := self._of_whole(queryset, compact)) is not None:
            return whole, True
        found, many = super().get_search_results(request, queryset, search_term)
        # zeros in front stand for a country, or for being inside of one: +44 20 … is 020 …
        digits = re.sub(r"\D", "", search_term).lstrip("0")
        if PHONE.fullmatch(search_term) and len(digits) >= MIN_DIGITS:
            return found | queryset.filter(**{f"{self.phone_field}__contains": digits}), many
        if compact != search_term:
            exactly = (Q(**{f"{name}__iexact": compact}) for name in self.exact_fields)
            return found | queryset.filter(reduce(or_, exactly, Q(pk=None))), True
        return found, many

    def _of_whole(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any] | None:
        """By an index, among however many people. A part of one is looked for in each row."""
        for name in (*self.exact_fields, self.phone_field):
            found = queryset.filter(**{f"{name}__in": {words, words.lower()}})
            if found.exists():
                return found
        return None


class ReadOnly:
    """Records that the program writes and people only read: for a list, or inside a page."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def topics_in_words(profile: Profile) -> str:
    """This package knows their slugs only, which read well enough."""
    return ", ".join(slug.replace("-", " ") for slug in profile.topics) or gettext("all topics")


class ReadOnlyAdmin(ReadOnly, CarefulAdmin):
    pass


class ProfileInline(ReadOnly, admin.StackedInline[Profile, User]):
    model = Profile
    extra = 0
    fields = PROFILE_FIELDS
    readonly_fields = ("topic_words",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Profile]:
        return super().get_queryset(request).select_related("user")

    @admin.display(description=_("topics"))
    def topic_words(self, profile: Profile) -> str:
        return topics_in_words(profile)


@admin.register(Group)
class GroupAdmin(CarefulAdmin, StockGroupAdmin):
    """What the operators' group may do; who is in it, the pool says."""


@admin.register(User)
class UserAdmin(ReadOnly, FindsPeople):
    """The pool is the authority over what is here. What operators do is in people_actions.py."""

    # what the packages above know of a person: they add their functions, inlines and panels
    from_above: ClassVar[list[Callable[[User], object]]] = []
    panels: ClassVar[list[Callable[[User, User], str]]] = []  # of a person, for who looks

    list_display = ("person", "sub", "first_seen_by", "last_login", "is_active")
    list_display_links = ("person", "sub")
    list_filter = ("is_active", "is_staff", "first_seen_by", "date_joined")
    search_fields = (
        "sub__istartswith",
        "email",
        "phone_number",
        "profile__display_name",
        "account_links__alexa_user_id",
    )
    exact_fields = ("sub", "email", "account_links__alexa_user_id")
    search_help_text = _("Cognito sub, e-mail, phone number, name, or Alexa user id")
    date_hierarchy = "date_joined"
    ordering = ("-date_joined",)
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("sub", "is_active", "first_seen_by", "date_joined", "last_login")}),
        (
            _("From the user pool, renewed at each sign-in"),
            {
                "fields": (
                    "email",
                    "email_verified",
                    "phone_number",
                    "is_staff",
                    "is_superuser",
                    "groups",
                )
            },
        ),
    )
    inlines: ClassVar[list[Any]] = [ProfileInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).select_related("profile")

    @admin.display(description=_("person"), ordering="email")
    def person(self, user: User) -> str:
        return described(user)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        above = (_("In the skill and on the website"), {"fields": tuple(self.from_above)})
        return (*self.fieldsets, above) if self.from_above else self.fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        return [*(name for _, part in self.fieldsets for name in part["fields"]), *self.from_above]

    def get_urls(self) -> list[URLPattern]:
        return [*people_actions.urls(), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Headed by who it is: the sub alone tells an operator nothing."""
        user: User | None = context.get("original")
        if user:
            context["subtitle"] = f"{described(user)} ({user.sub})"
            context["offered"] = people_actions.offered(request.user, user)
            context["panels"] = [panel(user, cast("User", request.user)) for panel in self.panels]
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(Profile)
class ProfileAdmin(ReadOnly, FindsPeople):
    list_display = ("person", "user", "topic_words", "time_zone")
    list_display_links = ("person", "user")
    list_filter = ("remember_history",)
    list_select_related = ("user",)
    search_fields = ("user__sub__istartswith", "user__email", "user__phone_number", "display_name")
    search_help_text = _("Cognito sub, e-mail, phone number or name")
    phone_field = "user__phone_number"
    exact_fields = ("user__sub", "user__email")
    fields = ("user", *PROFILE_FIELDS)

    @admin.display(description=_("person"), ordering="user__email")
    def person(self, profile: Profile) -> str:
        return described(profile.user)

    @admin.display(description=_("topics"))
    def topic_words(self, profile: Profile) -> str:
        return topics_in_words(profile)


@admin.register(DataExport)
class DataExportAdmin(ReadOnlyAdmin):
    """Who asked for their data, and whether they got it. What is in it is nobody's business."""

    list_display = ("requested_at", "person", "state", "done_rows", "total_rows", "finished_at")
    list_filter = ("state", "requested_at")
    list_select_related = ("user__profile",)
    search_fields = ("user__sub__istartswith", "user__email")
    search_help_text = _("Cognito sub or e-mail")
    date_hierarchy = "requested_at"
    fields = (
        "user",
        "state",
        "requested_at",
        "finished_at",
        "language",
        "done_rows",
        "total_rows",
        "has_pool_record",
    )

    @admin.display(description=_("person"), ordering="user__email")
    def person(self, export: DataExport) -> str:
        return described(export.user)


@admin.register(Deletion)
class DeletionAdmin(ReadOnlyAdmin):
    """That somebody left, and how many rows went. Who it was is nowhere."""

    list_display = ("deleted_at", "by", "rows")
    list_filter = ("by", "deleted_at")
    date_hierarchy = "deleted_at"
    fields = ("deleted_at", "by", "counts")

    @admin.display(description=_("rows"))
    def rows(self, deletion: Deletion) -> int:
        return sum(deletion.counts.values())
