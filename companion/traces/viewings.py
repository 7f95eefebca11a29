"""That an operator looked at an attempt is written down: once an hour for each."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError
from django.utils import timezone

from accounts.models import User
from accounts.oauth_trace.models import Attempt, Viewing

AT_MOST_EVERY = timedelta(hours=1)
SHOWN = 20


def note(attempt: Attempt, viewer: User) -> list[Viewing]:
    """Write it down unless it is; the latest ones, this included.

    Raises Attempt.DoesNotExist where it was deleted meanwhile.
    """
    found = list(attempt.viewings.select_related("viewer__profile")[:SHOWN])
    since = timezone.now() - AT_MOST_EVERY
    if any(each.viewer_id == viewer.pk and each.at > since for each in found):
        return found
    try:
        return [Viewing.objects.create(attempt=attempt, viewer=viewer), *found]
    except IntegrityError as error:
        raise Attempt.DoesNotExist from error
