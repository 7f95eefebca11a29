"""What people did, for benchmarks.website: one who has used the site daily for long, an operator.

Run in a configured Django, on a database that benchmarks.population has filled. `main` prints one
object of JSON: `cookies` by role (person, operator), each a session's, and `places`, which the
pages' addresses need. The sessions are as a sign-in leaves them.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import batched
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from accounts.cognito.sign_in_again import note
from accounts.groups import OPERATORS, apply_pool_groups
from accounts.models import Door, Profile, User
from accounts.oauth_trace import redaction
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Attempt, Event, Outcome, Span, Stage
from skill_endpoint.facts.models import Fact, FactReport, Favourite, Hearing

HEARD, SAVED = 2_000, 100  # of the one who has used it for long
EACH_HEARD, EACH_SAVED = 20, 5  # of everybody else
SIGNED_IN = 3  # their browsers
ATTEMPTS = 2_500  # more than a list reads
PER_STATEMENT = 2_000


def main() -> None:
    person, operator, *others = User.objects.order_by("pk")
    Profile.objects.filter(user=person).update(
        display_name="Robin", topics=["space", "oceans"], time_zone="America/New_York"
    )
    apply_pool_groups(operator, frozenset({OPERATORS}))
    facts = list(Fact.objects.published().select_related("topic").order_by("slug"))
    _heard_and_saved([person], facts, HEARD, SAVED)
    _heard_and_saved([operator, *others], facts, EACH_HEARD, EACH_SAVED)
    FactReport.objects.file(facts[0].pk, person, language="en", request_id="")
    Span.objects.create(ends_at=timezone.now() + timedelta(hours=1))
    _attempts(others)
    places = {
        "topic": facts[0].topic.slug,
        "slug": facts[0].slug,
        "fact": str(facts[0].pk),
        "person": str(person.pk),
        "trace": _attempt(person).reference,
    }
    cookies = {"person": _signed_in(person), "operator": _signed_in(operator)}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as a database that runs for long has done by itself
    json.dump({"cookies": cookies, "places": places}, sys.stdout)


def _heard_and_saved(people: list[User], facts: list[Fact], heard: int, saved: int) -> None:
    now = timezone.now()

    def hearings() -> Iterator[Hearing]:
        for user in people:
            for n in range(heard):
                at = now - timedelta(hours=9 * n + 1)
                fact = facts[n % len(facts)]
                yield Hearing(user=user, fact=fact, door=Door.VOICE, heard_at=at)

    for batch in batched(hearings(), PER_STATEMENT):
        Hearing.objects.bulk_create(batch)
    Favourite.objects.bulk_create(
        (
            Favourite(user=user, fact=fact, door=Door.WEB, saved_at=now - timedelta(hours=7 * n))
            for user in people
            for n, fact in enumerate(facts[:saved])
        ),
        PER_STATEMENT,
    )


def _attempts(people: list[User]) -> None:
    """Of many people, over almost two weeks: half of them linked, half of them failed."""
    ends = (
        (Outcome.LINKED, "", "ok"),
        (Outcome.FAILED, "token-secret-wrong", "bad"),
    )
    begun = [timezone.now() - timedelta(minutes=7 * n + 40) for n in range(ATTEMPTS)]
    Attempt.objects.bulk_create(
        (
            Attempt(
                reference=f"{n:08d}",
                started_at=at,
                updated_at=at,
                outcome=ends[n % 2][0],
                finding=ends[n % 2][1],
                stages={"authorize": "ok", "callback": "ok", "token": ends[n % 2][2]},
                redirect_uri=_redirect_uri(),
                client_id=settings.COGNITO_ALEXA_CLIENT_ID,
                language=("en-US", "de-DE", "fr-FR")[n % 3],
                sub=people[n % len(people)].sub,
            )
            for n, at in enumerate(begun)
        ),
        PER_STATEMENT,
    )


def _attempt(person: User) -> Attempt:
    """One in full, the newest: the developer console has another secret."""
    begun = timezone.now() - timedelta(minutes=20)
    made = Attempt.objects.begin(
        started_at=begun,
        updated_at=begun,
        sub=person.sub,
        client_id=settings.COGNITO_ALEXA_CLIENT_ID,
        redirect_uri=_redirect_uri(),
        language="en-US",
        captured=True,
    )
    for n, (stage, (request, answer)) in enumerate(_exchanges().items()):
        Event.objects.create(
            attempt=made,
            stage=stage,
            at=begun + timedelta(seconds=20 * n),
            milliseconds=120,
            request=request.to_json(),
            response=answer.to_json(),
        )
    return made


def _redirect_uri() -> str:
    return f"https://pitangui.amazon.com/api/skill/link/{settings.ALEXA_VENDOR_ID}"


def _exchanges() -> dict[Stage, tuple[Message, Message]]:
    site, pool = settings.PUBLIC_URL, "https://bench.auth.us-east-1.amazoncognito.com"
    state, code, back = "s" * 600, "code-of-the-pool", _redirect_uri()
    asked = {
        "client_id": settings.COGNITO_ALEXA_CLIENT_ID,
        "response_type": "code",
        "scope": "openid email phone",
        "redirect_uri": back,
        "state": state,
    }
    to_pool = f"{pool}/oauth2/authorize?{urlencode(asked)}"
    came_back = urlencode({"code": code, "state": state})
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
    form_type = [("Content-Type", "application/x-www-form-urlencoded")]
    json_type = [("Content-Type", "application/json;charset=UTF-8")]
    refused = b'{"error":"invalid_client"}'

    def sent_to(url: str) -> Message:
        return redaction.answer(status=302, headers_=[("Location", url)])

    return {
        Stage.AUTHORIZE: (
            redaction.request(method="GET", url=f"{site}/oauth/authorize", query=urlencode(asked)),
            sent_to(to_pool),
        ),
        Stage.CALLBACK: (
            redaction.request(method="GET", url=f"{site}/oauth/callback", query=came_back),
            sent_to(f"{back}?{came_back}"),
        ),
        Stage.TOKEN: (
            redaction.request(
                method="POST",
                url=f"{site}/oauth/token",
                headers_=form_type,
                body=urlencode(form).encode(),
            ),
            redaction.answer(status=400, headers_=json_type, body=refused),
        ),
    }


def _signed_in(user: User) -> str:
    """With some browsers; the session of the last one."""
    for _ in range(SIGNED_IN):
        request = RequestFactory().get("/")
        request.session = SessionStore()
        login(request, user)
        note(request, int(time.time()))
        request.session.save()
    return str(request.session.session_key)
