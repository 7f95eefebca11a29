"""What is left of an envelope that the SDK cannot read: each part by itself may be of any shape."""

from __future__ import annotations

from typing import Any

import pytest

from skill_endpoint.essentials import essentials


@pytest.mark.parametrize("kind", [None, 7, [], {}, ["LaunchRequest"], "AlexaSkillEvent.X"])
def test_what_names_no_kind_of_turn_is_none(kind: Any) -> None:
    assert essentials({"request": {"type": kind}}) is None


@pytest.mark.parametrize("envelope", [{}, {"request": []}, {"request": None, "session": 7}])
def test_what_has_no_request_is_none(envelope: dict[str, Any]) -> None:
    assert essentials(envelope) is None
