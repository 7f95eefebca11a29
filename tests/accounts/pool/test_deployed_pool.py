"""What the pool itself says after a deployment. What a local AWS cannot say: test_template.py."""

from __future__ import annotations

import pytest

from accounts.pool import client
from tests.local_aws import PUBLIC_URL, LivePool

pytestmark = pytest.mark.local_aws


def test_it_signs_people_in_by_email_and_by_phone(pool: LivePool) -> None:
    found = client.cognito_idp().describe_user_pool(UserPoolId=pool.id)["UserPool"]

    assert set(found["UsernameAttributes"]) == {"email", "phone_number"}
    assert set(found["AutoVerifiedAttributes"]) == {"email", "phone_number"}
    assert found["DeletionProtection"] == "ACTIVE"


def test_it_offers_mfa_by_text_message_through_a_role_of_its_own(pool: LivePool) -> None:
    found = client.cognito_idp().describe_user_pool(UserPoolId=pool.id)["UserPool"]

    assert found["MfaConfiguration"] == "OPTIONAL"
    assert "role/" in found["SmsConfiguration"]["SnsCallerArn"]
    assert len(found["SmsConfiguration"]["ExternalId"]) == 36


def test_it_has_a_web_client_that_returns_to_the_site(pool: LivePool) -> None:
    found = client.cognito_idp().describe_user_pool_client(
        UserPoolId=pool.id, ClientId=pool.values.web_client_id
    )["UserPoolClient"]

    assert found["ClientName"] == "web"
    assert found["CallbackURLs"] == [f"{PUBLIC_URL}/accounts/cognito/login/callback/"]
    assert found["LogoutURLs"] == [f"{PUBLIC_URL}/", f"{PUBLIC_URL}/accounts/cognito/again/"]
    assert found["AllowedOAuthFlows"] == ["code"]
    assert set(found["AllowedOAuthScopes"]) == {"openid", "email", "phone"}


def test_it_has_an_alexa_client_that_returns_to_amazon_and_to_us(pool: LivePool) -> None:
    found = client.cognito_idp().describe_user_pool_client(
        UserPoolId=pool.id, ClientId=pool.values.alexa_client_id
    )["UserPoolClient"]

    assert found["ClientName"] == "alexa"
    assert found["CallbackURLs"] == [
        "https://pitangui.amazon.com/api/skill/link/MLOCALVENDOR",
        "https://layla.amazon.com/api/skill/link/MLOCALVENDOR",
        "https://alexa.amazon.co.jp/api/skill/link/MLOCALVENDOR",
        f"{PUBLIC_URL}/alexa-link/return/",
        f"{PUBLIC_URL}/dev/alexa/callback/",
        f"{PUBLIC_URL}/oauth/callback",
    ]
    assert found["RefreshTokenValidity"] == 3650
    assert found["AccessTokenValidity"] == 60
    assert found["ClientSecret"]


def test_it_has_a_sign_in_domain(pool: LivePool) -> None:
    found = client.cognito_idp().describe_user_pool_domain(Domain=pool.stack)["DomainDescription"]

    assert found["UserPoolId"] == pool.id


def test_it_has_groups_for_operators_and_administrators(pool: LivePool) -> None:
    found = client.cognito_idp().list_groups(UserPoolId=pool.id)["Groups"]

    assert {group["GroupName"] for group in found} == {"operators", "administrators"}
