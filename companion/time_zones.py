"""Time zones as people choose them: by region, then by city."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel import Locale
from django.utils.functional import Promise
from django.utils.translation import get_language
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
NOWHERE = "UTC"  # the default: nobody chose it, so it tells nothing of where the person is
UTC = (NOWHERE, _("UTC (no place in particular)"))

type Choice = tuple[str, str | Promise]
type Group = tuple[str | Promise, list[Choice]]


@cache
def by_region(language: str) -> tuple[tuple[str, list[Choice]], ...]:
    """(region, [(name, city)]) of every place that tzdata lists, by its present name only.

    Cities are called and sorted as in this language.
    """
    names: list[Choice] = [(name, _city(name, language)) for name in _places()]
    return tuple(
        (
            region,
            sorted(
                (place for place in names if place[0].startswith(f"{region}/")),
                key=_in_order,
            ),
        )
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


def _city(name: str, language: str) -> str:
    """`Europe/Vienna` as the language calls it (Unicode's CLDR), else as tzdata writes it.

    `America/Argentina/Salta` -> `Argentina – Salta`; CLDR goes by older names here and there.
    """
    known = Locale.parse(language, sep="-").time_zones
    for each in (name, *former_names().get(name, "").split()):
        if city := known.get(each, {}).get("city"):
            return str(city)
    return name.partition("/")[2].replace("/", " – ").replace("_", " ")


def _in_order(place: Choice) -> str:
    """Ávila beside Avignon."""
    return unicodedata.normalize("NFKD", str(place[1])).casefold()


def choices(current: str) -> list[Choice | Group]:
    """UTC, then the regions; a current value that is in none of them stays possible."""
    regions = by_region(get_language() or "en")
    listed = any(current == name for _region, zones in regions for name, _city in zones)
    other: list[Choice] = [] if listed or current in ("", NOWHERE) else [(current, current)]
    return [UTC, *other, *((_REGIONS[region], zones) for region, zones in regions)]


def of(profile: Profile) -> ZoneInfo:
    """The person's zone; UTC where tzdata does not know it any more."""
    try:
        return ZoneInfo(profile.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(NOWHERE)
