from __future__ import annotations

from typing import Any

from django import template

from accounts.models import User
from companion.admin_attention import cards
from companion.operations.looking import look

register = template.Library()


@register.inclusion_tag("admin/attention.html")
def attention(operator: User) -> dict[str, Any]:
    """The cards of the admin's front page."""
    return {"cards": cards(operator)}


@register.inclusion_tag("admin/last_day.html")
def last_day() -> dict[str, Any]:
    """The way to the operators' page, with what stands on top of it."""
    seen = look()
    return {"troubles": seen.troubles, "is_counted": bool(seen.day.servers)}
