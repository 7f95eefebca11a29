"""Build the package: settings, texts and interaction models in, files out.

Layout: https://developer.amazon.com/en-US/docs/alexa/smapi/skill-package-api-reference.html
and https://github.com/alexa/ask-cli, docs/concepts/Alexa-Skill-Project-Definition.md
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from skill_endpoint.interaction_models.build import as_json, document
from skill_endpoint.interaction_models.source import SourceError
from skill_endpoint.locales import LANGUAGES, LOCALES
from skill_endpoint.skill_package import rules, texts
from skill_endpoint.skill_package.account_linking import account_linking
from skill_endpoint.skill_package.files import File
from skill_endpoint.skill_package.icons import IconInvalid, icon_addresses
from skill_endpoint.skill_package.manifest import REGIONS, Answers, Region, manifest

PACKAGE = "skill-package"
RESOURCES = "ask-resources.json"
ACCOUNT_LINKING = "account-linking.json"
# https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html, with alias or version
_LAMBDA = re.compile(r"arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[\w-]{1,64}(:[\w-]+)?", re.ASCII)


class PackageRefused(Exception):
    """One line: what is missing or wrong, and the fix."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the operator says beside the settings."""

    local: bool = False  # addresses of this machine: a package to look at
    with_secret: bool = False
    require_all: bool = False
    wildcard: bool = False  # the certificate of PUBLIC_URL is a wildcard's
    lambda_arn: str = ""  # of the function that answers instead of the site
    endpoints: tuple[str, ...] = ()  # like EU=https://eu.example.com, or EU= and an ARN
    privacy_url: str = ""
    terms_url: str = ""
    export_compliant: bool = False


@dataclass(frozen=True, kw_only=True)
class Package:
    files: dict[str, File]  # path below the folder -> content
    notes: list[str] = field(default_factory=list)  # what is left out, a line each


@dataclass(frozen=True, kw_only=True)
class Locales:
    """The locales that have text and model; of the others why not."""

    texts: dict[str, texts.StoreText]
    models: dict[str, dict[str, Any]]
    left_out: dict[str, str]  # locale code -> why
    problems: list[str]


def package(wishes: Wishes, *, folder: Path, sources: Path = texts.FOLDER) -> Package:
    """Everything that belongs into `folder`; writes nothing. `sources` has the store's texts.

    Raises PackageRefused.
    """
    site = _address("PUBLIC_URL", settings.PUBLIC_URL, local=wishes.local)
    linking = _account_linking(wishes, site)
    try:
        icons = icon_addresses(site)
    except IconInvalid as error:
        raise PackageRefused(str(error)) from error
    answers = Answers(
        endpoint=_function("--lambda", wishes.lambda_arn) or site + reverse("alexa"),
        certificate="Wildcard" if wishes.wildcard else "Trusted",
        regions=_regions(wishes.endpoints),
        privacy_url=wishes.privacy_url and _address("--privacy-url", wishes.privacy_url),
        terms_url=wishes.terms_url and _address("--terms-url", wishes.terms_url),
        export_compliant=wishes.export_compliant,
    )
    locales = read_locales(LANGUAGES, sources)
    _refuse_incomplete(locales, require_all=wishes.require_all)
    published = {
        code: _publishing(text, locales.models[code]) | icons
        for code, text in locales.texts.items()
    }
    notes = _notes(wishes, answers, locales, icons)
    files = {f"{PACKAGE}/skill.json": File(_json(manifest(answers, published)))}
    for code, model in locales.models.items():
        name = f"{PACKAGE}/interactionModels/custom/{code}.json"
        files[name] = File(as_json(model).encode())
    if _is_of_ask_cli(folder / RESOURCES):
        notes.append(f"kept {RESOURCES}: ask-cli has written into it")
    else:
        files[RESOURCES] = File(_json(_resources()))
    files[ACCOUNT_LINKING] = File(_json(linking), 0o600 if wishes.with_secret else 0o644)
    return Package(files=files, notes=notes)


def read_locales(languages: Iterable[str], sources: Path = texts.FOLDER) -> Locales:
    """Texts and models of every locale of the languages, in the order of LOCALES."""
    wanted = set(languages)
    found = Locales(texts={}, models={}, left_out={}, problems=[])
    unreadable: dict[str, str] = {}
    by_language: dict[str, dict[str, texts.StoreText]] = {}
    for language in wanted:
        try:
            by_language[language] = texts.read(language, sources)
        except (texts.TextsInvalid, OSError) as error:
            unreadable[language] = str(error)
    found.problems.extend(unreadable[language] for language in sorted(unreadable))
    for code, locale in LOCALES.items():
        if locale.parent not in wanted or locale.parent in unreadable:
            continue
        text = by_language[locale.parent].get(code)
        if text is None:
            found.left_out[code] = f"no texts/{locale.parent}.toml"
            continue
        wrong = rules.check_lengths(text)
        try:
            model = _model(code)
        except FileNotFoundError:
            found.left_out[code] = "no interaction model"
        except SourceError as error:
            found.problems.extend(f"interaction model: {code}: {line}" for line in error.problems)
        else:
            found.texts[code], found.models[code] = text, model
            wrong += rules.check_phrases(text, model, code)
        found.problems.extend(f"{locale.parent}.toml: {code}: {problem}" for problem in wrong)
    return found


@cache
def _model(code: str) -> dict[str, Any]:
    """Built once a process: it takes a while, and its sources do not change meanwhile."""
    return document(code)


def _refuse_incomplete(locales: Locales, *, require_all: bool) -> None:
    if locales.problems:
        more = len(locales.problems) - 1
        raise PackageRefused(
            locales.problems[0]
            + (f" (and {more} more: manage.py skill_package check)" if more else "")
        )
    if not locales.texts:
        raise PackageRefused("no locale has both texts and an interaction model")
    if require_all and locales.left_out:
        raise PackageRefused(
            "left out: "
            + "; ".join(f"{code} ({why})" for code, why in locales.left_out.items())
            + ": add them, or build without --require-all"
        )


def _address(name: str, value: str, *, local: bool = False) -> str:
    """An https address on port 443, for Alexa calls no other; with `local` one of this machine."""
    parts = urlsplit(value)
    if _is_loopback(parts.hostname or ""):
        if local:
            return value
        raise PackageRefused(
            f"{name}={value} is this machine, where Alexa reaches nothing: "
            "set the public https address, or add --local for a package to look at"
        )
    if parts.scheme != "https" or not parts.hostname:
        raise PackageRefused(f"{name}={value}: write it like https://skill.example.com")
    try:
        port = parts.port
    except ValueError as error:
        raise PackageRefused(f"{name}={value}: the port is not a number") from error
    if port not in {None, 443}:
        raise PackageRefused(f"{name}={value}: Alexa calls port 443 only, leave the port out")
    return value


def _function(name: str, arn: str) -> str:
    if arn and not _LAMBDA.fullmatch(arn):
        raise PackageRefused(
            f"{name}={arn}: write it like arn:aws:lambda:eu-west-1:123456789012:function:facts"
        )
    return arn


def _regions(given: Iterable[str]) -> dict[Region, str]:
    """EU=https://eu.example.com -> the voice door there; EU=arn:… -> the function."""
    found: dict[Region, str] = {}
    for text in given:
        name, _, value = text.partition("=")
        region = next((region for region in REGIONS if region == name), None)
        if region is None or region in found:
            raise PackageRefused(
                f"--endpoint={text}: write each of {', '.join(REGIONS)} at most once, "
                "like EU=https://eu.example.com"
            )
        if value.startswith("arn:"):
            found[region] = _function(f"--endpoint={region}", value)
            continue
        site = _address(f"--endpoint={region}", value)
        if urlsplit(site)._replace(scheme="", netloc="").geturl():
            raise PackageRefused(f"--endpoint={text}: without a path, the voice door's is added")
        found[region] = site + reverse("alexa")
    return found


def _addresses() -> tuple[str, str]:
    return settings.PUBLIC_URL, settings.COGNITO_DOMAIN_URL


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _account_linking(wishes: Wishes, site: str) -> dict[str, Any]:
    for name in ("COGNITO_USER_POOL_ID", "COGNITO_DOMAIN_URL", "COGNITO_ALEXA_CLIENT_ID"):
        if not getattr(settings, name):
            raise PackageRefused(f"{name} is not set: manage.py pool show --env prints it")
    secret = settings.COGNITO_ALEXA_CLIENT_SECRET if wishes.with_secret else ""
    if wishes.with_secret and not secret:
        raise PackageRefused(
            "--with-secret, but COGNITO_ALEXA_CLIENT_SECRET is not set: "
            "manage.py pool show --env --secret prints it"
        )
    return account_linking(
        sign_in=_address("COGNITO_DOMAIN_URL", settings.COGNITO_DOMAIN_URL, local=wishes.local),
        client_id=settings.COGNITO_ALEXA_CLIENT_ID,
        client_secret=secret,
        site=site,
    )


def _publishing(text: texts.StoreText, model: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": text.name,
        "summary": text.summary,
        "description": text.description,
        "examplePhrases": rules.spoken_phrases(text, model),
        "keywords": list(text.keywords),
    }


def _resources() -> dict[str, Any]:
    """No code and no skillInfrastructure: the skill is ours to host, ask-cli deploys words only."""
    return {
        "askcliResourcesVersion": "2020-03-31",
        "profiles": {"default": {"skillMetadata": {"src": f"./{PACKAGE}"}}},
    }


def _is_of_ask_cli(path: Path) -> bool:
    """Whether ask-cli has taken the file over: `ask init` and `ask deploy` write into it."""
    try:
        there = json.loads(path.read_bytes())
        if there == _resources():
            return False
        profiles = there["profiles"].values()
        return all(profile["skillMetadata"]["src"] == f"./{PACKAGE}" for profile in profiles)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False


def _notes(wishes: Wishes, answers: Answers, locales: Locales, icons: dict[str, str]) -> list[str]:
    notes = [f"left out {code}: {why}" for code, why in locales.left_out.items()]
    if any(_is_loopback(urlsplit(url).hostname or "") for url in _addresses()):
        notes.append("addresses of this machine: a package to look at, not to deploy")
    if not icons:
        notes.append("left out the icons: the console asks for PNGs of 108 and of 512 pixels")
    if not answers.privacy_url:
        notes.append("left out the privacy policy: the console asks for it, or add --privacy-url")
    if not answers.export_compliant:
        notes.append("left out export compliance: the console asks, or add --export-compliant")
    notes.append("left out the test account: enter it in the console before you submit")
    if wishes.with_secret:
        notes.append(f"{ACCOUNT_LINKING} holds the client secret: delete it once it is sent")
    return notes


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
