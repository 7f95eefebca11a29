"""Known secrets come in on every way that the trace has; then everything that rests is searched.

Real linkings over the local AWS, right and wrong, and answers that quote what was sent. Searched
are each column of the database, what sessions hold, the cache, each line of the log, the counters,
and each page that an administrator, an operator and the person can open.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.urls import NoReverseMatch, reverse
from pytest_django import Settings

from accounts import last_few
from accounts.models import User
from accounts.oauth_trace import recording, redaction, wanted
from accounts.oauth_trace.models import Attempt, Event, Span
from companion.logs import redact
from skill_endpoint.simulator.envelopes import Device
from tests.accounts.oauth_trace.conftest import FORM, Linker, StubPool
from tests.accounts.oauth_trace.conftest import stub_pool as stub_pool
from tests.accounts.oauth_trace.conftest import tracing as tracing
from tests.conftest import SKILL_ID, browser
from tests.local_aws import LivePool, hosted_sign_in
from tests.real_services import all_cached
from tests.sign_in import CALLBACK, start
from tests.skill_endpoint.voice import one_shot, stock_library
from tests.test_addresses import example, routes

pytestmark = [pytest.mark.django_db, pytest.mark.local_aws]

EMAIL, PHONE = "planted.person@example.com", "+12065550188"
PASSWORD = "gloomy snail parade"  # by its looks nobody knows it for one
# where an address belongs: the copy that the person and operators are shown
ADDRESSES_REST_IN = {"accounts_user.email", "accounts_user.phone_number"}


@dataclass
class Planted:
    """By what it was; the values are searched for."""

    values: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, value: str = "") -> str:
        """Remembers it; without a value, one that looks as real ones do."""
        value = value or f"{secrets.token_hex(12)}{secrets.token_urlsafe(18)}"
        assert len(value) > 7, name
        self.values[f"{name} {len(self.values)}"] = value
        return value

    def in_(self, text: str) -> list[str]:
        return [name for name, value in self.values.items() if value in text]


@dataclass
class Heard:
    """What was handed to the loggers, and what of it is written."""

    lines: list[str]


@pytest.fixture
def heard() -> Iterator[Heard]:
    found = Heard([])

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said = [repr(record.msg), repr(record.args), record.getMessage()]
            if record.exc_info:
                said.append(logging.Formatter().formatException(record.exc_info))
            found.lines.append(" ".join(said))

    handler = Listening(logging.INFO)
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def linker(tracing: Span, pool: LivePool, planted: Planted) -> Linker:
    values = pool.values
    wanted.forget()
    wanted.current()
    planted.add("client secret", values.alexa_client_secret)
    made = Linker(
        browser(), values.alexa_client_id, values.alexa_client_secret, values.alexa_callbacks[0]
    )
    planted.add("state", made.state)
    return made


@pytest.fixture
def planted() -> Planted:
    return Planted()


def keep_tokens(planted: Planted, tokens: dict[str, Any]) -> dict[str, Any]:
    for name in ("access_token", "id_token", "refresh_token"):
        if name in tokens:
            planted.add(name, tokens[name])
            planted.add(f"signature of {name}", tokens[name].rpartition(".")[2])
    return tokens


def new_state(linker: Linker, planted: Planted) -> None:
    linker.state = planted.add("state", f"{secrets.token_urlsafe(300)}.{secrets.token_hex(8)}")


def code_of(linker: Linker, planted: Planted, **changes: str) -> str:
    new_state(linker, planted)
    location = hosted_sign_in(linker.authorize(**changes), EMAIL, PASSWORD)
    return planted.add("code", linker.come_back(location)["code"][0])


def signed_in(planted: Planted, name: str) -> Client:
    """On the website; its own code and state are secrets as well."""
    client = browser()
    to_pool = start(client)
    planted.add("state of the website", parse_qs(urlsplit(to_pool).query)["state"][0])
    back = hosted_sign_in(to_pool, name, PASSWORD)
    planted.add("code of the website", parse_qs(urlsplit(back).query)["code"][0])
    client.get(f"{CALLBACK}?{urlsplit(back).query}")
    return client


# --- everything goes by ------------------------------------------------------------------------


def link_well(linker: Linker, planted: Planted) -> None:
    """Linked, renewed, and told to the skill."""
    code = code_of(linker, planted)
    tokens = keep_tokens(planted, json.loads(linker.redeem(code).content))
    keep_tokens(planted, json.loads(linker.refresh(tokens["refresh_token"]).content))
    device = Device(
        application_id=SKILL_ID,
        user_id="amzn1.ask.account.PLANTED",
        access_token=tokens["access_token"],
    )
    one_shot(device, "AMAZON.HelpIntent")
    linker.redeem(code)
    linker.redeem(planted.add("made-up code"))
    linker.refresh(planted.add("made-up refresh token"))


def link_badly(linker: Linker, planted: Planted) -> None:
    """One part of a linking after the other is a secret in the wrong place."""
    secret = planted.add("another client secret")
    linker.post({"grant_type": "x", "code": code_of(linker, planted)}, basic=("id", secret))
    linker.post({"client_secret": secret, "code_verifier": planted.add("verifier")})
    challenge = planted.add("challenge")
    linker.redeem(
        code_of(linker, planted, code_challenge=challenge, code_challenge_method="S256"),
        code_verifier=planted.add("verifier"),
    )
    linker.authorize(password=PASSWORD, prompt=PASSWORD)
    for name in ("client_id", "redirect_uri", "scope", "response_type", "login_hint", "prompt"):
        for value in (secret, EMAIL, PHONE, f"https://a.example/?code={secret}", f"{secret}@b"):
            new_state(linker, planted)
            linker.authorize(**{name: value})
    new_state(linker, planted)
    linker.authorize(**{secret: secret, "accessToken": secret, "Client_Secret": secret, EMAIL: "x"})
    said = {
        "User-Agent": f"Mozilla {EMAIL} {secret}",
        "Authorization": f"Bearer {secret}",
        "Referer": f"https://a.example/?code={secret}",
        "X-Secret": secret,
        secret: "x",
    }
    linker.browser.get(f"/oauth/authorize?state={secret}&code={secret}", headers=said)
    query = urlencode({"code": secret, "state": secret, "error_description": f"{EMAIL} {secret}"})
    for path in ("/oauth/callback", "/oauth/token", "/oauth/authorize", "/oauth/nothing"):
        linker.browser.get(f"{path}?{query}")
    for body, kind in (
        (query, FORM),
        (json.dumps({"code": secret, "password": PASSWORD, secret: EMAIL}), "application/json"),
        (f"<p>{secret} {EMAIL}</p>", "text/html"),
        (f"{secret} {EMAIL} {PHONE}", "text/plain"),
        (b"\xff\x00" + secret.encode(), "application/octet-stream"),
        (f"code={secret}&" * 2000, FORM),
    ):
        linker.client.post("/oauth/token", body, content_type=kind, headers=said)
    new_state(linker, planted)
    linker.authorize()
    back = urlencode(
        {"error": "server_error", "state": linker.state, "error_description": f"{EMAIL} {secret}"}
    )
    linker.browser.get(f"/oauth/callback?{back}")


def be_answered_badly(linker: Linker, planted: Planted, stub: StubPool) -> None:
    """A token endpoint that quotes what it was sent."""
    secret = planted.add("quoted secret")
    description = f"no {secret} of {EMAIL}, {PHONE}"
    answers: tuple[Any, ...] = (
        {"error": "invalid_grant", "error_description": description, "error_uri": secret},
        {"error": secret, secret: EMAIL, "nested": {"access_token": secret}, "list": [secret]},
        {"access_token": secret, "refresh_token": secret, "id_token": f"{secret}.{secret}.x"},
        {"data": {"access_token": secret}, "message": description, "__type": description},
        f"<html>{description}</html>".encode(),
        description.encode(),
        secret.encode() * 10_000,
    )
    for status in (200, 400, 500, 302):
        for answer in answers:
            location = f"https://a.example/{secret}?code={secret}"
            stub.says(answer, status, Location=location, X_Secret=secret, Server=description)
            linker.redeem(planted.add("code"))


def break_the_trace(linker: Linker, planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own errors quote what they were given."""

    def broken(*args: object, **kwargs: object) -> None:
        raise ValueError(f"{EMAIL} {linker.state} {args} {kwargs}")

    for where, name in ((redaction, "request"), (redaction, "answer"), (Event.objects, "create")):
        recording.forget_span()
        with monkeypatch.context() as patched:
            patched.setattr(where, name, broken)
            linker.redeem(code_of(linker, planted))
    recording.forget_span()


# --- where it could rest -----------------------------------------------------------------------


def columns() -> Iterator[tuple[str, str]]:
    """Each column of the database as text, by table.column."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT * FROM {name}")  # noqa: S608 - its own name
            names = [each[0] for each in cursor.description or ()]
            for name, values in zip(names, zip(*cursor.fetchall(), strict=True), strict=False):
                yield f"{table}.{name}", "\n".join(map(str, values))


def pages(client: Client) -> Iterator[tuple[str, str]]:
    """All that this browser can open: every address, each attempt, each row in the admin."""
    for path in [*map(example, routes()), *_traces(), *_rows()]:
        response = client.get(path)
        content = b"".join(response) if response.streaming else response.content
        yield path, content.decode(errors="replace") + str(dict(response.headers))


def _traces() -> Iterator[str]:
    yield from ("/traces/?live=1", "/traces/attempts.csv")
    for reference in Attempt.objects.values_list("reference", flat=True):
        yield from (f"/traces/{reference}/{part}" for part in ("", "report.json", "report.md"))


def _rows() -> Iterator[str]:
    for model in apps.get_models():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        for pk in model._base_manager.values_list("pk", flat=True)[:5]:
            try:
                yield reverse(name, args=[pk])
            except NoReverseMatch:  # not in the admin
                break


# --- the search --------------------------------------------------------------------------------


def test_secrets_that_went_by_rest_nowhere(
    linker: Linker,
    planted: Planted,
    pool: LivePool,
    heard: Heard,
    stub_pool: StubPool,
    operator: User,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.METRICS_TOKEN = planted.add("key of the counters")
    stock_library()
    addresses = Planted({"e-mail": EMAIL, "phone": PHONE})
    planted.add("password", PASSWORD)
    with override_settings(**pool.settings()):
        for name in (EMAIL, PHONE):
            pool.person(name, password=PASSWORD)
        persons = [signed_in(planted, name) for name in (EMAIL, PHONE)]
        linker.browser = persons[0]  # so that the attempts are known as theirs
        link_well(linker, planted)
        link_badly(linker, planted)
        break_the_trace(linker, planted, monkeypatch)
    be_answered_badly(linker, planted, stub_pool)
    assert Attempt.objects.count() > 30, "or there would be nothing to search"
    assert Attempt.objects.exclude(sub="").exists()
    assert Attempt.objects.exclude(site_sub="").exists()

    operator.is_superuser = True
    operator.save()
    administrator = browser()
    administrator.force_login(operator)
    opened = dict(pages(administrator))
    own = [dict(pages(client)) for client in persons]
    counters = browser().get(
        "/metrics", headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"}
    )
    rested = dict(columns())
    rested["sessions"] = str([session.get_decoded() for session in Session.objects.all()])
    rested["cache"] = all_cached()
    rested["log"] = "\n".join(heard.lines)
    rested["log, as it is written"] = redact(rested["log"])
    rested["counters"] = counters.content.decode()

    assert leaks(planted, rested) == {}
    assert leaks(planted, opened) == {}
    assert [leaks(planted, each) for each in own] == [{}, {}]
    # addresses are where people and operators see them, and nowhere else
    assert set(leaks(addresses, rested)) == ADDRESSES_REST_IN
    shown = set(leaks(addresses, opened))
    assert {path for path in shown if not path.startswith("/admin/")} == set()
    assert shown, "or the search would be blind"
    assert leaks(addresses, own[0]), "as well"


def leaks(planted: Planted, places: dict[str, str]) -> dict[str, list[str]]:
    return {name: found for name, text in places.items() if (found := planted.in_(text))}


def push_last(key: str, value: object) -> None:
    last_few.push(key, [value], length=3, seconds=60)


def test_a_secret_that_rests_is_found(planted: Planted, db: None) -> None:
    """In each kind of place: the search sees."""
    secret = planted.add("secret")
    attempt = Attempt.objects.begin(client_id=secret)
    Event.objects.create(attempt=attempt, request={"address": secret})
    found = leaks(planted, dict(columns()))
    assert set(found) == {"oauth_trace_attempt.client_id", "oauth_trace_event.request"}
    for number, keep in enumerate((cache.set, push_last)):
        cache.clear()
        assert not leaks(planted, {"cache": all_cached()})
        keep(f"key-{number}", {"in": [secret]})
        assert leaks(planted, {"cache": all_cached()})
