"""A hundred thousand attempts: the pages take as few statements, and read none of them all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.oauth_trace.models import Attempt, Event, Outcome, Stage
from companion.traces import briefs
from tests.companion.pages import statements_of
from tests.companion.test_scale import scans
from tests.companion.traces import attempts

pytestmark = pytest.mark.django_db
ATTEMPTS = 100_000
MOST_STATEMENTS = 12
TABLES = ("oauth_trace_attempt", "oauth_trace_event", "oauth_trace_viewing")


@pytest.fixture
def crowd(db: None) -> Attempt:
    """Two weeks of attempts, a few hundred of one person; the newest is made in full."""
    now = timezone.now()
    outcomes = [Outcome.LINKED, Outcome.FAILED, Outcome.GAVE_UP]
    Attempt.objects.bulk_create(
        (
            Attempt(
                reference=f"{n:08d}",
                started_at=now - timedelta(seconds=12 * n + 60),
                updated_at=now - timedelta(seconds=12 * n + 60),
                outcome=outcomes[n % 3],
                finding="" if n % 3 == 0 else "page-closed",
                redirect_uri=attempts.redirect_uri(),
                client_id="alexa-client",
                sub=attempts.SUB if n % 300 == 0 else f"sub-{n}",
                site_sub="" if n % 4 else f"sub-{n}",  # begun on the website
                pinned=n % 1000 == 7,
            )
            for n in range(ATTEMPTS)
        ),
        batch_size=2000,
    )
    Event.objects.bulk_create(
        (
            Event(attempt_id=pk, stage=Stage.AUTHORIZE, at=now)
            for pk in Attempt.objects.values_list("pk", flat=True)
        ),
        batch_size=5000,
    )
    made = attempts.failed()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return made


def test_no_page_grows_with_the_attempts(office: Client, crowd: Attempt) -> None:
    paths = [
        "/traces/",
        "/traces/?time=24h",
        "/traces/?time=7d&outcome=failed&region=na",
        "/traces/?region=fe",
        f"/traces/?person={attempts.SUB}",
        "/traces/?person=nobody",
        "/traces/?pinned=1",
        f"/traces/?before={(timezone.now() - timedelta(days=5)).timestamp():.0f}",
        "/traces/?live=1",
        "/traces/attempts.csv",
        f"/traces/{crowd.reference}/",
        f"/traces/{crowd.reference}/report.json",
    ]
    over, read = {}, []
    for path in paths:
        with CaptureQueriesContext(connection) as queries:
            response = office.get(path)
        assert response.status_code == 200, path
        asked = statements_of(queries)
        if len(asked) > MOST_STATEMENTS:
            over[path] = len(asked)
        for statement in asked:
            if statement.startswith("SELECT"):
                read += [
                    (path, table, statement) for table in TABLES if reads_all(table, statement)
                ]
    assert over == {}
    assert read == []

    page = office.get("/traces/")
    assert (page.context["number"], page.context["is_cut"]) == (briefs.MOST, True)
    file = office.get("/traces/attempts.csv").content
    assert file.count(b"\r\n") == briefs.MOST + 1  # and the heading


def reads_all(table: str, statement: str) -> bool:
    """An index that is walked from its end, and left after so many rows, is none of it."""
    is_left = f"LIMIT {briefs.MOST + 1}" in statement and '"sub" = ' not in statement
    return scans(table, statement) and not is_left
