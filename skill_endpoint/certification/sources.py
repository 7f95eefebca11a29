"""The pages and threads that say what an endpoint has to do, or where one did not."""

from __future__ import annotations

_AMAZON = "https://developer.amazon.com/en-US/docs/alexa"
HOSTING = f"{_AMAZON}/custom-skills/host-a-custom-skill-as-a-web-service.html"
FORMAT = f"{_AMAZON}/custom-skills/request-and-response-json-reference.html"
STANDARD_REQUESTS = f"{_AMAZON}/custom-skills/request-types-reference.html"
BUILT_IN_INTENTS = f"{_AMAZON}/custom-skills/standard-built-in-intents.html"
EVENTS = f"{_AMAZON}/smapi/skill-events-in-alexa-skills.html"
LOCALES = f"{_AMAZON}/custom-skills/develop-skills-in-multiple-languages.html"

_GITHUB = "https://github.com"
# what Amazon's review tried on one skill, one by one
REVIEW = f"{_GITHUB}/AreYouFreeBusy/AlexaSkillsKit.NET/issues/33"
REVIEW_OF_PYTHON = f"{_GITHUB}/alexa/alexa-skills-kit-sdk-for-python/issues/68"
SHA1_HEADER = f"{_GITHUB}/alexa/alexa-skills-kit-sdk-for-python/issues/202"
NO_CHAIN = f"{_GITHUB}/mreinstein/alexa-verifier/issues/49"
NO_SIGNATURE = f"{_GITHUB}/jovotech/jovo-framework/issues/271"
DOWNLOADS = f"{_GITHUB}/timheuer/alexa-skills-dotnet/issues/156"
RAISES = f"{_GITHUB}/johnwheeler/flask-ask/issues/75"
# read in the source of ask-sdk-webservice-support 1.3.3
PYTHON_VERIFIER = (
    f"{_GITHUB}/alexa/alexa-skills-kit-sdk-for-python/blob/master/"
    "ask-sdk-webservice-support/ask_sdk_webservice_support/verifier.py"
)
SLOW_SENDERS = "https://docs.gunicorn.org/en/stable/deploy.html"
HTTP = "https://www.rfc-editor.org/rfc/rfc9110.html"
JSON = "https://www.rfc-editor.org/rfc/rfc8259.html"
