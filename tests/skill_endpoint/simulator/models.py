"""Two small interaction models in Amazon's format."""

from __future__ import annotations

from typing import Any

ENGLISH: dict[str, Any] = {
    "invocationName": "small wonders",
    "intents": [
        {"name": "DailyFactIntent", "samples": ["tell me a fact", "what's new"]},
        {
            "name": "TopicFactIntent",
            "slots": [{"name": "topic", "type": "Topic"}],
            "samples": ["tell me a {topic} fact", "a {topic} fact", "something about {topic}"],
        },
        {
            "name": "QuizAnswerIntent",
            "slots": [{"name": "answer", "type": "Answer"}],
            "samples": ["{answer}", "is it {answer}"],
        },
        {
            "name": "NoteIntent",
            "slots": [{"name": "words", "type": "AMAZON.SearchQuery"}],
            "samples": ["note {words}"],
        },
        {"name": "AMAZON.StopIntent", "samples": []},
        {"name": "AMAZON.YesIntent", "samples": []},
        {"name": "AMAZON.HelpIntent", "samples": []},
    ],
    "types": [
        {
            "name": "Topic",
            "values": [
                {"id": "space", "name": {"value": "Space", "synonyms": ["the stars", "planets"]}}
            ],
        },
        {"name": "Answer", "values": [{"name": {"value": "true"}}]},
    ],
}
JAPANESE: dict[str, Any] = {
    "invocationName": "小さな 不思議",
    "intents": [
        {
            "name": "TopicFactIntent",
            "slots": [{"name": "topic", "type": "Topic"}],
            "samples": ["{topic} の 話"],
        }
    ],
    "types": [{"name": "Topic", "values": [{"id": "space", "name": {"value": "宇宙"}}]}],
}
