"""Who may look at attempts: operators. To everybody else there is nothing here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpResponse

from companion.http import SignedInRequest

VIEW = "oauth_trace.view_attempt"
PIN = "oauth_trace.change_attempt"
DELETE = "oauth_trace.delete_attempt"
SWITCH = "oauth_trace.add_span"

type View = Callable[..., HttpResponse]


def needs(permission: str) -> Callable[[View], View]:
    """404 for who has it not; who is not signed in was sent to do so before."""

    def decorator(view: View) -> View:
        @wraps(view)
        def guarded(request: SignedInRequest, *args: object, **kwargs: object) -> HttpResponse:
            user = request.user
            if not (user.is_staff and user.has_perm(VIEW) and user.has_perm(permission)):
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return decorator
