"""What an attempt came to, stage by stage: nothing is called passed that nobody saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.utils import timezone

from accounts.oauth_trace.diagnosis import Level, rules
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Outcome, Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.verdict import verdict
from tests.accounts.oauth_trace.conftest import Linker, new_code
from tests.accounts.oauth_trace.scenes import Scene
from tests.local_aws import LivePool

EMPTY: dict[str, str] = {}
BEFORE_A_CODE = {"authorize": "unseen", "login": "unseen", "callback": "unseen"}


def scope_refused(scene: Scene) -> None:
    scene.follows(scope="openid nonsense")


def cancelled(scene: Scene) -> None:
    scene.linker.authorize()
    scene.returns(error="access_denied")


def closed(scene: Scene) -> None:
    scene.linker.authorize()
    scene.minutes_pass()


def linked_without_capture(scene: Scene) -> None:
    scene.without_capture()
    scene.link()


def unknown_code(scene: Scene) -> None:
    assert scene.linker.redeem(new_code()).status_code == 400


def client_credentials(scene: Scene) -> None:
    assert scene.linker.post({"grant_type": "client_credentials"}).status_code == 400


def refreshed_only(scene: Scene) -> None:
    assert scene.linker.refresh("refresh" + new_code()).status_code == 400


@pytest.mark.parametrize(
    ("act", "stages"),
    [
        (Scene.link, {"authorize": "ok", "login": "ok", "callback": "ok", "token": "ok"}),
        (scope_refused, {"authorize": "failed", "callback": "unfinished"}),
        (cancelled, {"authorize": "ok", "login": "unfinished", "callback": "unfinished"}),
        (closed, {"authorize": "ok", "login": "unfinished"}),
        (linked_without_capture, BEFORE_A_CODE | {"authorize": "ok", "token": "ok"}),
        (unknown_code, BEFORE_A_CODE | {"token": "failed"}),
        (client_credentials, {"token": "failed"}),
        (refreshed_only, BEFORE_A_CODE | {"token": "unseen", "refresh": "failed"}),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_a_stage_is_passed_where_that_was_seen(
    linker: Linker, pool: LivePool, act: Callable[[Scene], object], stages: dict[str, str]
) -> None:
    with Scene(linker, pool) as scene:
        act(scene)
        assert scene.verdict().stages == stages, scene.codes()


@pytest.mark.parametrize("act", [cancelled, closed])
def test_who_went_away_met_no_error(
    linker: Linker, pool: LivePool, act: Callable[[Scene], object]
) -> None:
    with Scene(linker, pool) as scene:
        act(scene)
        found = scene.verdict()
        assert found.outcome == Outcome.GAVE_UP
        assert found.main
        assert found.main.level == Level.UNFINISHED


def test_two_values_that_differ_are_no_guess() -> None:
    guesses = {rule.code for rule in rules() if rule.is_guess}
    assert guesses > {"nothing-arrived", "page-closed", "no-token-call", "token-client-refused"}
    assert not guesses & {"redirect-uri-slash", "token-secret-wrong", "person-cancelled"}


def test_of_a_way_back_that_was_withheld_nobody_knows_that_it_brought_no_code() -> None:
    now = timezone.now()
    hidden = Recorded(stage=Stage.CALLBACK, at=now, is_withheld=True)
    seen = replace(hidden, request=Message(method="GET"), is_withheld=False)
    for events, word in (((hidden,), "ok"), ((hidden, seen), "unfinished")):
        found = verdict(Trace(started_at=now, seen_at=now, events=events), [])
        assert found.stages == {"callback": word}
