"""What the user pool holds about a person, looked up by `sub`."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from accounts.pool.client import cognito_idp


class PoolSilent(Exception):
    """The pool could not be asked."""


def pool_record(sub: str) -> dict[str, Any]:
    """Attributes by name, and when the entry was made and changed; empty where there is none."""
    try:
        found = cognito_idp().list_users(
            UserPoolId=settings.COGNITO_USER_POOL_ID, Filter=f'sub = "{sub}"', Limit=1
        )["Users"]
    except (BotoCoreError, ClientError) as error:
        raise PoolSilent from error
    if not found:
        return {}
    user = found[0]
    return {
        **{each["Name"]: each.get("Value", "") for each in user.get("Attributes", [])},
        "username": user.get("Username", ""),
        "status": str(user.get("UserStatus", "")),
        "enabled": bool(user.get("Enabled", True)),
        "created_at": user.get("UserCreateDate"),
        "changed_at": user.get("UserLastModifiedDate"),
    }
