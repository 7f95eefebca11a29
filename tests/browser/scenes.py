"""Scenes: what a person has done and what has happened to them, set in the site's database.

Each begins with an empty stage, so they can follow one another in any order. `tests.browser.
backstage` calls the functions below the scenes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts.data_export.models import DataExport
from accounts.models import Door, Profile, User
from accounts.oauth_trace.models import Attempt, Span
from accounts.units import Units
from companion import draft
from skill_endpoint.facts.models import Fact, FactReport, Favourite, Hearing
from skill_endpoint.models import AccountLink
from tests.companion.operations import days
from tests.companion.traces import attempts

ELSEWHERE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"
)
# none of these is a statement of the page's own; the last notes once in five minutes, with whatever
# page comes then, when a browser was last seen
CONTROL = (
    "SAVEPOINT",
    "RELEASE",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "PRAGMA",
    'UPDATE "usersessions_usersession"',
)


def nothing_yet(person: User) -> None:
    """As after the very first sign-in."""
    Favourite.objects.filter(user=person).delete()
    Hearing.objects.filter(user=person).delete()
    AccountLink.objects.filter(user=person).delete()
    FactReport.objects.filter(user=person).delete()
    DataExport.objects.filter(user=person).delete()
    UserSession.objects.filter(user=person, user_agent=ELSEWHERE).delete()
    Fact.objects.filter(is_published=False).update(is_published=True)
    _sessions_as_they_were(person)
    new = Profile(user=person)
    fields = [field for field in Profile._meta.fields if field.name not in {"id", "user"}]
    Profile.objects.filter(user=person).update(
        **{field.name: getattr(new, field.name) for field in fields}
    )


def _sessions_as_they_were(person: User) -> None:
    """What pages keep in a session (an attempt at linking, what was removed) goes."""
    for session in Session.objects.all():
        data = session.get_decoded()
        if data.get("_auth_user_id") == str(person.pk):
            fresh = _after_sign_in.setdefault(session.session_key, data)
            _keep(session, fresh)


def _keep(session: Session, data: dict[str, Any]) -> None:
    session.session_data = SessionStore().encode(data)
    session.save(update_fields=["session_data"])


def _in_sessions(person: User, **more: Any) -> None:
    for session in Session.objects.all():
        data = session.get_decoded()
        if data.get("_auth_user_id") == str(person.pk):
            _keep(session, {**data, **more})


# by session key: what was in it when a scene was first set for its person
_after_sign_in: dict[str, dict[str, Any]] = {}


def some_weeks(person: User) -> None:
    """Linked, chose things, saved thirty facts and heard eighty at both doors; one withdrawn."""
    nothing_yet(person)
    now = timezone.now()
    Profile.objects.filter(user=person).update(
        display_name="Robin",
        topics=["space", "oceans"],
        time_zone="America/New_York",
        units=Units.METRIC,
    )
    facts = list(Fact.objects.order_by("slug"))[:80]
    doors = (Door.VOICE, Door.VOICE, Door.WEB)
    Favourite.objects.bulk_create(
        Favourite(
            user=person, fact=fact, door=doors[n % 3], saved_at=now - timedelta(hours=9 * n + 1)
        )
        for n, fact in enumerate(facts[:30])
    )
    Hearing.objects.bulk_create(
        Hearing(
            user=person, fact=fact, door=doors[n % 3], heard_at=now - timedelta(hours=7 * n + 1)
        )
        for n, fact in enumerate(facts)
    )
    FactReport.objects.create(fact=facts[0], user=person, language="en")
    withdrawn = facts[2]
    withdrawn.is_published = False
    withdrawn.save(update_fields=["is_published"])
    _link(person)
    _signed_in_elsewhere(person)


def _signed_in_elsewhere(person: User) -> None:
    session = SessionStore()
    session.create()
    UserSession.objects.create(
        user=person,
        session_key=session.session_key,
        ip="203.0.113.7",
        user_agent=ELSEWHERE,
        last_seen_at=timezone.now() - timedelta(hours=5),
    )


def linking_begun(person: User) -> None:
    nothing_yet(person)
    _in_sessions(person, linking={"at": timezone.now().isoformat(), "known": []})


def linking_failed(person: User) -> None:
    linking_begun(person)
    _link(person, refused_at=timezone.now(), refused_reason="client")


def linking_silent(person: User) -> None:
    nothing_yet(person)
    begun = timezone.now() - timedelta(minutes=3)
    _in_sessions(person, linking={"at": begun.isoformat(), "known": []})


def linking_explained(person: User) -> None:
    """The trace saw why."""
    linking_silent(person)
    Attempt.objects.all().delete()
    Attempt.objects.begin(
        site_sub=person.sub, outcome="failed", finding="redirect-uri-region", stages={}
    )


def linking_failed_elsewhere(person: User) -> None:
    """Twice, in the Alexa app: nothing was begun here."""
    nothing_yet(person)
    Attempt.objects.all().delete()
    for hours in (5, 2):
        at = timezone.now() - timedelta(hours=hours)
        Attempt.objects.begin(
            sub=person.sub,
            started_at=at,
            updated_at=at,
            outcome="failed",
            finding="token-secret-wrong",
        )


def export_ready(person: User) -> None:
    some_weeks(person)
    _export(person, DataExport.State.READY)


def export_half_made(person: User) -> None:
    some_weeks(person)
    _export(person, DataExport.State.MAKING)


def export_failed(person: User) -> None:
    some_weeks(person)
    _export(person, DataExport.State.FAILED)


def _export(person: User, state: DataExport.State) -> None:
    DataExport.objects.create(
        user=person,
        state=state,
        language="en",
        done_rows=4_000,
        total_rows=9_000,
        claimed_at=timezone.now(),  # as if another tab were at it: nothing goes on here
        has_pool_record=False,
    )


def needs_linking_again(person: User) -> None:
    nothing_yet(person)
    _link(person, refused_at=timezone.now() - timedelta(hours=2), refused_reason="expired")


def skill_switched_off(person: User) -> None:
    nothing_yet(person)
    _link(person, disabled_at=timezone.now() - timedelta(days=2))


def topics_used_up(person: User) -> None:
    """Everything of the chosen topic was heard before today."""
    nothing_yet(person)
    Profile.objects.filter(user=person).update(topics=["space"])
    long_ago = timezone.now() - timedelta(days=40)
    Hearing.objects.bulk_create(
        Hearing(user=person, fact=fact, door=Door.VOICE, heard_at=long_ago)
        for fact in Fact.objects.filter(topic__slug="space")
    )


def typed_before(person: User) -> None:
    """Their sign-in ended while they wrote into a form; they are back."""
    some_weeks(person)
    kept = {
        "form": "preferences",
        "typed": {"section": ["name"], "display_name": ["Captain Robin"]},
        "whose": draft.mark(person),
        "at": timezone.now().isoformat(),
    }
    _in_sessions(person, draft=kept)


def no_history_wanted(person: User) -> None:
    nothing_yet(person)
    Profile.objects.filter(user=person).update(remember_history=False)


def hostile(person: User) -> None:
    """A name and topics as somebody would choose them who means no good, or writes Arabic."""
    some_weeks(person)
    name = "<script>alert(1)</script> \u202eروبن"
    Profile.objects.filter(user=person).update(display_name=name[:40], time_zone="Nowhere/Else")


def _link(person: User, **changes: Any) -> None:
    now = timezone.now()
    AccountLink.objects.create(
        application_id=settings.ALEXA_SKILL_IDS[0],
        alexa_user_id=f"amzn1.ask.account.SCENE{person.pk}",
        user=person,
        enabled_at=now - timedelta(days=20),
        linked_at=now - timedelta(days=20),
        last_used_at=now - timedelta(hours=3),
        **changes,
    )


def traces_none(person: User) -> None:
    some_weeks(person)
    Attempt.objects.all().delete()
    Span.objects.all().delete()


def traces_silent(person: User) -> None:
    """Recording for half an hour, and nothing came."""
    traces_none(person)
    begun = timezone.now() - timedelta(minutes=30)
    Span.objects.create(started_at=begun, ends_at=begun + timedelta(hours=2))


def traces_many(person: User) -> None:
    traces_silent(person)
    attempts.many()


def traces_linked(person: User) -> None:
    traces_none(person)
    attempts.linked(sub=person.sub)


def traces_odd(person: User) -> None:
    """Hostile values; an exchange was withheld, and something was lost."""
    traces_none(person)
    attempt = attempts.hostile()
    attempt.events.create(stage="refresh", is_withheld=True)
    Attempt.objects.update(is_complete=False)


def operations_nothing(person: User) -> None:
    """No server of the site itself counts here: it would be in the picture."""
    traces_none(person)
    days.nothing()


def operations_an_hour(person: User) -> None:
    operations_nothing(person)
    days.an_hour()


def operations_a_day(person: User) -> None:
    operations_nothing(person)
    days.a_day()


def operations_a_bad_day(person: User) -> None:
    operations_nothing(person)
    days.a_bad_day()


SCENES: dict[str, Callable[[User], None]] = {
    made.__name__: made
    for made in (
        nothing_yet,
        linking_begun,
        linking_failed,
        linking_explained,
        linking_failed_elsewhere,
        linking_silent,
        export_ready,
        export_half_made,
        export_failed,
        some_weeks,
        needs_linking_again,
        skill_switched_off,
        no_history_wanted,
        topics_used_up,
        typed_before,
        hostile,
        traces_none,
        traces_silent,
        traces_many,
        traces_linked,
        traces_odd,
        operations_nothing,
        operations_an_hour,
        operations_a_day,
        operations_a_bad_day,
    )
}


def scene(name: str, sub: str) -> dict[str, str]:
    """Set it for a person, if there is one; what addresses need."""
    made = {}
    if sub:
        person = User.objects.get(sub=sub)
        SCENES[name](person)
        made["person"] = str(person.pk)
        other = User.objects.for_sub("00000000-somebody-else", door=Door.VOICE)
        made["other"] = str(other.pk)
        link = AccountLink.objects.filter(user=person).first()
        made["link"] = str(link.pk if link else 0)
        session = UserSession.objects.filter(user=person, user_agent=ELSEWHERE).first()
        made["session"] = str(session.pk if session else 0)
        kept = Fact.objects.published().filter(favourites__user=person)
        saved = kept.select_related("topic").order_by("-favourites__saved_at").first()
        made["saved"] = f"{saved.topic.slug}/{saved.slug}" if saved else ""
        report = FactReport.objects.filter(user=person).first()
        made["report"] = str(report.pk if report else 0)
        latest = Attempt.objects.first()
        made["trace"] = latest.reference if latest else "22222"
    fact = Fact.objects.published().select_related("topic").order_by("slug").first()
    assert fact, "the site has no facts"
    if withdrawn := Fact.objects.filter(is_published=False).select_related("topic").first():
        made |= {"withdrawn": f"{withdrawn.topic.slug}/{withdrawn.slug}"}
    return made | {"fact": str(fact.pk), "topic": fact.topic.slug, "slug": fact.slug}


def statements(path: str, cookies: dict[str, str]) -> int:
    """How many the page takes with empty caches, without transaction control."""
    cache.clear()
    host = settings.PUBLIC_URL.partition("://")[2]
    client = Client(headers={"host": host}, raise_request_exception=False)
    for name, value in cookies.items():
        client.cookies[name] = value
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return sum(not query["sql"].startswith(CONTROL) for query in queries.captured_queries)


def error_page(template: str, language: str) -> str:
    """As the site would show it to a visitor."""
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    context = {"retry_after": 60, "reference": "7f3kq2", "user": request.user}
    with translation.override(language):
        return render_to_string(template, context, None if template == "500.html" else request)
