"""Each rule across settings, by its id: silent on good settings, heard on one wrong one."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

pytestmark = pytest.mark.django_db  # checks of fields ask what the database can do

PRODUCTION: dict[str, Any] = {
    "DEBUG": False,
    "DEV_TOOLS": False,
    "RATE_LIMITS": True,
    "PUBLIC_URL": "https://facts.example.com",
    "HTTPS": True,
    "SECRET_KEY_IS_GIVEN": True,
    "BACKUP_DAYS_ARE_GIVEN": True,
    "AWS_ENDPOINT_URL": "",
    "AWS_REGION": "eu-west-1",
    "COGNITO_USER_POOL_ID": "eu-west-1_Abc123",
    "COGNITO_ISSUER": "",
    "COGNITO_JWKS_URL": "",
    "COGNITO_DOMAIN_URL": "https://auth.example.com",
    "COGNITO_WEB_CLIENT_ID": "web",
    "COGNITO_WEB_CLIENT_SECRET": "secret",
    "COGNITO_ALEXA_CLIENT_ID": "alexa",
    "ALEXA_SKILL_IDS": ["amzn1.ask.skill.1"],
    "ALEXA_DEV_PKI_DIR": "",
    "TRUSTED_PROXIES": ["10.0.0.0/8"],
    "CACHES": {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://localhost:1/0",
        }
    },
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_HSTS_PRELOAD": True,
    "SECRET_KEY": "fifty-characters-of-a-key-0123456789-abcdefghijklmn",
}


@pytest.fixture
def production(settings: Settings) -> Settings:
    for name, value in PRODUCTION.items():
        setattr(settings, name, value)
    return settings


def ids() -> set[str | None]:
    """But for what tests/browser/conftest.py sets for the whole process."""
    found = {message.id for message in run_checks(include_deployment_checks=True)}
    return found - {"async.E001"}


def test_production_settings_are_clean(production: Settings) -> None:
    assert ids() == set()


@pytest.mark.parametrize(
    ("setting", "value", "id_"),
    [
        ("AWS_REGION", "us-east-1", "accounts.E001"),
        (
            "COGNITO_ISSUER",
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other",
            "accounts.E002",
        ),
        ("COGNITO_DOMAIN_URL", "", "accounts.E003"),
        ("COGNITO_WEB_CLIENT_SECRET", "", "accounts.E003"),
        ("COGNITO_ALEXA_CLIENT_ID", "", "accounts.E003"),
        ("AWS_ENDPOINT_URL", "http://localhost:4566", "accounts.E004"),
        ("TRUSTED_PROXIES", ["10.0.0.0/8", "0.0.0.0/0"], "companion.E010"),
        ("TRUSTED_PROXIES", ["::/0"], "companion.E010"),
        ("COGNITO_DOMAIN_URL", "http://auth.example.com", "accounts.E005"),
        ("COGNITO_JWKS_URL", "http://localhost/jwks.json", "accounts.E005"),
        ("ALEXA_SKILL_IDS", ["M2ABCDEF"], "skill_endpoint.E001"),
        ("ALEXA_SKILL_IDS", [], "skill_endpoint.E002"),
        ("ALEXA_DEV_PKI_DIR", "/srv/pki", "skill_endpoint.E003"),
        ("DEV_TOOLS", True, "companion.E001"),
        ("TRUSTED_PROXIES", ["load-balancer"], "companion.E002"),
        ("DEBUG", True, "companion.E003"),
        ("DEV_TOOLS", True, "companion.E004"),
        ("RATE_LIMITS", False, "companion.E005"),
        ("HTTPS", False, "companion.E006"),
        ("SECRET_KEY_IS_GIVEN", False, "companion.E007"),
        ("BACKUP_DAYS_ARE_GIVEN", False, "companion.W001"),
        ("PUBLIC_URL", "https://facts.example.com/app", "companion.E008"),
        ("PUBLIC_URL", "https://Facts.example.com", "companion.E008"),
        ("PUBLIC_URL", "https://facts.example.com:443", "companion.E008"),
        ("SUPPORT_URL", "help@example.com", "companion.E009"),
        ("SUPPORT_URL", "javascript:alert(1)", "companion.E009"),
        ("SUPPORT_URL", "https:///help", "companion.E009"),
        ("SUPPORT_URL", "https://[", "companion.E009"),
    ],
)
def test_it_refuses(production: Settings, setting: str, value: object, id_: str) -> None:
    setattr(production, setting, value)
    assert id_ in ids()


@pytest.mark.parametrize("address", ["", "https://example.com/help?a=1", "mailto:help@example.com"])
def test_support_has_an_address_or_none(production: Settings, address: str) -> None:
    production.SUPPORT_URL = address
    assert ids() == set()


def test_limits_of_each_process_are_a_warning(production: Settings) -> None:
    production.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert ids() == {"skill_endpoint.W001"}


def test_dev_tools_are_fine_on_localhost(settings: Settings) -> None:
    settings.DEV_TOOLS, settings.PUBLIC_URL = True, "http://localhost:8000"
    assert "companion.E001" not in {message.id for message in run_checks()}
