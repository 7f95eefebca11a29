"""The interaction model of a locale, in Amazon's JSON, made of source and content.

https://developer.amazon.com/en-US/docs/alexa/smapi/interaction-model-schema.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from skill_endpoint.facts import content
from skill_endpoint.facts.content import ContentErrors, TopicContent
from skill_endpoint.interaction_models import source
from skill_endpoint.interaction_models.intents import (
    ALL_TOPICS,
    ANSWER,
    ANSWERS,
    FIRST_NAME,
    INTENTS,
    TOPIC,
    Intent,
)
from skill_endpoint.interaction_models.source import Sayings, SourceError, Spoken
from skill_endpoint.locales import LOCALES, Locale

type Document = dict[str, Any]


def document(
    locale_code: str, *, sources: Path | None = None, data: Path = content.DATA
) -> Document:
    """The model of a locale, built anew, which takes a tenth of a second: who asks often keeps it.

    Raises SourceError, KeyError for a locale that Alexa does not have, FileNotFoundError where its
    language has no source.
    """
    locale = LOCALES[locale_code]
    try:
        topics = content.read(data)
    except ContentErrors as error:
        raise SourceError(error.problems) from error
    spoken = source.read(locale, [topic.slug for topic in topics], sources)
    return compose(spoken, topics, locale)


def as_json(document: Document) -> str:
    """The bytes of a file: the same for the same document, wherever and whenever."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def compose(spoken: Spoken, topics: Sequence[TopicContent], locale: Locale) -> Document:
    """The model of what people say and what the content has; both are whole."""
    slugs = [*(topic.slug for topic in topics), ALL_TOPICS]
    return {
        "interactionModel": {
            "languageModel": {
                "invocationName": spoken.invocation_name,
                "intents": [_intent(intent, spoken.intents) for intent in INTENTS],
                "types": [
                    {"name": TOPIC, "values": list(_values(spoken.topics, slugs))},
                    {
                        "name": ANSWER,
                        "values": [
                            *_values(spoken.answers, ANSWERS),
                            *_options(spoken.answers, topics, locale),
                        ],
                    },
                    # Amazon's own type: these names add to those that it has
                    {
                        "name": FIRST_NAME,
                        "values": [{"name": {"value": name}} for name in spoken.names],
                    },
                ],
            }
        }
    }


def _intent(intent: Intent, sayings: Sayings) -> Document:
    slots = [{"name": name, "type": kind} for name, kind in intent.slots.items()]
    return {
        "name": intent.name,
        **({"slots": slots} if slots else {}),
        "samples": list(sayings.get(intent.name, ())),
    }


def _values(words: Sayings, ids: Sequence[str]) -> Iterator[Document]:
    for each in ids:
        name, *synonyms = words[each]
        yield {"id": each, "name": _name(name, synonyms)}


def _name(name: str, synonyms: list[str]) -> Document:
    return {"value": name, **({"synonyms": synonyms} if synonyms else {})}


def _options(
    answers: Sayings, topics: Sequence[TopicContent], locale: Locale
) -> Iterator[Document]:
    """The answers of all quiz questions, without ids: Alexa hears better what she expects."""
    seen = {word.casefold() for words in answers.values() for word in words}
    for topic in topics:
        for fact in topic.facts:
            for option in _options_of(fact.texts, locale):
                if option.casefold() not in seen:
                    seen.add(option.casefold())
                    yield {"name": {"value": option}}


def _options_of(texts: dict[str, content.TextContent], locale: Locale) -> tuple[str, ...]:
    """In the locale's language, its parent or English, whichever has a question."""
    for language in (locale.language, locale.parent, content.ENGLISH):
        if (text := texts.get(language)) and text.options:
            return text.options
    return ()
