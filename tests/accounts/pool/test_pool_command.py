from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError

from accounts.pool import client
from tests.accounts.pool.conftest import Run
from tests.local_aws import LivePool

pytestmark = pytest.mark.local_aws

SITE = "https://facts.example.com"


def create(manage_pool: Run, stack: str, *more: str) -> str:
    return manage_pool("deploy", "--yes", "--stack", stack, "--domain-prefix", stack, *more)


def test_it_creates_a_pool_and_shows_how_far_it_is(manage_pool: Run, stack: str) -> None:
    printed = create(manage_pool, stack, "--public-url", SITE)

    assert f"Create stack {stack} in the AWS at" in printed
    assert "Add     Pool            AWS::Cognito::UserPool" in printed
    assert "s  AlexaClient     CREATE_COMPLETE" in printed
    assert "Deployed." in printed
    assert f"{SITE}/alexa-link/return/" in printed


def test_it_protects_the_stack(manage_pool: Run, stack: str) -> None:
    create(manage_pool, stack)

    [found] = client.cloudformation().describe_stacks(StackName=stack)["Stacks"]
    assert found["EnableTerminationProtection"] is True


def test_it_has_nothing_to_change_the_second_time(manage_pool: Run, pool: LivePool) -> None:
    printed = manage_pool("deploy", "--yes", "--stack", pool.stack)

    assert f"No changes: stack {pool.stack}" in printed


def test_it_keeps_client_id_and_secret_when_an_address_changes(
    manage_pool: Run, stack: str
) -> None:
    create(manage_pool, stack, "--public-url", "https://old.example.com")
    before = manage_pool("show", "--stack", stack, "--env", "--secret")

    printed = manage_pool("deploy", "--yes", "--stack", stack, "--public-url", SITE)

    old = "https://old.example.com/,https://old.example.com/accounts/cognito/again/"
    assert f"WebLogoutUrls: {old} -> {SITE}/,{SITE}/accounts/cognito/again/" in printed, (
        "the operator sees what changes"
    )
    assert manage_pool("show", "--stack", stack, "--env", "--secret") == before
    assert f"{SITE}/alexa-link/return/" in manage_pool("show", "--stack", stack)


def test_it_warns_of_a_replacement_and_of_the_emulators_false_ones(
    manage_pool: Run, stack: str
) -> None:
    create(manage_pool, stack, "--public-url", "https://old.example.com")

    printed = manage_pool("plan", "--stack", stack, "--public-url", SITE)

    assert "!! 2 resource(s) would be REPLACED or REMOVED" in printed
    assert "A local AWS calls every changed client REPLACED" in printed


def test_it_changes_nothing_by_a_plan_for_a_new_stack(manage_pool: Run, stack: str) -> None:
    printed = manage_pool("plan", "--stack", stack, "--domain-prefix", stack)

    assert "Add     WebClient" in printed
    assert "nothing was changed" in printed
    stacks = client.cloudformation().list_stacks(StackStatusFilter=["REVIEW_IN_PROGRESS"])
    assert stack not in {found["StackName"] for found in stacks["StackSummaries"]}


def test_it_changes_nothing_by_a_plan_for_a_living_stack(manage_pool: Run, pool: LivePool) -> None:
    before = manage_pool("show", "--stack", pool.stack)

    manage_pool("plan", "--stack", pool.stack, "--public-url", SITE)

    assert manage_pool("show", "--stack", pool.stack) == before
    sets = client.cloudformation().list_change_sets(StackName=pool.stack)["Summaries"]
    assert "AVAILABLE" not in {each["ExecutionStatus"] for each in sets}


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_it_deploys_nothing_without_a_yes(
    manage_pool: Run, stack: str, answer: Callable[[str], Any], typed: str
) -> None:
    answer(typed)

    with pytest.raises(CommandError, match="nothing done"):
        manage_pool("deploy", "--stack", stack, "--domain-prefix", stack)

    with pytest.raises(CommandError, match=f"there is no stack {stack}"):
        manage_pool("show", "--stack", stack)


def test_it_deploys_after_a_yes(manage_pool: Run, stack: str, answer: Callable[[str], Any]) -> None:
    answer("y\n")

    assert "Deployed." in manage_pool("deploy", "--stack", stack, "--domain-prefix", stack)


def test_it_warns_of_a_pool_that_is_there_already(manage_pool: Run, stack: str) -> None:
    create(manage_pool, stack)
    manage_pool("destroy", "--yes", "--stack", stack)

    printed = manage_pool("plan", "--stack", stack, "--domain-prefix", stack)

    assert f"!! There is a pool {stack} already" in printed


def test_it_shows_every_value_of_the_developer_console(
    manage_pool: Run, pool: LivePool, local_aws: str
) -> None:
    lines = [line.split() for line in manage_pool("show", "--stack", pool.stack).splitlines()]

    values = pool.values
    for value in (
        f"{local_aws}/oauth2/authorize",
        f"{local_aws}/oauth2/token",
        values.alexa_client_id,
        "Basic",
        "openid",
        "email",
        "phone",
        "localhost",
        "https://pitangui.amazon.com/api/skill/link/MLOCALVENDOR",
        "https://layla.amazon.com/api/skill/link/MLOCALVENDOR",
        "https://alexa.amazon.co.jp/api/skill/link/MLOCALVENDOR",
        "http://localhost:8000/alexa-link/return/",
    ):
        assert any(line[-1:] == [value] for line in lines), value
    assert ["Default", "Access", "Token", "Expiration", "Time", "3600", "(seconds)"] in lines


@pytest.mark.parametrize("form", [[], ["--env"]])
def test_it_shows_secrets_only_when_asked(
    manage_pool: Run, pool: LivePool, form: list[str]
) -> None:
    hidden = manage_pool("show", "--stack", pool.stack, *form)
    shown = manage_pool("show", "--stack", pool.stack, *form, "--secret")

    assert pool.values.alexa_client_secret not in hidden
    assert pool.values.alexa_client_secret in shown


def test_it_prints_the_settings_of_the_website(
    manage_pool: Run, pool: LivePool, local_aws: str
) -> None:
    lines = manage_pool("show", "--stack", pool.stack, "--env", "--secret").splitlines()

    assert f"COGNITO_USER_POOL_ID={pool.id}" in lines
    assert f"COGNITO_DOMAIN_URL={local_aws}" in lines
    assert f"COGNITO_WEB_CLIENT_SECRET={pool.values.web_client_secret}" in lines
    assert f"COGNITO_JWKS_URL={local_aws}/{pool.id}/.well-known/jwks.json" in lines


def test_it_says_which_site_cannot_sign_in(
    manage_pool: Run, pool: LivePool, settings: LazySettings
) -> None:
    settings.PUBLIC_URL = SITE

    assert f"!! PUBLIC_URL {SITE} cannot sign in" in manage_pool("show", "--stack", pool.stack)


def test_it_says_why_a_deployment_failed_and_what_clears_it(
    manage_pool: Run, pool: LivePool, stack: str
) -> None:
    """The domain prefix is somebody else's: the likeliest failure of a first deployment."""
    taken = ("--yes", "--stack", stack, "--domain-prefix", pool.stack)
    with pytest.raises(CommandError, match=r"ended as ROLLBACK_\w+: Domain CREATE_FAILED: "):
        manage_pool("deploy", *taken)
    with pytest.raises(CommandError, match=r"run `manage.py pool destroy`"):
        manage_pool("deploy", *taken)

    manage_pool("destroy", "--yes", "--stack", stack)

    assert "Deployed." in create(manage_pool, stack)
