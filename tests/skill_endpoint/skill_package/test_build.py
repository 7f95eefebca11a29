"""manage.py skill_package build: what Amazon's tools get, and when there is nothing to give."""

from __future__ import annotations

import io
import json
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from pytest_django import Settings

from accounts.pool.parameters import LINK_CALLBACK_PATH
from skill_endpoint import verification
from skill_endpoint.interaction_models.build import document
from skill_endpoint.locales import LOCALES
from skill_endpoint.skill_package import texts
from skill_endpoint.skill_package.build import PackageRefused, Wishes, package, read_locales
from skill_endpoint.skill_package.manifest import TESTING_INSTRUCTIONS
from skill_endpoint.skill_package.rules import TESTING_INSTRUCTIONS as TESTING_LIMIT

SITE = "https://facts.example.com"
SECRET = "not-for-everybody"
TEMPLATE = Path(texts.FOLDER).parents[2] / "accounts" / "pool" / "template.yaml"


@pytest.fixture(autouse=True)
def _public(settings: Settings) -> None:
    settings.PUBLIC_URL = SITE
    settings.COGNITO_DOMAIN_URL = "https://auth.example.com"
    settings.COGNITO_ALEXA_CLIENT_SECRET = SECRET


@pytest.fixture
def english(tmp_path: Path) -> Path:
    """Only English is written: the other languages come while these tests stay."""
    sources = tmp_path / "texts"
    sources.mkdir()
    (sources / "en.toml").write_bytes((texts.FOLDER / "en.toml").read_bytes())
    return sources


def build(folder: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("skill_package", "build", str(folder), *options, stdout=out)
    return out.getvalue()


def refusal(folder: Path, *options: str) -> str:
    with pytest.raises(CommandError) as refused:
        build(folder, *options)
    message = str(refused.value)
    assert "\n" not in message
    assert not folder.exists()
    return message


def read(folder: Path, name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    return value


def manifest(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = read(folder, "skill-package/skill.json")["manifest"]
    return value


def test_the_manifest_names_our_endpoint_for_requests_and_events(tmp_path: Path) -> None:
    build(tmp_path / "p")
    made = manifest(tmp_path / "p")
    endpoint = {"uri": SITE + reverse("alexa"), "sslCertificateType": "Trusted"}
    assert made["manifestVersion"] == "1.0"
    assert made["apis"]["custom"]["endpoint"] == endpoint
    assert made["apis"]["custom"]["interfaces"][0]["type"] == "ALEXA_PRESENTATION_APL"
    assert made["events"]["endpoint"] == endpoint
    subscribed = {entry["eventName"] for entry in made["events"]["subscriptions"]}
    # the five that the voice door gives an hour, in the manifest's spelling
    assert subscribed == {
        re.sub(r"(?<!^)([A-Z])", r"_\1", event.removeprefix("AlexaSkillEvent.")).upper()
        if event != "AlexaSkillEvent.SkillAccountLinked"
        else "SKILL_ACCOUNT_LINKED"
        for event in verification.EVENTS
    }


def test_a_locale_is_in_it_with_text_and_model_or_not_at_all(tmp_path: Path) -> None:
    said = build(tmp_path / "p")
    published = manifest(tmp_path / "p")["publishingInformation"]["locales"]
    models = tmp_path / "p" / "skill-package" / "interactionModels" / "custom"
    assert set(published) == {path.stem for path in models.iterdir()}
    for code in LOCALES:
        assert (code in published) != (f"left out {code}: " in said)
    english = published["en-US"]
    assert english["name"] == "Small Wonders"
    assert english["examplePhrases"][0] == "Alexa, open small wonders"
    assert "favourites" in published["en-AU"]["description"]
    assert "favorites" in english["description"]
    made = json.loads((models / "en-US.json").read_text(encoding="utf-8"))
    assert made == document("en-US")


def test_nothing_is_said_that_only_the_operator_can_say(tmp_path: Path) -> None:
    said = build(tmp_path / "p")
    assert manifest(tmp_path / "p")["privacyAndCompliance"] == {
        "allowsPurchases": False,
        "usesPersonalInfo": True,
        "isChildDirected": False,
        "containsAds": False,
    }
    assert "left out the privacy policy" in said
    assert "left out export compliance" in said
    build(
        *(tmp_path / "p", "--wildcard", "--export-compliant"),
        *("--privacy-url", f"{SITE}/privacy", "--terms-url", f"{SITE}/terms"),
    )
    made = manifest(tmp_path / "p")
    assert made["privacyAndCompliance"]["isExportCompliant"] is True
    assert made["privacyAndCompliance"]["locales"]["en-GB"] == {
        "privacyPolicyUrl": f"{SITE}/privacy",
        "termsOfUseUrl": f"{SITE}/terms",
    }
    assert made["apis"]["custom"]["endpoint"]["sslCertificateType"] == "Wildcard"


def test_a_lambda_function_may_answer_instead_of_the_site(tmp_path: Path) -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:facts:live"
    build(tmp_path / "p", "--lambda", arn)
    made = manifest(tmp_path / "p")
    assert made["apis"]["custom"]["endpoint"] == made["events"]["endpoint"] == {"uri": arn}


def test_regions_of_alexa_may_have_endpoints_of_their_own(tmp_path: Path) -> None:
    """As the schema has it: for requests and events, beside the one for all."""
    arn = "arn:aws:lambda:us-west-2:123456789012:function:facts"
    build(tmp_path / "p", "--endpoint", "FE=" + arn, "--endpoint", "EU=https://eu.example.com")
    made = manifest(tmp_path / "p")
    regions = {
        "EU": {
            "endpoint": {
                "uri": "https://eu.example.com/alexa/",
                "sslCertificateType": "Trusted",
            }
        },
        "FE": {"endpoint": {"uri": arn}},
    }
    assert made["apis"]["custom"]["regions"] == made["events"]["regions"] == regions
    assert made["apis"]["custom"]["endpoint"]["uri"] == f"{SITE}/alexa/"


def test_one_endpoint_is_for_all_regions(tmp_path: Path) -> None:
    build(tmp_path / "p")
    assert "regions" not in manifest(tmp_path / "p")["apis"]["custom"]
    assert "regions" not in manifest(tmp_path / "p")["events"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("AU=https://au.example.com", "--endpoint=AU=https://au.example.com: write each of NA"),
        ("eu=https://eu.example.com", "write each of NA, EU, FE at most once"),
        ("https://eu.example.com", "write each of NA, EU, FE at most once"),
        ("EU=", "--endpoint=EU=: write it like https://"),
        ("EU=http://eu.example.com", "write it like https://"),
        ("EU=https://eu.example.com:8443", "Alexa calls port 443 only"),
        ("EU=https://localhost", "is this machine"),
        ("EU=https://eu.example.com/", "without a path"),
        ("EU=https://eu.example.com/alexa/", "without a path"),
        ("EU=https://eu.example.com?a=b", "without a path"),
        ("EU=arn:aws:s3:::facts", "--endpoint=EU=arn:aws:s3:::facts: write it like arn:aws:lambda"),
    ],
)
def test_an_endpoint_that_alexa_could_not_call_is_refused(
    given: str, said: str, tmp_path: Path
) -> None:
    assert said in refusal(tmp_path / "p", "--endpoint", given)


def test_a_region_has_one_endpoint(tmp_path: Path) -> None:
    twice = ("--endpoint", "EU=https://a.example.com", "--endpoint", "EU=https://b.example.com")
    assert "at most once" in refusal(tmp_path / "p", *twice)


def test_testing_instructions_fit() -> None:
    assert 0 < len(TESTING_INSTRUCTIONS.read_text(encoding="utf-8")) <= TESTING_LIMIT


def test_account_linking_is_a_request_for_smapi_without_the_secret(tmp_path: Path) -> None:
    build(tmp_path / "p")
    assert read(tmp_path / "p", "account-linking.json") == {
        "accountLinkingRequest": {
            "type": "AUTH_CODE",
            "authorizationUrl": "https://auth.example.com/oauth2/authorize",
            "accessTokenUrl": "https://auth.example.com/oauth2/token",
            "accessTokenScheme": "HTTP_BASIC",
            "clientId": "alexa-client",
            "scopes": ["openid", "email", "phone"],
            "domains": ["auth.example.com"],
            "defaultTokenExpirationInSeconds": 3600,
            "redirectUrls": [SITE + LINK_CALLBACK_PATH],
            "skipOnEnablement": True,
            "voiceForwardAccountLinking": "DISABLED",
        }
    }
    assert "AccessTokenValidity: 60\n" in TEMPLATE.read_text(encoding="utf-8")  # minutes


def test_the_secret_only_when_asked_for_and_never_printed(tmp_path: Path) -> None:
    build(tmp_path / "p")
    paths = (path for path in (tmp_path / "p").rglob("*") if path.is_file())
    everywhere = b"".join(path.read_bytes() for path in paths)
    assert SECRET.encode() not in everywhere
    said = build(tmp_path / "p", "--with-secret")
    path = tmp_path / "p" / "account-linking.json"
    assert read(tmp_path / "p", path.name)["accountLinkingRequest"]["clientSecret"] == SECRET
    assert path.stat().st_mode & 0o777 == 0o600
    assert "!! account-linking.json holds the client secret" in said
    assert SECRET not in said


def test_two_packages_are_the_same_to_the_byte(tmp_path: Path) -> None:
    def content(folder: Path) -> dict[str, bytes]:
        build(folder)
        paths = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in paths}

    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_it_says_what_it_wrote_and_three_steps(tmp_path: Path) -> None:
    said = build(tmp_path / "p")
    for name in ("ask-resources.json", "account-linking.json", "skill-package/skill.json"):
        assert f"wrote {tmp_path / 'p' / name}\n" in said
    assert re.findall(r"^  (\d)\. ", said, re.MULTILINE) == ["1", "2", "3"]


def test_ask_cli_may_write_into_its_own_file(tmp_path: Path) -> None:
    build(tmp_path / "p")
    path = tmp_path / "p" / "ask-resources.json"
    theirs = read(tmp_path / "p", path.name)
    theirs["profiles"]["default"]["skillId"] = "amzn1.ask.skill.x"
    path.write_text(json.dumps(theirs))
    assert "kept ask-resources.json" in build(tmp_path / "p")
    assert json.loads(path.read_text()) == theirs
    theirs["profiles"]["default"]["skillMetadata"]["src"] = "./elsewhere"
    path.write_text(json.dumps(theirs))
    with pytest.raises(CommandError, match="move it away first"):
        build(tmp_path / "p")


@pytest.mark.parametrize(
    ("changes", "options", "complaint"),
    [
        ({"PUBLIC_URL": "http://facts.example.com"}, [], "https://skill.example.com"),
        ({"PUBLIC_URL": "http://facts.example.com"}, ["--local"], "https://skill.example.com"),
        ({"PUBLIC_URL": "http://localhost:8000"}, [], "add --local"),
        ({"PUBLIC_URL": "https://127.0.0.1"}, [], "add --local"),
        ({"PUBLIC_URL": "https://facts.example.com:8443"}, [], "port 443"),
        ({"COGNITO_USER_POOL_ID": ""}, [], "pool show --env"),
        ({"COGNITO_ALEXA_CLIENT_ID": ""}, [], "pool show --env"),
        ({"COGNITO_DOMAIN_URL": ""}, [], "pool show --env"),
        ({"COGNITO_DOMAIN_URL": "http://localhost:1"}, [], "add --local"),
        ({"COGNITO_ALEXA_CLIENT_SECRET": ""}, ["--with-secret"], "pool show --env --secret"),
        ({}, ["--privacy-url", "http://facts.example.com/privacy"], "--privacy-url="),
        ({}, ["--lambda", "facts"], "--lambda=facts: write it like arn:aws:lambda"),
        ({}, ["--terms-url", "javascript:alert(1)"], "--terms-url="),
    ],
)
def test_it_refuses_and_says_how_to_go_on(
    tmp_path: Path,
    settings: Settings,
    changes: dict[str, str],
    options: list[str],
    complaint: str,
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    assert complaint in refusal(tmp_path / "p", *options)


def test_a_package_of_this_machine_says_so(tmp_path: Path, settings: Settings) -> None:
    settings.PUBLIC_URL = "http://localhost:8000"
    assert "to look at, not to deploy" in build(tmp_path / "p", "--local")
    settings.PUBLIC_URL = SITE
    assert "to look at, not to deploy" not in build(tmp_path / "q", "--local")


def test_all_locales_can_be_required(tmp_path: Path, english: Path) -> None:
    package(Wishes(), folder=tmp_path, sources=english)
    with pytest.raises(PackageRefused, match=r"fr-CA \(no texts/fr\.toml\)"):
        package(Wishes(require_all=True), folder=tmp_path, sources=english)


def test_a_text_that_breaks_a_rule_stops_it(tmp_path: Path, english: Path) -> None:
    path = english / "en.toml"
    path.write_text(path.read_text("utf-8").replace("today's fact\"", 'a pony"'), encoding="utf-8")
    with pytest.raises(PackageRefused) as refused:
        package(Wishes(), folder=tmp_path, sources=english)
    assert "en.toml: en-US: 'a pony' is no sample" in str(refused.value)
    assert "4 more: manage.py skill_package check" in str(refused.value)
    assert len(read_locales(["en"], english).problems) == 5


def test_check_says_what_is_in_order() -> None:
    out = io.StringIO()
    call_command("skill_package", "check", "en", stdout=out)
    assert "In order: en-US, en-GB, en-AU, en-CA, en-IN" in out.getvalue()
    with pytest.raises(CommandError, match="1 to mend"):
        call_command("skill_package", "check", "tlh", stdout=out)
    assert "tlh.toml: not a language of Alexa" in out.getvalue()


def png(side: int) -> bytes:
    """A black square, as small as a PNG gets."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    rows = b"\0" * ((side + 7) // 8 + 1) * side
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.fixture
def icons(tmp_path: Path, settings: Settings) -> Path:
    settings.STATICFILES_DIRS = [tmp_path / "static"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    folder = tmp_path / "static" / "companion"
    folder.mkdir(parents=True)
    return folder


def test_icons_of_the_site_are_named(tmp_path: Path, icons: Path) -> None:
    (icons / "skill-icon-108.png").write_bytes(png(108))
    (icons / "skill-icon-512.png").write_bytes(png(512))
    said = build(tmp_path / "p")
    locale = manifest(tmp_path / "p")["publishingInformation"]["locales"]["en-US"]
    assert locale["smallIconUri"] == f"{SITE}/static/companion/skill-icon-108.png"
    assert locale["largeIconUri"] == f"{SITE}/static/companion/skill-icon-512.png"
    assert "left out the icons" not in said


def test_no_icons_are_left_to_the_console(tmp_path: Path, icons: Path) -> None:
    assert "left out the icons" in build(tmp_path / "p")
    locale = manifest(tmp_path / "p")["publishingInformation"]["locales"]["en-US"]
    assert "smallIconUri" not in locale


@pytest.mark.parametrize(
    "large", [b"", b"<svg/>", png(511), png(512)[:20], b"G" + png(512)[1:], None]
)
def test_half_an_icon_is_none(tmp_path: Path, icons: Path, large: bytes | None) -> None:
    (icons / "skill-icon-108.png").write_bytes(png(108))
    if large is not None:
        (icons / "skill-icon-512.png").write_bytes(large)
    assert "companion/skill-icon-512.png is not" in refusal(tmp_path / "p")
