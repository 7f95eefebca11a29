"""Give people histories: `python -m benchmarks.histories 100 1000`, with the site's settings.

Person number 0 of benchmarks.population has then heard 100 facts, number 1 has heard 1,000, one
five minutes before the other. They go around the library, which has fewer. Called again with more,
it adds what is missing.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from itertools import batched

from benchmarks.population import PER_STATEMENT, sub_of

APART = timedelta(minutes=5)


def fill(counts: list[int]) -> None:
    """Needs a configured Django, and a database with the facts and these people."""
    from django.utils import timezone

    from accounts.models import Door, User
    from skill_endpoint.facts.models import Fact, Hearing

    facts = list(Fact.objects.published().order_by("slug"))
    yesterday = timezone.now() - timedelta(days=1)
    for number, count in enumerate(counts):
        user = User.objects.get(sub=sub_of(number))
        known = Hearing.objects.filter(user=user).count()
        for some in batched(range(known, count), PER_STATEMENT):
            Hearing.objects.bulk_create(
                Hearing(
                    user=user,
                    fact=facts[n % len(facts)],
                    door=Door.VOICE,
                    heard_at=yesterday - n * APART,
                )
                for n in some
            )


if __name__ == "__main__":
    import django

    django.setup()
    fill(list(map(int, sys.argv[1:])))
