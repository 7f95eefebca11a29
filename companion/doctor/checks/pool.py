"""The user pool against the template, its groups, and its sign-in domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from django.conf import settings

from companion.doctor import sources
from companion.doctor.checks.configuration import names_two_pools
from companion.doctor.context import NO_POOL, Context, Unavailable, asked
from companion.doctor.mending import DOMAIN, GROUPS, POOL
from companion.doctor.pool_template import differences
from companion.doctor.registry import check
from companion.doctor.results import Seen, error, ok, skipped, warning
from companion.doctor.showing import shown

# what the template calls them -> what DescribeUserPool calls them
_NAMES = {"UserPoolName": "Name"}
# EnabledMfas is not in DescribeUserPool; the external id is a secret of two parties
_NOT_COMPARED = frozenset({"EnabledMfas"})
_HIDDEN = frozenset({"SmsConfiguration.ExternalId"})
_SEVERE = {
    "UsernameAttributes": "It is fixed at creation: only a new pool has another, without its "
    "people. Change the template to what the pool has, if that is meant.",
    "UsernameConfiguration.CaseSensitive": "It is fixed at creation. Change the template to what "
    "the pool has.",
    "AutoVerifiedAttributes": f"Without it codes are not sent and addresses stay unverified. "
    f"{POOL}",
    "MfaConfiguration": POOL,
}


@check("pool.exists", "Pool", source=sources.POOL, online=True)
def exists(context: Context) -> Iterator[Seen]:
    try:
        pool = context.pool()
    except Unavailable as reason:
        if names_two_pools() and str(reason).startswith(NO_POOL):
            yield skipped(f"{reason}: see “Which pool” under “Settings”")
            return
        yield error(
            str(reason),
            wanted="the pool of COGNITO_USER_POOL_ID, readable for these AWS credentials",
            mend="Check AWS_REGION, the pool id and AWS_PROFILE; the policy needs "
            "cognito-idp:DescribeUserPool.",
        )
        return
    people = pool.get("EstimatedNumberOfUsers")
    count = f", about {people} people" if people is not None else ""
    yield ok(f"{pool['Name']} ({pool['Id']}){count}")


@check("pool.template", "Pool as the template says", source=sources.POOL, online=True)
def as_the_template(context: Context) -> Iterator[Seen]:
    pool = context.pool()
    wanted = {
        _NAMES.get(name, name): value
        for name, value in context.template().properties("Pool").items()
        if name not in _NOT_COMPARED
    }
    found = False
    for path, want, have in differences(wanted, pool):
        found = True
        if path in _HIDDEN:
            yield warning("is another", wanted="the stack's", mend=POOL, about=path)
            continue
        say = error if path in _SEVERE else warning
        yield say(shown(have), wanted=shown(want), mend=_SEVERE.get(path, POOL), about=path)
    if not found:
        tier, mfa = pool.get("UserPoolTier", "?"), pool.get("MfaConfiguration", "?")
        protection = str(pool.get("DeletionProtection", "?")).lower()
        yield ok(f"tier {tier}, MFA {mfa}, deletion protection {protection}")


@check("pool.groups", "Groups for operators", source=sources.GROUPS, online=True)
def groups(context: Context) -> Iterator[Seen]:
    context.pool()
    template = context.template()
    wanted = [
        template.properties(name)["GroupName"]
        for name in template.of_type("AWS::Cognito::UserPoolGroup")
    ]
    missing = [name for name in wanted if not _has_group(context, name)]
    if missing:
        yield error(
            f"missing: {', '.join(missing)}",
            wanted=f"{', '.join(wanted)}: their members may use the administration",
            mend=GROUPS,
        )
    else:
        yield ok(", ".join(wanted))


def _has_group(context: Context, name: str) -> bool:
    try:
        context.idp().get_group(GroupName=name, UserPoolId=settings.COGNITO_USER_POOL_ID)
    except ClientError as failure:
        if failure.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    return True


@check("pool.domain", "Sign-in domain", source=sources.CUSTOM_DOMAIN, online=True)
def domain(context: Context) -> Iterator[Seen]:
    pool = context.pool()
    names = [pool[key] for key in ("CustomDomain", "Domain") if pool.get(key)]
    if not names:
        yield error(
            "the pool has no domain: there is no sign-in page and no token endpoint",
            wanted="a domain",
            mend=DOMAIN,
        )
        return
    host = urlsplit(settings.COGNITO_DOMAIN_URL).hostname or ""
    hosts = {_host(name): name for name in names}
    if host not in hosts and not settings.AWS_ENDPOINT_URL:
        yield error(
            f"COGNITO_DOMAIN_URL is at {host or 'no host'}",
            wanted=" or ".join(f"https://{each}" for each in hosts),
            mend="Set COGNITO_DOMAIN_URL to that. `manage.py pool show --env` prints it.",
        )
        return
    name = hosts.get(host, names[0])
    described = asked(lambda: context.idp().describe_user_pool_domain(Domain=name))
    yield from judged(dict(described.get("DomainDescription", {})), name, context)


def _host(name: str) -> str:
    """A prefix has no dot; a custom domain is a host name."""
    return name if "." in name else f"{name}.auth.{settings.AWS_REGION}.amazoncognito.com"


def judged(found: Mapping[str, Any], name: str, context: Context) -> Iterator[Seen]:
    """What DescribeUserPoolDomain says of the domain `name`."""
    owner, status = found.get("UserPoolId", ""), found.get("Status", "")
    if owner != settings.COGNITO_USER_POOL_ID:
        yield error(
            f"{name} belongs to {owner or 'no pool'}",
            wanted=settings.COGNITO_USER_POOL_ID,
            mend="Set COGNITO_DOMAIN_URL to the domain of this pool: `manage.py pool show --env`.",
        )
        return
    if status != "ACTIVE":
        yield error(
            f"{name} is {status or 'of no status'}",
            wanted="ACTIVE",
            mend="A new custom domain takes up to an hour. If it stays: Cognito console, Domain.",
        )
        return
    certificate = found.get("CustomDomainConfig", {}).get("CertificateArn", "")
    if "." not in name:
        text = f"{name}, a prefix domain: for a trial"
        if context.is_local:
            yield ok(text)
        else:
            yield warning(
                text,
                wanted="a custom domain before the skill is published: its sign-in page has to "
                "stand under your own name",
                mend="Cognito console, Domain, Create custom domain, with a certificate of ACM in "
                "us-east-1; then the skill's addresses and COGNITO_DOMAIN_URL.",
            )
    elif certificate and ":us-east-1:" not in certificate:
        yield error(
            f"{name} has a certificate of another region",
            wanted="a certificate of ACM in us-east-1",
            mend="Request it in us-east-1 and choose it: Cognito console, Domain, Actions.",
        )
    else:
        yield ok(f"{name}, active")
