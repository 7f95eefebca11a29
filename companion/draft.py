"""What somebody typed into a form while their sign-in had ended: it is there when they are back.

It is shown in its form and saved by nobody but the person, who presses Save. It waits in the
visitor's session, which signing in takes along, and only who had opened the form sees it: the
form carries a mark of its person.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from accounts.rate_limit import is_client_over, limited
from companion.http import SignedInRequest, SiteRequest, page_behind, to_sign_in

_KEY = "draft"
MARK = "whose"  # the field that carries it
KEPT = timedelta(minutes=30)  # long enough to sign in
LONGEST = 500  # characters of a value: what is longer was not typed into a form of ours
MOST = 50  # values of a field
RATE = {"rate": 30, "per": 60}  # each may begin a session, which is a row


def mark(user: User) -> str:
    """Says of a form whose it is, to us only; it opens nothing."""
    return salted_hmac("companion.draft", str(user.pk), algorithm="sha256").hexdigest()


def keep(request: HttpRequest, form: str, fields: Collection[str]) -> None:
    """Of a POST, the named fields."""
    typed = {
        name: [value[:LONGEST] for value in request.POST.getlist(name)[:MOST]]
        for name in fields
        if name in request.POST
    }
    request.session[_KEY] = {
        "form": form,
        "typed": typed,
        "whose": request.POST.get(MARK, "")[:LONGEST],
        "at": timezone.now().isoformat(),
    }


def of(request: SignedInRequest, form: str) -> QueryDict | None:
    """What this person typed into this form, while it is kept."""
    kept = request.session.get(_KEY)
    if not kept or kept["form"] != form:
        return None
    is_fresh = timezone.now() - datetime.fromisoformat(kept["at"]) < KEPT
    if not is_fresh or not constant_time_compare(kept["whose"], mark(request.user)):
        forget(request)
        return None
    typed = QueryDict(mutable=True)
    for name, values in kept["typed"].items():
        typed.setlist(name, values)
    return typed


def forget(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)


def rescue(request: HttpRequest) -> str:
    """Of a form whose page was open too long; where to find it again, or nothing.

    Only what a page of ours sent: the browser says so, and no other site can make it.
    """
    view = getattr(request.resolver_match, "func", None)
    back: str = getattr(view, "draft_back", "")
    if not back or request.headers.get("Sec-Fetch-Site") != "same-origin":
        return ""
    if is_client_over("draft", request, **RATE):
        return ""
    keep(request, getattr(view, "draft_form", ""), getattr(view, "draft_fields", ()))
    return back


def done(request: HttpRequest, field: str, values: Collection[str]) -> None:
    """The parts of a form that these values of a field name were saved; the others stay."""
    kept = request.session.get(_KEY)
    if not kept:
        return
    left = [value for value in kept["typed"].get(field, ()) if value not in values]
    if left:
        request.session[_KEY] = {**kept, "typed": {**kept["typed"], field: left}}
    else:
        forget(request)


def kept_when_signed_out[**P](
    form: str, fields: Collection[str], back: str
) -> Callable[
    [Callable[Concatenate[SignedInRequest, P], HttpResponse]],
    Callable[Concatenate[SiteRequest, P], HttpResponse],
]:
    """For a view that takes a form: without a session, keep what was typed, sign in, go `back`."""

    @limited("draft", **RATE)
    def keep_and_sign_in(request: SiteRequest) -> HttpResponse:
        keep(request, form, fields)
        return to_sign_in(request, page_behind(request) or back)

    def decorator(
        view: Callable[Concatenate[SignedInRequest, P], HttpResponse],
    ) -> Callable[Concatenate[SiteRequest, P], HttpResponse]:
        @login_not_required
        @wraps(view)
        def wrapper(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.user.is_authenticated:
                return view(request, *args, **kwargs)
            if request.method == "POST":
                return keep_and_sign_in(request)
            return to_sign_in(request, request.path)

        # for rescue(), which is asked before the view
        attributes = {"draft_form": form, "draft_fields": fields, "draft_back": back}
        wrapper.__dict__.update(attributes)
        return wrapper

    return decorator
