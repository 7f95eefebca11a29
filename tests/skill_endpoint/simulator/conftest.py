from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from pytest_django import Settings

from companion.local import pool as local_pool
from companion.local.aws import LocalAws
from skill_endpoint.simulator import interaction_model
from skill_endpoint.simulator.conversation import callback_url
from tests.local_aws import PUBLIC_URL, LivePool
from tests.skill_endpoint.simulator import stub
from tests.skill_endpoint.simulator.browser import at_home
from tests.skill_endpoint.simulator.models import ENGLISH, JAPANESE
from tests.skill_endpoint.simulator.stub import Stub


@pytest.fixture(scope="module")
def _skill() -> Iterator[Stub]:
    with stub.running() as running:
        yield running


@pytest.fixture
def skill(_skill: Stub) -> Stub:
    """Where the skill would be."""
    _skill.reset()
    return _skill


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small interaction models in place of the skill's."""
    folder = tmp_path / "models"
    folder.mkdir()
    for locale, model in {"en-US": ENGLISH, "ja-JP": JAPANESE}.items():
        document: Any = {"interactionModel": {"languageModel": model}}
        (folder / f"{locale}.json").write_text(json.dumps(document), encoding="utf-8")
    monkeypatch.setattr(interaction_model, "MODELS", folder)
    return folder


@pytest.fixture
def simulator(skill: Stub, settings: Settings, pki_folder: Path, tmp_path: Path) -> Stub:
    """The simulator in front of that skill, with an empty folder of its own."""
    folder = tmp_path / "alexa"
    folder.mkdir(mode=0o700)
    for path in pki_folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    settings.ALEXA_DEV_PKI_DIR = str(folder)
    settings.PUBLIC_URL = skill.url
    return skill


@pytest.fixture
def home(simulator: Stub, db: None) -> Client:
    """A browser at the simulator's site."""
    return at_home(enforce_csrf_checks=False)


@pytest.fixture(scope="module")
def linking_pool(running_aws: LocalAws, _skill: Stub) -> Iterator[LivePool]:
    """A pool that knows the callback of this simulator; the settings name it."""
    name = f"tests-{uuid.uuid4().hex[:12]}"
    with override_settings(PUBLIC_URL=_skill.url):
        callback = callback_url()
    values = local_pool.deploy(
        running_aws, PUBLIC_URL, stack=name, domain_prefix=name, more_alexa_callbacks=[callback]
    )
    live = LivePool(running_aws, name, values)
    with override_settings(**live.settings()):
        yield live
