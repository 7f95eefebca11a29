"""What the content files say of a row, as plain tables: to compare, to keep and to put back."""

from __future__ import annotations

from typing import Any

from skill_endpoint.facts.models import Fact, Topic

Table = dict[str, Any]

FACT = ("source_title", "source_publisher", "source_locator", "checked_on", "child_safe")
TEXT = ("headline", "speech", "more", "question", "options")
TOPIC = ("name", "spoken_name", "names", "position")


def topic_content(topic: Topic) -> Table:
    return only(topic, *TOPIC)


def fact_content(fact: Fact) -> Table:
    """What the files say of a fact; not whether it is published, which only operators say."""
    return {
        **only(fact, *FACT),
        "topic": fact.topic.slug,
        "texts": {text.language: only(text, *TEXT) for text in fact.texts.all()},
    }


def only(source: object, *names: str) -> Table:
    """The attributes of these names, tuples as the lists that JSON makes of them."""
    values = {name: getattr(source, name) for name in names}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
