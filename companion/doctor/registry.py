"""The list of checks: small functions with a code, in the order of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from companion.doctor.context import Context
from companion.doctor.results import Seen

Look = Callable[[Context], Iterable[Seen]]

# the part of a code before its first dot, and the heading that it stands under
GROUPS = {
    "settings": "Settings",
    "here": "This installation",
    "site": "Website and voice door",
    "pool": "User pool",
    "clients": "App clients, together",
    "alexa": "App client of Alexa",
    "web": "App client of the website",
    "stack": "CloudFormation stack",
    "keys": "Discovery and keys",
    "oauth": "OAuth endpoints",
    "tls": "TLS",
    "skill": "Account linking of the skill",
}


@dataclass(frozen=True, slots=True)
class Check:
    """`online`: it asks over the network, so that --skip-network leaves it out."""

    code: str
    title: str
    look: Look
    source: str = ""
    online: bool = False

    @property
    def group(self) -> str:
        return GROUPS[self.code.partition(".")[0]]


CHECKS: dict[str, Check] = {}


def register(code: str, title: str, look: Look, *, source: str = "", online: bool = False) -> None:
    if code in CHECKS:
        raise ValueError(f"two checks are called {code}")
    CHECKS[code] = Check(code, title, look, source, online)


def check(
    code: str, title: str, *, source: str = "", online: bool = False
) -> Callable[[Look], Look]:
    """Decorator: the function is the check of this code."""

    def decorator(look: Look) -> Look:
        register(code, title, look, source=source, online=online)
        return look

    return decorator
