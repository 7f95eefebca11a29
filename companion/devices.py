"""A browser in words, and a network address without the machine in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts import rate_limit

# the first that matches counts: each of these also claims to be those below it
_BROWSERS = (
    ("Edge", r"\bEdgA?(iOS)?/|\bEdge/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Opera", r"\bOPR/|\bOpera\b"),
    ("Silk", r"\bSilk/"),
    ("Firefox", r"\bFirefox/|\bFxiOS/"),
    ("Chrome", r"\bChrome/|\bCriOS/|\bHeadlessChrome/|\bChromium/"),
    ("Safari", r"\bVersion/[\d.]+ .*Safari/"),
)
_SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Fire tablet", r"\bKF[A-Z]{2,}\b|\bSilk/"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Mac", r"\bMacintosh\b|\bMac OS X\b"),
    ("Linux", r"\bLinux\b"),
)


@dataclass(frozen=True)
class Device:
    browser: str  # a product's name; empty where it is none that we know
    system: str

    def __str__(self) -> str:
        names = {"browser": self.browser, "system": self.system}
        if self.browser and self.system:
            return _("%(browser)s on %(system)s") % names
        if self.system:
            return _("A browser on %(system)s") % names
        return self.browser or _("A browser")


def device_of(user_agent: str) -> Device:
    return Device(_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent))


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for name, pattern in names if re.search(pattern, user_agent)), "")


def network_of(address: str) -> str:
    """`203.0.113.7` -> `203.0.113.*`; empty for what is no address."""
    try:
        start = rate_limit.network_of(address)
    except ValueError:
        return ""
    return f"{start.removesuffix(':')}*" if ":" in start else f"{start.rpartition('.')[0]}.*"
