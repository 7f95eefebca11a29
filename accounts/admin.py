"""People and their profiles, for operators: to find, to read, to lock out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as StockGroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.careful_admin import CarefulAdmin
from accounts.models import Profile, User

# Of allauth's tables some stay empty here (settings.py), one repeats the person's sub, and one
# holds session keys, with which whoever reads them is that person.
for _model in (EmailAddress, SocialApp, SocialToken, SocialAccount, UserSession, Group):
    admin.site.unregister(_model)


PHONE = re.compile(r"[\d\s+()./-]+")
MIN_DIGITS = 4  # fewer are in everybody's number


class FindsPhones(CarefulAdmin):
    """A search that finds a phone number however it is written: (206) 555-0101."""

    phone_field = "phone_number"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found, many = super().get_search_results(request, queryset, search_term)
        # zeros in front stand for a country, or for being inside of one: +44 20 … is 020 …
        digits = re.sub(r"\D", "", search_term).lstrip("0")
        if PHONE.fullmatch(search_term) and len(digits) >= MIN_DIGITS:
            found |= queryset.filter(**{f"{self.phone_field}__contains": digits})
        return found, many


class ReadOnly:
    """Records that the program writes and people only read: for a list, or inside a page."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def described(user: User) -> str:
    """By name and addresses. For operators' pages only: logs and the history have the sub."""
    known = [user.profile.display_name, user.email, user.phone_number]
    return " · ".join(word for word in known if word) or gettext("not yet on the website")


def topics_in_words(profile: Profile) -> str:
    """This package knows their slugs only, which read well enough."""
    return ", ".join(slug.replace("-", " ") for slug in profile.topics) or gettext("all topics")


class ReadOnlyAdmin(ReadOnly, CarefulAdmin):
    pass


class ProfileInline(ReadOnly, admin.StackedInline[Profile, User]):
    model = Profile
    extra = 0
    fields = ("display_name", "topic_words", "time_zone", "remember_history")
    readonly_fields = ("topic_words",)

    @admin.display(description=_("topics"))
    def topic_words(self, profile: Profile) -> str:
        return topics_in_words(profile)


@admin.register(Group)
class GroupAdmin(CarefulAdmin, StockGroupAdmin):
    """What the operators' group may do; who is in it, the pool says."""


@admin.register(User)
class UserAdmin(FindsPhones):
    """The pool is the authority over everything here but `active`."""

    # what the packages above know of a person: they add their functions and inlines
    from_above: ClassVar[list[Callable[[User], object]]] = []

    list_display = ("person", "sub", "first_seen_by", "last_login", "is_active")
    list_display_links = ("person", "sub")
    list_filter = ("is_active", "is_staff", "first_seen_by", "date_joined")
    list_select_related = ("profile",)
    search_fields = (
        "sub__startswith",
        "email",
        "phone_number",
        "profile__display_name",
        "account_links__alexa_user_id",
    )
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

    @admin.display(description=_("person"), ordering="email")
    def person(self, user: User) -> str:
        return described(user)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        above = (_("In the skill and on the website"), {"fields": tuple(self.from_above)})
        return (*self.fieldsets, above) if self.from_above else self.fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        """All but `active`: a change to a copy of the pool's answer would not last.

        Operators lock people out, not each other and not themselves.
        """
        fields = [name for _, part in self.fieldsets for name in part["fields"]]
        is_colleague = obj is not None and obj.is_staff and not request.user.is_superuser
        if obj != request.user and not is_colleague:
            fields.remove("is_active")
        return [*fields, *self.from_above]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Headed by who it is: the sub alone tells an operator nothing."""
        user: User | None = context.get("original")
        if user:
            context["subtitle"] = f"{described(user)} ({user.sub})"
        return super().render_change_form(request, context, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people come through the pool

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # a row alone would come back: accounts.erasure deletes a whole person


@admin.register(Profile)
class ProfileAdmin(FindsPhones, ReadOnlyAdmin):
    list_display = ("person", "user", "topic_words", "time_zone")
    list_display_links = ("person", "user")
    list_filter = ("remember_history",)
    list_select_related = ("user",)
    search_fields = ("user__sub__startswith", "user__email", "user__phone_number", "display_name")
    search_help_text = _("Cognito sub, e-mail, phone number or name")
    phone_field = "user__phone_number"
    fields = ("user", "display_name", "topic_words", "time_zone", "remember_history")

    @admin.display(description=_("person"), ordering="user__email")
    def person(self, profile: Profile) -> str:
        return described(profile.user)

    @admin.display(description=_("topics"))
    def topic_words(self, profile: Profile) -> str:
        return topics_in_words(profile)
