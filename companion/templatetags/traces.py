from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_MOMENTS = frozenset({"exp", "iat", "nbf", "auth_time"})


@register.filter
def with_code(sentence: str) -> SafeString:
    """A rule's sentence, with what stands between backticks as code."""
    parts = sentence.split("`")
    if len(parts) % 2 == 0:  # one is alone: then it means nothing
        return conditional_escape(sentence)
    shown = [
        format_html("<code>{}</code>", part) if n % 2 else conditional_escape(part)
        for n, part in enumerate(parts)
    ]
    return mark_safe("".join(shown))  # noqa: S308 - each part is escaped


@register.filter
def claim(value: object, name: str) -> object:
    """A claim of a token; a moment in seconds since 1970 is told as a time as well."""
    if name in _MOMENTS and isinstance(value, int | float) and 0 < value < 2**33:
        return f"{value} ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC)"
    return ", ".join(map(str, value)) if isinstance(value, list) else value
