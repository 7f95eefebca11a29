from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command

Run = Callable[..., str]


@pytest.fixture
def manage_pool(local_aws: str, settings: LazySettings) -> Run:
    """`manage.py pool ...` against the local AWS; returns what it prints."""
    settings.AWS_ENDPOINT_URL = local_aws

    def run(*arguments: str) -> str:
        out = io.StringIO()
        call_command("pool", *arguments, stdout=out, no_color=True)
        return out.getvalue()

    return run


@pytest.fixture
def stack() -> str:
    """A name that nothing has yet: for the stack, its pool and its domain prefix."""
    return f"tests-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """What somebody types at the next question."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))
