"""Take out of texts that others wrote what must not be kept; the half of redaction.py that guesses.

redaction.py knows by its name what a value is. Here is what may stand anywhere: in an error's
description, a path, a user agent.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, unquote_plus

from django.conf import settings

from accounts.oauth_trace.exchange import Field, Message

TEXT_LENGTH = 300
WITHHELD = "[withheld]"
DECODINGS = 3  # a value that was encoded more often is nobody's by accident
LEAST_SECRET = 8  # characters; a shorter one stands in ordinary words
UUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
# public, and the usual thing to be taken for a vendor id
_SKILL_ID = re.compile(rf"(amzn1\.ask\.skill\.{UUID})")
_WITH_AT = re.compile(r"(?<!\S)\S*@\S*")  # an e-mail address, with what is glued to it
_NUMBER = re.compile(r"\+?\(?\d[\d ()/._\u2010-\u2015-]*\d")
_RUN = re.compile(r"[\w+/=-]{20,}")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


def scrub(text: str, *, length: int = TEXT_LENGTH) -> str:
    """One line of somebody else's, without what looks like an address, a number or a token."""
    if len(text) > 4 * length:  # what the cut goes through might not be known for what it is
        text = text[: 4 * length].rpartition(" ")[0]
    if holds_own_secret(text):
        return WITHHELD
    text = "".join(each if each.isprintable() else " " for each in text)
    cleaned, readings = _clean(text), _readings(text) - {text}
    # of what is encoded nothing stays where something hides in it: a part would be left over
    if readings and (cleaned != text or any(_clean(each) != each for each in readings)):
        return WITHHELD
    return cleaned[:length]


def own_secrets() -> set[str]:
    """Those of this installation: wherever one stands, it is not kept."""
    return {
        text
        for text in (
            settings.COGNITO_ALEXA_CLIENT_SECRET,
            settings.COGNITO_WEB_CLIENT_SECRET,
            settings.METRICS_TOKEN,
            settings.SECRET_KEY,
        )
        if len(text) >= LEAST_SECRET
    }


def holds_own_secret(text: str) -> bool:
    """However it is encoded, and whatever blanks stand between its letters."""
    if len(text) < LEAST_SECRET:
        return False
    # at each depth: one decoding too many may eat a secret's first letters, as of "%25Aalexa"
    forms = {_without_blanks(each) for each in _readings(text)}
    bare = _all_bare(frozenset(own_secrets()))
    return any(each in form for each in bare for form in forms)


@lru_cache(maxsize=1)  # those of this installation do not change
def _all_bare(secrets: frozenset[str]) -> frozenset[str]:
    return frozenset(filter(None, map(_bare, secrets)))


def _bare(text: str) -> str:
    """Decoded, without blanks; "+" is one, as in a form."""
    return _without_blanks(_plain(text))


def _without_blanks(text: str) -> str:
    return "".join(text.replace("+", " ").split())


def _clean(text: str) -> str:
    """Without secrets that stand there as they are. A skill's id is none."""
    parts = _SKILL_ID.split(text)
    for index in range(0, len(parts), 2):
        part = _WITH_AT.sub(WITHHELD, parts[index])
        part = _RUN.sub(lambda found: WITHHELD if _is_random(found[0]) else found[0], part)
        parts[index] = _NUMBER.sub(
            lambda found: WITHHELD if _is_phone_number(found[0]) else found[0], part
        )
    return "".join(parts)


def _is_random(run: str) -> bool:
    """A token, a code, a secret: letters and digits, or capitals all over. A path is none."""
    if any(each.isdigit() for each in run):
        return any(each.isalpha() for each in run)
    for part in run.split("/"):
        capitals = sum(each.isupper() for each in part)
        small = sum(each.islower() for each in part)
        if capitals + small >= 20 and small and capitals > len(part) / 3:
            return True
    return False


def _is_phone_number(run: str) -> bool:
    """Seven digits or more; with dots between only as people write them, for versions have dots."""
    groups = re.findall(r"\d+", run)
    if sum(map(len, groups)) < 7:
        return False
    if "." not in run or max(map(len, groups)) > 8:
        return True
    return all(2 <= len(group) <= 5 for group in groups[1:])


def _plain(text: str) -> str:
    """As it reads once every usual encoding is undone, to see what hides in it."""
    for _ in range(DECODINGS):
        text = _decoded(unquote_plus(text, errors="replace"))
    return unicodedata.normalize("NFKC", text)


def _readings(text: str) -> set[str]:
    """All that it may have been meant as: nobody says how often it was encoded, and what "+" is."""
    found = {unicodedata.normalize("NFKC", text)}
    for unquoted in (unquote, unquote_plus):
        reading = text
        for _ in range(DECODINGS):
            reading = _decoded(unquoted(reading, errors="replace"))
            found.add(unicodedata.normalize("NFKC", reading))
    return found


def _decoded(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), html.unescape(text))


def without(unwanted: set[str], message: Message) -> Message:
    """The same without the texts in which one of these stands."""

    bare = {_bare(each) for each in unwanted}
    hidden = unwanted | {each for each in bare if len(each) >= LEAST_SECRET}

    def text(shown: str) -> str:
        if len(shown) < LEAST_SECRET:
            return shown
        forms = {shown, *map(_without_blanks, _readings(shown))}
        return WITHHELD if any(each in form for each in hidden for form in forms) else shown

    def part(shown: Any) -> Any:
        if isinstance(shown, str):
            return text(shown)
        if isinstance(shown, list):
            return [part(each) for each in shown]
        return shown

    def parts(shown: dict[str, Any] | None) -> dict[str, Any] | None:
        return shown and {name: part(each) for name, each in shown.items()}

    def fields(shown: tuple[Field, ...]) -> tuple[Field, ...]:
        return tuple(
            Field(
                text(each.name),
                replace(
                    each.value,
                    text=text(each.value.text),
                    header=parts(each.value.header),
                    claims=parts(each.value.claims),
                ),
            )
            for each in shown
        )

    return replace(
        message,
        address=text(message.address),
        query=fields(message.query),
        headers=fields(message.headers),
        other_headers=tuple(each for each in message.other_headers if text(each) == each),
        basic=fields(message.basic),
        body=fields(message.body),
        location=text(message.location),
        location_query=fields(message.location_query),
    )
