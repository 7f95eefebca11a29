from __future__ import annotations

from dataclasses import replace

import pytest

from accounts.models import User
from skill_endpoint.simulator.envelopes import Device
from tests.cognito import TokenMint
from tests.skill_endpoint.voice import stock_library


@pytest.fixture(autouse=True)
def _library(db: None) -> None:
    stock_library()


@pytest.fixture
def timeless_device(linked_device: Device, linked: User, mint: TokenMint) -> Device:
    """The linked device, with a token that is good whenever a test travels to."""
    return replace(linked_device, access_token=mint.access(linked.sub, iat=1, exp=4_000_000_000))
