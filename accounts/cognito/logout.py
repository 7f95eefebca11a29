"""Sign out here first, then at Cognito, whose own cookie would sign the person in again."""

from __future__ import annotations

from allauth.account.views import LogoutView
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.cognito import endpoints


class CompleteLogoutView(LogoutView):  # type: ignore[misc]
    """allauth's view without ?next=, with which the pool's session would survive."""

    def get_next_url(self) -> None:
        return None


sign_out = login_not_required(CompleteLogoutView.as_view())


@login_not_required
@require_POST
def admin_sign_out(request: HttpRequest) -> HttpResponse:
    """The admin has a sign-out of its own; it must not be the incomplete one."""
    logout(request)
    return redirect(endpoints.logout_url())
