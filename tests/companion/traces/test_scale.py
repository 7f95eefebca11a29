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
from tests.rows import ago, multiply

pytestmark = pytest.mark.django_db
ATTEMPTS = 100_000
MOST_STATEMENTS = 12
TABLES = ("oauth_trace_attempt", "oauth_trace_event", "oauth_trace_viewing")


@pytest.fixture
def crowd(db: None) -> Attempt:
    """Two weeks of attempts, a few hundred of one person; the newest is made in full."""
    template = Attempt.objects.create(
        reference="template", redirect_uri=attempts.redirect_uri(), client_id="alexa-client"
    )
    event = Event.objects.create(attempt=template, stage=Stage.AUTHORIZE, at=timezone.now())
    outcomes = f"'{Outcome.LINKED}' WHEN 1 THEN '{Outcome.FAILED}' ELSE '{Outcome.GAVE_UP}'"
    multiply(
        template,
        ATTEMPTS,
        reference="CAST(10000000 + n AS varchar(8))",
        started_at=ago("12 * n + 60"),
        updated_at=ago("12 * n + 60"),
        outcome=f"CASE n % 3 WHEN 0 THEN {outcomes} END",
        finding="CASE n % 3 WHEN 0 THEN '' ELSE 'page-closed' END",
        sub=f"CASE n % 300 WHEN 0 THEN '{attempts.SUB}' ELSE 'sub-' || n END",
        site_sub="CASE n % 4 WHEN 0 THEN 'sub-' || n ELSE '' END",  # begun on the website
        pinned="n % 1000 = 7",
    )
    multiply(event, Attempt, attempt_id="n")
    with connection.cursor() as cursor:  # before anything is asked: a plan for empty tables takes
        cursor.execute("ANALYZE")  # PostgreSQL through them a hundred thousand times
    template.delete()
    assert Attempt.objects.filter(events__stage=Stage.AUTHORIZE).count() == ATTEMPTS
    return attempts.failed()


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
