from __future__ import annotations

import re
from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from skill_endpoint.facts.measures import shown
from skill_endpoint.facts.models import Fact, FactText
from skill_endpoint.models import AccountLink

register = template.Library()

_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")


@register.simple_tag
def text_of(fact: Fact) -> FactText | None:
    """The fact in the page's language, else in English; None where it has neither."""
    try:
        return fact.text(get_language() or "en")
    except FactText.DoesNotExist:
        return None


@register.filter
def ago(moment: datetime) -> str:
    """How long since a last use; that is written once an hour (AccountLink), so no finer."""
    if timezone.now() - moment < AccountLink.LAST_USE_RESOLUTION:
        return _("within the last hour")
    return _("%s ago") % timesince(moment)


@register.filter
def typographic(text: str) -> str:
    """As it is printed: Mars’s, and measures both ways; Alexa gets the text as it was written."""
    return _APOSTROPHE.sub("’", shown(text))


@register.filter
def is_web_address(locator: str) -> bool:
    """True for what may stand in href; a DOI or a page number is text."""
    return locator.startswith(("https://", "http://"))
