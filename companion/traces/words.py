"""How an attempt's values read: outcomes, stages, regions, durations, in short English words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings

from accounts.oauth_trace.diagnosis import Rule
from accounts.oauth_trace.diagnosis.rule import by_code
from accounts.oauth_trace.models import Outcome, Stage
from accounts.oauth_trace.verdict import FAILED, OK, UNFINISHED, UNSEEN, WARNING

SUB_SHOWN = 8  # characters: enough to know somebody again, too few to find them elsewhere


@dataclass(frozen=True, slots=True)
class Look:
    """A word, an icon of the sprite and a class for the color: none of them says it alone."""

    word: str
    icon: str
    style: str


OUTCOMES = {
    Outcome.LINKED: Look("linked", "check", "good"),
    Outcome.FAILED: Look("failed", "close", "bad"),
    Outcome.GAVE_UP: Look("not finished", "info", "quiet"),
    Outcome.OPEN: Look("under way", "arrow", "open"),
}
WARNED = Look("linked, with a warning", "warning", "warned")
STAGES = {
    OK: Look("ok", "check", "good"),
    WARNING: Look("warning", "warning", "warned"),
    FAILED: Look("failed", "close", "bad"),
    UNFINISHED: Look("not finished", "info", "quiet"),
    UNSEEN: Look("not seen", "", "unseen"),
    "": Look("not reached", "", "none"),
}
# of a linking that worked: what comes when the token runs out, or somebody speaks
AHEAD = Look("not yet", "", "none")
# the redirect address says which Alexa it was
REGIONS = {
    "na": "North America",
    "eu": "Europe, India",
    "fe": "Far East",
    "here": "back to this site",
    "other": "elsewhere",
}
_HOSTS = {
    "pitangui.amazon.com": "na",
    "layla.amazon.com": "eu",
    "alexa.amazon.co.jp": "fe",
}
CLIENTS = {
    "ours": "the skill’s client",
    "website": "the website’s client",
    "other": "another client",
}


def outcome_look(outcome: str, finding: str) -> Look:
    if outcome == Outcome.LINKED and finding:
        return WARNED
    return OUTCOMES[Outcome(outcome)]


def stage_look(stage: Stage, word: str, *, is_linked: bool) -> Look:
    """`word`: what the verdict says of the stage; empty where it says nothing."""
    if is_linked and not word and stage in {Stage.REFRESH, Stage.SKILL}:
        return AHEAD
    return STAGES.get(word, STAGES[""])


def stage_looks(stages: dict[str, str], *, is_linked: bool) -> list[tuple[str, Look]]:
    """(name, look) of all six, in their order."""
    return [
        (stage.label, stage_look(stage, stages.get(stage, ""), is_linked=is_linked))
        for stage in Stage
    ]


def region_of(redirect_uri: str) -> str:
    """A key of REGIONS; empty where no address was named."""
    if not redirect_uri:
        return ""
    try:
        host = urlsplit(redirect_uri).netloc
    except ValueError:
        return "other"
    own = urlsplit(settings.PUBLIC_URL).netloc
    return _HOSTS.get(host, "here" if host == own else "other")


def client_of(client_id: str) -> str:
    """A key of CLIENTS; empty where no client was named."""
    if not client_id:
        return ""
    if client_id == settings.COGNITO_ALEXA_CLIENT_ID:
        return "ours"
    return "website" if client_id == settings.COGNITO_WEB_CLIENT_ID else "other"


def cause_of(finding: str) -> str:
    """The rule's sentence; of a rule that is gone, its code."""
    rule = by_code(finding)
    return rule.cause if rule else finding


def stage_of(finding: str) -> str:
    rule: Rule | None = by_code(finding)
    return rule.stage.value if rule and rule.stage else ""


def masked(sub: str) -> str:
    return f"{sub[:SUB_SHOWN]}…" if len(sub) > SUB_SHOWN else sub


def took(time: timedelta) -> str:
    """`302 ms`, `1.2 s`, `41 s`, `3 min 20 s`, `2 h 5 min`, `3 days`."""
    seconds = max(time.total_seconds(), 0.0)
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} days"
