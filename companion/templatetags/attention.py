from __future__ import annotations

from typing import Any

from django import template

from accounts.models import User
from companion.admin_attention import cards

register = template.Library()


@register.inclusion_tag("admin/attention.html")
def attention(operator: User) -> dict[str, Any]:
    """The cards of the admin's front page."""
    return {"cards": cards(operator)}
