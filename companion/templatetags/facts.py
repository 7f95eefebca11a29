from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.own_path import is_own_path
from companion import library
from skill_endpoint.facts.measures import shown
from skill_endpoint.facts.models import Fact, FactText, candidates
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


@register.simple_tag
def found_in(text: FactText, words: str) -> str:
    return library.found_in(text, words)


@register.filter
def ago(moment: datetime) -> str:
    """How long since a last use; that is written once an hour (AccountLink), so no finer."""
    if timezone.now() - moment < AccountLink.LAST_USE_RESOLUTION:
        return _("within the last hour")
    return since(moment)


@register.filter
def since(moment: datetime) -> str:
    """“2 hours ago”, and after a week the day. Django's naturaltime lacks some of our languages."""
    age = timezone.now() - moment
    if age < timedelta(minutes=1):
        return _("just now")
    if age < timedelta(hours=1):
        minutes = age // timedelta(minutes=1)
        said = ngettext("%(count)s minute ago", "%(count)s minutes ago", minutes)
        return said % {"count": minutes}
    if age < timedelta(days=1):
        hours = age // timedelta(hours=1)
        return ngettext("%(count)s hour ago", "%(count)s hours ago", hours) % {"count": hours}
    if age < timedelta(days=7):
        return ngettext("%(count)s day ago", "%(count)s days ago", age.days) % {"count": age.days}
    return date_format(timezone.localtime(moment))


@register.filter
def typographic(text: str) -> str:
    """As it is printed: Mars’s, and measures both ways; Alexa gets the text as it was written."""
    return _APOSTROPHE.sub("’", shown(text))


@register.filter
def is_web_address(locator: str) -> bool:
    """True for what may stand in href; a DOI or a page number is text."""
    return locator.startswith(("https://", "http://"))


@register.filter
def is_in_another_language(text: FactText | None) -> bool:
    """Whether it stands in for a text in the page's language."""
    return text is not None and text.language not in candidates(get_language() or "en")[:2]


@register.filter
def own_name(code: str) -> str:
    """A language of the site as it calls itself."""
    return dict(settings.LANGUAGES)[code]


@register.simple_tag
def absolute(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"


@register.simple_tag(takes_context=True)
def sign_in_address(context: Context) -> str:
    """Signing in leads back to the page that it began on; not to one of the sign-in's own."""
    address, request = reverse("account_login"), context.get("request")
    if not request or not request.resolver_match:
        return address
    if request.path.startswith("/accounts/"):
        after = request.GET.get("next", "")  # not of a form: this page may say that it is too big
        here = after if is_own_path(after) else "/"
    else:
        # a page that itself goes on to another leads there, not the way in to it
        here = request.path if "next" in request.GET else request.get_full_path()
    return address if here == "/" else f"{address}?{urlencode({'next': here})}"
