"""What the content tables hold about a person (accounts/personal_data.py)."""

from __future__ import annotations

from accounts.personal_data import register
from skill_endpoint.facts.models import Favourite, Hearing

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
