"""The settings by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from companion.doctor.results import State
from tests.companion.doctor.conftest import look, only

E, W = State.ERROR, State.WARNING
WELL = {
    "COGNITO_WEB_CLIENT_ID": "1example23456789abcdef",
    "COGNITO_ALEXA_CLIENT_ID": "2example23456789abcdef",
}


@pytest.mark.parametrize(
    ("code", "settings", "state", "seen"),
    [
        ("settings.public-url", {"PUBLIC_URL": "http://www.example.com"}, E, "http://www"),
        ("settings.public-url", {"PUBLIC_URL": "https://www.example.com:8443"}, E, "8443"),
        ("settings.pool", {"COGNITO_USER_POOL_ID": ""}, E, "empty"),
        ("settings.pool", {"COGNITO_USER_POOL_ID": "my-pool"}, E, "my-pool"),
        ("settings.pool", {"AWS_REGION": "eu-west-1"}, E, "AWS_REGION eu-west-1"),
        (
            "settings.pool",
            {"COGNITO_ISSUER": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Other"},
            E,
            "us-east-1_Other",
        ),
        ("settings.domain", {"COGNITO_DOMAIN_URL": ""}, E, "empty"),
        ("settings.domain", {"COGNITO_DOMAIN_URL": "http://auth.example.com"}, E, "http://"),
        ("settings.domain", {"COGNITO_DOMAIN_URL": "https://a.example/oauth2"}, E, "/oauth2"),
        ("settings.clients", {"COGNITO_ALEXA_CLIENT_ID": ""}, E, "empty"),
        ("settings.clients", {"COGNITO_WEB_CLIENT_ID": "'quoted0123456789'"}, E, "'quoted"),
        ("settings.clients", {"COGNITO_WEB_CLIENT_SECRET": ""}, E, "empty"),
        ("settings.clients", {"COGNITO_ALEXA_CLIENT_SECRET": ""}, W, "empty"),
        ("settings.clients", {"COGNITO_ALEXA_CLIENT_SECRET": '"abcdef"'}, E, "quotes"),
        ("settings.alexa", {"ALEXA_VENDOR_ID": ""}, E, "empty"),
        ("settings.alexa", {"ALEXA_VENDOR_ID": "amzn1.ask.skill.1"}, E, "is a skill id"),
        ("settings.alexa", {"ALEXA_VENDOR_ID": "vendor"}, E, "vendor"),
        ("settings.alexa", {"ALEXA_SKILL_IDS": []}, E, "empty"),
        ("settings.alexa", {"ALEXA_SKILL_IDS": ["MVENDOR"]}, E, "MVENDOR"),
    ],
)
def test_a_wrong_setting_is_named(
    code: str, settings: dict[str, Any], state: State, seen: str
) -> None:
    with override_settings(**{**WELL, **settings}):
        found = [each for each in look(code) if each.state is not State.OK]
    result = only(found)
    assert result.state is state
    assert seen in result.seen
    assert result.mend


@pytest.mark.parametrize(
    "code",
    [
        "settings.rules",
        "settings.pool",
        "settings.domain",
        "settings.clients",
        "settings.alexa",
    ],
)
def test_right_settings_are_in_order(code: str) -> None:
    with override_settings(**WELL):
        assert {each.state for each in look(code)} == {State.OK}


def test_this_machine_is_noted_and_not_ticked() -> None:
    result = only(look("settings.public-url"))
    assert (result.state, result.seen) == (
        State.NOTE,
        "http://localhost:8000, for this machine only: Alexa cannot reach it",
    )


@pytest.mark.parametrize("name", ["COGNITO_USER_POOL_ID", "AWS_REGION"])
def test_two_pools_are_one_error(name: str) -> None:
    value = {"COGNITO_USER_POOL_ID": "us-east-1_Other", "AWS_REGION": "eu-west-1"}[name]
    issuer = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_TestPool1"
    with override_settings(**{name: value, "COGNITO_ISSUER": issuer}):
        found = [*look("settings.rules"), *look("settings.pool")]
    told = only([each for each in found if each.state is E])
    assert told.code == "settings.pool"
    assert "COGNITO_USER_POOL_ID" in told.mend or "AWS_REGION" in told.mend


def test_a_deployment_has_the_rules_of_one() -> None:
    """Simulator, plain http and a local AWS are refused there; locally they are what is meant."""
    with override_settings(DEV_TOOLS=False, DEBUG=True):
        about = {each.title.rpartition(": ")[2] for each in look("settings.rules")}
    assert {"companion.E003", "companion.E006", "accounts.E004"} <= about


def test_no_secret_is_shown() -> None:
    with override_settings(COGNITO_ALEXA_CLIENT_SECRET='"planted-secret"'):
        assert "planted-secret" not in str(look("settings.clients"))


def test_the_rules_ask_no_database() -> None:
    """A report is made without one; and SQLite would wait for whoever writes."""
    with override_settings(DEV_TOOLS=False):
        assert "the check itself failed" not in str(look("settings.rules"))
