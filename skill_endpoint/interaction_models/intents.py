"""The intents of the skill, the same in every language, and what their slots take."""

from __future__ import annotations

from dataclasses import dataclass, field

TOPIC = "Topic"
ANSWER = "Answer"
FIRST_NAME = "AMAZON.FirstName"
ALL_TOPICS = "all"  # id of the Topic value that means every topic
ANSWERS = ("1", "2", "3")  # ids of the Answer values that mean a place
AMAZON = "AMAZON."  # what Amazon names, intents and types


@dataclass(frozen=True, slots=True)
class Intent:
    name: str
    slots: dict[str, str] = field(default_factory=dict)  # name to type

    @property
    def is_built_in(self) -> bool:
        """Alexa understands it by herself: sayings of ours only add to hers."""
        return self.name.startswith(AMAZON)


# In the order of the model.
INTENTS = (
    Intent("DailyFactIntent"),
    Intent("TopicFactIntent", {"topic": TOPIC}),
    Intent("AnotherFactIntent"),
    Intent("TellMeMoreIntent"),
    Intent("FactSourceIntent"),
    Intent("SaveFactIntent"),
    Intent("RemoveFactIntent"),
    Intent("ListSavedIntent", {"topic": TOPIC}),
    Intent("ListTopicsIntent"),
    Intent("SetTopicsIntent", {"topic": TOPIC, "second_topic": TOPIC, "third_topic": TOPIC}),
    Intent("QuizIntent"),
    Intent("QuizAnswerIntent", {"answer": ANSWER}),
    Intent("ReportFactIntent"),
    Intent("SlowerIntent"),
    Intent("WhoAmIIntent"),
    Intent("SettingsIntent", {"name": FIRST_NAME}),
    Intent("ReactionIntent"),
    Intent("AMAZON.YesIntent"),
    Intent("AMAZON.NoIntent"),
    Intent("AMAZON.RepeatIntent"),
    Intent("AMAZON.HelpIntent"),
    Intent("AMAZON.StopIntent"),
    Intent("AMAZON.CancelIntent"),
    Intent("AMAZON.NavigateHomeIntent"),
    Intent("AMAZON.FallbackIntent"),
)

# Samples that are nothing but a slot look the same to Alexa whatever the slot: "Mars" may be a
# topic or an answer of the quiz. Both intents need them, and whichever one Alexa picks, the skill
# reads the other out of it, because it knows what it asked. No other sample may be in two intents.
BARE = frozenset({("TopicFactIntent", "{topic}"), ("QuizAnswerIntent", "{answer}")})
