"""Every locale is answered in its language, by every intent, and says where it cannot."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from accounts.units import Units
from skill_endpoint import skill
from skill_endpoint.facts import content, loading
from skill_endpoint.facts.models import FactText
from skill_endpoint.locales import DEFAULT, LOCALES, Locale, locale_of
from skill_endpoint.simulator.envelopes import Device
from tests.skill_endpoint.voice import EVERYTHING, FOOD, SPACE, Answer, Conversation, one_shot

EVERY = [pytest.param(locale, id=code) for code, locale in LOCALES.items()]
OTHERS = [pytest.param(each, id=each.code) for each in LOCALES.values() if each.parent != "en"]
# what is said nowhere else in these languages; others have a script of their own
WORDS = {
    "fr": r"\b(le|la|les|une|je|tu|sur|encore|du)\b",
    "es": r"\b(el|la|los|una|te|quieres|sobre|más|de)\b",
    "it": r"\b(il|la|le|una|ti|ne|vuoi|di|che)\b",
    "de": r"\b(der|die|das|ein|einen|ich|du|noch|was)\b",
    "pt": r"\b(o|a|os|uma|você|quer|sobre|mais|de)\b",
    "nl": r"\b(de|het|een|ik|je|nog|wil|van)\b",
    "ja": r"[\u3040-\u30ff]",
    "hi": r"[\u0900-\u097f]",
    "ar": r"[\u0600-\u06ff]",
}
SCRIPTS = {"ja", "hi", "ar"}
USUAL = 5  # of those words or letters, in a whole conversation
# what a person might say for each slot
SLOTS: dict[str, dict[str, Any]] = {
    "TopicFactIntent": {"topic": SPACE},
    "SetTopicsIntent": {"topic": FOOD, "second_topic": EVERYTHING},
    "QuizAnswerIntent": {"answer": "…"},
}


def speech(answer: Answer) -> str:
    """What is said in the person's language: the answer without what another voice reads."""
    return re.sub(r"<lang .*?</lang>", "", answer.ssml)


def english() -> Iterator[str]:
    """Sentences of the skill as its sources have them: parts of it that no language shares."""
    for path in settings.LOCALE_PATHS:
        for catalogue in sorted(path.glob("de/LC_MESSAGES/django.po")):
            with catalogue.open("rb") as file:
                messages: Catalog = read_po(file, locale="de")
            for message in messages:
                sources = [message.id] if isinstance(message.id, str) else list(message.id)
                for source in sources:
                    longest = max(re.split(r"\{\w+\}", source), key=len).strip()
                    if len(longest.split()) >= 3:
                        yield longest


@pytest.fixture
def library(db: None) -> None:
    loading.load(content.read())


@pytest.mark.parametrize("locale", OTHERS)
@pytest.mark.parametrize("is_linked", [True, False], ids=["linked", "unlinked"])
def test_every_answer_is_in_the_language_of_the_device(
    library: None, device: Device, linked_device: Device, locale: Locale, is_linked: bool
) -> None:
    speaker = replace(linked_device if is_linked else device, locale=locale.code)
    conversation = Conversation(speaker)
    answers = [conversation.launch()]
    for intent in skill.INTENTS:
        answers.append(conversation.ask(intent, **SLOTS.get(intent, {})))
        answers.append(one_shot(speaker, intent, **SLOTS.get(intent, {})))
        if intent == "QuizIntent":
            answers += [conversation.ask("QuizAnswerIntent") for _ in range(3)]
    sources = list(english())
    assert len(sources) > 80

    for answer in answers:
        said = speech(answer)
        assert re.sub(r"<[^>]*>", "", said).strip(), answer.ssml  # never English alone
        assert locale.parent not in SCRIPTS or re.search(WORDS[locale.parent], said), said
        for source in sources:
            assert source not in said
    everything = " ".join(map(speech, answers)).lower()
    found = set(re.findall(WORDS[locale.parent], everything))
    assert len(found) >= USUAL, found


@pytest.mark.parametrize("locale", EVERY)
def test_facts_are_told_in_that_language_or_announced_as_english(
    library: None, device: Device, locale: Locale
) -> None:
    answer = one_shot(replace(device, locale=locale.code), "DailyFactIntent")

    is_translated = FactText.objects.filter(language=locale.parent).exists()
    assert ('<lang xml:lang="en-US">' in answer.ssml) is not is_translated
    assert is_translated or locale.parent in {"ar", "hi", "nl"}


@pytest.mark.parametrize(
    ("code", "language", "units"),
    [
        ("fr-CA", "fr-ca", Units.METRIC),
        ("en-US", "en", Units.IMPERIAL),
        ("es-US", "es-mx", Units.IMPERIAL),
        ("en-us", "en", Units.IMPERIAL),
        ("fr_CA", "fr-ca", Units.METRIC),
        ("fr-BE", "fr", Units.METRIC),  # a region that Alexa may add
        ("de-AT", "de", Units.METRIC),
        ("de", "de", Units.METRIC),
        ("xx-YY", "en", Units.IMPERIAL),
    ],
)
def test_a_locale_is_answered_by_itself_or_by_the_nearest(
    code: str, language: str, units: Units
) -> None:
    assert (locale_of(code).language, locale_of(code).units) == (language, units)


@given(st.none() | st.integers() | st.text() | st.lists(st.text()))
def test_whatever_comes_as_a_locale_there_is_one(code: object) -> None:
    assert locale_of(code) in LOCALES.values()


def test_nothing_at_all_is_answered_in_american_english() -> None:
    assert locale_of(None) is DEFAULT
    assert DEFAULT.code == "en-US"


def test_no_turn_has_to_read_a_catalogue_first() -> None:
    """In a process of its own: here other tests have read them all."""
    script = (
        "import django; django.setup();"
        "from skill_endpoint import skill;"
        "from django.utils.translation import trans_real;"
        "print(*sorted(trans_real._translations))"
    )
    read = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert {locale.language for locale in LOCALES.values()} <= set(read)
