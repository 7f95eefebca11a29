"""The registry of what we hold about a person: what a page lists, an export holds, an erasure ends.

Each package registers its models in its own `personal_data` module, loaded by its AppConfig. A
test walks all models and fails for one that refers to a person and is not registered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.db.models import Count, IntegerField, Model, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.data_export.models import DataExport, DataExportPart
from accounts.models import Profile, Tombstone, User

type Words = str | Promise
UNTIL_DELETED = _("Until you delete your account.")


@dataclass(frozen=True)
class Reference:
    """What a row points at and a reader can open: text in its language, address, and as JSON."""

    text: str
    language: str
    address: str
    data: dict[str, str]


@dataclass(frozen=True, eq=False)
class Holding:
    """Rows of one model that belong to a person, and the fields of them that an export shows."""

    model: type[Model]
    rows_of: Callable[[User], QuerySet[Any]]
    export: tuple[str, ...]
    # what it is, what for, how long: for the person, in their language
    label: Words
    why: Words
    kept: Words
    withheld: str  # why an export shows nothing of it; for developers
    for_operators: bool = False  # most people have none of it, ever: listed where there are some
    # rows that stay for others lose what names the person: fields, and what becomes of them
    detach: Mapping[str, object] = field(default_factory=dict)
    # fields that are shown by more than their value: (row, language) -> what to open
    references: Mapping[str, Callable[[Any, str], Reference]] = field(default_factory=dict)
    # names of columns, where the model has none for a reader
    headings: Mapping[str, Words] = field(default_factory=dict)
    # what the references read, fetched for many rows at once
    prepare: Callable[[QuerySet[Any]], QuerySet[Any]] = lambda rows: rows

    def erase(self, user: User) -> None:
        rows = self.rows_of(user)
        if self.detach:
            rows.update(**self.detach)
        else:
            rows.delete()

    @property
    def name(self) -> str:
        """In data.json and in the names of files."""
        return str(self.model._meta.model_name)


@dataclass(frozen=True, eq=False)
class Elsewhere:
    """What is kept about a person outside the database, in a cache for example."""

    forget: Callable[[User], object]
    read: Callable[[User], list[dict[str, Any]]] | None
    name: str
    label: Words
    why: Words
    kept: Words


_holdings: dict[type[Model], Holding] = {}
_elsewhere: list[Elsewhere] = []


def register(
    model: type[Model],
    rows_of: Callable[[User], QuerySet[Any]],
    *,
    export: tuple[str, ...] = (),
    label: Words = "",
    why: Words = "",
    kept: Words = "",
    withheld: str = "",
    for_operators: bool = False,
    detach: Mapping[str, object] | None = None,
    references: Mapping[str, Callable[[Any, str], Reference]] | None = None,
    headings: Mapping[str, Words] | None = None,
    prepare: Callable[[QuerySet[Any]], QuerySet[Any]] = lambda rows: rows,
) -> None:
    """With `export` it has a label, a why and how long; without, it says why (`withheld`)."""
    if bool(export) == bool(withheld) or (export and not (label and why and kept)):
        raise ValueError(f"{model.__name__}: export, label, why and kept, or withheld")
    _holdings[model] = Holding(
        model=model,
        rows_of=rows_of,
        export=export,
        label=label,
        why=why,
        kept=kept,
        withheld=withheld,
        for_operators=for_operators,
        detach=detach or {},
        references=references or {},
        headings=headings or {},
        prepare=prepare,
    )


def on_erasure(
    forget: Callable[[User], object],
    *,
    read: Callable[[User], list[dict[str, Any]]] | None = None,
    name: str = "",
    label: Words = "",
    why: Words = "",
    kept: Words = "",
) -> None:
    """Have `forget` called when a person is deleted, after their rows are gone.

    With `read` (plain values, few rows) and the words, pages list it and an export holds it.
    """
    _elsewhere.append(Elsewhere(forget, read, name, label, why, kept))


def holdings() -> Iterator[Holding]:
    """All holdings, in an order in which they can be deleted: the person's own row comes last."""
    yield from sorted(_holdings.values(), key=lambda holding: holding.model is User)


def shown_holdings() -> list[Holding]:
    """Those that a person reads, the person's own row first."""
    shown = [holding for holding in _holdings.values() if holding.export]
    return sorted(shown, key=lambda holding: holding.model is not User)


def elsewhere() -> list[Elsewhere]:
    return list(_elsewhere)


def counts_of(user: User) -> dict[Holding, int]:
    """How many rows each holding has, in one statement (and those that `rows_of` needs)."""
    all_ = list(holdings())
    counts = {
        f"rows_{number}": Coalesce(
            Subquery(
                holding.rows_of(user)
                .order_by()
                .values(_one=Value(1))
                .annotate(_count=Count("*"))
                .values("_count"),
                output_field=IntegerField(),
            ),
            0,
        )
        for number, holding in enumerate(all_)
    }
    found = User.objects.filter(pk=user.pk).values_list(*counts.values()).first()
    return dict(zip(all_, found or [0] * len(all_), strict=True))


register(
    User,
    lambda user: User.objects.filter(pk=user.pk),
    export=("sub", "email", "email_verified", "phone_number", "date_joined", "first_seen_by"),
    label=_("Your account"),
    why=_("So that the website and Alexa know that you are the same person."),
    kept=UNTIL_DELETED,
)
register(
    Profile,
    lambda user: Profile.objects.filter(user=user),
    export=("display_name", "topics", "time_zone", "units", "language", "remember_history"),
    label=_("Your preferences"),
    why=_("To greet you, to choose your facts, and to begin your day at your midnight."),
    kept=UNTIL_DELETED,
)
register(
    Tombstone,
    lambda user: Tombstone.objects.none(),
    withheld="made by the erasure itself and outlives it: nothing to show, nothing to delete",
)
register(
    SocialAccount,
    lambda user: SocialAccount.objects.filter(user=user),
    export=("provider", "date_joined", "last_login"),
    label=_("Your sign-in"),
    why=_("To lead your sign-in to your account."),
    kept=UNTIL_DELETED,
)
# allauth's tables for tokens and addresses stay empty (settings.py); were they not, they would go
_STAYS_EMPTY = "a table of allauth that stays empty here"
register(
    SocialToken,
    lambda user: SocialToken.objects.filter(account__user=user),
    withheld=_STAYS_EMPTY,
)
register(
    EmailConfirmation,
    lambda user: EmailConfirmation.objects.filter(email_address__user=user),
    withheld=_STAYS_EMPTY,
)
register(EmailAddress, lambda user: EmailAddress.objects.filter(user=user), withheld=_STAYS_EMPTY)
register(
    UserSession,
    lambda user: UserSession.objects.filter(user=user),
    export=("created_at", "last_seen_at", "ip", "user_agent"),
    headings={
        "created_at": _("signed in"),
        "last_seen_at": _("last seen"),
        "ip": _("address"),
        "user_agent": _("browser"),
    },
    label=_("Where you are signed in"),
    why=_(
        "Each browser, when it was here, and the first part of its network address: "
        "so that you can see a device that is not yours, and sign it out."
    ),
    kept=_("Until you sign out there, or for about two weeks."),
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
    label=_("What operators did"),
    why=_("So that a change an operator made to your account can be traced."),
    kept=UNTIL_DELETED,
)
register(
    DataExportPart,
    lambda user: DataExportPart.objects.filter(export__user=user),
    withheld="the pieces of the download itself",
)
register(
    DataExport,
    lambda user: DataExport.objects.filter(user=user),
    export=("requested_at", "state", "finished_at"),
    label=_("Downloads of your data"),
    why=_("To hand you a file that takes a while to make."),
    kept=_("24 hours."),
)
