"""SignUp and ConfirmSignUp at the pool, as its hosted pages do, and the code that nobody sends.

The local AWS has no sign-up page and sends nothing: its e-mails stay in a mailbox, and a code for a
phone is always the same. https://docs.aws.amazon.com/cognito/latest/developerguide/
signing-up-users-in-your-app.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from contextlib import suppress

import requests
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from accounts.pool.client import cognito_idp

PHONE_CODE = "123456"  # the local AWS's constant; on AWS an SMS brings it


class PoolRefused(Exception):
    """`reason` is the pool's error name, or `Unreachable`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@sensitive_variables("password")
def sign_up(name: str, password: str) -> None:
    """Raises PoolRefused; an account that was never confirmed is sent a new code instead."""
    attribute = _attribute(name)
    try:
        cognito_idp().sign_up(
            ClientId=settings.COGNITO_WEB_CLIENT_ID,
            SecretHash=secret_hash(name),
            Username=name,
            Password=password,
            UserAttributes=[{"Name": attribute, "Value": name}],
        )
    except (BotoCoreError, ClientError) as error:
        refused = _refused(error)
        if refused.reason != "UsernameExistsException" or not _waits_for_its_code(name):
            raise refused from error


def confirm(name: str, code: str) -> None:
    """Raises PoolRefused. The local AWS does not note that the address works: this does."""
    try:
        client = cognito_idp()
        client.confirm_sign_up(
            ClientId=settings.COGNITO_WEB_CLIENT_ID,
            SecretHash=secret_hash(name),
            Username=name,
            ConfirmationCode=code,
        )
        client.admin_update_user_attributes(
            UserPoolId=settings.COGNITO_USER_POOL_ID,
            Username=name,
            UserAttributes=[{"Name": f"{_attribute(name)}_verified", "Value": "true"}],
        )
    except (BotoCoreError, ClientError) as error:
        raise _refused(error) from error


def code_for(name: str) -> str:
    """What would have arrived; empty where nothing is found."""
    if _attribute(name) == "phone_number":
        return PHONE_CODE
    with suppress(requests.RequestException, ValueError, AttributeError, TypeError):
        with requests.Session() as session:
            session.trust_env = False
            box = session.get(
                f"{settings.AWS_ENDPOINT_URL}/_ministack/ses/messages", timeout=3
            ).json()
        messages = [mail for account in box["messages"].values() for mail in account]
        for mail in reversed(messages):
            if name in mail["To"] and (code := re.search(r"\b\d{6}\b", mail["BodyText"])):
                return code[0]
    return ""


def secret_hash(name: str) -> str:
    digest = hmac.new(
        settings.COGNITO_WEB_CLIENT_SECRET.encode(),
        (name + settings.COGNITO_WEB_CLIENT_ID).encode(),
        hashlib.sha256,
    ).digest()
    return base64.b64encode(digest).decode()


def _attribute(name: str) -> str:
    return "email" if "@" in name else "phone_number"


def _waits_for_its_code(name: str) -> bool:
    """An earlier try stopped half way: a new code lets the person finish it."""
    try:
        client = cognito_idp()
        user = client.admin_get_user(UserPoolId=settings.COGNITO_USER_POOL_ID, Username=name)
        if user["UserStatus"] != "UNCONFIRMED":
            return False
        client.resend_confirmation_code(
            ClientId=settings.COGNITO_WEB_CLIENT_ID, SecretHash=secret_hash(name), Username=name
        )
    except (BotoCoreError, ClientError):
        return False
    return True


def _refused(error: BotoCoreError | ClientError) -> PoolRefused:
    if isinstance(error, ClientError):
        return PoolRefused(error.response.get("Error", {}).get("Code", "Unknown"))
    return PoolRefused("Unreachable")
