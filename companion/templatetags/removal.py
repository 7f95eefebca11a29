from __future__ import annotations

from django import template
from django.template import Context

from companion.removal import Removal

register = template.Library()

# Undo stands where facts are saved and removed, and nowhere else
_PAGES = {
    "fact",
    "fact_remove",
    "fact_save",
    "facts",
    "history",
    "history_remove",
    "home",
    "saved",
    "today",
    "topic",
}


@register.simple_tag(takes_context=True)
def last_removal(context: Context) -> Removal | None:
    request = context.get("request")
    if not request or not request.resolver_match:
        return None
    return Removal.last(request) if request.resolver_match.url_name in _PAGES else None
