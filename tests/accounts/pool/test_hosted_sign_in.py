from __future__ import annotations

import jwt
import pytest

from accounts.cognito import tokens
from tests.local_aws import LivePool, alexa_tokens

pytestmark = pytest.mark.local_aws


def test_it_links_a_person_by_email_as_alexa_does(pool: LivePool) -> None:
    sub = pool.person("linked@example.com")

    answer = alexa_tokens(pool, "linked@example.com")

    assert tokens.verify_access_token(answer["access_token"]).sub == sub
    assert answer["expires_in"] == 3600


def test_it_links_a_person_who_has_only_a_phone_number(pool: LivePool) -> None:
    sub = pool.person("+12065550101")

    answer = alexa_tokens(pool, "+12065550101")

    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})
    assert claims["sub"] == sub
    assert claims["phone_number_verified"] is True
    assert "email" not in claims


def test_it_puts_groups_into_the_tokens(pool: LivePool) -> None:
    pool.person("operator@example.com", "operators")

    answer = alexa_tokens(pool, "operator@example.com")

    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})
    assert claims["cognito:groups"] == ["operators"]
