"""Whether a response is one that Alexa takes and a person likes to hear.

Pure functions: each looks at one request and its response and says what it saw, or None where it
has nothing to look at. The pages named are Amazon's; where a limit is our own, it says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal
from xml.parsers import expat

from ask_sdk_model.directive import Directive
from ask_sdk_model.ui.card import Card
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from skill_endpoint.pace import seconds
from skill_endpoint.simulator.devices import APL
from skill_endpoint.simulator.envelopes import Envelope
from skill_endpoint.simulator.languages import answer_language
from skill_endpoint.simulator.masking import masked
from skill_endpoint.simulator.spoken import output_text, readable
from skill_endpoint.speech import account as linking

MAX_SPEECH = 8000  # characters, markup included
MAX_RESPONSE = 24 * 1024  # bytes
MAX_SECONDS = 8.0
ONE_BREATH = 15  # seconds: a fact of 220 characters with its opening; our own limit
# what may keep the microphone after a one-shot request: these wait for something to be said
STAYS_OPEN = {"AMAZON.HelpIntent", "QuizIntent", "ListTopicsIntent", "SetTopicsIntent"}
NOT_UNDERSTOOD = "AMAZON.FallbackIntent"

_PAGES = "https://developer.amazon.com/en-US/docs/alexa"
_FORMAT = f"{_PAGES}/custom-skills/request-and-response-json-reference.html"
_SSML = f"{_PAGES}/custom-skills/speech-synthesis-markup-language-ssml-reference.html"
_AVAILABLE = f"{_PAGES}/alexa-design/available.html"
_TEXT = f"{_PAGES}/custom-skills/best-practice-text-response.html"
_SESSION = f"{_PAGES}/custom-skills/manage-skill-session-and-session-attributes.html"
_LINKING = f"{_PAGES}/account-linking/how-users-experience-account-linking.html"
_BREVITY = "https://developer.amazon.com/designing-for-voice/what-alexa-says/"

# the elements of _SSML
_ELEMENTS = {
    *("speak", "alexa:name", "amazon:domain", "amazon:effect", "amazon:emotion", "audio", "break"),
    *("emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "voice", "w"),
}
# by type, the members that each must have
_SPEECHES = {"SSML": "ssml", "PlainText": "text"}
_CARDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(Card.discriminator_value_class_map, ()),
    "Simple": ("title", "content"),
    "Standard": ("title", "text"),
}
_DIRECTIVES = frozenset(Directive.discriminator_value_class_map)
_ADDRESS = re.compile(
    r"https?:|\bwww\.|[\w.+-]{1,64}@[\w-]{1,64}\.\w|\b[\w-]{1,64}\.(com|org|net|io)\b"
)

State = Literal["ok", "warning", "fault"]


@dataclass(frozen=True, kw_only=True)
class Check:
    name: str
    label: str
    state: State
    seen: str
    wanted: str
    source: str  # the page that says so


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and what came back, as the checks want to see them."""

    request: Envelope
    response: Envelope
    milliseconds: int

    @property
    def asked(self) -> dict[str, Any]:
        return _object(self.request, "request")

    @property
    def intent(self) -> str:
        return str(_object(self.asked, "intent").get("name") or "")

    @property
    def answer(self) -> dict[str, Any]:
        return _object(self.response, "response")

    @property
    def language(self) -> str:
        return answer_language(self.asked.get("locale"))

    @property
    def is_conversation(self) -> bool:
        """Somebody waits for an answer: neither a session's end nor an event of the skill."""
        kind = str(self.asked.get("type") or "")
        return kind != "SessionEndedRequest" and not kind.startswith("AlexaSkillEvent.")

    @property
    def is_open(self) -> bool:
        return self.answer.get("shouldEndSession") is False

    @property
    def ssml(self) -> str:
        speech = _object(self.answer, "outputSpeech")
        return str(speech.get("ssml") or "") if speech.get("type") == "SSML" else ""

    @property
    def speech(self) -> str:
        return output_text(self.answer.get("outputSpeech"))

    @property
    def reprompt(self) -> str:
        return output_text(_object(self.answer, "reprompt").get("outputSpeech"))

    @property
    def has_screen(self) -> bool:
        system = _object(_object(self.request, "context"), "System")
        return APL in _object(_object(system, "device"), "supportedInterfaces")


Seen = tuple[State, str]
Rule = Callable[[Exchange], Seen | None]


def check(request: Envelope, response: Envelope | None, milliseconds: int) -> list[Check]:
    """What every rule says that applies, in the order of RULES; none without a response."""
    if response is None:
        return []
    exchange = Exchange(request=request, response=response, milliseconds=milliseconds)
    found = []
    for name, label, wanted, source, rule in RULES:
        if seen := rule(exchange):
            state, words = seen
            found.append(
                Check(
                    name=name,
                    label=str(label),
                    state=state,
                    seen=_cut(words, 300),
                    wanted=str(wanted),
                    source=source,
                )
            )
    return found


def as_data(checks: list[Check]) -> list[dict[str, str]]:
    return [asdict(each) for each in checks]


# --- the rules -------------------------------------------------------------------------------


def shape(exchange: Exchange) -> Seen | None:
    faults = list(_faults_of_shape(exchange))
    if faults:
        return "fault", "; ".join(faults)
    return "ok", _("all members have the types that Alexa reads")


def markup(exchange: Exchange) -> Seen | None:
    spoken = [
        str(speech.get("ssml") or "")
        for speech in (
            _object(exchange.answer, "outputSpeech"),
            _object(_object(exchange.answer, "reprompt"), "outputSpeech"),
        )
        if speech.get("type") == "SSML"
    ]
    if not spoken:
        return None
    elements: set[str] = set()
    for ssml in spoken:
        names = _elements(ssml)
        if names is None:
            return "fault", _("not well-formed: %(ssml)s") % {"ssml": _cut(ssml, 80)}
        if names[0] != "speak":
            return "fault", _("the outermost element is <%(name)s>") % {"name": names[0]}
        elements |= set(names)
    if unknown := sorted(elements - _ELEMENTS):
        return "fault", _("unknown to Alexa: %(names)s") % {"names": ", ".join(unknown)}
    return "ok", _("well-formed; elements: %(names)s") % {"names": ", ".join(sorted(elements))}


def silence(exchange: Exchange) -> Seen | None:
    """Nobody hears an answer to a session's end or to an event."""
    if exchange.is_conversation:
        return None
    said = [
        name
        for name in ("outputSpeech", "reprompt", "card", "directives")
        if exchange.answer.get(name)
    ]
    if said:
        return "fault", _("it holds: %(names)s") % {"names": ", ".join(said)}
    return "ok", _("an empty answer")


def reprompt(exchange: Exchange) -> Seen | None:
    if not exchange.is_conversation:
        return None
    match exchange.is_open, bool(exchange.reprompt):
        case True, False:
            return "fault", _("the session stays open without a reprompt")
        case False, True:
            return "fault", _("the session ends, and the reprompt is never heard")
        case True, True:
            return "ok", _("the session stays open, and there is a reprompt")
    return "ok", _("the session ends, and there is no reprompt")


def question(exchange: Exchange) -> Seen | None:
    if not (exchange.is_conversation and exchange.is_open):
        return None
    end = masked(exchange.speech)[-40:]
    return "ok" if _is_question(exchange.speech) else "fault", _("it ends: “%(end)s”") % {
        "end": end
    }


def other_words(exchange: Exchange) -> Seen | None:
    if not exchange.reprompt:
        return None
    speech, again = exchange.speech, exchange.reprompt
    if speech.endswith(again):
        return "fault", _("the reprompt repeats what was said")
    lengths = {"again": len(again), "speech": len(speech)}
    seen = _("%(again)d characters after %(speech)d") % lengths
    return "ok" if len(again) < len(speech) else "fault", seen


def length(exchange: Exchange) -> Seen | None:
    spoken = _object(exchange.answer, "outputSpeech")
    characters = len(str(spoken.get(_SPEECHES.get(str(spoken.get("type")), "")) or ""))
    if not characters:
        return None
    seen = _("%(number)d characters") % {"number": characters}
    return "fault" if characters > MAX_SPEECH else "ok", seen


def size(exchange: Exchange) -> Seen | None:
    number = len(json.dumps(exchange.response, ensure_ascii=False).encode(errors="replace"))
    return "fault" if number > MAX_RESPONSE else "ok", _("%(number).1f KB") % {
        "number": number / 1024
    }


def time(exchange: Exchange) -> Seen | None:
    seen = _("%(number)d ms") % {"number": exchange.milliseconds}
    return "fault" if exchange.milliseconds > MAX_SECONDS * 1000 else "ok", seen


def one_breath(exchange: Exchange) -> Seen | None:
    if not exchange.speech:
        return None
    # the question behind the last pause is a breath of its own
    statement = exchange.ssml.rpartition("<break")[0] if exchange.is_open else ""
    told = readable(statement) if statement else exchange.speech
    # by the tenth: what is compared is what is shown
    number = round(seconds(told, exchange.language, statement or exchange.ssml), 1)
    return "warning" if number > ONE_BREATH else "ok", _("about %(number).1f s") % {
        "number": number
    }


def address(exchange: Exchange) -> Seen | None:
    if not exchange.speech:
        return None
    for text in (exchange.speech, exchange.reprompt):
        if found := _ADDRESS.search(text):
            return "fault", _("it says “%(address)s”") % {"address": found.group()}
    return "ok", _("none is spoken")


def link_card(exchange: Exchange) -> Seen | None:
    """By the skill's own sentences: both that ask to link promise a card in the Alexa app."""
    has_card = _object(exchange.answer, "card").get("type") == "LinkAccount"
    with translation.override(exchange.language):
        asking = [readable(each) for each in (linking.card_sent(), linking.stopped_working())]
    asks = any(each in exchange.speech for each in asking)
    if asks and not has_card:
        return "fault", _("it asks to link and sends no card")
    if has_card and not asks:
        return "warning", _("there is a card, and nobody is told of it")
    return ("ok", _("it asks to link and sends the card")) if asks else None


def let_go(exchange: Exchange) -> Seen | None:
    if not (_object(exchange.request, "session").get("new") is True and exchange.intent):
        return None
    if exchange.intent == NOT_UNDERSTOOD:  # nothing was answered yet
        return None
    if not exchange.is_open:
        return "ok", _("the session ends")
    if exchange.intent in STAYS_OPEN:
        return "ok", _("%(intent)s may stay open") % {"intent": exchange.intent}
    return "warning", _("the session stays open after %(intent)s") % {"intent": exchange.intent}


# --- inside ----------------------------------------------------------------------------------


def _object(parent: dict[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def _cut(text: str, length: int) -> str:
    """Its tokens are hidden first: half of one would no longer look like one."""
    return str(masked(text))[:length]


def _is_question(text: str) -> bool:
    return text.rstrip(" \"'”’»」』)").endswith(("?", "؟", "？"))


class _Refused(Exception):
    """A document type: Alexa's markup has none, and one can grow without end."""


def _refuse(*_declaration: object) -> None:
    raise _Refused


def _elements(ssml: str) -> list[str] | None:
    """The names of its elements, the outermost first; None where it is not well-formed."""
    names: list[str] = []
    parser = expat.ParserCreate()  # without namespaces, because of Alexa's own `alexa:` elements
    parser.StartElementHandler = lambda name, _attributes: names.append(name)
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(ssml, True)
    except (expat.ExpatError, UnicodeEncodeError, _Refused):
        return None
    return names


def _faults_of_shape(exchange: Exchange) -> Iterator[str]:
    response, answer = exchange.response, exchange.answer
    if response.get("version") != "1.0":
        yield _("version is not “1.0”")
    if not isinstance(response.get("response"), dict):
        yield _("response is not an object")
    if not isinstance(response.get("sessionAttributes", {}), dict):
        yield _("sessionAttributes is not an object")
    if not isinstance(answer.get("shouldEndSession", True), bool):
        yield _("shouldEndSession is neither true nor false")
    yield from _faults_of_speech(answer, "outputSpeech")
    if "reprompt" in answer:
        if isinstance(answer["reprompt"], dict):
            yield from _faults_of_speech(answer["reprompt"], "outputSpeech", "reprompt.")
        else:
            yield _("reprompt is not an object")
    if "card" in answer:
        card = _object(answer, "card")
        kind = card.get("type")
        if not isinstance(kind, str) or kind not in _CARDS:
            yield _("unknown type of card: %(kind)s") % {"kind": _cut(repr(kind), 60)}
        else:
            yield from _missing(card, _CARDS[kind], "card")
    yield from _faults_of_directives(exchange)


def _faults_of_speech(parent: dict[str, Any], name: str, path: str = "") -> Iterator[str]:
    if name not in parent:
        return
    kind = _object(parent, name).get("type")
    if not isinstance(kind, str) or kind not in _SPEECHES:
        yield _("unknown type of %(path)s: %(kind)s") % {
            "path": f"{path}{name}",
            "kind": _cut(repr(kind), 60),
        }
    else:
        yield from _missing(parent[name], (_SPEECHES[kind],), f"{path}{name}")


def _faults_of_directives(exchange: Exchange) -> Iterator[str]:
    directives = exchange.answer.get("directives", [])
    if not isinstance(directives, list):
        yield _("directives is not a list")
        return
    for directive in directives:
        kind = directive.get("type") if isinstance(directive, dict) else None
        if not isinstance(kind, str) or kind not in _DIRECTIVES:
            yield _("unknown directive: %(kind)s") % {"kind": _cut(repr(kind), 60)}
        elif kind.startswith(f"{APL}.") and not exchange.has_screen:
            yield _("%(kind)s goes to a device without a screen") % {"kind": kind}


def _missing(parent: dict[str, Any], names: tuple[str, ...], path: str) -> Iterator[str]:
    for name in names:
        if not isinstance(parent.get(name), str):
            yield _("%(path)s.%(name)s is not text") % {"path": path, "name": name}


RULES: tuple[tuple[str, Promise, Promise, str, Rule], ...] = (
    (
        "shape",
        gettext_lazy("Response format"),
        gettext_lazy("the members and types of Amazon’s response format"),
        _FORMAT,
        shape,
    ),
    (
        "markup",
        gettext_lazy("Speech markup"),
        gettext_lazy("well-formed SSML with elements that Alexa has"),
        _SSML,
        markup,
    ),
    (
        "silence",
        gettext_lazy("Nothing to say"),
        gettext_lazy("no speech, card or directive where nobody listens"),
        _FORMAT,
        silence,
    ),
    (
        "reprompt",
        gettext_lazy("Reprompt"),
        gettext_lazy("a reprompt exactly when the session stays open"),
        _AVAILABLE,
        reprompt,
    ),
    (
        "question",
        gettext_lazy("Ends in a question"),
        gettext_lazy("an open session’s speech ends in ?, ؟ or ？"),
        _AVAILABLE,
        question,
    ),
    (
        "other_words",
        gettext_lazy("Reprompt’s words"),
        gettext_lazy("a reprompt that is shorter than the speech and differs from its end"),
        _AVAILABLE,
        other_words,
    ),
    (
        "length",
        gettext_lazy("Length of speech"),
        gettext_lazy("at most 8,000 characters, markup included"),
        _FORMAT,
        length,
    ),
    (
        "size",
        gettext_lazy("Size of the response"),
        gettext_lazy("at most 24 KB"),
        _FORMAT,
        size,
    ),
    (
        "time",
        gettext_lazy("Time to answer"),
        gettext_lazy("at most 8 seconds"),
        _FORMAT,
        time,
    ),
    (
        "one_breath",
        gettext_lazy("One breath"),
        gettext_lazy("at most 15 seconds of speech before the question; the number is our own"),
        _BREVITY,
        one_breath,
    ),
    (
        "address",
        gettext_lazy("No address read out"),
        gettext_lazy("no web or e-mail address in speech and reprompt"),
        _TEXT,
        address,
    ),
    (
        "link_card",
        gettext_lazy("Card for linking"),
        gettext_lazy("a LinkAccount card exactly when the answer asks to link"),
        _LINKING,
        link_card,
    ),
    (
        "let_go",
        gettext_lazy("Lets go"),
        gettext_lazy("the session ends after a one-shot request; help, quiz and topics may go on"),
        _SESSION,
        let_go,
    ),
)
