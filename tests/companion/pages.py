"""What a page says, as a person or a screen reader would find it."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from bs4 import BeautifulSoup, Tag
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def soup(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def xml(response: Any) -> ElementTree.Element:
    return ElementTree.fromstring(response.content)  # noqa: S314 - our own


def text(part: Tag | None) -> str:
    return " ".join(part.get_text(" ").split()) if part else ""


def main(response: Any) -> str:
    return text(soup(response).main)


def form_to(response: Any, action: str) -> dict[str, str]:
    """The values with which the page would send its form to `action`."""
    form = soup(response).find("form", action=action)
    assert isinstance(form, Tag), f"no form to {action}"
    return {
        str(field["name"]): str(field.get("value", ""))
        for field in form.find_all("input")
        if field.get("type") not in {"checkbox", "radio"} or field.has_attr("checked")
    }


def statements(client: Client, path: str) -> int:
    """How many SQL statements a page takes, without transaction control."""
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)
    assert response.status_code == 200
    return len(statements_of(queries))


def statements_of(queries: CaptureQueriesContext) -> list[str]:
    """What was asked of the database, without transaction control."""
    control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")
    asked = [query["sql"] for query in queries.captured_queries]
    return [statement for statement in asked if not statement.startswith(control)]
