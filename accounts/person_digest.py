"""What a log calls a person: the same twelve hex digits each time, and nothing to find them by.

Keyed with a key made from SECRET_KEY: who has only the log can neither compute the digest of a
`sub` they know nor try them all. `manage.py person_digest SUB` prints it for the operator.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings

LENGTH = 12  # hex digits: two people of a million have the same with a chance of one in 500


def person_digest(sub: str) -> str:
    return hmac.digest(_key(settings.SECRET_KEY), sub.encode(), "sha256").hex()[:LENGTH]


@lru_cache(2)  # one, and a test's
def _key(secret_key: str) -> bytes:
    return hmac.digest(secret_key.encode(), b"person digest in the log", hashlib.sha256)
