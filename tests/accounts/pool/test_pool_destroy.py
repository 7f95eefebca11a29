from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError

from accounts.pool import client, destroy
from accounts.pool.people import create_person
from tests.accounts.pool.conftest import Run
from tests.local_aws import PASSWORD

pytestmark = pytest.mark.local_aws


@pytest.fixture
def deployed(manage_pool: Run, stack: str) -> str:
    """The id of a pool with a person in it."""
    manage_pool("deploy", "--yes", "--stack", stack, "--domain-prefix", stack)
    [pool_id] = destroy.namesakes(client.cognito_idp(), stack)
    create_person(
        email="linked@example.com", password=PASSWORD, idp=client.cognito_idp(), pool_id=pool_id
    )
    return pool_id


def test_it_keeps_people_and_says_what_is_left(manage_pool: Run, stack: str, deployed: str) -> None:
    printed = manage_pool("destroy", "--yes", "--stack", stack)

    assert f"Left: pool {stack} ({deployed})" in printed
    assert f"--delete-users {stack}" in printed
    people = client.cognito_idp().list_users(UserPoolId=deployed)["Users"]
    assert len(people) == 1


def test_it_removes_the_stack_and_its_sign_in_domain(
    manage_pool: Run, stack: str, deployed: str
) -> None:
    manage_pool("destroy", "--yes", "--stack", stack)

    with pytest.raises(CommandError, match="there is no stack"):
        manage_pool("show", "--stack", stack)
    assert not client.cognito_idp().describe_user_pool_domain(Domain=stack)["DomainDescription"]


def test_it_deletes_people_only_by_the_name_of_their_pool(
    manage_pool: Run, stack: str, deployed: str
) -> None:
    with pytest.raises(CommandError, match=f"which is {stack}: nothing was destroyed"):
        manage_pool("destroy", "--yes", "--stack", stack, "--delete-users", "another")

    assert manage_pool("show", "--stack", stack)


def test_it_deletes_the_pool_that_is_named(manage_pool: Run, stack: str, deployed: str) -> None:
    printed = manage_pool("destroy", "--yes", "--stack", stack, "--delete-users", stack)

    assert "!! DELETED with everybody in it, for good: pool" in printed
    assert destroy.namesakes(client.cognito_idp(), stack) == []


def test_it_deletes_a_pool_that_an_earlier_destroy_left(
    manage_pool: Run, stack: str, deployed: str
) -> None:
    manage_pool("destroy", "--yes", "--stack", stack)

    manage_pool("destroy", "--yes", "--stack", stack, "--delete-users", stack)

    assert destroy.namesakes(client.cognito_idp(), stack) == []


def test_it_destroys_nothing_without_a_yes(
    manage_pool: Run, stack: str, deployed: str, answer: Callable[[str], Any]
) -> None:
    answer("no\n")

    with pytest.raises(CommandError, match="nothing done"):
        manage_pool("destroy", "--stack", stack, "--delete-users", stack)

    assert manage_pool("show", "--stack", stack)


def test_it_says_when_there_is_nothing_to_destroy(manage_pool: Run, stack: str) -> None:
    with pytest.raises(CommandError, match="nothing to destroy"):
        manage_pool("destroy", "--yes", "--stack", stack)
