"""A browser without a screen: cookies, forms with their CSRF tokens, redirects; plain HTTP.

For `make smoke`, which may run without any development package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin, urlsplit

import requests

from companion.local.environment import require_loopback

TIMEOUT = 15  # seconds
MAX_REDIRECTS = 10
Fields = list[tuple[str, str]]
_UNREAD = {"script", "style", "template"}


class NoSuchForm(AssertionError):
    """The page has no form like that; the message says which it has."""


@dataclass
class Form:
    action: str
    method: str = "get"
    fields: Fields = field(default_factory=list)

    def filled(self, values: Mapping[str, str]) -> Fields:
        """Its own fields, and these in place of those of the same names."""
        kept = [(name, value) for name, value in self.fields if name not in values]
        return [*kept, *values.items()]


@dataclass(frozen=True)
class Page:
    url: str
    status: int
    headers: requests.structures.CaseInsensitiveDict[str]
    source: str

    @property
    def location(self) -> str:
        """Where it redirects to, as a whole address; empty where it does not."""
        target = self.headers.get("Location")
        return urljoin(self.url, target) if target else ""

    @property
    def words(self) -> str:
        """What a person reads there."""
        return " ".join(" ".join(_read(self.source).words).split())

    @property
    def rows(self) -> list[str]:
        """The rows of its tables, each as its words."""
        return [" ".join(row.split()) for row in _read(self.source).rows]

    def texts(self, css_class: str) -> list[str]:
        """The words of each element of that class."""
        found = _read(self.source, css_class).found
        return [" ".join(text.split()) for text in found]

    def links(self) -> list[str]:
        return _read(self.source).links

    def form(self, action: str = "") -> Form:
        """The first form whose action contains `action`. Raises NoSuchForm."""
        forms = _read(self.source).forms
        for each in forms:
            if action in each.action:
                return replace(each, action=urljoin(self.url, each.action))
        has = ", ".join(each.action or "(itself)" for each in forms) or "none"
        raise NoSuchForm(f"no form to {action or 'anywhere'} at {self.url}; forms: {has}")


class Browser:
    def __init__(self, home: str) -> None:
        self.home = require_loopback(home)
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy and no .netrc of the machine
        self.page: Page | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.session.close()

    def open(self, address: str, *, follow: bool = True) -> Page:
        return self._go("GET", urljoin(self.page.url if self.page else self.home, address), follow)

    def at(self, path: str, *, follow: bool = True) -> Page:
        """A path of the site, wherever the browser is."""
        return self._go("GET", urljoin(self.home, path), follow)

    def submit(self, form: Form, *, follow: bool = True, **fields: str) -> Page:
        """Press the form's button; fields replace or join its own."""
        return self._go(form.method.upper(), form.action, follow, form.filled(fields))

    def _go(self, method: str, address: str, follow: bool, fields: Fields | None = None) -> Page:
        for _ in range(MAX_REDIRECTS):
            page = self._request(method, address, fields)
            if not (follow and page.location):
                self.page = page
                return page
            if page.status not in {307, 308}:
                method, fields = "GET", None
            address = page.location
        raise AssertionError(f"too many redirects, the last to {address.partition('?')[0]}")

    def _request(self, method: str, address: str, fields: Fields | None) -> Page:
        headers = {"Accept": "text/html", "Accept-Language": "en"}
        if method == "POST" and self.page is not None:  # what a real one says of itself
            parts = urlsplit(self.page.url)
            headers["Origin"] = f"{parts.scheme}://{parts.netloc}"
            headers["Referer"] = self.page.url
        answer = self.session.request(
            method,
            require_loopback(address),
            data=fields if method == "POST" else None,
            params=fields if method == "GET" else None,
            headers=headers,
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        return Page(address, answer.status_code, answer.headers, answer.text)


class _Reader(HTMLParser):
    def __init__(self, css_class: str = "") -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.rows: list[str] = []
        self.found: list[str] = []
        self._css_class = css_class
        self._open: list[tuple[str, str]] = []  # tag, class
        self._in_form = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._in_form = True
            self.forms.append(Form(values.get("action", ""), values.get("method", "get")))
        elif tag == "a":
            self.links.append(values.get("href", ""))
        elif tag == "tr":
            self.rows.append("")
        if self._in_form and values.get("name"):
            self._field(tag, values)
        elif tag == "option" and self._select and "selected" in values:
            self.forms[-1].fields.append((self._select, values.get("value", "")))
        if tag not in {"input", "link", "meta", "br", "img", "hr", "use", "path"}:
            self._open.append((tag, values.get("class", "")))
            if self._css_class and self._css_class in values.get("class", "").split():
                self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._in_form = False
        elif tag == "select":
            self._select = ""
        while self._open:
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        inside = {tag for tag, _ in self._open}
        if inside & _UNREAD:
            return
        self.words.append(data)
        if "tr" in inside and self.rows:
            self.rows[-1] += f" {data}"
        if any(self._css_class in css.split() for _, css in self._open) and self.found:
            self.found[-1] += data

    def _field(self, tag: str, values: dict[str, str]) -> None:
        fields = self.forms[-1].fields
        kind = values.get("type", "")
        if tag == "select":
            self._select = values["name"]
        elif tag == "input" and kind not in {"checkbox", "radio", "submit"}:
            fields.append((values["name"], values.get("value", "")))
        elif tag == "input" and "checked" in values:
            fields.append((values["name"], values.get("value", "on")))


def _read(source: str, css_class: str = "") -> _Reader:
    reader = _Reader(css_class)
    reader.feed(source)
    reader.close()
    return reader
