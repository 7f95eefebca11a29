"""Who is signed in, and what they chose."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from companion import draft
from companion.forms import PreferencesForm
from companion.http import SignedInRequest
from companion.preview import preview_of

FORM = "preferences"
FIELDS = ("section", *PreferencesForm.base_fields)
keeping = draft.kept_when_signed_out(FORM, FIELDS, back="/me/")


@require_safe
def me(request: SignedInRequest) -> HttpResponse:
    typed = draft.of(request, FORM)
    if typed is None:
        return _page(request)
    known = [each for each in typed.getlist("section") if each in PreferencesForm.SECTIONS]
    form = PreferencesForm(typed, instance=request.user.profile, sections=known)
    if not form.changed_sections:
        draft.forget(request)
        return _page(request)
    form.sections = form.changed_sections  # the others need no second look
    return _page(request, form, typed_before=True)


@keeping
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: SignedInRequest) -> HttpResponse:
    """One section of the page, or several, or all."""
    if request.method != "POST":  # back from signing in, which ends with a GET
        return redirect("me")
    form = PreferencesForm.of(request.POST, request.user.profile)
    section = form.sections[0] if len(form.sections) == 1 else ""
    is_valid = form.is_valid()
    if is_valid:
        form.save()
        draft.done(request, "section", form.sections)
    if request.htmx and section:
        context = {
            "section": section,
            "form": form,
            "is_saved": is_valid,
            "whose": draft.mark(request.user),
        }
        status = 200 if is_valid else 422
        return render(request, "partials/preferences_swapped.html", context, status=status)
    if not is_valid:
        return _page(request, form, status=422)
    messages.success(request, _("Saved. Alexa’s next answer goes by it."), extra_tags=section)
    return redirect(f"{reverse('me')}#{section or 'preferences'}")


@keeping
@require_POST
def preview(request: SignedInRequest) -> HttpResponse:
    """What Alexa would say with the choices on the page; nothing is kept."""
    form = PreferencesForm.of(request.POST, request.user.profile)
    if not form.is_valid():
        return render(request, "partials/preview_swapped.html", status=422)
    return render(request, "partials/preview_swapped.html", {"preview": preview_of(form)})


@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: SignedInRequest) -> HttpResponse:
    """What was typed before signing in is not wanted any more."""
    if request.method == "POST":
        draft.forget(request)
    return redirect("me")


def _page(
    request: SignedInRequest,
    form: PreferencesForm | None = None,
    *,
    typed_before: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = _context(request, form) | {"typed_before": typed_before}
    return render(request, "companion/me.html", context, status=status)


def _context(request: SignedInRequest, form: PreferencesForm | None) -> dict[str, object]:
    """The sections, those of `form` as it has them; the preview of what is in all of them."""
    profile = request.user.profile
    stored = PreferencesForm(instance=profile, topics=form.all_topics if form else None)
    is_right = form is None or form.is_valid()
    return {
        "sections": {
            section: form if form and section in form.sections else stored
            for section in PreferencesForm.SECTIONS
        },
        "of_form": form.sections if form else (),
        "saved": {message.extra_tags for message in messages.get_messages(request)},
        "whose": draft.mark(request.user),
        "preview": preview_of(form or stored) if is_right else None,
    }
