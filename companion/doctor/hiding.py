"""The last look over every sentence of the report: nothing secret or personal leaves in one.

Checks name no secret by themselves. What AWS or another server says may: an IAM user's ARN often
ends in an e-mail address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from django.conf import settings

from companion.doctor.results import Result

LONGEST = 600  # characters of a sentence: what others say may be a page
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w+])\+\d{7,15}\b")
# what commands a terminal; what turns the direction of a text or cannot be seen in it; and half of
# a surrogate pair, which JSON may bring and nothing can write
_NOT_TEXT = re.compile(
    r"[^\S ]|[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_SECRETS = (
    "SECRET_KEY",
    "COGNITO_WEB_CLIENT_SECRET",
    "COGNITO_ALEXA_CLIENT_SECRET",
    "METRICS_TOKEN",
    "SENTRY_DSN",
)


def clean(text: str, secrets: Iterable[str] = ()) -> str:
    """The text on one line, bounded, with `(hidden)` for what nobody should read in a report."""
    for secret in (*(getattr(settings, name, "") for name in _SECRETS), *secrets):
        if len(secret) >= 4:
            text = text.replace(secret, "(hidden)")
    text = _PHONE.sub("(hidden)", _EMAIL.sub("(hidden)", text))
    text = " ".join(_NOT_TEXT.sub(" ", text).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def cleaned(result: Result, secrets: Iterable[str] = ()) -> Result:
    secrets = tuple(secrets)
    return replace(
        result,
        title=clean(result.title, secrets),
        seen=clean(result.seen, secrets),
        wanted=clean(result.wanted, secrets),
        mend=clean(result.mend, secrets),
    )
