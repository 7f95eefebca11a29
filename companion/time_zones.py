"""Time zones as people choose them: by region, then by city."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Profile

# names of tzdata that are no places, or older spellings of ones that are
_REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)
UTC = ("UTC", _("UTC (no place in particular)"))

type Choice = tuple[str, str | Promise]
type Group = tuple[str, list[Choice]]


@cache
def by_region() -> tuple[Group, ...]:
    """(region, [(name, city)]) of every time zone that is called after a place."""
    names = sorted(available_timezones())
    return tuple(
        (region, [(name, _city(name)) for name in names if name.startswith(f"{region}/")])
        for region in _REGIONS
    )


def _city(name: str) -> str:
    """`America/Argentina/Salta` -> `Argentina – Salta`."""
    return name.partition("/")[2].replace("/", " – ").replace("_", " ")


def choices(current: str) -> list[Choice | Group]:
    """UTC, then the regions; a current value that is in none of them stays possible."""
    listed = any(current == name for _region, zones in by_region() for name, _city in zones)
    other: list[Choice] = [] if listed or current in ("", "UTC") else [(current, current)]
    return [UTC, *other, *by_region()]


def of(profile: Profile) -> ZoneInfo:
    """The person's zone; UTC where tzdata does not know it any more."""
    try:
        return ZoneInfo(profile.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
