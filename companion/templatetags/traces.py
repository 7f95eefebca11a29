from __future__ import annotations

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


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
