"""Hold the store's texts to Amazon's limits, and the phrases to the interaction model.

The limits with a source stand in Amazon's description of SMAPI (ask-cli, file
test/integration/fixtures/smapi_spec.json, v1.skill.Manifest.SkillManifestLocalized-
PublishingInformation): https://github.com/alexa/ask-cli
"""

from __future__ import annotations

from typing import Any

from skill_endpoint.skill_package.samples import is_sample
from skill_endpoint.skill_package.texts import StoreText

NAME = (2, 50)  # the 2 stands in the description of SMAPI, the 50 is unconfirmed
SUMMARY = 160
DESCRIPTION = 4000
KEYWORDS, KEYWORD = 30, 150
# https://developer.amazon.com/en-US/docs/alexa/devconsole/launch-your-skill.html says three; the
# description of SMAPI takes a fourth
PHRASES, PHRASE = 3, 200
TESTING_INSTRUCTIONS = 4000


def spoken_phrases(text: StoreText, document: dict[str, Any]) -> list[str]:
    """The example phrases with the model's invocation name and their samples filled in."""
    invocation = document["interactionModel"]["languageModel"]["invocationName"]
    return [
        phrase.spoken(wake_word=text.wake_word, invocation=invocation) for phrase in text.phrases
    ]


def check_lengths(text: StoreText) -> list[str]:
    """What is too long, too short or there twice, a line each."""
    found = []
    if not NAME[0] <= len(text.name) <= NAME[1]:
        found.append(f"name has {len(text.name)} characters, wanted are {NAME[0]} to {NAME[1]}")
    for name, value, most in (
        ("summary", text.summary, SUMMARY),
        ("description", text.description, DESCRIPTION),
        *((f"keyword {word!r}", word, KEYWORD) for word in text.keywords),
    ):
        if len(value) > most:
            found.append(f"{name} has {len(value)} characters, at most {most} are allowed")
    if len(text.keywords) > KEYWORDS:
        found.append(f"{len(text.keywords)} keywords, at most {KEYWORDS} are allowed")
    if len({word.casefold() for word in text.keywords}) < len(text.keywords):
        found.append("a keyword stands twice")
    return found


def check_phrases(text: StoreText, document: dict[str, Any], code: str) -> list[str]:
    """What is wrong with the example phrases, a line each; `document` is the locale's model.

    Certification refuses a first phrase without wake word and invocation name, and any whose words
    are no sample of the model:
    https://developer.amazon.com/en-US/blogs/alexa/alexa-skills-kit/2023/03/tips-certifiable-example-phrases-alexa-march-2023
    """
    language = code.partition("-")[0]
    found = []
    if len(text.phrases) != PHRASES:
        found.append(f"{len(text.phrases)} phrases, wanted are {PHRASES}")
    if text.phrases and text.phrases[0].sample:
        found.append("the first phrase opens the skill: it has no sample")
    if len(set(text.phrases)) < len(text.phrases):
        found.append("a phrase stands twice")
    for phrase, spoken in zip(text.phrases, spoken_phrases(text, document), strict=True):
        if not phrase.say.startswith("{wake_word}"):
            found.append(f"{phrase.say!r} does not begin with {{wake_word}}")
        if len(spoken) > PHRASE:
            found.append(f"{spoken!r} has {len(spoken)} characters, at most {PHRASE} are allowed")
        if phrase.sample and not is_sample(phrase.sample, document, language):
            found.append(f"{phrase.sample!r} is no sample of the interaction model")
    return found
