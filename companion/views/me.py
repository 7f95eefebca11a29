"""Who is signed in, and what they chose."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from companion.forms import PreferencesForm
from companion.http import SignedInRequest, signed_in
from companion.preview import preview_of


@require_safe
def me(request: SignedInRequest) -> HttpResponse:
    form = PreferencesForm(instance=request.user.profile)
    context = {"form": form, "preview": preview_of(form)}
    return render(request, "companion/me.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":  # back from signing in, which ends with a GET
        return redirect("me")
    form = PreferencesForm(request.POST, instance=request.user.profile)
    if not form.is_valid():
        return render(request, "companion/me.html", {"form": form}, status=422)
    form.save()
    messages.success(request, _("Saved. Alexa’s next answer goes by it."))
    return redirect(f"{reverse('me')}#preferences")


@signed_in
@require_POST
def preview(request: SignedInRequest) -> HttpResponse:
    """What Alexa would say with the choices on the page; nothing is kept."""
    form = PreferencesForm(request.POST, instance=request.user.profile)
    if not form.is_valid():
        return render(request, "partials/preview_swapped.html", status=422)
    return render(request, "partials/preview_swapped.html", {"preview": preview_of(form)})
