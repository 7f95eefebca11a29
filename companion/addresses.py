"""What search engines and shared links are told about a page: its address in each language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from companion.languages import CODES, url_in


@dataclass(frozen=True, slots=True)
class Addresses:
    """All absolute."""

    canonical: str  # in the language that the page's text really has
    by_language: list[tuple[str, str]]  # (code, address), where there is such a text
    default: str  # answers in the reader's language


def addresses(
    name: str, *, shown: str, languages: Iterable[str], query: str = "", **kwargs: str
) -> Addresses:
    """Of a page that has an address in each language (urls.in_each_language).

    `shown` is the language of its text: `en` on a page in Hindi whose fact nobody has translated.
    """

    def in_(language: str) -> str:
        return f"{settings.PUBLIC_URL}{url_in(language, name, **kwargs)}{query}"

    told_in = set(languages)
    return Addresses(
        canonical=in_(shown),
        by_language=[(code, in_(code)) for code in CODES if code in told_in],
        default=f"{settings.PUBLIC_URL}{reverse(name, kwargs=kwargs or None)}{query}",
    )
