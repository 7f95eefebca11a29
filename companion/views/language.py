from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.models import Profile, User
from companion import languages
from companion.http import safe_next


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """For this browser, and for who is signed in everywhere they sign in."""
    language = request.POST.get("language", "")
    if language not in languages.CODES:
        raise BadRequest("no such language")
    if isinstance(request.user, User):
        Profile.objects.filter(user=request.user).update(language=language)
    # an address that names its language would answer in that one again
    response = redirect(languages.without_language(safe_next(request, "/")))
    languages.remember(response, language)
    return response
