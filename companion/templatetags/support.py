from __future__ import annotations

from django import template

from companion.logs import reference

register = template.Library()


@register.simple_tag
def request_reference() -> str:
    """What the person can tell support: with it, the request is found in the log."""
    return reference()
