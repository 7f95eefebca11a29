"""After everything: what was secret rests neither in database, nor in log, nor on a page."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import redis

from companion.local import people
from companion.local.scenario.coming_and_going import NEWCOMER
from companion.local.scenario.linking_failures import NAME
from companion.local.scenario.stage import PASSWORD, Stage, Step, expect
from companion.local.scenario.two_doors import VOICE_FIRST

# where an address belongs: the copy that people and operators are shown
ADDRESSES_REST_IN = {"accounts_user.email", "accounts_user.phone_number"}
_TRACE = re.compile(r"/traces/[0-9A-Z]{5}/")


def nothing_leaked(stage: Stage) -> str:
    secrets, addresses = _secrets(stage), _addresses(stage)
    stage.sign_in(people.OPERATOR)
    pages = dict(_pages(stage))
    expect(len(pages) > 20, "the pages of the trace", sorted(pages))
    log = stage.site.process.log.read_text(encoding="utf-8", errors="replace")
    # the operator's own address stands in the menu of each page
    of_others = addresses - {stage.site.people[people.OPERATOR].user}
    found = {name for name, text in pages.items() if _holds(text, secrets | of_others)}
    found |= {"the log"} if _holds(log, secrets | addresses) else set()
    columns = dict(_columns(stage))
    seen = [name for name in ADDRESSES_REST_IN if _holds(columns.get(name, ""), addresses)]
    expect(len(seen) == 2, "addresses where they belong, or it would be blind", seen)
    found |= {name for name, text in columns.items() if _holds(text, secrets)}
    found |= {
        name
        for name, text in columns.items()
        if name not in ADDRESSES_REST_IN and _holds(text, addresses)
    }
    found |= {"the cache"} if _holds(_cached(stage), secrets | addresses) else set()
    # whatever form it has there, deleted rows as well
    found |= {
        path.name for path in _files(stage) if _holds(path.read_bytes().decode("latin-1"), secrets)
    }
    expect(not found, "no secret anywhere", sorted(found))
    number = len(secrets | addresses)
    places = "database, cache, log" if stage.site.environment["CACHE_URL"] else "database, log"
    return f"{number} looked for in {places} and {len(pages)} pages, none found"


def _secrets(stage: Stage) -> set[str]:
    """Codes and states that went by, tokens, passwords, client secrets and keys."""
    tokens = {
        token
        for account in stage.accounts.values()
        for token in (account.access_token, account.refresh_token)
    }
    passwords = {person.password for person in stage.site.people.values()}
    settings = {
        text
        for name, text in stage.site.environment.items()
        if name.endswith("_SECRET") or name in {"SECRET_KEY", "METRICS_TOKEN"}
    }
    found = stage.secrets | tokens | passwords | settings | {PASSWORD}
    return {each for each in found if each}


def _addresses(stage: Stage) -> set[str]:
    return {NAME, VOICE_FIRST, NEWCOMER} | {each.user for each in stage.site.people.values()}


def _pages(stage: Stage) -> Iterator[tuple[str, str]]:
    """Of the trace, as an operator: the list, what it downloads, each attempt and its reports."""
    browser = stage.browser(people.OPERATOR)
    listed = browser.at("/traces/")
    yield "/traces/", listed.source
    attempts = sorted({link for link in listed.links() if _TRACE.fullmatch(link)})
    more = [f"{attempt}{part}" for attempt in attempts for part in ("", "report.json", "report.md")]
    for path in ("/traces/attempts.csv", *more):
        page = browser.at(path)
        expect(page.status == 200, path, f"HTTP {page.status}")
        yield path, page.source


def _columns(stage: Stage) -> Iterator[tuple[str, str]]:
    """Each column of the database as text, by table.column."""
    url = stage.site.environment["DATABASE_URL"]
    database: Any  # both have what PEP 249 asks for
    if _is_sqlite(url):
        path = stage.site.state / "demo.sqlite3"
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        listing = "SELECT name FROM sqlite_master WHERE type = 'table'"
    else:
        database = psycopg.connect(url)
        listing = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    with closing(database):
        for (table,) in database.execute(listing).fetchall():
            rows = database.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - its own names
            names = [each[0] for each in rows.description]
            columns = zip(*rows.fetchall(), strict=True)
            for name, values in zip(names, columns, strict=False):
                yield f"{table}.{name}", "\n".join(map(str, values))


def _cached(stage: Stage) -> str:
    """All that rests in the shared cache, keys and values; nothing where there is none."""
    url = stage.site.environment["CACHE_URL"]
    if not url:
        return ""
    with redis.Redis.from_url(url) as cache:
        return "\n".join(f"{key!r} {_value(cache, key)!r}" for key in cache.scan_iter())


def _value(cache: redis.Redis, key: bytes) -> Any:
    is_list = cache.type(key) == b"list"
    return cache.lrange(key, 0, -1) if is_list else cache.get(key)


def _files(stage: Stage) -> list[Path]:
    """Where the database lies, and what it has noted of what it changed."""
    url = stage.site.environment["DATABASE_URL"]
    if _is_sqlite(url):
        return list(stage.site.state.glob("demo.sqlite3*"))
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("CHECKPOINT")
        [folder] = database.execute("SHOW data_directory").fetchone() or [""]
    parts = [Path(folder) / part for part in ("base", "pg_wal")]
    return [path for part in parts for path in part.rglob("*") if path.is_file()]


def _is_sqlite(url: str) -> bool:
    return url.startswith("sqlite:")


def _holds(text: str, secrets: set[str]) -> bool:
    return any(secret in text for secret in secrets)


STEPS = (Step("secrets", nothing_leaked),)
