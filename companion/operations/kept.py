"""Which counters of /metrics are kept hour by hour, and by which of their labels.

A list of names, so that the table stays small: what a label can be is in the code, and a series has
a row only in hours in which it grew. That is some forty rows in a busy hour; more than MOST_SERIES
of a process it cannot become (companion/operations/recorder.py), which is 4,800 a day.
"""

from __future__ import annotations

from collections import Counter

from prometheus_client import REGISTRY

MOST_SERIES = 200
LABELS_LENGTH = 160  # characters, as the table has

# names of samples, as /metrics writes them
TURNS = "alexa_turns_total"
SECONDS = "alexa_turn_seconds_bucket"
REFUSED_REQUESTS = "alexa_requests_rejected_total"
REFUSED_BY_VOICE = "voice_tokens_refused_total"
REFUSED_TOKENS = "tokens_rejected_total"
OVER_LIMITS = "rate_limit_refusals_total"
NOT_SERVED = "server_refusals_total"
CALLS = "outbound_request_seconds_count"
CACHE_FAILURES = "shared_cache_failures_total"
REPLAYS_UNSEEN = "alexa_replay_store_failures_total"
NOT_READY = "readiness_failures_total"

# labels that are kept; over all others it is summed up
KEPT: dict[str, tuple[str, ...]] = {
    TURNS: ("type", "outcome"),
    SECONDS: ("le",),
    REFUSED_REQUESTS: ("reason",),
    REFUSED_BY_VOICE: ("reason",),
    REFUSED_TOKENS: ("kind", "reason"),
    OVER_LIMITS: ("scope",),
    NOT_SERVED: ("reason", "kind"),
    CALLS: ("service", "result"),
    CACHE_FAILURES: (),
    REPLAYS_UNSEEN: (),
    NOT_READY: ("part",),
}
# somebody waits for an answer; the others are Alexa's own, and nobody hears how long they take
SPOKEN = frozenset({"LaunchRequest", "IntentRequest", "Alexa.Presentation.APL.UserEvent"})
FAILED = frozenset({"apology", "failed"})  # of skill_endpoint.ending.Outcome

type Totals = Counter[tuple[str, str]]  # name of the sample and its labels, written as text


def totals() -> Totals:
    """What this process has counted since it began. Milliseconds, once in a round."""
    found: Totals = Counter()
    for family in REGISTRY.collect():
        for sample in family.samples:
            names = KEPT.get(sample.name)
            if names is None or (sample.name == SECONDS and sample.labels["type"] not in SPOKEN):
                continue
            labels = {name: sample.labels.get(name, "") for name in names}
            found[sample.name, written(labels)] += int(sample.value)
    return found


def written(labels: dict[str, str]) -> str:
    """`kind=access,reason=expired`; labels that are empty are left out."""
    parts = (f"{name}={_plain(value)}" for name, value in sorted(labels.items()) if value)
    return ",".join(parts)[:LABELS_LENGTH]


def read(labels: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in labels.split(",") if "=" in part)


def is_spoken(labels: str) -> bool:
    return read(labels).get("type") in SPOKEN


def is_apology(labels: str) -> bool:
    """Of a turn: somebody heard an apology, or nothing."""
    return is_spoken(labels) and read(labels).get("outcome") in FAILED


def _plain(value: str) -> str:
    return value.replace(",", "_").replace("=", "_")
