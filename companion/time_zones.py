"""Time zones as people choose them: by region, then by city."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Profile

# as tzdata calls them, and as people read them
_REGIONS: dict[str, Promise] = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Arctic": _("Arctic"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic Ocean"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific Ocean"),
}
UTC = ("UTC", _("UTC (no place in particular)"))

type Choice = tuple[str, str | Promise]
type Group = tuple[str | Promise, list[Choice]]


@cache
def by_region() -> tuple[tuple[str, list[Choice]], ...]:
    """(region, [(name, city)]) of every place that tzdata lists, by its present name only."""
    names = _places()
    return tuple(
        (region, [(name, _city(name)) for name in names if name.startswith(f"{region}/")])
        for region in _REGIONS
    )


@cache
def former_names() -> dict[str, str]:
    """Name -> its older spellings, which browsers still report: `Asia/Calcutta` for Kolkata."""
    places, former = set(_places()), dict[str, str]()
    for line in _tzdata("tzdata.zi"):
        if line.startswith("L "):
            _link, name, other = line.split()
            if name in places and other not in places and other.startswith(tuple(_REGIONS)):
                former[name] = f"{former.get(name, '')} {other}".strip()
    return former


def _places() -> list[str]:
    """zone.tab: one line a place, in columns; the third is the zone."""
    zones = {line.split("\t")[2] for line in _tzdata("zone.tab") if not line.startswith("#")}
    return sorted(zones & available_timezones())


def _tzdata(name: str) -> list[str]:
    return (files("tzdata") / "zoneinfo" / name).read_text(encoding="utf-8").splitlines()


def _city(name: str) -> str:
    """`America/Argentina/Salta` -> `Argentina – Salta`."""
    return name.partition("/")[2].replace("/", " – ").replace("_", " ")


def choices(current: str) -> list[Choice | Group]:
    """UTC, then the regions; a current value that is in none of them stays possible."""
    listed = any(current == name for _region, zones in by_region() for name, _city in zones)
    other: list[Choice] = [] if listed or current in ("", "UTC") else [(current, current)]
    return [UTC, *other, *((_REGIONS[region], zones) for region, zones in by_region())]


def of(profile: Profile) -> ZoneInfo:
    """The person's zone; UTC where tzdata does not know it any more."""
    try:
        return ZoneInfo(profile.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
