"""On how many days in a row a person heard something."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db import connection
from django.db.models import IntegerField
from django.db.models.expressions import RawSQL

from accounts.models import User
from skill_endpoint.facts.models import Hearing

LONGEST = 366  # days that are looked at

# One step into the index a day, however much was heard on it; grouping rows by their local day
# would read them all. Only placeholders and the table's name are put in.
_DAYS = ", ".join(["(%s, %s, %s)"] * LONGEST)
_FIRST_WITHOUT = f"""
    WITH days(number, begins, ends) AS (VALUES {_DAYS})
    SELECT MIN(number) FROM days WHERE NOT EXISTS (
        SELECT 1 FROM {Hearing._meta.db_table} AS hearing
        WHERE hearing.user_id = %s AND hearing.heard_at >= begins AND hearing.heard_at < ends
    )
"""  # noqa: S608 - as said above


def first_day_without(person: User, today: datetime) -> RawSQL:
    """Days back to the first one without a hearing: 1 is yesterday; NULL: there is none.

    `today` is the midnight with which the person's day began; all days are of its zone.
    """
    midnights = [
        datetime.combine(today.date() - timedelta(days=number), time.min, today.tzinfo)
        for number in range(LONGEST + 1)
    ]
    adapted = [connection.ops.adapt_datetimefield_value(midnight) for midnight in midnights]
    rows = [(number, adapted[number], adapted[number - 1]) for number in range(1, LONGEST + 1)]
    params = [value for row in rows for value in row]
    return RawSQL(_FIRST_WITHOUT, [*params, person.pk], output_field=IntegerField())  # noqa: S611 - as above


def length(first_without: int | None, *, heard_today: bool) -> int:
    """A day that has not ended yet breaks nothing."""
    before = LONGEST if first_without is None else first_without - 1
    return before + heard_today
