"""People in the pool, through its API: to make them for demos and tests, to lock out and let in.

The calls of an operator find a person by `sub`, return whether the pool knows one, and raise
ClientError or BotoCoreError where it cannot be asked or refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from django.conf import settings

from accounts.pool import client as clients

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef, UserTypeTypeDef


def create_person(
    *,
    email: str = "",
    phone_number: str = "",
    password: str,
    groups: Iterable[str] = (),
    idp: CognitoIdentityProviderClient | None = None,
    pool_id: str = "",
) -> str:
    """Make or mend a confirmed person; return the `sub`.

    `phone_number` is E.164 (+12065550101). Without `idp` and `pool_id`, the pool of the settings.
    Somebody who is there already gets this password, these attributes as verified, and these groups
    beside those they have. No message is sent. Raises ValueError without an address, ClientError
    where the pool refuses.
    """
    email = email.lower()  # a local AWS keeps the case of addresses, Cognito does not
    name = email or phone_number
    if not name:
        raise ValueError("a person needs an e-mail address or a phone number")
    idp = idp or clients.cognito_idp()
    pool_id = pool_id or settings.COGNITO_USER_POOL_ID
    attributes: list[AttributeTypeTypeDef] = []
    for attribute, value in (("email", email), ("phone_number", phone_number)):
        if value:
            attributes += [
                {"Name": attribute, "Value": value},
                {"Name": f"{attribute}_verified", "Value": "true"},
            ]
    try:
        idp.admin_create_user(
            UserPoolId=pool_id, Username=name, MessageAction="SUPPRESS", UserAttributes=attributes
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "UsernameExistsException":
            raise
        idp.admin_update_user_attributes(
            UserPoolId=pool_id, Username=name, UserAttributes=attributes
        )
    idp.admin_set_user_password(
        UserPoolId=pool_id, Username=name, Password=password, Permanent=True
    )
    for group in groups:
        idp.admin_add_user_to_group(UserPoolId=pool_id, Username=name, GroupName=group)
    found = idp.admin_get_user(UserPoolId=pool_id, Username=name)["UserAttributes"]
    return next(attribute["Value"] for attribute in found if attribute["Name"] == "sub")


def find(idp: CognitoIdentityProviderClient, sub: str) -> UserTypeTypeDef | None:
    """The entry of a person, whose user name may be another: a federated one is Provider_id."""
    quoted = sub.replace("\\", "\\\\").replace('"', '\\"')
    found = idp.list_users(
        UserPoolId=settings.COGNITO_USER_POOL_ID, Filter=f'sub = "{quoted}"', Limit=1
    )
    return next(iter(found["Users"]), None)


def everybody() -> Iterator[str]:
    """The `sub` of all who are in the pool. Raises ClientError or BotoCoreError on the way."""
    pages = clients.cognito_idp().get_paginator("list_users")
    for page in pages.paginate(UserPoolId=settings.COGNITO_USER_POOL_ID, AttributesToGet=["sub"]):
        for user in page["Users"]:
            yield from (
                attribute.get("Value", "")
                for attribute in user.get("Attributes", [])
                if attribute["Name"] == "sub"
            )


def sign_out_everywhere(sub: str) -> bool:
    """Revoke every refresh token. Access tokens that were given out live on, up to an hour."""
    idp = clients.cognito_idp()
    return _call(idp, sub, idp.admin_user_global_sign_out)


def disable(sub: str) -> bool:
    """Nobody signs in as this person; their tokens are revoked, and stay so after `enable`."""
    idp = clients.cognito_idp()
    return _call(idp, sub, idp.admin_disable_user)


def enable(sub: str) -> bool:
    idp = clients.cognito_idp()
    return _call(idp, sub, idp.admin_enable_user)


def _call(idp: CognitoIdentityProviderClient, sub: str, call: Callable[..., object]) -> bool:
    user = find(idp, sub)
    if user is None:
        return False
    call(UserPoolId=settings.COGNITO_USER_POOL_ID, Username=user["Username"])
    return True
