from __future__ import annotations

from prometheus_client import Counter

alexa_requests_rejected = Counter(
    "alexa_requests_rejected", "Requests that were refused, by reason", ["reason"]
)
alexa_replay_store_failures = Counter(
    "alexa_replay_store_failures", "Requests let through because the replay store did not answer"
)
alexa_turns = Counter("alexa_turns", "Verified requests, by type", ["type"])

# A type is text from outside, and each value of a label is kept for ever: others count together.
_TYPES = frozenset(
    {
        "LaunchRequest",
        "IntentRequest",
        "SessionEndedRequest",
        "System.ExceptionEncountered",
        "Alexa.Presentation.APL.UserEvent",
        "Alexa.Presentation.APL.RuntimeError",
        "AlexaSkillEvent.SkillEnabled",
        "AlexaSkillEvent.SkillDisabled",
        "AlexaSkillEvent.SkillAccountLinked",
        "AlexaSkillEvent.SkillPermissionAccepted",
        "AlexaSkillEvent.SkillPermissionChanged",
    }
)


def count_turn(request_type: str) -> None:
    alexa_turns.labels(request_type if request_type in _TYPES else "other").inc()
