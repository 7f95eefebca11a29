from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from companion import time_zones
from companion.http import SignedInRequest
from companion.link_summary import cause, summarise
from skill_endpoint.models import AccountLink


@require_safe
def alexa_link(request: SignedInRequest) -> HttpResponse:
    """How the person's Alexa stands with us: a state, not a yes or no."""
    links = list(AccountLink.objects.filter(user=request.user))
    context = {
        "summary": summarise(links),
        "links": [(link, cause(link)) for link in links if link.linked_at],
    }
    with timezone.override(time_zones.of(request.user.profile)):
        return render(request, "companion/alexa_link.html", context)
