"""What a page or a file may show of a request: everything but its tokens."""

from __future__ import annotations

import json
import re
from typing import Any

_SECRET_NAMES = {"accesstoken", "apiaccesstoken", "refreshtoken", "idtoken", "consenttoken"}
# With what is glued to its front, so that each letter is looked at once. From each "eyJ" in turn,
# a text of nothing else would take time by the square of its length.
_JWT = re.compile(r"(?<![\w-])((?:(?!eyJ)[\w-])*+)eyJ[\w-]{4,}+\.[\w-]*+\.[\w-]*+(?:\.[\w-]*+)*+")
MASK = "••• masked •••"
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,255}")
_PHONE = re.compile(r"\+?\d(?:[ ()./-]{0,2}\d){6,14}")


def masked(value: Any) -> Any:
    """A copy with every token hidden, by the name of its field or by its looks."""
    if isinstance(value, dict):
        return {
            name: MASK if _is_secret(name) and item else masked(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [masked(item) for item in value]
    return _JWT.sub(rf"\1{MASK}", value) if isinstance(value, str) else value


def masked_json(value: Any) -> str:
    return json.dumps(masked(value), ensure_ascii=False, indent=2)


def _is_secret(name: str) -> bool:
    return name.replace("_", "").lower() in _SECRET_NAMES


def without_addresses(text: str) -> str:
    """The text with what looks like an e-mail address or a phone number replaced."""
    return _PHONE.sub("555 0100", _EMAIL.sub("somebody at example", text))
