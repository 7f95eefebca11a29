"""The doctor's question at the voice door is no refusal: it is known by a mark, and not counted.

A minute long, and signed with SECRET_KEY: nobody else keeps a request out of the count by it.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.core.signing import BadSignature, TimestampSigner

HEADER = "X-Doctor"
SECONDS = 60
LONGEST = 120  # characters
_ASKS = "voice-door"


def mark() -> str:
    """The header's value for a question that is asked now."""
    return _signer().sign(_ASKS)


def is_doctors(headers: Mapping[str, str]) -> bool:
    given = headers.get(HEADER, "")
    if not given or len(given) > LONGEST:
        return False
    try:
        return _signer().unsign(given, max_age=SECONDS) == _ASKS
    except BadSignature:
        return False


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="skill_endpoint.probe")
