"""What the user pool holds about a person, looked up by `sub`."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from accounts.pool import people
from accounts.pool.client import cognito_idp


class PoolSilent(Exception):
    """The pool could not be asked."""


def pool_record(sub: str) -> dict[str, Any]:
    """Attributes by name, and when the entry was made and changed; empty where there is none."""
    try:
        user = people.find(cognito_idp(), sub)
    except (BotoCoreError, ClientError) as error:
        raise PoolSilent from error
    if user is None:
        return {}
    return {
        **{each["Name"]: each.get("Value", "") for each in user.get("Attributes", [])},
        "username": user.get("Username", ""),
        "status": str(user.get("UserStatus", "")),
        "enabled": bool(user.get("Enabled", True)),
        "created_at": user.get("UserCreateDate"),
        "changed_at": user.get("UserLastModifiedDate"),
    }
