"""Read the account linking of a skill: Amazon's JSON, ours, or values copied from the console.

Three forms: what SMAPI answers (`accountLinkingResponse`), what `manage.py skill_package build`
writes (`accountLinkingRequest`), and lines as `manage.py pool show` prints them, a label of the
developer console's page and its value.
https://developer.amazon.com/en-US/docs/alexa/smapi/account-linking-schemas.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

MOST = 64 * 1024  # characters
LONGEST_SHOWN = 100  # characters of what cannot be read
_WRAPPERS = ("accountLinkingResponse", "accountLinkingRequest")


class Unreadable(Exception):
    """One line: why the values cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """A skill's configuration; None is a field that the source does not tell."""

    kind: str | None = None  # AUTH_CODE, IMPLICIT
    authorize_url: str | None = None
    token_url: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    scheme: str | None = None  # HTTP_BASIC, REQUEST_BODY_CREDENTIALS
    scopes: tuple[str, ...] | None = None
    domains: tuple[str, ...] | None = None
    seconds: int | None = None  # default life of an access token
    redirect_urls: tuple[str, ...] | None = None
    platforms: tuple[tuple[str, str], ...] = ()  # (iOS or Android, authorization URL)
    voice_forward: str | None = None


def read(text: str) -> Linking:
    """Raises Unreadable."""
    if len(text) > MOST:
        raise Unreadable(f"more than {MOST // 1024} KB")
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        try:
            document = json.loads(text.lstrip("\ufeff"))
        except (ValueError, RecursionError):
            raise Unreadable("it begins like JSON and is none") from None
        return from_json(document)
    return from_lines(text)


def from_json(document: Any) -> Linking:
    """A request or an answer of SMAPI, wrapped or bare. Raises Unreadable."""
    for name in _WRAPPERS:
        if isinstance(document, dict):
            document = document.get(name, document)
    if not isinstance(document, dict) or not {"type", "clientId", "authorizationUrl"} & set(
        document
    ):
        raise Unreadable("there is no account linking in it: type, clientId, authorizationUrl")
    seconds = document.get("defaultTokenExpirationInSeconds")
    return _readable(
        kind=_text(document, "type"),
        authorize_url=_text(document, "authorizationUrl"),
        token_url=_text(document, "accessTokenUrl"),
        client_id=_text(document, "clientId"),
        client_secret=_text(document, "clientSecret"),
        scheme=_text(document, "accessTokenScheme"),
        scopes=_texts(document, "scopes"),
        domains=_texts(document, "domains"),
        seconds=seconds if isinstance(seconds, int) and not isinstance(seconds, bool) else None,
        redirect_urls=_texts(document, "redirectUrls"),
        platforms=_platforms(document.get("authorizationUrlsByPlatform")),
        voice_forward=_text(document, "voiceForwardAccountLinking"),
    )


def _readable(**values: Any) -> Linking:
    """Raises Unreadable where something that must be an address cannot be read as one."""
    linking = Linking(**values)
    for name, urls in (
        ("the authorization URI", [linking.authorize_url]),
        ("the access token URI", [linking.token_url]),
        ("a redirect URL", linking.redirect_urls or ()),
        ("the authorization URI of an app", [url for _, url in linking.platforms]),
    ):
        for url in filter(None, urls):
            try:
                is_one = urlsplit(url).port is None or bool(urlsplit(url).hostname)
            except ValueError:
                is_one = False
            if not is_one:
                raise Unreadable(f"{name} is no address: {url[:LONGEST_SHOWN]}")
    return linking


def _text(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is not None and not isinstance(value, str):
        raise Unreadable(f"{name} is not a text")
    return value


def _texts(document: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Unreadable(f"{name} is not a list of texts")
    return tuple(value)


def _platforms(value: Any) -> tuple[tuple[str, str], ...]:
    entries = value if isinstance(value, list) else []
    return tuple(
        (str(each.get("platformType", "?")), str(each.get("platformAuthorizationUrl", "")))
        for each in entries
        if isinstance(each, dict)
    )


_KINDS = {"auth code grant": "AUTH_CODE", "implicit grant": "IMPLICIT"}
_SCHEMES = {"http basic": "HTTP_BASIC", "credentials in request body": "REQUEST_BODY_CREDENTIALS"}
# labels of the page, small, without "your"; those that repeat are lists
_SINGLE: dict[str, tuple[str, Callable[[str], Any]]] = {
    "authorization grant type": ("kind", lambda text: _one_of(text, _KINDS)),
    "web authorization uri": ("authorize_url", str),
    "authorization uri": ("authorize_url", str),
    "access token uri": ("token_url", str),
    "client id": ("client_id", str),
    "secret": ("client_secret", str),
    "client secret": ("client_secret", str),
    "authentication scheme": ("scheme", lambda text: _one_of(text, _SCHEMES)),
    "default access token expiration time": ("seconds", lambda text: _number(text)),
}
_MANY = {
    "scope": "scopes",
    "scopes": "scopes",
    "domain": "domains",
    "domain list": "domains",
    "redirect url of website": "redirect_urls",
}
_LABELS = sorted((*_SINGLE, *_MANY, "alexa redirect url"), key=len, reverse=True)
_NO_SECRET = re.compile(r"\(.*\)|[*•.]+")  # `(add --secret)`, or the console's dots


def from_lines(text: str) -> Linking:
    """Raises Unreadable where no line begins with a label that we know."""
    single: dict[str, Any] = {}
    many: dict[str, Any] = {}
    for line in text.splitlines():
        label, value = _split(line)
        if label in _SINGLE and value:
            name, read_value = _SINGLE[label]
            single[name] = read_value(value)
        elif label in _MANY and value:
            many.setdefault(_MANY[label], []).extend(re.split(r"[\s,]+", value))
    if not single and not many:
        raise Unreadable("no line begins with a label of the console's page, like Your Client ID")
    if _NO_SECRET.fullmatch(single.get("client_secret", "")):
        del single["client_secret"]
    values = {**single, **{name: tuple(each) for name, each in many.items()}}
    return _readable(**values)


def _split(line: str) -> tuple[str, str]:
    """(known label, value); labels may be followed by a colon, a tab or spaces."""
    plain = " ".join(line.split())
    small = re.sub(r"\byour ", "", plain.lower())
    for label in _LABELS:
        rest = small.removeprefix(label)
        if rest != small and (not rest or rest[0] in " :="):
            value = plain[len(plain) - len(rest) :] if rest else ""
            return label, value.lstrip(" :=\t").strip()
    return "", ""


def _one_of(text: str, names: Mapping[str, str]) -> str:
    small = text.lower()
    return next((value for name, value in names.items() if small.startswith(name)), text)


def _number(text: str) -> int | None:
    found = re.match(r"\d{1,9}", text)
    return int(found[0]) if found else None
