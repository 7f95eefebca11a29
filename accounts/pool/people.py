"""Make people in the pool through its API: for demos and tests, and for the first operator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from django.conf import settings

from accounts.pool import client as clients

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef


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
