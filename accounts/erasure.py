"""Delete a person: in the pool, in every table, and for as long as a token of theirs may live."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Tombstone, User, sub_digest
from accounts.personal_data import holdings
from accounts.pool.client import cognito_idp


class PoolUnavailable(Exception):
    """The user pool could not be asked; nothing was deleted."""


def delete_person(user: User) -> None:
    """Delete the pool user, then everything we hold; leave a tombstone.

    The tombstone comes first, so that a voice turn between the steps cannot make a new row. Where
    the pool cannot be reached it is taken back and PoolUnavailable is raised: nothing is gone.
    """
    # anew where one stands from a try that failed: it counts from now
    tombstone, _ = Tombstone.objects.update_or_create(
        digest=sub_digest(user.sub), defaults={"erased_at": timezone.now()}
    )
    try:
        _delete_pool_user(user.sub)
    except (BotoCoreError, ClientError) as error:
        tombstone.delete()
        raise PoolUnavailable from error
    for session in UserSession.objects.filter(user=user):
        session.end()
    with transaction.atomic():
        for holding in holdings():
            holding.rows_of(user).delete()


def _delete_pool_user(sub: str) -> None:
    """Sign the pool user out everywhere and delete it; one that is gone already is fine.

    The user name is looked up: it equals the sub only for people who sign up in the pool itself,
    a federated user is called Provider_id.
    """
    idp = cognito_idp()
    found = idp.list_users(
        UserPoolId=settings.COGNITO_USER_POOL_ID, Filter=f'sub = "{sub}"', Limit=1
    )
    for user in found["Users"]:
        name = {"UserPoolId": settings.COGNITO_USER_POOL_ID, "Username": user["Username"]}
        try:
            idp.admin_user_global_sign_out(**name)
            idp.admin_delete_user(**name)
        except idp.exceptions.UserNotFoundException:
            continue
