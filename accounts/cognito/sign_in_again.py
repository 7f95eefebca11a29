"""A fresh sign-in before what can't be undone: when the person last did, and how to ask anew.

The pool's own session would sign somebody in without a question. `prompt=login` forbids that, but
only managed login knows it, not the classic hosted pages; so the pool's session is ended first,
and the pool says in `auth_time` when the person really signed in.
https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html
"""

from __future__ import annotations

import time

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.cognito import endpoints
from accounts.cognito.provider import CognitoProvider
from accounts.cognito.views import CognitoAdapter
from accounts.own_path import is_own_path
from accounts.rate_limit import limited

FRESH = 10 * 60  # seconds
_SIGNED_IN_AT = "pool_sign_in_at"
_NEXT = "sign_in_again_next"
_LEEWAY = 60  # seconds that the pool's clock may be ahead


def note(request: HttpRequest, auth_time: int) -> None:
    """A sign-in ended: when the person authenticated at the pool, in seconds since 1970."""
    request.session[_SIGNED_IN_AT] = auth_time


def came_through_the_pool(request: HttpRequest) -> bool:
    """Whether somebody signed in with this session."""
    return _SIGNED_IN_AT in request.session


def is_fresh(request: HttpRequest) -> bool:
    signed_in_at: int = request.session.get(_SIGNED_IN_AT, 0)
    return -_LEEWAY <= time.time() - signed_in_at <= FRESH


@require_POST
@limited("sign-in", rate=60, per=60)
def sign_in_again(request: HttpRequest) -> HttpResponse:
    """End the pool's session; ours stays, and the way leads through `returned` to the pool."""
    after = request.POST.get("next", "")
    request.session[_NEXT] = after if is_own_path(after) else "/me/"
    return redirect(endpoints.logout_url(endpoints.sign_in_again_return_url()))


@login_not_required
@never_cache
@require_GET
@limited("sign-in", rate=60, per=60)
def returned(request: HttpRequest) -> HttpResponse:
    """Back from the pool's sign-out: on to its sign-in, where the form above began this."""
    after = request.session.pop(_NEXT, "")
    if not after:
        return redirect("account_login")
    provider: CognitoProvider = CognitoAdapter(request, "cognito").get_provider()
    response: HttpResponse = provider.redirect(
        request, "login", after, auth_params={"prompt": "login"}
    )
    return response
