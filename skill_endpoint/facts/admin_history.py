"""The history of a fact or topic in the admin: its versions, compared, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.forms import BaseModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from accounts.careful_admin import CarefulAdmin
from accounts.models import User
from accounts.people_actions import described
from skill_endpoint.facts import history
from skill_endpoint.facts.differences import Change, changes
from skill_endpoint.facts.models import Fact, Topic, Version

VERSIONS = 10  # a page


@dataclass(frozen=True, slots=True)
class Entry:
    version: Version
    who: str
    changes: list[Change]  # against the one before; empty for the first
    is_now: bool  # what the row says at present


class WithHistory(CarefulAdmin):
    """Each save keeps a version; the history page compares them and leads back to each."""

    def rows(self, keys: list[int]) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._default_manager.filter(pk__in=keys)
        return rows

    def get_urls(self) -> list[URLPattern]:
        revert = path(
            "<path:object_id>/history/<int:version_id>/revert/",
            self.admin_site.admin_view(self.revert_view),
            name=f"facts_{self.opts.model_name}_revert",
        )
        return [revert, *super().get_urls()]

    def save_model(
        self, request: HttpRequest, obj: Any, form: BaseModelForm[Any], change: bool
    ) -> None:
        if change:
            history.keep(list(self.rows([obj.pk])), Version.How.FOUND)
        super().save_model(request, obj, form, change)

    def save_related(
        self, request: HttpRequest, form: BaseModelForm[Any], formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        rows = list(self.rows([form.instance.pk]))
        history.keep(rows, Version.How.EDITED, cast(User, request.user))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        context = extra_context or {}
        if row is not None and self.has_view_or_change_permission(request, row):
            may_revert = self.has_change_permission(request, row)
            context |= {**_versions(request, row), "may_revert": may_revert}
        return super().history_view(request, object_id, context)

    def revert_view(self, request: HttpRequest, object_id: str, version_id: int) -> HttpResponse:
        """Shows what would change, and asks; nothing is lost, for this is a version as well."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        versions = row.versions.select_related("by__profile")
        version = get_object_or_404(versions, pk=version_id)
        problems: list[str] = []
        if request.method == "POST":
            problems = self._revert(request, row, version)
            if not problems:
                return redirect(_address(self, "history", row))
        now = history.content_of(self.rows([row.pk]).get())
        context = {
            **self.admin_site.each_context(request),
            "title": _("Revert to this version?"),
            "opts": self.opts,
            "object": row,
            "version": version,
            "who": who_made(version),
            "changes": changes(now, version.content),
            "seen": history.fingerprint(now),
            "problems": problems,
        }
        return TemplateResponse(request, "admin/facts/revert.html", context)

    def _revert(self, request: HttpRequest, row: Fact | Topic, version: Version) -> list[str]:
        """Why it was not done; empty where it was."""
        try:
            with transaction.atomic():
                list(self.rows([row.pk]).select_for_update(of=("self",)))
                now = history.content_of(self.rows([row.pk]).get())
                if request.POST.get("seen") != history.fingerprint(now):
                    return [_("It was changed meanwhile. This is the difference as it is now.")]
                history.put_back(version, cast(User, request.user))
                self.log_change(request, row, _("Reverted to an earlier version."))
        except ValidationError as error:
            return error.messages
        self.message_user(request, _("Done. What stood there before is in the list as well."))
        return []


def _versions(request: HttpRequest, row: Fact | Topic) -> dict[str, Any]:
    """A page of entries, newest first, with the one before each at hand."""
    every = row.versions.select_related("by__profile")
    page = Paginator(every, VERSIONS).get_page(request.GET.get("page"))
    start = max(page.start_index() - 1, 0)
    some = list(every[start : start + VERSIONS + 1])
    now = history.content_of(row)
    entries = [
        Entry(
            version,
            who_made(version),
            changes(before.content, version.content) if before else [],
            is_now=version.content == now and start + index == 0,
        )
        for index, (version, before) in enumerate(
            zip(some[:VERSIONS], [*some[1:], None], strict=False)
        )
    ]
    newer = page.number == 1 and some and some[0].content != now
    since = changes(some[0].content, now) if newer else []
    return {"entries": entries, "since": since, "versions": page}


def who_made(version: Version) -> str:
    if version.by:
        return described(version.by)
    if version.how in {Version.How.FOUND, Version.How.LOADED}:
        return ""
    return _("somebody who has no account any more")


def _address(admin: CarefulAdmin, page: str, row: Fact | Topic) -> str:
    return reverse(f"admin:facts_{admin.opts.model_name}_{page}", args=[row.pk])
