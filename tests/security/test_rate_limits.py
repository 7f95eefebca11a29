"""Every door that a stranger can knock at has a limit, and one's flood is nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import rate_limit
from accounts.models import User
from accounts.rate_limit import (
    buckets,
    has_used_up,
    is_client_over,
    is_over,
    note_against,
    seconds_left,
)
from companion import address_limit
from companion.address_limit import PROBES, READING, SEARCHING, SENDING, UNCOUNTED, Limit
from skill_endpoint import views
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from tests.alexa import Post, change, encoded, is_refused
from tests.conftest import browser
from tests.test_addresses import example, routes

pytestmark = pytest.mark.django_db
PAGES = {"Accept": "text/html,application/xhtml+xml"}
# have limits of their own, which are tested below; /healthz does nothing that could be saved
ELSEWHERE = {"/alexa/", "/readyz", "/healthz"}


@pytest.fixture
def one_a_minute(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second request of a kind is one too many."""
    settings.RATE_LIMITS = True
    settings.OAUTH_TRACE = True
    settings.METRICS_TOKEN = "a token of tests"
    for name, limit in (("READING", READING), ("SENDING", SENDING), ("SEARCHING", SEARCHING)):
        monkeypatch.setattr(address_limit, name, replace(limit, rate=1))
    probes = {path: replace(limit, rate=1) for path, limit in PROBES.items()}
    monkeypatch.setattr(address_limit, "PROBES", probes)


def statuses(call: Callable[[], Any], times: int) -> list[int]:
    return [call().status_code for _ in range(times)]


@pytest.mark.usefixtures("one_a_minute")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize("has_front", [True, False])
def test_every_address_has_a_limit_unless_it_is_listed(
    method: str, has_front: bool, settings: Settings
) -> None:
    """A new address is limited from its first day; who wants it without one has to say so here."""
    settings.OAUTH_TRACE = has_front
    unlimited = set()
    for number, route in enumerate(routes()):
        path = example(route)
        client = Client(headers={"host": "localhost:8000"}, raise_request_exception=False)
        address = f"198.51.{number // 250}.{number % 250}"
        for _ in range(2):
            last = client.generic(method, path, REMOTE_ADDR=address).status_code
        if last != 429:
            unlimited.add(path)
    # its own limit is larger (below), and is of what Alexa sends: without the front there is none
    own = UNCOUNTED if method == "POST" and settings.OAUTH_TRACE else set()
    assert unlimited == own | ELSEWHERE
    assert {"/oauth/token"} == UNCOUNTED


def used_up(scope: str, rate: int, *, who: str = "127.0.0.1") -> None:
    for _ in range(rate):
        is_over(scope, who, rate=rate, per=60)


@pytest.mark.parametrize(
    ("method", "path", "scope", "rate", "before"),
    [
        ("GET", "/readyz", "readyz", 600, 503),
        ("POST", "/oauth/token", "oauth_token", 600, 502),
        ("GET", "/oauth/authorize", "oauth_authorize", 120, 302),
        ("GET", "/oauth/callback", "oauth_callback", 120, 400),
        ("POST", "/accounts/cognito/login/", "sign-in", 60, 302),
        ("GET", "/accounts/cognito/login/callback/", "sign-in-callback", 60, 401),
        ("POST", "/accounts/sign-up/", "sign-in", 60, 302),
        ("GET", "/accounts/cognito/again/", "sign-in", 60, 302),
        ("GET", "/feed.atom", "kept-atom", 120, 200),
        ("GET", "/today.json", "kept-today_json", 120, 404),
        ("GET", "/today.txt", "kept-today_txt", 120, 404),
        ("GET", "/sitemap.xml", "kept-sitemap", 120, 200),
        ("POST", "/alexa/", "alexa", 12_000, 400),
    ],
)
def test_doors_with_a_limit_of_their_own(
    settings: Settings, method: str, path: str, scope: str, rate: int, before: int
) -> None:
    settings.RATE_LIMITS = settings.OAUTH_TRACE = True
    assert browser().generic(method, path).status_code == before
    used_up(scope, rate)
    answer = browser().generic(method, path)
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert browser().generic(method, path, REMOTE_ADDR="192.0.2.9").status_code == before


@pytest.mark.usefixtures("one_a_minute")
def test_a_static_file_that_is_not_there_and_a_made_up_address_count_too() -> None:
    for number, path in enumerate(("/static/companion/nothing.css", "/nothing/", "//", "/a/../b")):
        answers = [
            browser().get(path, REMOTE_ADDR=f"198.51.100.{number}").status_code for _ in range(2)
        ]
        assert answers[1] == 429, path


@pytest.mark.usefixtures("one_a_minute")
def test_a_refusal_says_when_to_come_back_and_costs_no_statement(linked: User) -> None:
    client = browser()
    client.force_login(linked)  # whose session would be read
    client.get("/", headers=PAGES)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get("/", headers=PAGES)
    assert answer.status_code == 429
    assert len(captured) == 0
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert answer["Cache-Control"] == "private, no-store"
    assert "A little slower, please" in answer.content.decode()
    assert "Content-Security-Policy" in answer
    assert not answer.cookies


@pytest.mark.usefixtures("one_a_minute")
@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/today.json", "*/*", "application/json"),
        ("/feed.atom", "*/*", "text/plain"),
        ("/metrics", "*/*", "text/plain"),
        ("/facts/", "text/html", "text/html"),
    ],
)
def test_programs_get_no_page(path: str, accept: str, kind: str) -> None:
    browser().get(path, headers={"Accept": accept})
    answer = browser().get(path, headers={"Accept": accept})
    assert answer.status_code == 429
    assert answer["Content-Type"].startswith(kind)
    assert answer["Cache-Control"] == "private, no-store"
    assert 1 <= int(answer["Retry-After"]) <= 60


@pytest.mark.usefixtures("one_a_minute")
def test_htmx_gets_a_notice_in_the_language_of_the_reader() -> None:
    for _ in range(2):
        answer = browser().get("/facts/", headers={"HX-Request": "true", "Accept-Language": "de"})
    assert (answer.status_code, answer["HX-Retarget"]) == (429, "#notices")
    assert answer["Content-Language"] == "de"
    assert "<html" not in answer.content.decode()


@pytest.mark.usefixtures("one_a_minute")
def test_a_flood_of_guesses_at_metrics_is_stopped_and_probes_go_on() -> None:
    wrong = {"Authorization": "Bearer guess"}
    assert statuses(lambda: browser().get("/metrics", headers=wrong), 3) == [401, 429, 429]
    assert browser().get("/readyz").status_code in {200, 503}
    assert statuses(lambda: browser().get("/healthz"), 3) == [200] * 3


@pytest.mark.usefixtures("one_a_minute")
def test_no_flood_of_guesses_at_metrics_locks_out_who_has_the_token() -> None:
    """They may come from the same address: a front passes them on, or a machine is shared."""
    wrong = {"Authorization": "Bearer guess"}
    right = {"Authorization": "Bearer a token of tests"}
    assert statuses(lambda: browser().get("/metrics", headers=right), 3) == [200] * 3
    assert statuses(lambda: browser().get("/metrics", headers=wrong), 3) == [401, 429, 429]
    assert statuses(lambda: browser().get("/metrics", headers=right), 3) == [200] * 3


@pytest.mark.usefixtures("one_a_minute")
def test_searches_count_apart_from_pages() -> None:
    """One costs the most of what anybody may ask for."""
    assert statuses(lambda: browser().get("/facts/?q=sea"), 2) == [200, 429]
    assert statuses(lambda: browser().get("/facts/?q="), 2) == [200, 429]
    assert browser().get("/saved/?q=moon").status_code == 429


@pytest.mark.usefixtures("one_a_minute")
def test_reading_and_sending_count_apart_and_by_address() -> None:
    choice = {"theme": "dark"}
    assert statuses(lambda: browser().get("/help/"), 2) == [200, 429]
    assert statuses(lambda: browser().post("/theme/", choice), 2) == [302, 429]
    assert browser().get("/help/", REMOTE_ADDR="192.0.2.9").status_code == 200


def test_limits_leave_room_for_people_behind_one_address() -> None:
    """Sixty who read a page every three seconds and send five forms a minute."""
    assert Limit("reading", 60 * 20) == READING
    assert Limit("sending", 60 * 5) == SENDING
    assert Limit("searching", 60 * 4) == SEARCHING


# --- whom a request counts for -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", ["203.0.113.7"]),
        ("::ffff:203.0.113.7", ["203.0.113.7"]),
        ("2001:db8:1:2::3", ["20010db800010002/64", "20010db80001/48"]),
        ("2001:db8:1:2:ffff::", ["20010db800010002/64", "20010db80001/48"]),
        ("2001:db8:1:3::", ["20010db800010003/64", "20010db80001/48"]),
        ("::1", ["0/64", "0/48"]),
    ],
)
def test_an_address_counts_as_its_network(address: str, counted: list[str]) -> None:
    assert [who for who, _times in buckets(address)] == counted


def flood(address: str, times: int, rate: int = 3) -> list[bool]:
    request = RequestFactory(REMOTE_ADDR=address).get("/")
    return [is_client_over("flood", request, rate=rate, per=3600) for _ in range(times)]


def test_a_flood_from_many_ipv6_addresses_of_one_home_is_one_flood(settings: Settings) -> None:
    settings.RATE_LIMITS = True
    answers = [flood(f"2001:db8:1:2::{n:x}", 1)[0] for n in range(5)]
    assert answers == [False, False, False, True, True]
    assert flood("2001:db8:1:3::1", 1) == [False]


def test_a_flood_from_a_whole_ipv6_site_is_stopped_and_one_home_does_not_use_it_up(
    settings: Settings,
) -> None:
    settings.RATE_LIMITS = True
    assert flood("2001:db8:1:1::1", 1000).count(False) == 3
    assert flood("2001:db8:1:2::1", 1) == [False]
    homes = [flood(f"2001:db8:1:{n:x}::1", 3) for n in range(16, 64)]
    let_in = sum(answers.count(False) for answers in homes)
    assert let_in == 3 * 16 - 3 - 1  # with what the two above were let
    assert flood("2001:db8:2:1::1", 1) == [False]


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::1"])
def test_what_was_noted_against_an_address_uses_it_up(settings: Settings, address: str) -> None:
    settings.RATE_LIMITS = True
    for _ in range(2):
        assert not has_used_up("notes", address, rate=2, per=3600)
        note_against("notes", address, per=3600)
    assert has_used_up("notes", address, rate=2, per=3600)
    assert not has_used_up("other", address, rate=2, per=3600)


@pytest.mark.usefixtures("on_nothing")
def test_a_cache_that_is_down_uses_nobody_up(settings: Settings) -> None:
    settings.RATE_LIMITS = True
    note_against("notes", "203.0.113.7", per=3600)
    assert not has_used_up("notes", "203.0.113.7", rate=1, per=3600)


def test_what_was_noted_is_shared(settings: Settings, on_redis: str) -> None:
    settings.RATE_LIMITS = True
    note_against("notes", "203.0.113.7", per=3600)
    assert has_used_up("notes", "203.0.113.7", rate=1, per=3600)


@pytest.mark.parametrize(("moment", "left"), [(0.0, 60), (59.9, 1), (60.0, 60), (61.5, 59)])
def test_a_window_tells_its_end(monkeypatch: pytest.MonkeyPatch, moment: float, left: int) -> None:
    monkeypatch.setattr(rate_limit, "time", SimpleNamespace(time=lambda: moment))
    assert seconds_left(60) == left


# --- the voice door ----------------------------------------------------------------------------


@pytest.fixture
def few(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(views, "CLIENT_RATE", 5)
    monkeypatch.setattr(views, "USER_RATE", 3)


@pytest.mark.usefixtures("few")
def test_one_persons_flood_by_voice_limits_nobody_behind_the_same_address(
    post: Post, device: Device
) -> None:
    """All of Alexa's people come from the same few addresses."""
    flooding = [post(envelopes.launch(device)).status_code for _ in range(30)]
    assert flooding == [200] * 3 + [429] * 27
    honest = Device(application_id=device.application_id, user_id="amzn1.ask.account.HONEST")
    assert [post(envelopes.launch(honest)).status_code for _ in range(3)] == [200] * 3


@pytest.mark.usefixtures("few")
def test_requests_of_another_skill_limit_nobody_of_ours(post: Post, device: Device) -> None:
    """Anybody's skill can name our address: Alexa signs its requests and sends them as ours."""
    foreign = replace(device, application_id="amzn1.ask.skill.foreign")
    assert all(is_refused(post(envelopes.launch(foreign))) for _ in range(30))
    assert post(envelopes.launch(device)).status_code == 200


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("kind", ["junk", "unsigned", "get", "replays", "too old"])
def test_what_alexa_did_not_send_uses_up_its_address(
    post: Post, client: Client, device: Device, kind: str
) -> None:
    launch = envelopes.launch(device)
    old = envelopes.launch(device)
    change(old, ("request", "timestamp"), "2020-01-01T00:00:00Z")
    attacks: dict[str, Callable[[], Any]] = {
        "junk": lambda: post(b"junk", sent=b"more junk"),
        "unsigned": lambda: post(launch, headers={"Signature-256": None}),
        "get": lambda: client.get("/alexa/"),
        "replays": lambda: post(encoded(launch)),
        "too old": lambda: post(old),
    }
    before = 1 if kind == "replays" else 0  # the first of those is genuine
    answers = statuses(attacks[kind], before + 5)
    assert answers == [200] * before + [400] * 5
    again = post(envelopes.launch(device))
    assert is_refused(again, 429)
    assert 1 <= int(again["Retry-After"]) <= 60
    assert post(envelopes.launch(device), REMOTE_ADDR="192.0.2.7").status_code == 200


@pytest.mark.usefixtures("few")
def test_a_used_up_address_costs_no_verification(
    post: Post, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses(lambda: post(b"junk", sent=b"more junk"), 5)

    def verify(*args: object, **kwargs: object) -> None:
        raise AssertionError("verified all the same")

    monkeypatch.setattr(views, "verify", verify)
    with CaptureQueriesContext(connection) as captured:
        assert is_refused(post(envelopes.launch(device)), 429)
    assert len(captured) == 0


def test_a_request_is_seen_before_its_person_is_counted(
    post: Post, launch: Envelope, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Address, signature, replay, person: a replay uses up nothing of the person it was of."""
    order: list[str] = []
    for name in ("has_used_up", "verify", "is_replay", "is_over"):
        real = getattr(views, name)

        def noted(*args: Any, _name: str = name, _real: Any = real, **kwargs: Any) -> Any:
            order.append(_name)
            return _real(*args, **kwargs)

        monkeypatch.setattr(views, name, noted)
    settings.RATE_LIMITS = True
    body = encoded(launch)
    post(body)
    assert order == ["has_used_up", "verify", "is_replay", "is_over"]
    order.clear()
    assert is_refused(post(body))
    assert order == ["has_used_up", "verify", "is_replay"]
