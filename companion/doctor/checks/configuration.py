"""The settings by themselves: present, well-shaped, and of one pool."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import ERROR, WARNING, run_checks

from accounts.cognito import endpoints
from accounts.pool.parameters import VENDOR_ID
from companion.doctor import sources
from companion.doctor.context import Context
from companion.doctor.registry import check
from companion.doctor.results import Seen, error, note, ok, warning

SHOW = "`manage.py pool show --env --secret` prints this line for a deployed pool."
CONSOLE_IDS = "Alexa developer console: Settings, My IDs (https://developer.amazon.com/settings)."
POOL_ID = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d_[0-9A-Za-z]{1,45}")
CLIENT_ID = re.compile(r"[\w+]{10,128}")  # of CreateUserPoolClient, and no placeholder
SKILL_ID = re.compile(r"amzn1\.ask\.skill\.[\w-]{3,80}")
_SAID_BELOW = frozenset({"accounts.E001", "accounts.E002"})  # by which_pool()


@check("settings.rules", "Rules across settings", source=sources.DJANGO_CHECKS)
def rules(context: Context) -> Iterator[Seen]:
    """Django's system checks and ours; those for a deployment unless this is a developer's own."""
    # Of no app: models are the same here as where they were tested, and a JSON field would ask
    # SQLite what it can do, in a transaction that waits for whoever writes.
    messages = run_checks(app_configs=[], include_deployment_checks=not context.is_local)
    told = [each for each in messages if each.level >= WARNING and each.id not in _SAID_BELOW]
    for message in told:
        say = error if message.level >= ERROR else warning
        yield say(
            message.msg,
            mend=message.hint or "See the page.",
            about=str(message.id or ""),
        )
    if not told:
        scope = "those of a local installation" if context.is_local else "those of a deployment too"
        yield ok(f"all hold, {scope}")


@check("settings.public-url", "PUBLIC_URL", source=sources.LINKING)
def public_url(context: Context) -> Iterator[Seen]:
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme == "https" and (parts.port or 443) == 443:
        yield ok(settings.PUBLIC_URL)
    elif parts.scheme == "https":
        yield error(
            settings.PUBLIC_URL,
            wanted="port 443: Alexa calls no other",
            mend="Let the proxy in front of the site listen on 443, and take the port from "
            "PUBLIC_URL.",
        )
    elif parts.hostname == "localhost":
        yield note(f"{settings.PUBLIC_URL}, for this machine only: Alexa cannot reach it")
    else:
        yield error(
            settings.PUBLIC_URL,
            wanted="https://",
            mend="Set PUBLIC_URL to the https address of the site: Alexa and Cognito accept no "
            "other.",
        )


@check("settings.pool", "Which pool", source=sources.POOL)
def which_pool(context: Context) -> Iterator[Seen]:
    pool, region = settings.COGNITO_USER_POOL_ID, settings.AWS_REGION
    if not pool:
        yield error("COGNITO_USER_POOL_ID is empty", wanted="us-east-1_AbCdEfGhI", mend=SHOW)
    elif not POOL_ID.fullmatch(pool):
        yield error(
            f"COGNITO_USER_POOL_ID is {pool}", wanted="region, underscore, letters", mend=SHOW
        )
    elif not pool.startswith(f"{region}_"):
        yield error(
            f"pool {pool}, AWS_REGION {region}",
            wanted="one region",
            mend=f"Set AWS_REGION to {pool.partition('_')[0]}, where this pool lives.",
        )
    elif names_two_pools():
        yield error(
            f"issuer {endpoints.issuer()}, pool {pool}",
            wanted="one pool",
            mend="One of COGNITO_USER_POOL_ID and COGNITO_ISSUER is wrong: `manage.py pool show "
            "--env` prints the deployed pool's id. COGNITO_ISSUER is empty on AWS: it is derived.",
        )
    else:
        yield ok(f"{pool} in {region}")


def names_two_pools() -> bool:
    """Whether region, pool id and issuer are of more than one."""
    pool, region = settings.COGNITO_USER_POOL_ID, settings.AWS_REGION
    issuer = endpoints.issuer()
    return (
        not pool.startswith(f"{region}_")
        or issuer.rpartition("/")[2] != pool
        or f".{region}." not in issuer
    )


@check("settings.domain", "COGNITO_DOMAIN_URL", source=sources.DOMAIN)
def domain(context: Context) -> Iterator[Seen]:
    url = settings.COGNITO_DOMAIN_URL
    parts = urlsplit(url)
    if not url:
        yield error("empty", wanted="the https address of the pool's domain", mend=SHOW)
    elif parts.path:
        yield error(
            url,
            wanted="scheme and host only",
            mend="Take the path away: /oauth2/… is added to it.",
        )
    elif parts.scheme == "https" or (parts.hostname == "localhost" and context.is_local):
        yield ok(url)
    else:
        yield error(url, wanted="https://", mend=SHOW)


@check("settings.clients", "App client settings", source=sources.APP_CLIENTS)
def app_clients(context: Context) -> Iterator[Seen]:
    for name in ("COGNITO_WEB_CLIENT_ID", "COGNITO_ALEXA_CLIENT_ID"):
        value = getattr(settings, name)
        if not value:
            yield error("empty", wanted="the id of the app client", mend=SHOW, about=name)
        elif not CLIENT_ID.fullmatch(value):
            yield error(
                value, wanted="letters and digits, no spaces or quotes", mend=SHOW, about=name
            )
        else:
            yield ok(value, about=name)
    for name in ("COGNITO_WEB_CLIENT_SECRET", "COGNITO_ALEXA_CLIENT_SECRET"):
        value = getattr(settings, name)
        # the site itself needs no secret of the alexa client; the trace and this doctor do
        is_needed = name == "COGNITO_WEB_CLIENT_SECRET"
        if value and re.search(r"\s|^['\"]|['\"]$", value):
            yield error("has quotes or spaces", wanted="the bare secret", mend=SHOW, about=name)
        elif value:
            yield ok("set", about=name)
        elif is_needed:
            yield error("empty", wanted="the secret of the app client", mend=SHOW, about=name)
        else:
            yield warning(
                "empty",
                wanted="the secret, so that it can be compared and tried here",
                mend=SHOW,
                about=name,
            )


@check("settings.alexa", "Alexa's ids", source=sources.CODE_GRANT)
def alexa_ids(context: Context) -> Iterator[Seen]:
    vendor = settings.ALEXA_VENDOR_ID
    if not vendor:
        yield error(
            "empty", wanted="M and capital letters", mend=CONSOLE_IDS, about="ALEXA_VENDOR_ID"
        )
    elif vendor.startswith("amzn1."):
        yield error(
            f"{vendor} is a skill id",
            wanted="the vendor id of the developer account: M and capital letters",
            mend=CONSOLE_IDS,
            about="ALEXA_VENDOR_ID",
        )
    elif not VENDOR_ID.fullmatch(vendor):
        yield error(
            vendor, wanted="M and capital letters", mend=CONSOLE_IDS, about="ALEXA_VENDOR_ID"
        )
    else:
        yield ok(vendor, about="ALEXA_VENDOR_ID")
    wrong = [skill for skill in settings.ALEXA_SKILL_IDS if not SKILL_ID.fullmatch(skill)]
    if wrong or not settings.ALEXA_SKILL_IDS:
        yield error(
            ", ".join(wrong) or "empty",
            wanted="amzn1.ask.skill.…",
            mend="Developer console: the skill, Build, Endpoint, Your Skill ID.",
            about="ALEXA_SKILL_IDS",
        )
    else:
        yield ok(", ".join(settings.ALEXA_SKILL_IDS), about="ALEXA_SKILL_IDS")
