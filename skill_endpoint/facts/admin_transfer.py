"""Facts to a file and back, in the admin: nothing is written before somebody saw what changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Exists, Max, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import get_language, get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from accounts import forgiving_cache
from accounts.models import User
from skill_endpoint.facts import history
from skill_endpoint.facts.admin_history import who_made
from skill_endpoint.facts.models import Fact, FactImport, FactText, Topic, Version
from skill_endpoint.facts.transfer_plan import Entry, Plan, carry_out, plan, to_show
from skill_endpoint.facts.transfer_sheet import (
    COLUMNS,
    MAX_BYTES,
    MAX_FAULTS,
    MAX_ROWS,
    Refused,
    decoded,
    read,
    written,
)
from skill_endpoint.locales import LANGUAGES

FACTS = 20  # of a preview, a page
FILES = 5  # of a person, that wait to be imported
CHUNK = 500  # facts a statement
KEPT = timedelta(minutes=10)  # a preview, while its pages are looked at


class ExportForm(forms.Form):
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=lambda: [
            ("", _("All texts")),
            *((each, get_language_info(each)["name_translated"]) for each in LANGUAGES),
        ],
        help_text=gettext_lazy(
            "With one language, its row stands below the English one, empty where there is no text "
            "yet: for somebody who translates."
        ),
    )
    missing = forms.BooleanField(
        label=gettext_lazy("Only facts without a text in this language"), required=False
    )


class ImportForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,  # ours says what is wrong
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            limit = MAX_BYTES // 1_000_000
            raise forms.ValidationError(
                _("The file is too large: at most %(limit)s MB.") % {"limit": limit}
            )
        try:
            self.cleaned_data["text"] = decoded(file.read())
            read(self.cleaned_data["text"])
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from refused
        return file

    def save(self, by: User) -> FactImport:
        """Keep the file for its preview; of those that wait already, the oldest goes."""
        mine = FactImport.objects.filter(by=by).order_by("-made_at").values_list("pk", flat=True)
        FactImport.objects.filter(pk__in=list(mine[FILES - 1 :])).delete()
        name = (self.cleaned_data["file"].name or "")[:120]
        return FactImport.objects.create(by=by, file_name=name, text=self.cleaned_data["text"])


def as_file(facts: QuerySet[Fact], language: str = "") -> StreamingHttpResponse:
    """The chosen facts, a chunk at a time."""
    rows = facts.order_by("topic__position", "slug").select_related("topic")
    chunks = rows.prefetch_related("texts").iterator(chunk_size=CHUNK)
    name = "-".join(filter(None, ["facts", language, timezone.localdate().isoformat()]))
    return StreamingHttpResponse(
        written(chunks, language),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def export(request: HttpRequest, site: AdminSite) -> HttpResponse | StreamingHttpResponse:
    """The page that asks which; with ?file=1 the file."""
    if not request.user.has_perm("facts.view_fact"):
        raise PermissionDenied
    form = ExportForm(request.GET if "file" in request.GET else None)
    if form.is_valid():
        facts, language = Fact.objects.all(), form.cleaned_data["language"]
        if form.cleaned_data["missing"] and language:
            told = FactText.objects.of_fact().filter(language=language)
            facts = facts.exclude(Exists(told))
        return as_file(facts, language)
    context = _context(request, site, _("Export facts"), form=form)
    return TemplateResponse(request, "admin/facts/export.html", context)


def upload(request: HttpRequest, site: AdminSite) -> HttpResponse:
    _require_import(request)
    is_sent = request.method == "POST"
    form = ImportForm(request.POST, request.FILES) if is_sent else ImportForm()
    if form.is_valid():
        return redirect("admin:facts_import_preview", form.save(cast(User, request.user)).pk)
    about = {"columns": COLUMNS, "rows": MAX_ROWS, "size": MAX_BYTES // 1_000_000}
    context = _context(request, site, _("Import facts"), form=form, **about)
    return TemplateResponse(request, "admin/facts/import.html", context)


def preview(request: HttpRequest, site: AdminSite, key: UUID) -> HttpResponse:
    """What the file would change; a POST with what was seen does it."""
    _require_import(request)
    mine = FactImport.objects.filter(by=cast(User, request.user))
    file = get_object_or_404(mine, pk=key)
    made: Plan | None = Plan()
    if request.method == "POST":
        made = _import(file, cast(User, request.user), request.POST.get("seen", ""))
    elif not file.imported_at:
        made = _planned(file)
    if made is None:
        return redirect(request.path)
    page = Paginator(made.entries, FACTS).get_page(request.GET.get("page"))
    context = _context(
        request,
        site,
        _("What the file would change"),
        file=file,
        plan=made,
        faults=made.faults[:MAX_FAULTS],
        more_faults=max(len(made.faults) - MAX_FAULTS, 0),
        page=page,
        rows=_with_last_version(list(page)),
        seen=made.fingerprint,
        is_stale=request.method == "POST",
    )
    return TemplateResponse(request, "admin/facts/import_preview.html", context)


def _planned(file: FactImport) -> Plan:
    """Worked out once for all pages of the preview, and anew where the content changed meanwhile.

    What is imported is worked out in any case when somebody says so (_import).
    """
    # its faults are sentences, in the language of the page
    key = f"facts-import:{file.pk}:{get_language()}:{_state_of_content()}"
    kept: Plan | None = forgiving_cache.found(key)
    if kept is None:
        kept = to_show(plan(read(file.text)))
        forgiving_cache.keep(key, kept, seconds=KEPT.total_seconds())
    return kept


def _state_of_content() -> str:
    """Another one after each change by an operator or a file, and each load that adds something."""
    newest = {
        "version": Version.objects.aggregate(newest=Max("pk"))["newest"],
        "topics": Topic.objects.count(),
        "facts": Fact.objects.count(),
        "texts": FactText.objects.count(),
    }
    return ":".join(map(str, newest.values()))


def _with_last_version(entries: list[Entry]) -> list[tuple[Entry, Version | None, str]]:
    """And who made it: a file may be older than an edit."""
    last = history.last_of([Fact(pk=entry.pk) for entry in entries if entry.pk])
    versions = [last.get(entry.pk) if entry.pk else None for entry in entries]
    return [
        (entry, version, who_made(version) if version else "")
        for entry, version in zip(entries, versions, strict=True)
    ]


@transaction.atomic
def _import(file: FactImport, by: User, seen: str) -> Plan | None:
    """None where it was done, or had been; else what it would be now, and nothing was written."""
    locked = FactImport.objects.select_for_update().get(pk=file.pk)
    if locked.imported_at:
        return None
    # nobody edits between the comparison and what follows from it; another import waits here
    list(Fact.objects.select_for_update().values_list("pk"))
    made = plan(read(locked.text))
    if made.faults or made.fingerprint != seen:
        return made
    carry_out(made, by)
    locked.imported_at, locked.text = timezone.now(), ""
    locked.new, locked.changed = len(made.new), len(made.changed)
    locked.save()
    return None


def _require_import(request: HttpRequest) -> None:
    if not request.user.has_perms(["facts.add_fact", "facts.change_fact"]):
        raise PermissionDenied


def _context(request: HttpRequest, site: AdminSite, title: str, **more: Any) -> dict[str, Any]:
    return {**site.each_context(request), "title": title, "opts": Fact._meta, **more}
