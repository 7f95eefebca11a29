"""People and their profiles, for operators: to find, to read, to lock out."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialApp, SocialToken
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Profile, User

# allauth's tables that stay empty here (settings.py) have no place in an operator's menu
for _model in (EmailAddress, SocialApp, SocialToken):
    admin.site.unregister(_model)


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Records that the program writes and people only read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ProfileInline(admin.StackedInline[Profile, User]):
    model = Profile
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    """The pool is the authority over everything here but `active`."""

    list_display = (
        "person",
        "sub",
        "first_seen_by",
        "last_login",
        "is_staff",
        "is_active",
    )
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
    inlines = (ProfileInline,)

    @admin.display(description=_("person"), ordering="email")
    def person(self, user: User) -> str:
        known = [user.profile.display_name, user.email, user.phone_number]
        return " · ".join(word for word in known if word) or gettext("not yet on the website")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """All but `active`: a change to a copy of the pool's answer would not last."""
        fields = [name for _, part in self.fieldsets for name in part["fields"]]
        return [name for name in fields if name != "is_active"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people come through the pool

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # a row alone would come back: accounts.erasure deletes a whole person


@admin.register(Profile)
class ProfileAdmin(ReadOnlyAdmin):
    list_display = ("user", "display_name", "topics", "time_zone", "remember_history")
    list_filter = ("remember_history",)
    list_select_related = ("user",)
    search_fields = ("user__sub__startswith", "user__email", "user__phone_number", "display_name")
    search_help_text = _("Cognito sub, e-mail, phone number or name")
