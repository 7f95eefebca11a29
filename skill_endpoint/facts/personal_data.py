"""What the content tables hold about a person (accounts/personal_data.py)."""

from __future__ import annotations

from accounts.personal_data import register
from skill_endpoint.facts.models import FactReport, Favourite, Hearing

register(
    Favourite,
    lambda user: Favourite.objects.filter(user=user),
    export=("fact", "door", "saved_at"),
)
register(
    Hearing,
    lambda user: Hearing.objects.filter(user=user),
    export=("fact", "door", "heard_at"),
)
register(
    FactReport,
    lambda user: FactReport.objects.filter(user=user),
    export=("fact", "language", "reported_at", "closed_at"),
)
