"""The skill manifest, skill.json.

Each key is one of Amazon's schema, and what the schema leaves open is left out:
https://developer.amazon.com/en-US/docs/alexa/smapi/skill-manifest.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Certificate = Literal["Trusted", "Wildcard"]
# what the schema calls North America, Europe with India, and the Far East; who has no endpoint of
# their own is sent to the one for all
Region = Literal["NA", "EU", "FE"]
REGIONS: tuple[Region, ...] = ("NA", "EU", "FE")
# the schema's names of the events that handlers/events.py answers
# https://developer.amazon.com/en-US/docs/alexa/smapi/skill-events-in-alexa-skills.html
SUBSCRIPTIONS = (
    "SKILL_ENABLED",
    "SKILL_DISABLED",
    "SKILL_PERMISSION_ACCEPTED",
    "SKILL_PERMISSION_CHANGED",
    "SKILL_ACCOUNT_LINKED",
)
# https://developer.amazon.com/en-US/docs/alexa/smapi/skill-manifest.html
CATEGORY = "KNOWLEDGE_AND_TRIVIA"
# The schema takes the interface without viewports too; these four are those of the page
# https://developer.amazon.com/en-US/docs/alexa/alexa-presentation-language/apl-support-for-your-skill.html
VIEWPORTS = (
    ("HUB", "ROUND", (100, 599), (100, 599)),
    ("HUB", "RECTANGLE", (960, 1279), (600, 959)),
    ("HUB", "RECTANGLE", (1280, 1920), (600, 1279)),
    ("TV", "RECTANGLE", (960, 960), (540, 540)),
)
TESTING_INSTRUCTIONS = Path(__file__).with_name("testing_instructions.txt")


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What only the operator can say."""

    endpoint: str  # https address of the voice door, or the ARN of a Lambda function
    certificate: Certificate = "Trusted"  # of the https addresses
    regions: Mapping[Region, str] = field(default_factory=dict)  # endpoints of some regions
    privacy_url: str = ""
    terms_url: str = ""
    # "True if it is certified that …": a statement of law, never made for somebody
    export_compliant: bool = False


def manifest(answers: Answers, locales: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The document; `locales` is locale code to its publishing information."""
    # the same type for requests and events
    endpoints: dict[str, Any] = {"endpoint": _endpoint(answers.endpoint, answers)}
    if answers.regions:
        endpoints["regions"] = {
            region: {"endpoint": _endpoint(uri, answers)}
            for region, uri in sorted(answers.regions.items())
        }
    return {
        "manifest": {
            "manifestVersion": "1.0",
            "publishingInformation": {
                "locales": locales,
                # with true, distributionCountries stays out
                "isAvailableWorldwide": True,
                "distributionMode": "PUBLIC",
                "testingInstructions": TESTING_INSTRUCTIONS.read_text(encoding="utf-8").strip(),
                "category": CATEGORY,
            },
            "apis": {"custom": {**endpoints, "interfaces": [_screens()]}},
            # Amazon's pages show Lambda here; the schema's endpoint takes an https address too
            "events": {
                **endpoints,
                "subscriptions": [{"eventName": name} for name in SUBSCRIPTIONS],
            },
            "privacyAndCompliance": _privacy(answers, locales),
        }
    }


def _endpoint(uri: str, answers: Answers) -> dict[str, str]:
    """The schema has no certificate beside an ARN."""
    if uri.startswith("arn:"):
        return {"uri": uri}
    return {"uri": uri, "sslCertificateType": answers.certificate}


def _privacy(answers: Answers, locales: Mapping[str, object]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "allowsPurchases": False,
        "usesPersonalInfo": True,  # account linking: e-mail address, name to be called by
        "isChildDirected": False,
        "containsAds": False,
    }
    if answers.export_compliant:
        said["isExportCompliant"] = True
    addresses = {"privacyPolicyUrl": answers.privacy_url, "termsOfUseUrl": answers.terms_url}
    given = {field: url for field, url in addresses.items() if url}
    if given:
        said["locales"] = dict.fromkeys(locales, given)
    return said


def _screens() -> dict[str, Any]:
    return {
        "type": "ALEXA_PRESENTATION_APL",
        "supportedViewports": [
            {
                "mode": mode,
                "shape": shape,
                "minWidth": width[0],
                "maxWidth": width[1],
                "minHeight": height[0],
                "maxHeight": height[1],
            }
            for mode, shape, width, height in VIEWPORTS
        ],
    }
