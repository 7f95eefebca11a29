"""Rights count for half a day: who lost them at the pool has lost them here by then.

The pool's groups are read when somebody signs in, and a session lasts two weeks. So the session of
somebody with rights is worth nothing later than COUNTED after it began: they sign in again, and the
pool says anew what they may. People without rights notice nothing.
"""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User

COUNTED = 12 * 3600  # seconds
_SINCE = "rights_since"


@receiver(user_logged_in)
def note(sender: object, request: HttpRequest, **kwargs: Any) -> None:
    """The pool has just said what they may."""
    request.session[_SINCE] = int(time.time())


def with_rights_that_count(
    request: HttpRequest, user: User | AnonymousUser
) -> User | AnonymousUser:
    """Who that session is: nobody, where it is of somebody whose rights are too old."""
    if not (isinstance(user, User) and (user.is_staff or user.is_superuser)):
        return user
    since = request.session.get(_SINCE, 0)
    is_fresh = 0 <= time.time() - since <= COUNTED
    return user if is_fresh else AnonymousUser()
