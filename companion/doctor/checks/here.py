"""What is on this side: database, cache, migrations, content, trace."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.conf import settings
from django.core.cache import cache, caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from companion.doctor import sources, tracing
from companion.doctor.context import Context
from companion.doctor.registry import check
from companion.doctor.results import Seen, error, ok, skipped, warning
from skill_endpoint.facts.models import Fact

NO_DATABASE = "Check DATABASE_URL, and that the server runs and lets this machine in."


@check("here.database", "Database")
def database(context: Context) -> Iterator[Seen]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError as failure:
        yield error(
            f"{connection.vendor} does not answer ({type(failure).__name__})", mend=NO_DATABASE
        )
        return
    if connection.vendor == "sqlite" and not context.is_local:
        yield warning(
            "sqlite answers",
            wanted="PostgreSQL where several processes or machines serve the site",
            mend="Set DATABASE_URL to postgres://…",
        )
    else:
        yield ok(f"{connection.vendor} answers")


@check("here.migrations", "Migrations")
def migrations(context: Context) -> Iterator[Seen]:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as failure:
        yield skipped(f"cannot be read ({type(failure).__name__}): see “Database”")
        return
    if plan:
        names = [f"{step.app_label}.{step.name}" for step, _ in plan]
        shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
        yield error(
            f"{len(plan)} not applied: {shown}", wanted="all applied", mend="`manage.py migrate`"
        )
    else:
        yield ok("all applied")


@check("here.content", "Facts")
def content(context: Context) -> Iterator[Seen]:
    try:
        number = Fact.objects.filter(is_published=True).count()
    except DatabaseError as failure:
        # its table is missing, or the whole database: one of the two lines above says which
        yield skipped(f"cannot be counted ({type(failure).__name__})")
        return
    if number:
        yield ok(f"{number} published")
    else:
        yield warning(
            "none: the skill has nothing to tell",
            wanted="published facts",
            mend="`manage.py facts load` loads those that come with the code.",
        )


@check("here.cache", "Cache", source=sources.DJANGO_CACHE)
def shared_cache(context: Context) -> Iterator[Seen]:
    key = f"doctor:{uuid.uuid4().hex}"
    try:
        cache.set(key, "well", timeout=10)
        holds = cache.get(key) == "well"
        cache.delete(key)
    except Exception as failure:  # noqa: BLE001 - each cache backend has errors of its own
        yield error(
            f"does not answer ({type(failure).__name__})",
            wanted="what is put in comes out",
            mend="Check CACHE_URL, and that the server runs.",
        )
        return
    if not holds:
        yield error(
            "it forgets at once",
            wanted="what is put in comes out",
            mend="Look at the memory limit and the eviction policy of the cache.",
        )
    elif isinstance(caches["default"], LocMemCache) and not context.is_local:
        yield warning(
            "each process has its own",
            wanted="one that all processes share: rate limits are counted there",
            mend="Set CACHE_URL to redis://… where the site runs in more than one process.",
        )
    else:
        yield ok("keeps what is put in")


@check("here.trace", "Trace of linking attempts")
def trace(context: Context) -> Iterator[Seen]:
    span = tracing.span()
    if not settings.OAUTH_TRACE:
        if span:
            yield warning(
                "a time span is on, and the trace is not configured: nothing is recorded",
                wanted="OAUTH_TRACE=1 while it is on",
                mend="Set OAUTH_TRACE=1 and start the site again, or `manage.py oauth_trace off`.",
            )
        else:
            yield ok("not configured: Alexa and browsers speak to the pool itself")
    elif span:
        capture = "with" if span.capture else "without"
        yield ok(f"records until {span.ends_at:%Y-%m-%d %H:%M} UTC, {capture} capture")
    else:
        yield ok("passes on and records nothing; `manage.py oauth_trace on` records")
