from __future__ import annotations

import pytest

from skill_endpoint.pace import seconds
from skill_endpoint.simulator.spoken import output_text


@pytest.mark.parametrize(
    ("ssml", "text"),
    [
        ("<speak>Honey &amp; salt never spoil.</speak>", "Honey & salt never spoil."),
        ('<speak>One.<break time="300ms"/>Two?</speak>', "One. … Two?"),
        ('<speak>Hello <alexa:name type="first" personId="p"/>!</speak>', "Hello [first name]!"),
        ('<speak><sub alias="magnesium">Mg</sub> burns</speak>', "magnesium burns"),
        ("<speak><p>One.</p><p>Two.</p></speak>", "One. Two."),
        ('<speak><lang xml:lang="fr-FR">Île</lang> 5 &lt; 6</speak>', "Île 5 < 6"),
        ("<speak>never closed", "never closed"),
    ],
)
def test_it_reads_ssml_as_alexa_would_say_it(ssml: str, text: str) -> None:
    assert output_text({"type": "SSML", "ssml": ssml}) == text


def test_it_reads_plain_text() -> None:
    assert output_text({"type": "PlainText", "text": " a < b "}) == "a < b"


@pytest.mark.parametrize("nothing", [None, "text", {}, {"type": "SSML"}])
def test_it_says_nothing_where_there_is_nothing(nothing: object) -> None:
    assert output_text(nothing) == ""


def test_it_estimates_how_long_speech_takes() -> None:
    assert seconds("one two three … four, five", "en") == pytest.approx(5 / 2.8)
    assert seconds("宇宙には 音がない。", "ja-JP") == pytest.approx(8 / 6.5)
    assert seconds("eins zwei", "de") > seconds("one two", "en-GB")


def test_pauses_take_their_time() -> None:
    ssml = '<speak>one<break time="500ms"/>two<break strength="weak" time="2s"/></speak>'
    assert seconds("", "en", ssml) == pytest.approx(2.5)
