"""Fill a database with people: `python -m benchmarks.population COUNT`, with the site's settings.

Person number n is always the same, so that a load knows them without asking the database. Each
has a profile and one link of an Alexa account. Called again with more, it adds what is missing.
"""

from __future__ import annotations

import sys
import uuid
from itertools import batched

PER_STATEMENT = 5000
_NAMESPACE = uuid.UUID("6d7b1c9e-0d57-4d3e-8c0e-2d3c0f7f5b11")
_LETTERS = "abcdefghij"


def sub_of(number: int) -> str:
    return str(uuid.uuid5(_NAMESPACE, str(number)))


def user_id_of(number: int) -> str:
    """As long as Alexa's are."""
    return f"amzn1.ask.account.{number:010d}{'A' * 152}"


def name_of(number: int) -> str:
    """A name of letters only: digits would be spoken in another way than they are written."""
    return "Ada" + "".join(_LETTERS[int(digit)] for digit in str(number))


def fill(count: int) -> None:
    """`count` people in all. Needs a configured Django."""
    from django.utils import timezone

    from accounts.models import Profile, User
    from companion.local.environment import SKILL_ID
    from skill_endpoint.models import AccountLink

    now = timezone.now()
    for numbers in batched(range(User.objects.count(), count), PER_STATEMENT):
        users = User.objects.bulk_create(
            User(sub=sub_of(n), first_seen_by="voice") for n in numbers
        )
        Profile.objects.bulk_create(
            Profile(user=user, display_name=name_of(n))
            for n, user in zip(numbers, users, strict=True)
        )
        AccountLink.objects.bulk_create(
            AccountLink(
                application_id=SKILL_ID,
                alexa_user_id=user_id_of(n),
                user=user,
                linked_at=now,
                last_used_at=now,
            )
            for n, user in zip(numbers, users, strict=True)
        )


if __name__ == "__main__":
    import django

    django.setup()
    fill(int(sys.argv[1]))
