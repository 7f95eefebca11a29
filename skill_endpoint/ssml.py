"""Speech markup that is well-formed whatever people and content put into it."""

from __future__ import annotations

import re
from xml.parsers import expat
from xml.sax.saxutils import escape

# what XML 1.0 cannot hold, not even escaped: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Ssml(str):
    """Markup that is safe as it stands; everything else is text and gets escaped."""

    __slots__ = ()


def fill(sentence: str, **values: object) -> Ssml:
    """A sentence of ours with its named placeholders filled; text is escaped, Ssml is not."""
    return Ssml(sentence.format(**{name: _safe(value) for name, value in values.items()}))


def join(*parts: str, by: str = " ") -> Ssml:
    """The parts that hold anything, one after the other; text is escaped, Ssml is not."""
    return Ssml(_safe(by).join(_safe(part) for part in parts if part))


def first_name_of(speaker: str) -> Ssml:
    """Has Alexa say the name of a recognised speaker, which no skill ever learns."""
    return Ssml(f'<alexa:name type="first" personId="{escape(plain(speaker), QUOTE)}"/>')


def in_voice_of(locale: str, speech: Ssml) -> Ssml:
    """Spoken by a voice of another language: en-US."""
    return Ssml(f'<lang xml:lang="{locale}">{speech}</lang>')


def slowly(speech: Ssml) -> Ssml:
    return Ssml(f'<prosody rate="85%">{speech}</prosody>')


def is_well_formed(markup: str) -> bool:
    """Whether Alexa could read it; expat without namespaces, because of `alexa:name`."""
    try:
        expat.ParserCreate().Parse(f"<speak>{markup}</speak>", True)
    except (expat.ExpatError, UnicodeEncodeError):
        return False
    return True


def plain(text: str) -> str:
    return _NOT_XML.sub("", text)


def _safe(value: object) -> str:
    return value if isinstance(value, Ssml) else escape(plain(str(value)))


QUOTE = {'"': "&quot;"}
BREATH = Ssml('<break time="300ms"/>')  # between two things of a list
PAUSE = Ssml('<break time="600ms"/>')  # between what was said and a question
