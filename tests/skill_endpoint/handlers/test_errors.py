from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import translation

from skill_endpoint import skill
from skill_endpoint.simulator.envelopes import Device
from skill_endpoint.turn import Reply, Turn
from tests.skill_endpoint.voice import one_shot


@pytest.fixture
def _broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(turn: Turn) -> Reply:
        raise RuntimeError("out of order")

    monkeypatch.setitem(skill.INTENTS, "DailyFactIntent", fails)


@pytest.mark.usefixtures("_broken")
def test_it_apologises_for_a_failure_of_its_own(
    device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    answer = one_shot(device, "DailyFactIntent")

    assert answer.ends
    assert "something went wrong on my side" in answer.text
    assert "one-shot" in caplog.text  # Alexa's request id
    assert "out of order" in caplog.text


@pytest.mark.usefixtures("_broken")
@pytest.mark.parametrize(
    ("locale", "sorry"),
    [("de-DE", "Entschuldig"), ("fr-FR", "de mon côté"), ("ja-JP", "ごめんなさい")],
)
def test_it_apologises_in_the_language_and_leaves_none_behind(
    device: Device, locale: str, sorry: str
) -> None:
    with translation.override("nl"):
        assert sorry in one_shot(replace(device, locale=locale), "DailyFactIntent").text
        assert translation.get_language() == "nl"
