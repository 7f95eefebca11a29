"""Database, cache, migrations, content, trace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings
from django.utils import timezone

from accounts.oauth_trace.models import Span
from companion.doctor.checks import here
from companion.doctor.context import Context, Options
from companion.doctor.results import State
from tests.companion.conftest import NewFact
from tests.companion.doctor.conftest import look, only

CONTEXT = Context(Options())
needs_database = pytest.mark.django_db(transaction=True)


@needs_database
def test_what_is_here_is_in_order(new_fact: NewFact) -> None:
    new_fact()
    for code in ("here.database", "here.migrations", "here.content", "here.cache", "here.trace"):
        assert only(look(code)).state is State.OK, code


@needs_database
def test_without_facts_there_is_nothing_to_tell(new_fact: NewFact) -> None:
    new_fact(is_published=False)
    result = only(look("here.content"))
    assert result.state is State.WARNING
    assert "facts load" in result.mend


@needs_database
def test_a_migration_that_was_not_applied() -> None:
    recorder = MigrationRecorder(connections["default"])
    recorder.record_unapplied("sessions", "0001_initial")
    try:
        result = only(look("here.migrations"))
    finally:
        recorder.record_applied("sessions", "0001_initial")
    assert result.state is State.ERROR
    assert result.seen == "1 not applied: sessions.0001_initial"


@needs_database
def test_a_database_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the driver says stays out: it may name user and host."""

    def refuse(self: Any, *args: Any) -> None:
        raise DatabaseError("password authentication failed for user jo")

    monkeypatch.setattr(type(connections["default"]), "cursor", refuse)
    (database,) = here.database(CONTEXT)
    follow = [seen for look_at in (here.migrations, here.content) for seen in look_at(CONTEXT)]
    assert database.state is State.ERROR
    assert database.mend
    assert [seen.state for seen in follow] == [State.SKIPPED, State.SKIPPED], "one cause, one error"
    assert "jo" not in f"{database} {follow}"


@needs_database
@pytest.mark.usefixtures("on_local_memory")
def test_sqlite_and_a_cache_of_each_process_are_for_a_local_run() -> None:
    with override_settings(DEV_TOOLS=False):
        (database,) = here.database(CONTEXT)
        (kept,) = here.shared_cache(CONTEXT)
    if connections["default"].vendor == "sqlite":
        assert database.state is State.WARNING
    assert kept.state is State.WARNING
    assert "CACHE_URL" in kept.mend


def test_a_cache_that_is_down() -> None:
    gone = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://localhost:1",
        }
    }
    with override_settings(CACHES=gone):
        result = only(look("here.cache"))
    assert result.state is State.ERROR
    cache.clear()


def test_a_cache_that_forgets() -> None:
    forgetful = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    with override_settings(CACHES=forgetful):
        result = only(look("here.cache"))
    assert (result.state, result.seen) == (State.ERROR, "it forgets at once")


@needs_database
def test_the_trace() -> None:
    assert "not configured" in only(look("here.trace")).seen
    with override_settings(OAUTH_TRACE=True):
        assert "records nothing" in only(look("here.trace")).seen
    Span.objects.create(ends_at=timezone.now() + timedelta(hours=1), capture=True)
    assert only(look("here.trace")).state is State.WARNING
    with override_settings(OAUTH_TRACE=True):
        result = only(look("here.trace"))
    assert result.state is State.OK
    assert "with capture" in result.seen
