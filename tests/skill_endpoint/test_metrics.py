from __future__ import annotations

import pytest

from skill_endpoint import metrics


def counted(name: str) -> float:
    return float(metrics.alexa_turns.labels(name)._value.get())


@pytest.mark.parametrize(
    ("request_type", "label"),
    [
        ("LaunchRequest", "LaunchRequest"),
        ("Alexa.Presentation.APL.UserEvent", "Alexa.Presentation.APL.UserEvent"),
        ("Alexa.Presentation.APL.RuntimeError", "Alexa.Presentation.APL.RuntimeError"),
        ("Alexa.Presentation.APL.Whatever", "other"),
        ("Alexa.Something.New", "other"),
    ],
)
def test_a_known_type_is_counted_by_its_name(request_type: str, label: str) -> None:
    before = counted(label)
    metrics.count_turn(request_type)
    assert counted(label) == before + 1
