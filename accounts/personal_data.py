"""The registry of models that refer to a person: what an export holds and an erasure removes.

Each package registers its models in its own `personal_data` module, loaded by its AppConfig. A
test walks all models and fails for one that refers to a person and is not registered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.db.models import Model, Q, QuerySet

from accounts.models import Profile, Tombstone, User


@dataclass(frozen=True)
class Holding:
    """Rows of one model that belong to a person, and the fields of them that an export shows."""

    model: type[Model]
    rows_of: Callable[[User], QuerySet[Any]]
    export: tuple[str, ...]


_holdings: dict[type[Model], Holding] = {}


def register(
    model: type[Model],
    rows_of: Callable[[User], QuerySet[Any]],
    *,
    export: tuple[str, ...] = (),
) -> None:
    _holdings[model] = Holding(model, rows_of, export)


def holdings() -> Iterator[Holding]:
    """All holdings, in an order in which they can be deleted: the person's own row comes last."""
    yield from sorted(_holdings.values(), key=lambda holding: holding.model is User)


register(
    User,
    lambda user: User.objects.filter(pk=user.pk),
    export=("sub", "email", "email_verified", "phone_number", "date_joined", "first_seen_by"),
)
register(
    Profile,
    lambda user: Profile.objects.filter(user=user),
    export=("display_name", "topics", "time_zone", "units", "language", "remember_history"),
)
# A tombstone is made by the erasure itself and outlives it: nothing to show, nothing to delete.
register(Tombstone, lambda user: Tombstone.objects.none())
register(
    SocialAccount,
    lambda user: SocialAccount.objects.filter(user=user),
    export=("provider", "date_joined", "last_login"),
)
# allauth's tables for tokens and addresses stay empty (settings.py); were they not, they would go
register(SocialToken, lambda user: SocialToken.objects.filter(account__user=user))
register(
    EmailConfirmation,
    lambda user: EmailConfirmation.objects.filter(email_address__user=user),
)
register(EmailAddress, lambda user: EmailAddress.objects.filter(user=user))
register(
    UserSession,
    lambda user: UserSession.objects.filter(user=user),
    export=("created_at", "last_seen_at", "ip", "user_agent"),
)


def _admin_history(user: User) -> QuerySet[LogEntry]:
    """What the person did in the admin, and what was done there with their row."""
    about = Q(
        content_type__app_label="accounts", content_type__model="user", object_id=str(user.pk)
    )
    return LogEntry.objects.filter(Q(user=user) | about)


register(
    LogEntry,
    _admin_history,
    export=("action_time", "object_repr", "change_message"),
)
