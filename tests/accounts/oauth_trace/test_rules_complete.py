"""Each rule has a test that provokes it and one that it must not fire in."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.oauth_trace.diagnosis import Level, Rule, rules
from tests.accounts.oauth_trace.conftest import Linker
from tests.accounts.oauth_trace.scenes import PERSON, Scene
from tests.local_aws import LivePool

HERE = Path(__file__).parent


def named(group: str) -> set[str]:
    """Codes in PROVOKED or SPARED of all modules about rules."""
    found: set[str] = set()
    for path in sorted(HERE.glob("test_rules_*.py")):
        if path.stem != Path(__file__).stem:
            module = importlib.import_module(f"{__package__}.{path.stem}")
            found |= set(getattr(module, group))
    return found


@pytest.mark.parametrize("group", ["PROVOKED", "SPARED"])
def test_each_rule_is_tried_both_ways(group: str) -> None:
    codes = {rule.code for rule in rules()}
    assert codes - named(group) == set(), "without a test"
    assert named(group) - codes == set(), "no such rule"


def test_there_are_enough_of_them() -> None:
    assert len([rule for rule in rules() if rule.level != Level.NOTE]) >= 30


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_its_sentences_are_whole(rule: Rule) -> None:
    for sentence in (rule.seen, rule.cause, rule.fix):
        assert sentence.endswith(".")
        assert "  " not in sentence
    assert rule.source.startswith("https://")


def refreshed(scene: Scene) -> None:
    tokens = scene.linker.link(PERSON)
    assert scene.linker.refresh(tokens["refresh_token"]).status_code == 200


def of_each_region(host: str) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        scene.linker.redirect_uri = scene.linker.redirect_uri.replace("pitangui.amazon.com", host)
        scene.linker.link(PERSON)

    return act


def without_capture(scene: Scene) -> None:
    scene.without_capture()
    scene.linker.link(PERSON)


def with_fewer_scopes(scene: Scene) -> None:
    scene.linker.scope = "openid"
    scene.linker.link(PERSON)


@pytest.mark.parametrize(
    "act",
    [
        of_each_region("pitangui.amazon.com"),
        of_each_region("layla.amazon.com"),
        of_each_region("alexa.amazon.co.jp"),
        refreshed,
        without_capture,
        with_fewer_scopes,
        lambda scene: (scene.linker.authorize(), scene.linker.link(PERSON)),
        lambda scene: scene.linker.authorize(),
        Scene.signed_in,
    ],
    ids=[
        "america",
        "europe",
        "japan",
        "refreshed",
        "not captured",
        "openid only",
        "page reloaded",
        "at the sign-in page",
        "back from sign-in",
    ],
)
def test_a_healthy_linking_has_no_finding(
    act: Callable[[Scene], object], linker: Linker, pool: LivePool
) -> None:
    pool.person(PERSON)
    with Scene(linker, pool) as scene:
        act(scene)
        assert scene.codes() == []
