"""A new account where the pool has no page for it: the local AWS."""

from __future__ import annotations

import re

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts.own_path import is_own_path
from accounts.rate_limit import limited
from skill_endpoint.simulator import pool_sign_up
from skill_endpoint.simulator.access import is_loopback, loopback_only
from skill_endpoint.simulator.pool_sign_up import PoolRefused

WORDS = {
    "UsernameExistsException": _("There is an account with this address already. Sign in instead."),
    "InvalidPasswordException": _("The password is too weak: use at least 12 characters."),
    "InvalidParameterException": _("The pool does not accept this address or password."),
    "CodeMismatchException": _("That is not the code."),
    "ExpiredCodeException": _("The code is too old. Start again to get a new one."),
    "NotAuthorizedException": _("This account is confirmed already. Sign in instead."),
    "LimitExceededException": _("Too many tries. Wait a little."),
    "TooManyRequestsException": _("Too many tries. Wait a little."),
    "Unreachable": _("The user pool does not answer. Is the local AWS running?"),
}
_OTHER = _("The user pool refused this.")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+[1-9]\d{6,14}")


class NameField(forms.CharField):
    """An e-mail address in lower case, or a phone number as +12065550100."""

    def clean(self, value: str | None) -> str:
        name: str = super().clean(value)
        if _EMAIL.fullmatch(name):
            return name.lower()
        number = re.sub(r"[\s().-]", "", name)
        if _PHONE.fullmatch(number):
            return number
        raise forms.ValidationError(
            _("Write an e-mail address, or a phone number with its country code: +1 206 555 0100.")
        )


class SignUpForm(forms.Form):
    name = NameField(
        label=_("E-mail address or phone number"),
        max_length=128,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        help_text=_("At least 12 characters."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    @sensitive_variables("password")
    def clean(self) -> None:
        """Filled in completely, it signs up: the pool has the last word on both fields."""
        name, password = self.cleaned_data.get("name"), self.cleaned_data.get("password")
        if name and password:
            try:
                pool_sign_up.sign_up(name, password)
            except PoolRefused as error:
                field = "password" if error.reason == "InvalidPasswordException" else None
                self.add_error(field, WORDS.get(error.reason, _OTHER))


class ConfirmForm(forms.Form):
    name = NameField(max_length=128, widget=forms.HiddenInput)
    code = forms.CharField(
        label=_("Code"),
        max_length=16,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean(self) -> None:
        name, code = self.cleaned_data.get("name"), self.cleaned_data.get("code")
        if name and code:
            try:
                pool_sign_up.confirm(name, code)
            except PoolRefused as error:
                self.add_error(None, WORDS.get(error.reason, _OTHER))


@login_not_required
@never_cache
@loopback_only
@require_http_methods(["GET", "POST"])
@limited("simulator-sign-up", rate=60, per=60)
@sensitive_post_parameters("password")
def sign_up(request: HttpRequest) -> HttpResponse:
    if not is_loopback(settings.AWS_ENDPOINT_URL):
        return _page(request, "elsewhere", {})
    form = SignUpForm(request.POST or None)
    if not form.is_valid():
        return _page(request, "sign_up", {"form": form}, status=422 if form.is_bound else 200)
    name = form.cleaned_data["name"]
    return _confirm_page(request, ConfirmForm(initial={"name": name}), name)


@login_not_required
@never_cache
@loopback_only
@require_POST
@limited("simulator-sign-up", rate=60, per=60)
def confirm(request: HttpRequest) -> HttpResponse:
    if not is_loopback(settings.AWS_ENDPOINT_URL):
        return redirect("dev_sign_up")
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        name = form.cleaned_data.get("name")
        return _confirm_page(request, form, name, status=422) if name else redirect("dev_sign_up")
    return _page(request, "signed_up", {"name": form.cleaned_data["name"]})


def _confirm_page(
    request: HttpRequest, form: ConfirmForm, name: str, status: int = 200
) -> HttpResponse:
    context = {"form": form, "name": name, "sent_code": pool_sign_up.code_for(name)}
    return _page(request, "confirm", context, status=status)


def _page(
    request: HttpRequest, template: str, context: dict[str, object], status: int = 200
) -> HttpResponse:
    wish = request.POST.get("continue") or request.GET.get("continue")
    after = request.POST.get("next") or request.GET.get("next") or ""
    ours = is_own_path(after)
    context = {
        **context,
        "continue": "link" if wish == "link" else "site",
        "next": after if ours else "",
    }
    return render(request, f"simulator/{template}.html", context, status=status)
