"""The language of the website: what there is, and the choice."""

from __future__ import annotations

from dataclasses import dataclass

from babel import Locale
from babel.lists import format_list
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Profile, User
from companion import languages as site
from companion import library
from companion.http import SignedInRequest, safe_next
from skill_endpoint.facts.models import FactText
from skill_endpoint.locales import LOCALES

AS_BROWSER = "auto"


@dataclass(frozen=True)
class Row:
    """A language of the page: its own name, how many facts are told in it, where Alexa has it."""

    code: str
    name: str
    facts: int
    countries: str


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """For this browser, and for who is signed in everywhere they sign in."""
    language = request.POST.get("language", "")
    if language not in (*site.CODES, AS_BROWSER):
        raise BadRequest("no such language")
    chosen = "" if language == AS_BROWSER else language
    if isinstance(request.user, User):
        Profile.objects.filter(user=request.user).update(language=chosen)
    # an address that names its language would answer in that one again
    response = redirect(site.without_language(safe_next(request, "/")))
    if chosen:
        site.remember(response, chosen)
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
    return response


@require_safe
def languages(request: SignedInRequest) -> HttpResponse:
    told = FactText.objects.filter(fact__is_published=True).order_by()
    facts = dict(told.values_list("language").annotate(count=Count("pk")))
    rows = [
        Row(code, name, facts.get(code, 0), _countries(code)) for code, name in settings.LANGUAGES
    ]
    context = {
        "rows": rows,
        "all": facts.get(library.ENGLISH, 0),
        "chosen": site.chosen(request),
        "as_browser": AS_BROWSER,
    }
    return render(request, "companion/languages.html", context)


def _countries(language: str) -> str:
    """Where Alexa has the skill in this language, in the language of the page."""
    page = Locale.parse(library.language().replace("-", "_"))
    regions = (each.code[-2:] for each in LOCALES.values() if each.parent == language)
    return format_list(sorted(str(page.territories[region]) for region in regions), locale=page)
