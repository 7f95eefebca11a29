"""What the pool's groups allow. Cognito is the authority; our flags are copies of its answer."""

from __future__ import annotations

from django.contrib.auth.models import Group

from accounts.models import User

OPERATORS = "operators"  # into the admin, with the permissions of the Django group of that name
ADMINISTRATORS = "administrators"  # every permission


def apply_pool_groups(user: User, groups: frozenset[str]) -> None:
    """Give or take staff rights as the pool says now; called at each sign-in on the website."""
    rights = (bool(groups & {OPERATORS, ADMINISTRATORS}), ADMINISTRATORS in groups)
    if rights != (user.is_staff, user.is_superuser):
        user.is_staff, user.is_superuser = rights
        user.save(update_fields=["is_staff", "is_superuser"])
    user.groups.set(Group.objects.filter(name=OPERATORS) if OPERATORS in groups else [])
