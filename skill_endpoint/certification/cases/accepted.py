"""What a good endpoint answers. Without these, a refusal proves little: so would a closed door."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from skill_endpoint.certification import sources
from skill_endpoint.certification.cases.making import LAUNCH, Build, answered, grouped
from skill_endpoint.certification.exchange import Request
from skill_endpoint.certification.kit import Kit, encoded
from skill_endpoint.locales import LOCALES

EVENT = "accepted-event-late"
# name, what it brings along
EVENTS: dict[str, dict[str, Any] | None] = {
    "SkillEnabled": None,
    "SkillAccountLinked": {"accessToken": "made-up"},
    "SkillPermissionAccepted": {"acceptedPermissions": [{"scope": "alexa::profile:email:read"}]},
    "SkillPermissionChanged": {"acceptedPermissions": []},
    "SkillDisabled": {"userInformationPersistenceStatus": "NOT_PERSISTED"},
}


def _words(name: str) -> str:
    """SkillAccountLinked as account-linked."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name.removeprefix("Skill")).lower()


def sha1_signature(kit: Kit, body: bytes) -> str:
    """What Alexa sends in the header Signature, beside the better one."""
    assert kit.signer is not None  # noqa: S101 - cases that sign need a key
    return base64.b64encode(
        kit.signer.key.sign(body, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - as Alexa's
    ).decode()


def _both_signatures(kit: Kit) -> Request:
    body = encoded(kit.launch())
    return kit.request(body, more=(("Signature", sha1_signature(kit, body)),))


def _late_event(kit: Kit) -> Request:
    delivered = datetime.now(UTC) - timedelta(minutes=30)
    return kit.request(kit.event("SkillEnabled", timestamp=delivered, created=delivered))


def _event(name: str, body: dict[str, Any] | None) -> Build:
    return lambda kit: kit.request(kit.event(name, body))


def _launch_in(locale: str) -> Build:
    return lambda kit: kit.request(kit.launch(locale=locale))


def _unknown_type(kit: Kit) -> Request:
    envelope = kit.launch()
    envelope["request"]["type"] = "Selftest.NotYetInvented"
    return kit.request(envelope)


def _ends(response: dict[str, Any]) -> str:
    answer = response.get("response") or {}
    return "the session stays open" if answer.get("shouldEndSession") is False else ""


def _speaks(response: dict[str, Any]) -> str:
    answer = response.get("response") or {}
    return "" if answer.get("outputSpeech") else "it says nothing"


def _is_silent(response: dict[str, Any]) -> str:
    answer = response.get("response") or {}
    said = [name for name in ("outputSpeech", "card", "directives") if answer.get(name)]
    return f"nobody hears its {said[0]}" if said else ""


CONTROLS = (
    answered(
        LAUNCH,
        "a LaunchRequest, signed as Alexa signs",
        lambda kit: kit.request(kit.launch()),
        why="this is Alexa; every refusal below is measured against it",
        source=sources.HOSTING,
        is_control=True,
        look=_speaks,
    ),
    answered(
        EVENT,
        "a SkillEnabled event, delivered 30 minutes after its time",
        _late_event,
        why="Alexa delivers an event until it is acknowledged, for up to an hour",
        source=sources.EVENTS,
        is_control=True,
        look=_is_silent,
    ),
)

CASES = grouped(
    "Alexa is answered",
    *CONTROLS,
    answered(
        "accepted-both-signatures",
        "a LaunchRequest with Signature (SHA-1) beside Signature-256",
        _both_signatures,
        why="Alexa has sent both; the better one counts",
        source=sources.HOSTING,
    ),
    answered(
        "accepted-timestamp-140-seconds",
        "a LaunchRequest of 140 seconds ago",
        lambda kit: kit.request(kit.launch(timestamp=datetime.now(UTC) - timedelta(seconds=140))),
        why="up to 150 seconds count",
        source=sources.HOSTING,
    ),
    answered(
        "accepted-help",
        "AMAZON.HelpIntent",
        lambda kit: kit.request(kit.intent("AMAZON.HelpIntent")),
        why="every skill has help, and keeps listening after it",
        source=sources.BUILT_IN_INTENTS,
        look=_speaks,
    ),
    answered(
        "accepted-stop",
        "AMAZON.StopIntent",
        lambda kit: kit.request(kit.intent("AMAZON.StopIntent")),
        why="every skill stops, and ends the session",
        source=sources.BUILT_IN_INTENTS,
        look=_ends,
    ),
    answered(
        "accepted-session-ended",
        "a SessionEndedRequest",
        lambda kit: kit.request(kit.session_ended()),
        why="its answer cannot hold speech, cards or directives",
        source=sources.STANDARD_REQUESTS,
        look=_is_silent,
    ),
    answered(
        "accepted-unknown-intent",
        "an intent that the skill does not have",
        lambda kit: kit.request(kit.intent("SelftestNotYetInventedIntent")),
        why="a model may be newer than the code behind it",
        source=sources.STANDARD_REQUESTS,
        level="should",
    ),
    answered(
        "accepted-unknown-type",
        "a type of request that nobody has invented yet",
        _unknown_type,
        why="Alexa gets new ones; an error would be heard",
        source=sources.STANDARD_REQUESTS,
        level="should",
    ),
    *(
        answered(
            f"accepted-event-{_words(name)}",
            f"AlexaSkillEvent.{name}",
            _event(name, body),
            why="an event that is not acknowledged comes again and again",
            source=sources.EVENTS,
            look=_is_silent,
        )
        for name, body in EVENTS.items()
    ),
    *(
        answered(
            f"accepted-locale-{code.lower()}",
            f"a LaunchRequest in {code}",
            _launch_in(code),
            why="or leave the locale out of the skill's manifest",
            source=sources.LOCALES,
        )
        for code in LOCALES
    ),
    answered(
        "accepted-after-all",
        "a LaunchRequest once more, after all the others",
        lambda kit: kit.request(kit.launch()),
        why="what was refused has not shut out Alexa",
        source=sources.HOSTING,
        is_last=True,
    ),
)
