"""Where a person is signed in, and signing out elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from companion import time_zones
from companion.devices import device_of, network_of
from companion.http import SignedInRequest, page_of
from companion.open_sessions import open_sessions

PAGE_SIZE = 20


@require_safe
def sessions(request: SignedInRequest) -> HttpResponse:
    page = page_of(request, open_sessions(request.user), PAGE_SIZE)
    context = {
        "page": page,
        "rows": [_described(session) for session in page],
        "current": request.session.session_key,
        "others": _others(request).exists(),
    }
    return _rendered(request, "companion/sessions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def end(request: SignedInRequest, pk: int) -> HttpResponse:
    """Asks first; other people's do not exist, and this one is for the sign-out."""
    session = get_object_or_404(_others(request), pk=pk)
    if request.method != "POST":
        context = {"row": _described(session)}
        return _rendered(request, "companion/sessions_end.html", context)
    session.end()
    device = device_of(session.user_agent)
    messages.success(request, _("Signed out: %(device)s") % {"device": device})
    return redirect("sessions")


@require_http_methods(["GET", "HEAD", "POST"])
def end_others(request: SignedInRequest) -> HttpResponse:
    others = list(_others(request))
    if not others:
        return redirect("sessions")
    if request.method != "POST":
        return _rendered(request, "companion/sessions_end_others.html", {"count": len(others)})
    for session in others:
        session.end()
    messages.success(
        request,
        ngettext(
            "Signed out on %(count)d other device.",
            "Signed out on %(count)d other devices.",
            len(others),
        )
        % {"count": len(others)},
    )
    return redirect("sessions")


def _others(request: SignedInRequest) -> QuerySet[UserSession]:
    return open_sessions(request.user).exclude(session_key=request.session.session_key)


def _described(session: UserSession) -> dict[str, object]:
    return {
        "session": session,
        "device": device_of(session.user_agent),
        "network": network_of(session.ip),
    }


def _rendered(
    request: SignedInRequest, template: str, context: Mapping[str, object]
) -> HttpResponse:
    with timezone.override(time_zones.of(request.user.profile)):
        return render(request, template, dict(context))
