from __future__ import annotations

from django import template
from django.template import Context
from django.utils.translation import get_language

from companion.removal import Removal
from skill_endpoint.facts.models import Fact, FactText

register = template.Library()


@register.simple_tag
def text_of(fact: Fact) -> FactText | None:
    """The fact in the page's language, else in English; None where it has neither."""
    try:
        return fact.text(get_language() or "en")
    except FactText.DoesNotExist:
        return None


@register.filter
def is_web_address(locator: str) -> bool:
    """True for what may stand in href; a DOI or a page number is text."""
    return locator.startswith(("https://", "http://"))


@register.simple_tag(takes_context=True)
def last_removal(context: Context) -> Removal | None:
    request = context.get("request")
    return Removal.of(request) if request else None
