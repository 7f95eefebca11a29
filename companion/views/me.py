"""Who is signed in, and what they chose."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Profile
from companion.forms import PreferencesForm
from companion.http import SignedInRequest, signed_in


@require_safe
def me(request: SignedInRequest) -> HttpResponse:
    form = PreferencesForm(instance=request.user.profile)
    context = {"form": form, "greeting": _greeting(request.user.profile)}
    return render(request, "companion/me.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":  # a reload after signing in again
        return redirect("me")
    profile = request.user.profile
    greeting = _greeting(profile)  # before the form writes unchecked values into the profile
    form = PreferencesForm(request.POST, instance=profile)
    if not form.is_valid():
        context = {"form": form, "greeting": greeting}
        return render(request, "companion/me.html", context, status=422)
    form.save()
    messages.success(request, _("Saved. Alexa’s next answer goes by it."))
    return redirect("/me/#preferences")


@signed_in
@require_POST
def preview(request: SignedInRequest) -> HttpResponse:
    """What Alexa would say with the choices on the page; nothing is kept."""
    form = PreferencesForm(request.POST, instance=request.user.profile)
    greeting = _greeting(form.instance) if form.is_valid() else ""
    context = {"form": form, "greeting": greeting}
    return render(request, "partials/preview.html", context, status=200 if greeting else 422)


def _greeting(profile: Profile) -> str:
    name = profile.display_name
    return _("Welcome back, %s.") % name if name else _("Welcome back.")
