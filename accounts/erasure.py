"""Delete a person: in the pool, in every table, and for as long as a token of theirs may live."""

from __future__ import annotations

from contextlib import suppress

import structlog
from allauth.usersessions.models import UserSession
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Deletion, Tombstone, User, sub_digest
from accounts.personal_data import counts_of, elsewhere, holdings
from accounts.pool import people
from accounts.pool.client import cognito_idp

log = structlog.get_logger(__name__)


class PoolUnavailable(Exception):
    """The user pool could not be asked; nothing was deleted."""


def delete_person(user: User, *, by: Deletion.By = Deletion.By.OPERATOR) -> Deletion | None:
    """Delete the pool user, then everything we hold; leave a tombstone and a nameless record.

    The tombstone comes first, so that a voice turn between the steps cannot make a new row. Where
    the pool cannot be reached it is taken back and PoolUnavailable is raised: nothing is gone.
    None where another request deleted the same person meanwhile: it has the record.
    """
    # anew where one stands from a try that failed: it counts from now
    tombstone, _ = Tombstone.objects.update_or_create(
        digest=sub_digest(user.sub), defaults={"erased_at": timezone.now()}
    )
    try:
        _delete_pool_user(user.sub)
    except (BotoCoreError, ClientError) as error:
        # not the tombstone of another request that got through
        if User.objects.filter(pk=user.pk).exists():
            tombstone.delete()
        raise PoolUnavailable from error
    for session in UserSession.objects.filter(user=user):
        session.end()
    deletion = _delete_rows(user, by)
    for place in elsewhere():
        try:
            place.forget(user)
        except Exception as error:  # noqa: BLE001 - each place has errors of its own, and all end by themselves
            log.warning("forgetting_failed", error=type(error).__name__)
    return deletion


def _delete_rows(user: User, by: Deletion.By) -> Deletion | None:
    with transaction.atomic():
        if not User.objects.select_for_update().filter(pk=user.pk).exists():
            return None
        counts = {
            holding.model._meta.label: n
            for holding, n in counts_of(user).items()
            if n and not holding.detach  # those stay, without the person
        }
        for holding in holdings():
            holding.erase(user)
        return Deletion.objects.create(by=by, counts=counts)


def _delete_pool_user(sub: str) -> None:
    """Sign the pool user out everywhere and delete it; one that is gone already is fine."""
    idp = cognito_idp()
    user = people.find(idp, sub)
    if user is None:
        return
    name = {"UserPoolId": settings.COGNITO_USER_POOL_ID, "Username": user["Username"]}
    with suppress(idp.exceptions.UserNotFoundException):
        idp.admin_user_global_sign_out(**name)
        idp.admin_delete_user(**name)
