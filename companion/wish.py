"""A fact that a visitor wants to save: it is saved as soon as they are signed in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Door, User
from companion import library
from companion.templatetags.facts import text_of, typographic
from skill_endpoint.facts.models import Fact, Favourite

_KEY = "wish"


class Wish:
    """Kept in the visitor's session by a POST with a CSRF token: no link can make one."""

    KEPT: ClassVar[timedelta] = timedelta(minutes=30)  # long enough to make an account

    @staticmethod
    def keep(request: HttpRequest, fact: Fact) -> None:
        request.session[_KEY] = {"fact_id": fact.pk, "at": timezone.now().isoformat()}

    @classmethod
    def take(cls, request: HttpRequest) -> int | None:
        """The fact's key, once and only for a while: the next person at this browser is another."""
        kept = request.session.pop(_KEY, None)
        if not kept or timezone.now() - datetime.fromisoformat(kept["at"]) >= cls.KEPT:
            return None
        fact_id: int = kept["fact_id"]
        return fact_id


@receiver(user_logged_in)
def fulfil(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    fact_id = Wish.take(request) if request else None
    fact = library.readable().filter(pk=fact_id).first() if fact_id else None
    if request is None or fact is None:
        return
    Favourite.objects.keep(user, fact.pk, Door.WEB)
    text = text_of(fact)
    headline = typographic(text.headline) if text else fact.slug
    messages.success(request, _("Saved: %s") % headline, fail_silently=True)
