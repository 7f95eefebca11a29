from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from accounts.pool.people import create_person
from tests.local_aws import PASSWORD, LivePool, alexa_tokens

pytestmark = pytest.mark.local_aws


def attributes(pool: LivePool, name: str) -> dict[str, str]:
    found = pool.idp.admin_get_user(UserPoolId=pool.id, Username=name)
    assert found["UserStatus"] == "CONFIRMED"
    return {each["Name"]: each["Value"] for each in found["UserAttributes"]}


def groups(pool: LivePool, name: str) -> set[str]:
    found = pool.idp.admin_list_groups_for_user(UserPoolId=pool.id, Username=name)
    return {group["GroupName"] for group in found["Groups"]}


def test_it_makes_a_confirmed_person_in_the_pool_of_the_settings(pool: LivePool) -> None:
    sub = create_person(email="Made@example.com", phone_number="+12065550111", password=PASSWORD)

    found = attributes(pool, "made@example.com")
    assert found["sub"] == sub
    assert found["email_verified"] == found["phone_number_verified"] == "true"


def test_it_mends_somebody_who_is_there(pool: LivePool) -> None:
    first = create_person(
        email="mended@example.com", password="first password!", groups=["operators"]
    )

    second = create_person(
        email="mended@example.com",
        phone_number="+12065550112",
        password="second password!",
        groups=["administrators"],
    )

    assert second == first
    assert attributes(pool, "mended@example.com")["phone_number"] == "+12065550112"
    assert groups(pool, "mended@example.com") == {"operators", "administrators"}
    assert alexa_tokens(pool, "mended@example.com", "second password!")


def test_it_makes_nobody_without_an_address(pool: LivePool) -> None:
    with pytest.raises(ValueError, match="an e-mail address or a phone number"):
        create_person(password=PASSWORD)


def test_it_passes_on_what_the_pool_refuses(pool: LivePool) -> None:
    with pytest.raises(ClientError, match="InvalidPasswordException"):
        create_person(email="weak@example.com", password="short")
