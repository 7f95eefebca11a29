"""SSML to text that a person can read: what Alexa would say."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# elements that make a pause, and what stands for it in writing
_PAUSES = {"break": " … ", "p": " ", "s": " "}


class _Speech(HTMLParser):
    """SSML is XML, but an answer under test may not be well formed: this parser never fails."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.inside_alias = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "sub":  # says the alias in place of its text
            self.parts.append(values.get("alias") or "")
            self.inside_alias += 1
        elif tag == "audio":
            self.parts.append(" ♪ ")
        elif tag == "alexa:name":  # Alexa puts the speaker's name here; the skill never has it
            self.parts.append(f"[{values.get('type') or 'name'} name]")
        else:
            self.parts.append(_PAUSES.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "sub":
            self.inside_alias = max(0, self.inside_alias - 1)
        elif tag in {"p", "s"}:
            self.parts.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "sub":
            self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if not self.inside_alias:
            self.parts.append(data)


def readable(ssml: str) -> str:
    parser = _Speech()
    parser.feed(ssml)
    parser.close()
    return re.sub(r"\s+", " ", "".join(parser.parts)).strip()


def output_text(output_speech: object) -> str:
    """The text of an `outputSpeech` object, of either type."""
    if not isinstance(output_speech, dict):
        return ""
    if output_speech.get("type") == "PlainText":
        return str(output_speech.get("text") or "").strip()
    return readable(str(output_speech.get("ssml") or ""))
