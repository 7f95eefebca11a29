from __future__ import annotations

from django import template
from django.template import Context

from companion.removal import Removal

register = template.Library()


@register.simple_tag(takes_context=True)
def last_removal(context: Context) -> Removal | None:
    request = context.get("request")
    if not request or not request.resolver_match:
        return None
    removal = Removal.last(request)
    return removal if removal and removal.is_offered_on(request) else None
