"""What another site can make a visitor's browser do here: nothing."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import Door, User
from accounts.own_path import is_own_path
from companion import languages
from skill_endpoint.facts.models import Fact
from skill_endpoint.simulator.pki import ensure_pki
from tests.conftest import browser
from tests.security.cast import ROLES, World, make_world
from tests.test_addresses import example, routes

pytestmark = pytest.mark.django_db
# signed by Alexa, or called by servers that have no cookies: nothing of a browser counts there
WITHOUT_CSRF = {"/alexa/", "/oauth/authorize", "/oauth/callback", "/oauth/token"}
# of the simulator, in a local run only: it takes requests that Alexa signed
WITHOUT_CSRF |= {"/dev/alexa/forward", "/dev/alexa/forward/"}
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def world(linked: User, fact: Fact, settings: Settings, tmp_path: Path) -> World:
    ensure_pki(tmp_path / "alexa")
    settings.ALEXA_DEV_PKI_DIR = str(tmp_path / "alexa")
    settings.OAUTH_TRACE = True
    return make_world(linked, fact)


def everything() -> str:
    """All rows of people, as text: to see that nothing changed."""
    from django.apps import apps
    from django.core import serializers

    models = [
        model
        for model in apps.get_models()
        if model._meta.app_label not in {"sessions", "contenttypes", "auth"}
    ]
    rows = [row for model in models for row in model._default_manager.all().order_by("pk")]
    return str(serializers.serialize("json", rows))


# --- CSRF --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "token"), [*((each, "none") for each in UNSAFE), ("POST", "of another visitor")]
)
def test_a_form_of_another_site_changes_nothing_at_any_address(
    world: World, method: str, token: str
) -> None:
    """With the cookies of somebody who may do everything, and no token, or one of somebody else."""
    administrator = ROLES["administrator"](world).cookies
    owner = ROLES["owner"](world).cookies
    before = everything()
    taken = []
    for cookies in (administrator, owner):
        for route in routes():
            path = world.path_of(route)
            client = browser(enforce_csrf_checks=True, raise_request_exception=False)
            client.cookies = SimpleCookie(cookies.output(header="", sep=";"))
            body = "post=yes&sure=on"
            if token != "none":
                client.cookies["doors_csrf"] = "a" * 32
                body += f"&csrfmiddlewaretoken={'b' * 32}"
            answer = client.generic(method, path, body, "application/x-www-form-urlencoded")
            if answer.status_code != 403 and path not in WITHOUT_CSRF:
                taken.append((path, answer.status_code))
    assert everything() == before
    # what is answered before the token is looked at does nothing
    assert {status for _path, status in taken} <= {404, 405}, taken


def test_the_addresses_without_a_token_are_those_of_servers() -> None:
    exempt = set()
    for route in routes():
        client = browser(enforce_csrf_checks=True, raise_request_exception=False)
        if client.post(example(route)).status_code not in {403, 404, 405}:
            exempt.add(example(route))
    # where the trace is off its addresses are not there
    assert exempt <= WITHOUT_CSRF


@pytest.mark.parametrize("path", ["/accounts/cognito/login/", "/accounts/sign-up/"])
def test_nobody_is_signed_in_by_a_form_of_another_site(path: str) -> None:
    """Log-in CSRF: the victim would go on in the attacker's account."""
    strict = browser(enforce_csrf_checks=True)
    assert strict.post(path).status_code == 403
    assert strict.get(path).status_code in {200, 405}
    assert not strict.session.keys()


@pytest.mark.parametrize("path", ["/accounts/logout/", "/admin/logout/"])
def test_nobody_is_signed_out_by_another_site(stranger: User, path: str) -> None:
    strict = browser(enforce_csrf_checks=True)
    strict.force_login(stranger)
    assert strict.post(path).status_code == 403
    strict.get(path)
    assert strict.get("/me/").status_code == 200


# --- what browsers are told --------------------------------------------------------------------


@pytest.mark.parametrize("role", ["nobody", "owner", "administrator"])
def test_no_answer_can_be_framed_guessed_at_or_told_to_others(world: World, role: str) -> None:
    """Pages, files, redirects and errors: none goes without the headers that browsers heed."""
    for route in routes():
        path = world.path_of(route)
        client = ROLES[role](world)
        answer = client.get(path)
        assert answer["X-Content-Type-Options"] == "nosniff", path
        assert answer["Referrer-Policy"] == "same-origin", path
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", path
        if answer.get("Content-Type", "").startswith("text/html"):
            policy = answer["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy, path
            assert "default-src 'none'" in policy, path
            assert "base-uri 'none'" in policy, path
            assert "unsafe" not in policy, path
            assert "nonce" not in policy, path
    # refused before any view
    for answer in (
        browser().get("/", headers={"host": "evil.example"}),
        browser().post("/theme/", "x", content_type="application/x-www-form-urlencoded"),
        browser().get("/nothing/"),
    ):
        assert answer["X-Content-Type-Options"] == "nosniff"


def test_every_page_says_that_it_may_not_be_framed_to_old_browsers_too(world: World) -> None:
    for path in ("/", "/me/", "/admin/", "/accounts/login/", "/nothing/", "/traces/"):
        assert ROLES["administrator"](world).get(path)["X-Frame-Options"] == "DENY"


@pytest.fixture
def https(settings: Settings) -> None:
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = "https://facts.example.com", ["facts.example.com"]
    settings.HTTPS = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True


@pytest.mark.usefixtures("https")
def test_no_cookie_is_for_scripts_for_http_or_for_other_sites(stranger: User) -> None:
    client = Client(headers={"host": "facts.example.com"})
    client.get("/de/today/", secure=True)
    token = re.search(
        r'name="csrfmiddlewaretoken" value="(\w+)"', client.get("/", secure=True).content.decode()
    )
    assert token
    client.post("/theme/", {"theme": "dark"}, secure=True)
    client.post("/i18n/set/", {"language": "fr"}, secure=True)
    client.post("/facts/space/x/save/", secure=True)
    client.post("/accounts/cognito/login/", secure=True)
    names = set(client.cookies)
    assert names >= {"doors_session", "doors_csrf", "doors_theme", "doors_language"}
    for name, morsel in client.cookies.items():
        assert morsel["httponly"], name
        assert morsel["secure"], name
        assert morsel["samesite"] == "Lax", name
        assert not morsel["domain"], name  # of this host alone


def test_a_session_begins_anew_when_somebody_signs_in(client: Client, stranger: User) -> None:
    """Session fixation: an id that an attacker planted before opens nothing after."""
    client.post("/accounts/cognito/login/")
    planted = client.cookies["doors_session"].value
    client.force_login(stranger)
    assert client.cookies["doors_session"].value != planted
    attacker = browser()
    attacker.cookies["doors_session"] = planted
    assert attacker.get("/me/").status_code == 302


@pytest.mark.parametrize("made_up", ["a" * 32, "x", "../../etc/passwd", "'; DROP TABLE x; --"])
def test_a_session_id_that_nobody_gave_out_is_never_taken(client: Client, made_up: str) -> None:
    client.cookies["doors_session"] = made_up
    client.post("/accounts/cognito/login/")
    assert client.cookies["doors_session"].value != made_up


# --- where people are sent ---------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "////evil.example",
    "/\\evil.example/",
    "\\/evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "/\n/evil.example/",
    "/\t//evil.example/",
    "/\r\n//evil.example/",
    "\t//evil.example/",
    " //evil.example/",
    "http:evil.example/",
    "https:/evil.example/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "\x00//evil.example/",
    "\x1f//evil.example/",
    "\u2028//evil.example/",
    "／／evil.example/",
    "//evil.example\\@localhost:8000/",
    "http://localhost:8000@evil.example/",
    "http://localhost:8000.evil.example/",
    "//[::1]/",
    "http://[",
    "/%09/evil.example/",
    "/%5cevil.example/",
    "/%2f%2fevil.example/",
    "http://127.0.0.1/",
    "evil.example/",
    "?next=//evil.example/",
    "",
]
FORMS = ("/theme/", "/i18n/set/")


def leads_elsewhere(location: str) -> bool:
    """As a browser reads it: whitespace goes, backslashes are slashes."""
    read = re.sub(r"[\t\r\n]", "", location.strip("".join(map(chr, range(33)))))
    read = read.replace("\\", "/")
    return not read.startswith("/") or read.startswith("//")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_next_leads_to_another_site(client: Client, stranger: User, target: str) -> None:
    """In any spelling that a browser reads as another address."""
    choices = {"theme": "dark", "language": "fr", "next": target}
    for path in FORMS:
        for query in ({}, {"next": target}):
            answer = client.post(path, choices | query, query_params=query)
            assert not leads_elsewhere(answer["Location"]), (path, answer["Location"])
    # signed in already: the sign-in page sends on at once
    client.force_login(stranger)
    answer = client.get("/accounts/login/", {"next": target})
    assert not leads_elsewhere(answer.get("Location", "/")), answer.get("Location")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_own_paths_are_paths_of_this_site(target: str) -> None:
    assert not is_own_path(target) or not leads_elsewhere(target)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_an_address_without_its_language_stays_here(target: str) -> None:
    assert not leads_elsewhere(languages.without_language(f"/fr/{target.lstrip('/')}"))
    rest = languages.without_language(f"/fr{target}" if target.startswith("/") else f"/fr/{target}")
    assert not leads_elsewhere(rest)


@pytest.mark.parametrize(
    "path",
    ["//evil.example/", "///evil.example/x", "/\\evil.example/", "/%5Cevil.example/", "/@evil/"],
)
def test_the_one_name_leads_nowhere_else(path: str) -> None:
    """A request for another allowed name is sent on to PUBLIC_URL with its path."""
    answer = Client(headers={"host": "127.0.0.1:8000"}).generic("GET", path)
    if answer.status_code == 302:
        assert answer["Location"].startswith("http://localhost:8000/")


@pytest.mark.parametrize("text", ["/\r\nSet-Cookie: x=1", "/\nX: y", "/\r", "/\u0085x"])
def test_nobody_writes_a_header_of_ours(client: Client, text: str) -> None:
    """Header injection: by a target, a query, a name of a browser or a cookie."""
    headers = {"Referer": text, "Accept-Language": text, "HX-Current-URL": text, "User-Agent": text}
    answers = [
        client.post("/theme/", {"theme": "dark", "next": text}),
        client.post("/i18n/set/", {"language": "fr", "next": text}),
        client.get("/facts/", {"q": text, "page": text}, headers=headers),
        client.post("/me/preferences/", headers={"HX-Request": "true", **headers}),
        client.get("/oauth/authorize", {"state": text}),
    ]
    for answer in answers:
        assert "x" not in answer.cookies
        assert "X" not in answer
        for name, value in answer.items():
            assert "\r" not in value, name
            assert "\n" not in value, name


# --- which host this is ------------------------------------------------------------------------

LIES: dict[str, str] = {
    "X-Forwarded-Host": "evil.example",
    "X-Host": "evil.example",
    "X-Original-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-HTTP-Host-Override": "evil.example",
    "Forwarded": "host=evil.example;proto=https",
    "X-Original-URL": "/admin/",
    "X-Rewrite-URL": "/admin/",
    "X-Forwarded-Prefix": "/evil.example",
    "X-Script-Name": "/evil.example",
    "X-Forwarded-Port": "1337",
    "X-Forwarded-Scheme": "nothttps",
    "X-Forwarded-Proto": "https",
    "X-HTTP-Method-Override": "POST",
    "X-Method-Override": "DELETE",
    "Origin": "https://evil.example",
    "Referer": "https://evil.example/",
    "User-Agent": "evil.example",
    "X-Forwarded-For": "198.51.100.66",
    "Cookie": "doors_theme=evil.example; other=evil.example",
}
# differ from answer to answer
_MOVING = re.compile(
    rb'name="csrfmiddlewaretoken" value="\w+"|dir="ltr">[0-9a-f]{8}<|<updated>[^<]*</updated>'
)


def read(path: str, headers: dict[str, str]) -> tuple[int, bytes, str]:
    answer: Any = browser(raise_request_exception=False).get(path, headers=headers)
    return answer.status_code, _MOVING.sub(b"", answer.content), answer.get("Location", "")


@pytest.mark.usefixtures("one_day")
def test_no_header_that_a_cache_ignores_changes_a_page(fact: Fact, settings: Settings) -> None:
    """Cache poisoning: what one visitor's headers put into a page, the next would be given."""
    settings.TRUSTED_PROXIES = []
    world = World(User(), fact, {})
    for route in routes():
        if route.startswith(("admin/", "dev/", "traces/", "metrics", "readyz", "operations")):
            continue
        path = world.path_of(route) if "version_id" not in route else ""
        honest, lied = read(path, {}), read(path, LIES)
        assert honest[::2] == lied[::2], path
        changed = set(lied[1].splitlines()) ^ set(honest[1].splitlines())
        assert not changed, path


@pytest.mark.usefixtures("one_day")
def test_what_a_shared_cache_may_keep_says_what_it_depends_on(fact: Fact) -> None:
    """Accept-Language and the cookie of the language change a page, so they stand in Vary."""
    world = World(User(), fact, {})
    for route in routes():
        if route.startswith(("admin/", "dev/", "oauth/")):
            continue
        path = world.path_of(route)
        answers = [
            browser().get(path, headers=headers)
            for headers in ({}, {"Accept-Language": "de"}, {"Cookie": "doors_language=ja"})
        ]
        if "public" not in answers[0].get("Cache-Control", ""):
            continue
        assert not any(answer.cookies for answer in answers), path
        if len({_MOVING.sub(b"", answer.content) for answer in answers}) > 1:
            assert {"accept-language", "cookie"} <= {
                word.strip().lower() for word in answers[0]["Vary"].split(",")
            }, path


def test_a_wrong_host_makes_no_link_and_no_mail(client: Client) -> None:
    """No address is made from the Host header: from PUBLIC_URL, always; and no mail is sent."""
    for path in ("/", "/feed.atom", "/sitemap.xml", "/robots.txt", "/accounts/login/"):
        answer = Client(headers={"host": "127.0.0.1:9999"}).get(path, follow=False)
        assert answer["Location"].startswith("http://localhost:8000/")
    started = client.post("/accounts/cognito/login/", headers={"x-forwarded-host": "evil.example"})
    assert "evil.example" not in started["Location"]
    assert "redirect_uri=http%3A%2F%2Flocalhost%3A8000%2F" in started["Location"]
    posted = Client(headers={"host": "127.0.0.1"}).post("/accounts/cognito/login/")
    assert "redirect_uri=http%3A%2F%2Flocalhost%3A8000%2F" in posted["Location"]
    assert mail.outbox == []


def test_a_request_without_a_host_is_told_the_one_name_and_nothing_is_made_of_it() -> None:
    """HTTP/1.0 has none: Django then takes the server's own, which must be an allowed one."""
    bare = Client(SERVER_NAME="127.0.0.1", SERVER_PORT="8000")
    assert bare.get("/facts/")["Location"] == "http://localhost:8000/facts/"
    assert Client(SERVER_NAME="10.0.0.9", SERVER_PORT="8000").get("/facts/").status_code == 400
    posted = bare.post("/accounts/cognito/login/")
    assert "redirect_uri=http%3A%2F%2Flocalhost%3A8000%2F" in posted["Location"]


# --- who is known here -------------------------------------------------------------------------


def test_nothing_says_to_a_stranger_who_is_known_here(world: World, stranger: User) -> None:
    """User enumeration: an id of somebody's, and one that nobody has, are answered alike."""
    User.objects.for_sub("sub-more", door=Door.WEB)
    for role in ("nobody", "another"):
        for route in routes():
            path = world.path_of(route)
            made_up = example(route).replace("/7/", "/999999/")
            if path == made_up or route.startswith(("dev/", "facts/", "<language", "sitemap")):
                continue
            if route.startswith(("accounts/deleted/", "accounts/social/", "admin/(?P")):
                continue  # a signed number, for who has it; nothing at all; lists
            answers = [ROLES[role](world).get(each) for each in (path, made_up)]
            kinds = [
                (answer.status_code, answer.get("Location", "").partition("?")[0])
                for answer in answers
            ]
            assert kinds[0] == kinds[1], (role, path, kinds)


def test_nothing_of_a_page_comes_from_elsewhere() -> None:
    """Supply chain: scripts and styles are files of this repository."""
    assert finders.find("companion/site.css")
    for name in ("/", "/facts/", "/help/", "/accounts/login/", "/admin/login/"):
        page = browser().get(name, follow=True).content.decode()
        for address in re.findall(r'(?:src|href)="([^"]+)"', page):
            if re.search(r"\.(?:js|css|woff2?|svg|png|ico)(?:$|\?)", address):
                assert address.startswith("/static/"), (name, address)
