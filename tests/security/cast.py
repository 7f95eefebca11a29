"""Everybody who may come, as browsers, and what belongs to one of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.test import Client
from django.utils import timezone

from accounts.data_export import making
from accounts.data_export.models import DataExport
from accounts.groups import apply_pool_groups
from accounts.models import Deletion, Door, User
from accounts.personal_data import counts_of
from skill_endpoint.facts import history
from skill_endpoint.facts.models import Fact, FactImport, FactReport, Hearing, Topic, Version
from skill_endpoint.models import AccountLink, SkillEvent
from tests.companion.traces import attempts
from tests.conftest import SKILL_ID, browser
from tests.test_addresses import example


@dataclass(frozen=True)
class World:
    """A person with one of everything that has an address."""

    owner: User
    fact: Fact
    rows: dict[str, Any]

    def path_of(self, route: str) -> str:
        """A path of this route that leads to something of the owner's."""
        for beginning, row in self.rows.items():
            if route.startswith(beginning):
                value = row if isinstance(row, str) else str(row.pk)
                first = re.compile(r"<(?:int|path|str|uuid):(?!content_type)\w+>")
                route = first.sub(value.replace("\\", ""), route, count=1)
                break
        changed = self.fact if route.startswith("admin/facts/fact/") else self.fact.topic
        if version := changed.versions.first():
            route = route.replace("<int:version_id>", str(version.pk))
        route = route.replace("<language:language>", "de").replace("<slug:topic>", "deep-sea")
        route = route.replace("<slug:slug>", "squid").replace("<int:number>", "1")
        route = route.replace("<path:rest>", "anything")
        route = route.replace("<path:content_type_id>/<path:object_id>", "1/1")
        if route.startswith("admin/(?P<app_label>"):
            return "/admin/facts/"
        if route.startswith("admin/(?P<url>"):
            return "/admin/nothing/"
        return example(route)


def make_world(owner: User, fact: Fact) -> World:
    hearing = Hearing.objects.create(user=owner, fact=fact, door=Door.VOICE)
    link = AccountLink.objects.create(
        application_id=SKILL_ID,
        alexa_user_id="amzn1.ask.account.OWNER",
        user=owner,
        linked_at=timezone.now(),
        last_used_at=timezone.now(),
    )
    export = making.begin(owner, counts_of(owner), "en")
    while export.state == DataExport.State.MAKING:
        making.take_step(export, ZoneInfo("UTC"))
    store = SessionStore()
    store.create()
    session = UserSession.objects.create(
        user=owner, ip="192.0.2.1", user_agent="x", session_key=store.session_key
    )
    report = FactReport.objects.create(user=owner, fact=fact, language="en")
    event = SkillEvent.objects.create(request_id="r", type="T", event_time=timezone.now())
    deletion = Deletion.objects.create(by=Deletion.By.SELF, counts={})
    LogEntry.objects.log_actions(owner.pk, [owner], CHANGE, "x")
    record = LogEntry.objects.get()
    upload = FactImport.objects.create(by=owner, file_name="facts.csv", text="slug,language\n")
    history.keep([fact], Version.How.EDITED)
    topic = Topic.objects.get(slug="deep-sea")
    history.keep([topic], Version.How.EDITED)
    attempt = attempts.failed(sub=owner.sub)
    rows: dict[str, Any] = {
        "history/": hearing,
        "alexa-link/": link,
        "me/data/export/": export,
        "me/sessions/": session,
        "traces/": attempt.reference,
        "accounts/deleted/": signing.dumps(deletion.pk, salt="deleted"),
        "admin/accounts/dataexport/": export,
        "admin/accounts/deletion/": deletion,
        "admin/accounts/profile/": owner.profile,
        "admin/accounts/user/": owner,
        "admin/admin/logentry/": record,
        "admin/auth/group/": Group.objects.get(name="operators"),
        "admin/facts/fact/import/": upload,
        "admin/facts/factreport/": report,
        "admin/facts/fact/": fact,
        "admin/facts/topic/": topic,
        "admin/skill_endpoint/accountlink/": link,
        "admin/skill_endpoint/skillevent/": event,
    }
    return World(owner, fact, rows)


def _signed_in(user: User) -> Client:
    client = browser(raise_request_exception=False)
    client.force_login(user)
    return client


def _person(sub: str, **fields: Any) -> User:
    user = User.objects.for_sub(sub, door=Door.WEB)
    for name, value in fields.items():
        setattr(user, name, value)
    user.save()
    return user


def _in_group(sub: str, group: str) -> User:
    user = _person(sub)
    apply_pool_groups(user, frozenset({group}))
    return user


def nobody(world: World) -> Client:
    return browser(raise_request_exception=False)


def owner(world: World) -> Client:
    return _signed_in(world.owner)


def another(world: World) -> Client:
    return _signed_in(_person("sub-another"))


def disabled(world: World) -> Client:
    """Locked out while signed in."""
    user = _person("sub-disabled")
    client = _signed_in(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    return client


def deleted(world: World) -> Client:
    """Deleted while signed in in another browser."""
    user = _person("sub-deleted")
    client = _signed_in(user)
    User.objects.filter(pk=user.pk).delete()
    return client


def staff(world: World) -> Client:
    """May enter the admin, and has no permission for anything in it."""
    return _signed_in(_person("sub-staff", is_staff=True))


def former(world: World) -> Client:
    """An operator, until the pool said otherwise at a sign-in elsewhere."""
    user = _in_group("sub-former", "operators")
    client = _signed_in(user)
    apply_pool_groups(user, frozenset())
    return client


def stale(world: World) -> Client:
    """An operator who signed in yesterday: whatever the pool says by now, nobody has heard it."""
    client = _signed_in(_in_group("sub-stale", "operators"))
    session = client.session
    session["rights_since"] -= 24 * 3600
    session.save()
    return client


def operator(world: World) -> Client:
    return _signed_in(_in_group("sub-operator", "operators"))


def administrator(world: World) -> Client:
    return _signed_in(_in_group("sub-administrator", "administrators"))


ROLES: dict[str, Callable[[World], Client]] = {
    each.__name__: each
    for each in (
        nobody,
        disabled,
        deleted,
        stale,
        owner,
        another,
        former,
        staff,
        operator,
        administrator,
    )
}
