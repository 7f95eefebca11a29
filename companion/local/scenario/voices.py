"""A whole conversation in seven locales, with people who have just linked their account.

The words go through the locale's own interaction model; what was said is printed, to be read.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import partial
from itertools import pairwise

from companion.local.scenario.stage import PASSWORD, Stage, Step, expect
from companion.local.scenario.two_doors import sign_up
from skill_endpoint.simulator.alexa import Turn
from skill_endpoint.simulator.utterances import LAUNCH

# what is meant, in the order of the words below
INTENTS = (
    LAUNCH,
    "DailyFactIntent",
    "TopicFactIntent",
    "TellMeMoreIntent",
    "SaveFactIntent",
    "ListSavedIntent",
    "AnotherFactIntent",
    "QuizIntent",
    "QuizAnswerIntent",
    "QuizAnswerIntent",
    "QuizAnswerIntent",
    "AMAZON.RepeatIntent",
    "AMAZON.HelpIntent",
    "AMAZON.StopIntent",
)
SAVED = INTENTS.index("SaveFactIntent")
LISTED = INTENTS.index("ListSavedIntent")
SCORED = INTENTS.index("AMAZON.RepeatIntent") - 1
SHORTEST = 8  # characters that what was saved and the list of it have in common, at least
WORDS = {
    "en-US": (
        "Alexa, open small wonders",
        "tell me today's fact",
        "tell me something about the oceans",
        "tell me more",
        "save that",
        "what did I save",
        "another one please",
        "quiz me",
        "the first one",
        "the second one",
        "I don't know",
        "say that again",
        "help",
        "stop",
    ),
    "fr-CA": (
        "Alexa, ouvre petites merveilles",
        "raconte-moi l'anecdote du jour",
        "dis-moi quelque chose sur les océans",
        "dis-m'en plus",
        "garde ça",
        "c'est quoi mes favoris",
        "une autre s'il te plaît",
        "lance un quiz",
        "la première",
        "la deuxième",
        "je sais pas",
        "répète",
        "aide",
        "stop",
    ),
    "fr-FR": (
        "Alexa, ouvre petites merveilles",
        "raconte-moi l'anecdote du jour",
        "raconte-moi une anecdote sur les océans",
        "dis-m'en plus",
        "garde ça",
        "quels sont mes favoris",
        "encore une",
        "lance un quiz",
        "la première",
        "la deuxième",
        "je ne sais pas",
        "répète",
        "aide",
        "stop",
    ),
    "es-ES": (
        "Alexa, abre pequeñas maravillas",
        "cuéntame la curiosidad de hoy",
        "cuéntame algo sobre los océanos",
        "cuéntame más",
        "guárdala",
        "qué he guardado",
        "otra por favor",
        "hazme un test",
        "la primera",
        "la segunda",
        "no lo sé",
        "repite",
        "ayuda",
        "para",
    ),
    "it-IT": (
        "Alexa, apri piccole meraviglie",
        "dimmi la curiosità di oggi",
        "dimmi qualcosa sugli oceani",
        "dimmi di più",
        "salvala",
        "cosa ho salvato",
        "un'altra per favore",
        "fammi un quiz",
        "la prima",
        "la seconda",
        "non lo so",
        "ripeti",
        "aiuto",
        "basta",
    ),
    "de-DE": (
        "Alexa, öffne kleine wunder",
        "erzähl mir den Fakt des Tages",
        "erzähl mir etwas über Ozeane",
        "erzähl mir mehr darüber",
        "speicher das",
        "was habe ich gespeichert",
        "noch einen bitte",
        "starte ein Quiz",
        "die erste",
        "die zweite",
        "weiß ich nicht",
        "wiederholen",
        "Hilfe",
        "stopp",
    ),
    "ja-JP": (
        "アレクサ、小さな不思議を開いて",
        "今日の豆知識を教えて",
        "海について教えて",
        "もっと教えて",
        "保存して",
        "保存した豆知識を教えて",
        "もうひとつ教えて",
        "クイズを出して",
        "一番目",
        "二番目",
        "わからない",
        "もう一度言って",
        "ヘルプ",
        "ストップ",
    ),
}


def talk(locale: str, stage: Stage) -> None:
    person = f"{locale.lower()}@example.com"
    sign_up(stage, person)
    stage.link(locale, person, PASSWORD)
    alexa = stage.alexa(locale)
    alexa.account.locale = locale
    said = WORDS[locale]
    turns = [stage.means(alexa, words, intent) for words, intent in zip(said, INTENTS, strict=True)]
    for words, turn in zip(said, turns, strict=True):
        print(f"           {locale}  {words}\n                  {turn.speech or '(silence)'}")
    _holds_together(turns)
    stage.said[locale] = [turn.speech for turn in turns]
    english = stage.said["en-US"]
    if not locale.startswith("en"):
        same = [now for now, then in zip(stage.said[locale], english, strict=True) if now == then]
        expect(not same, "no answer in English", same)


def _holds_together(turns: list[Turn]) -> None:
    for turn in turns[:-1]:
        expect(not turn.ended and bool(turn.reprompt), "an open session", turn.response)
    expect(turns[-1].ended and bool(turns[-1].speech), "a goodbye", turns[-1].response)
    saved, listed = turns[SAVED].speech, turns[LISTED].speech
    headline = SequenceMatcher(None, saved, listed, autojunk=False).find_longest_match()
    expect(headline.size >= SHORTEST, f"the headline of “{saved}”", listed)
    asking = [(turn.response or {})["sessionAttributes"].get("pending") == "quiz" for turn in turns]
    expect(asking[SCORED - 1] and not asking[SCORED], "three questions and a score", asking)
    repeated = turns[SCORED + 1].speech
    expect(repeated == turns[SCORED].speech, "the same once more", repeated)
    for before, after in pairwise(turns[: SCORED + 1]):
        expect(before.speech != after.speech, "another answer", after.speech)


STEPS = tuple(Step(f"a conversation in {locale}", partial(talk, locale)) for locale in WORDS)
