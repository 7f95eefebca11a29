"""The site's pages: any path, language, cookie, place to go next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from tests.conftest import browser
from tests.fuzz.target import Target, check

FIELDS = ("path", "language", "cookie", "next", "host", "agent", "query", "choice", "method")
POSTS = (
    "/i18n/set/",
    "/theme/",
    "/today/another/",
    "/today/topic/",
    "/me/preferences/",
    "/saved/undo/",
)


def page(data: bytes) -> None:
    """A JSON object of FIELDS; what is missing is as a browser sends it."""
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(given, dict):
        return
    said = {name: given[name] for name in FIELDS if isinstance(given.get(name), str)}
    path = "/" + said.get("path", "").lstrip("/")
    if path.startswith("/dev/"):  # a developer's tool, which asks the network
        return
    extra: dict[str, Any] = {
        "HTTP_ACCEPT_LANGUAGE": said.get("language", "en"),
        "HTTP_COOKIE": said.get("cookie", ""),
        "HTTP_USER_AGENT": said.get("agent", "fuzz"),
        "QUERY_STRING": said.get("query", ""),
    }
    if "host" in said:
        extra["HTTP_HOST"] = said["host"]
    extra = {
        name: text.encode("utf-8", "replace").decode("latin-1") for name, text in extra.items()
    }
    client = browser()
    posts = said.get("method") == "POST"
    if posts:
        form = {"next": said.get("next", ""), **dict.fromkeys(_CHOICES, said.get("choice", ""))}
        answer: Any = client.post(path.encode("utf-8", "replace").decode(), form, **extra)
    else:
        answer = client.get(path.encode("utf-8", "replace").decode(), **extra)
    check(answer.status_code < 500, "no failure of ours", answer.status_code)
    if where := answer.get("Location"):
        _stays_here(where, path)
    for name, value in answer.headers.items():
        check("\n" not in value and "\r" not in value, "a header is one line", (name, value))
    if "host" in said and said["host"] not in settings.PUBLIC_URL and answer.status_code < 400:
        check(f"//{said['host']}" not in _body(answer), "nobody names our host", said["host"])


_CHOICES = ("language", "theme", "topic", "topics", "more", "units", "time_zone")


def _stays_here(where: str, path: str) -> None:
    parts = urlsplit(where)
    ours = {"", urlsplit(settings.PUBLIC_URL).netloc, urlsplit(settings.COGNITO_DOMAIN_URL).netloc}
    check(parts.netloc in ours and parts.scheme in {"", "http", "https"}, "it stays here", where)
    check(not where.startswith(("//", "/\\", "\\")), "no path that is a host", (path, where))


def _body(answer: Any) -> str:
    return "" if answer.streaming else answer.content.decode("utf-8", "replace")


def _pages() -> Iterator[bytes]:
    paths = [
        "",
        "today/",
        "facts/",
        "facts/space/",
        "feed.atom",
        "today.json",
        "today.txt",
        "help/",
    ]
    paths += ["fr/facts/", "robots.txt", "sitemap.xml", "sitemap-facts-1.xml", "admin/", "traces/"]
    paths += ["accounts/cognito/login/", "accounts/cognito/login/callback/", "accounts/deleted/x/"]
    paths += ["me/", "oauth/authorize", "privacy/", "healthz", "doctor/", "saved/", "metrics"]
    for path in paths:
        usual = {
            "path": path,
            "language": "fr-CA,fr;q=0.8,de;q=0.5",
            "query": "page=2&q=sea&next=/x",
        }
        yield json.dumps(usual).encode()
    cookie = "doors_language=de; sessionid=abc; theme=dark; messages=x; csrftoken=y"
    for path in POSTS:
        yield json.dumps(
            {
                "path": path,
                "method": "POST",
                "next": "/facts/?q=x",
                "choice": "de",
                "cookie": cookie,
            }
        ).encode()
    for where in (
        "//evil.example/",
        "/fr//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
    ):
        for name in ("/i18n/set/", "/theme/"):
            yield json.dumps(
                {"path": name, "method": "POST", "next": where, "choice": "fr"}
            ).encode()
    yield json.dumps({"path": "facts/", "host": "evil.example", "cookie": cookie}).encode()


TARGETS = [
    Target(
        name="site",
        promise="no page fails, none leads elsewhere, and nobody names our host",
        run=page,
        seeds=_pages,
        words=(
            *(name.encode() for name in (*FIELDS, *_CHOICES, *POSTS, settings.SESSION_COOKIE_NAME)),
            *(
                b"fr",
                b"de",
                b"ja-JP",
                b"*",
                b"q=0.5",
                b"//",
                b"\\",
                b"evil.example",
                b"page",
                b"%00",
            ),
        ),
        examples=150,
    ),
]
