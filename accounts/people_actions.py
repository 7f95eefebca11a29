"""What operators do with a person: each on a page of its own, which asks first, and on record.

The record is Django's own (LogEntry): who did what to whom, by sub. Its sentences are kept in
English and translated where they are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts import lockout
from accounts.erasure import PoolUnavailable, delete_person
from accounts.lockout import Outcome
from accounts.models import Deletion, User


@dataclass(frozen=True)
class Deed:
    """Something that is done to a person's access. `explained` says what it does, before."""

    slug: str  # of its address; with underscores, of its name
    title: Promise
    explained: tuple[Promise, ...]
    act: Callable[[User], Outcome]
    records: dict[Outcome, str] = field(hash=False)
    is_grave: bool = False

    @property
    def name(self) -> str:
        return f"accounts_user_{self.slug.replace('-', '_')}"


SIGN_OUT = Deed(
    "sign-out",
    _("Sign out everywhere"),
    (
        _("Every session on the website ends at once, on all devices."),
        _("The user pool takes back what apps and Alexa renew their sign-in with."),
        _("Alexa may go on for up to an hour. Then the account has to be linked again."),
    ),
    lockout.sign_out_everywhere,
    {
        Outcome.DONE: gettext_noop("Signed out everywhere."),
        Outcome.UNKNOWN: gettext_noop(
            "Signed out of the website. The user pool does not know this person."
        ),
        Outcome.FAILED: gettext_noop(
            "Signed out of the website, but not in the user pool: it could not be asked."
        ),
    },
)
DISABLE = Deed(
    "disable",
    _("Disable"),
    (
        _("They can no longer sign in, and every session on the website ends at once."),
        _("The skill does not know them from now on, and the user pool refuses them too."),
        _("Nothing is deleted. When you enable them again, they have to link Alexa anew."),
    ),
    lockout.disable,
    {
        Outcome.DONE: gettext_noop("Disabled, here and in the user pool."),
        Outcome.UNKNOWN: gettext_noop("Disabled here. The user pool does not know this person."),
        Outcome.FAILED: gettext_noop(
            "Disabled here, but not in the user pool: it could not be asked."
        ),
    },
    is_grave=True,
)
ENABLE = Deed(
    "enable",
    _("Enable"),
    (
        _("They can sign in again, on the website and in the user pool."),
        _("To talk to the skill they have to link Alexa anew."),
    ),
    lockout.enable,
    {
        Outcome.DONE: gettext_noop("Enabled, here and in the user pool."),
        Outcome.UNKNOWN: gettext_noop("Enabled here. The user pool does not know this person."),
        Outcome.FAILED: gettext_noop("Not enabled: the user pool could not be asked."),
    },
)
DEEDS = (SIGN_OUT, DISABLE, ENABLE)
DELETED = gettext_noop("Deleted the person, at their request.")
NOT_DELETED = gettext_noop("Not deleted: the user pool could not be asked.")
RECORDED = frozenset([DELETED, NOT_DELETED]).union(*(deed.records.values() for deed in DEEDS))


def described(user: User) -> str:
    """By name and addresses. For operators' pages only: logs and the history have the sub."""
    known = [user.profile.display_name, user.email, user.phone_number]
    return " · ".join(word for word in known if word) or gettext("not yet on the website")


def may_act_on(operator: Any, person: User) -> bool:
    """Operators act on people, not on each other; nobody acts on themselves."""
    return bool(
        operator.has_perm("accounts.change_user")
        and operator.pk != person.pk
        and (operator.is_superuser or not person.is_staff)
    )


def may_delete(operator: Any, person: User) -> bool:
    return may_act_on(operator, person) and bool(operator.has_perm("accounts.delete_user"))


def offered(operator: Any, person: User) -> list[tuple[str, Promise]]:
    """Address and name of what this operator may do with this person."""
    deeds = [SIGN_OUT, DISABLE] if person.is_active else [ENABLE, DISABLE]
    links = [
        (reverse(f"admin:{deed.name}", args=[person.pk]), _title(deed, person))
        for deed in deeds
        if may_act_on(operator, person)
    ]
    if may_delete(operator, person):
        links.append((reverse("admin:accounts_user_erase", args=[person.pk]), _("Delete")))
    return links


def _title(deed: Deed, person: User) -> Promise:
    """Somebody who is out here may still be in at the pool, where that did not answer."""
    return _("Disable again") if deed is DISABLE and not person.is_active else deed.title


def urls() -> list[URLPattern]:
    """Below a person's address in the admin."""
    deeds = [
        path(f"<int:user_id>/{deed.slug}/", site.admin_view(do), {"deed": deed}, name=deed.name)
        for deed in DEEDS
    ]
    return [
        *deeds,
        path("<int:user_id>/erase/", site.admin_view(erase), name="accounts_user_erase"),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def do(request: HttpRequest, user_id: int, deed: Deed) -> HttpResponse:
    person = _person(user_id)
    if person is None:
        return _nobody(request)
    if not may_act_on(request.user, person):
        raise PermissionDenied
    context = {
        **_frame(request, person, _title(deed, person)),
        "explained": deed.explained,
        "is_grave": deed.is_grave,
    }
    if request.method != "POST":
        return TemplateResponse(request, "admin/accounts/user/confirm.html", context)
    outcome = deed.act(person)
    record = deed.records[outcome]
    LogEntry.objects.log_actions(_operator(request).pk, [person], CHANGE, record)
    if outcome is Outcome.FAILED:
        return _again(request, context, record)
    messages.success(request, gettext(record))
    return redirect("admin:accounts_user_change", person.pk)


class DeleteForm(forms.Form):
    sure = forms.BooleanField(label=_("I have made sure that this person asked for it."))


@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, user_id: int) -> HttpResponse:
    person = _person(user_id)
    if person is None:
        return _nobody(request)
    if not may_delete(request.user, person):
        raise PermissionDenied
    form = DeleteForm(request.POST if request.method == "POST" else None)
    context = {
        **_frame(request, person, _("Delete this person")),
        "explained": (
            _("Their profile, links, saved and heard facts, and sessions are deleted."),
            _("What they reported as wrong stays, without their name."),
            _("The user pool forgets them, and the skill does not know them any more."),
            _("This cannot be undone. They can download their data before, under “Your data”."),
        ),
        "is_grave": True,
        "form": form,
    }
    if not form.is_valid():
        return TemplateResponse(request, "admin/accounts/user/confirm.html", context)
    try:
        deletion = delete_person(person, by=Deletion.By.OPERATOR)
    except PoolUnavailable:
        LogEntry.objects.log_actions(_operator(request).pk, [person], CHANGE, NOT_DELETED)
        return _again(request, context, NOT_DELETED)
    if deletion is None:
        return _nobody(request)
    # nothing of a deleted person stays, their sub neither: the record leads to the deletion's
    LogEntry.objects.log_actions(_operator(request).pk, [deletion], DELETION, DELETED)
    messages.success(request, gettext("The person was deleted."))
    return redirect("admin:accounts_user_changelist")


def _person(user_id: int) -> User | None:
    return User.objects.select_related("profile").filter(pk=user_id).first()


def _operator(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - admin_view lets nobody else in
    return request.user


def _nobody(request: HttpRequest) -> HttpResponse:
    """Also what a second press of “Delete” meets."""
    messages.warning(request, gettext("There is nobody at this address, or not any more."))
    return redirect("admin:accounts_user_changelist")


def _again(request: HttpRequest, context: dict[str, Any], record: str) -> HttpResponse:
    """The page once more, with what was done and what was not."""
    context["failure"] = gettext(record)
    return TemplateResponse(request, "admin/accounts/user/confirm.html", context, status=503)


def _frame(request: HttpRequest, person: User, title: Promise) -> dict[str, Any]:
    return {
        **site.each_context(request),
        "opts": User._meta,
        "person": person,
        "title": title,
        "subtitle": f"{described(person)} ({person.sub})",
    }
