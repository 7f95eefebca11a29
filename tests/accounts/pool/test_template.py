"""What a local AWS accepts without a word and AWS does not, or understands differently."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from accounts.pool.deploy import TEMPLATE


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms: !Ref name becomes {"Ref": "name"}."""


def _short_form(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.ScalarNode)
    return {suffix: loader.construct_scalar(node)}


Loader.add_multi_constructor("!", _short_form)
template = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader)  # noqa: S506 - a SafeLoader
resources: dict[str, Any] = template["Resources"]
clients = ["WebClient", "AlexaClient"]


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = resources[name]["Properties"]
    return found


@pytest.mark.parametrize(
    "name", ["Pool", "WebClient", "AlexaClient", "Operators", "Administrators"]
)
def test_it_keeps_whatever_holds_people(name: str) -> None:
    assert resources[name]["DeletionPolicy"] == "Retain"
    assert resources[name]["UpdateReplacePolicy"] == "Retain"


def test_it_protects_the_pool_from_deletion() -> None:
    assert properties("Pool")["DeletionProtection"] == "ACTIVE"


@pytest.mark.parametrize("name", clients)
def test_it_states_every_attribute_of_a_client(name: str) -> None:
    """What is left out, Cognito sets to its default at each update."""
    assert set(properties(name)) == {
        "UserPoolId",
        "ClientName",
        "GenerateSecret",
        "AllowedOAuthFlowsUserPoolClient",
        "AllowedOAuthFlows",
        "AllowedOAuthScopes",
        "SupportedIdentityProviders",
        "CallbackURLs",
        "LogoutURLs",
        "ExplicitAuthFlows",
        "PreventUserExistenceErrors",
        "EnableTokenRevocation",
        "AuthSessionValidity",
        "AccessTokenValidity",
        "IdTokenValidity",
        "RefreshTokenValidity",
        "RefreshTokenRotation",
        "TokenValidityUnits",
    }


def test_it_states_every_attribute_of_the_pool() -> None:
    assert set(properties("Pool")) == {
        "UserPoolName",
        "UserPoolTier",
        "DeletionProtection",
        "UsernameAttributes",
        "UsernameConfiguration",
        "AutoVerifiedAttributes",
        "UserAttributeUpdateSettings",
        "VerificationMessageTemplate",
        "EmailConfiguration",
        "AdminCreateUserConfig",
        "AccountRecoverySetting",
        "MfaConfiguration",
        "EnabledMfas",
        "SmsConfiguration",
        "Policies",
    }


@pytest.mark.parametrize("name", clients)
def test_it_allows_the_code_flow_only_with_a_secret(name: str) -> None:
    client = properties(name)

    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["GenerateSecret"] is True
    assert client["AllowedOAuthScopes"] == ["openid", "email", "phone"]
    assert client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]


@pytest.mark.parametrize("name", clients)
def test_it_never_rotates_a_refresh_token(name: str) -> None:
    assert properties(name)["RefreshTokenRotation"] == {"Feature": "DISABLED"}


def test_it_keeps_a_link_for_ten_years() -> None:
    client = properties("AlexaClient")

    assert (client["RefreshTokenValidity"], client["AccessTokenValidity"]) == (3650, 60)
    assert client["TokenValidityUnits"] == {
        "AccessToken": "minutes",
        "IdToken": "minutes",
        "RefreshToken": "days",
    }


def test_it_lets_amazon_return_to_its_three_regions_over_https() -> None:
    separator, parts = properties("AlexaClient")["CallbackURLs"]["Split"]

    assert separator == ","
    assert parts["Join"][1] == [
        {"Sub": "https://pitangui.amazon.com/api/skill/link/${VendorId}"},
        {"Sub": "https://layla.amazon.com/api/skill/link/${VendorId}"},
        {"Sub": "https://alexa.amazon.co.jp/api/skill/link/${VendorId}"},
        {"Join": [",", {"Ref": "LinkCallbackUrls"}]},
    ]


@pytest.mark.parametrize("name", ["WebCallbackUrls", "WebLogoutUrls", "LinkCallbackUrls"])
@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://facts.example.com/a/", True),
        ("http://localhost:8000/a/", True),
        ("http://facts.example.com/a/", False),
        ("http://localhost.example.com/a/", False),
        ("http://127.0.0.1:8000/a/", False),
        ("", False),
    ],
)
def test_it_takes_only_addresses_that_cognito_takes(name: str, url: str, *, fits: bool) -> None:
    pattern = template["Parameters"][name]["AllowedPattern"]

    assert bool(re.fullmatch(pattern, url)) is fits


def test_it_sends_text_messages_only_for_this_pool_of_this_account() -> None:
    [trust] = properties("SmsRole")["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "cognito-idp.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {
        "sts:ExternalId": {"Ref": "SmsExternalId"},
        "aws:SourceAccount": {"Ref": "AWS::AccountId"},
    }
    assert properties("Pool")["SmsConfiguration"]["ExternalId"] == {"Ref": "SmsExternalId"}


def test_it_prints_no_secret_as_an_output() -> None:
    assert set(template["Outputs"]) == {
        "PoolId",
        "Issuer",
        "SignInUrl",
        "WebClientId",
        "AlexaClientId",
    }
