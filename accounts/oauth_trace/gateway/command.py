"""`manage.py oauth_trace gateway deploy|logs|destroy`."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.oauth_trace import redaction
from accounts.oauth_trace.gateway import stack as stacks
from accounts.oauth_trace.gateway.fetching import MOST_EVENTS, Fetched, fetch
from accounts.oauth_trace.gateway.log_lines import exchanges
from accounts.oauth_trace.gateway.printing import lines
from accounts.oauth_trace.gateway.reading import (
    AUTHORIZE,
    TOKEN,
    attempts,
    judge,
    wanted_of,
)
from accounts.oauth_trace.wanted import Wanted
from accounts.pool import client
from accounts.pool.asking import announcement, require_yes
from accounts.pool.deploy import Stack
from accounts.pool.errors import PoolError, explain
from accounts.pool.events import Say

POLL = 5.0  # seconds between two looks with --follow
# lines come late, those of one request not at once
OVERLAP = timedelta(minutes=2)
MOST_MINUTES = 14 * 24 * 60
ABOUT = """\
A stage of Amazon API Gateway in front of the OAuth server, for the time of a test. It passes every
request on and writes it into a log of CloudWatch, and `logs` reads that log and says what went
wrong. It needs an AWS account, and neither this site nor Cognito.

Cost: API Gateway and CloudWatch Logs are billed by what passes; a test of some linkings is far
below a cent. It makes one stack, one REST API, and log groups that end after a day.

Secrets: until `destroy`, codes, tokens and client secrets of whoever links stand in its log in
clear, for whoever may read the logs of the account. Not for production. docs/linking.md, section 7.
"""
WARNING = (
    "!! Until it is destroyed, codes, tokens and client secrets of whoever links stand in its log",
    "!! in clear. Not for production. https://docs.aws.amazon.com/apigateway/latest/developerguide/"
    "rest-api-execution-logging.html",
)


def add_arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="gateway_action", required=True, metavar="ACTION")
    for name, text in (
        ("deploy", "put it in front of the OAuth server, or change it: print the changes, ask"),
        ("logs", "read its log, redacted, and say what went wrong"),
        ("destroy", "delete it and its logs: ask"),
    ):
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("--stack", default=stacks.NAME, help="its name (default: %(default)s)")
        if name in {"deploy", "destroy"}:
            action.add_argument("--yes", action="store_true", help="do not ask")
        if name == "deploy":
            _add_wishes(action)
        if name == "logs":
            action.add_argument(
                "--since",
                type=int,
                default=30,
                metavar="MINUTES",
                help="read the last so many minutes (default: %(default)s)",
            )
            action.add_argument(
                "--follow", action="store_true", help="go on, and print what comes; Ctrl-C stops"
            )


def _add_wishes(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--oauth-url",
        default="",
        help="https address of the OAuth server, without a path (default: COGNITO_DOMAIN_URL)",
    )
    parser.add_argument(
        "--authorize-path", default="", help="its authorization endpoint: /oauth2/authorize"
    )
    parser.add_argument("--token-path", default="", help="its token endpoint: /oauth2/token")
    parser.add_argument(
        "--log-days", type=int, default=0, choices=stacks.LOG_DAYS, help="keep logs so long: 1"
    )
    parser.add_argument(
        "--set-log-role",
        action="store_true",
        help="set the role by which all APIs of this account and region write their logs, though "
        "another is set; where none is, it is set anyway",
    )


def run(options: dict[str, Any], say: Say) -> None:
    """Do what the options say. Raises CommandError, one line."""
    if not settings.AWS_REGION:
        raise CommandError("no AWS region: set AWS_REGION, for example us-east-1")
    action = {"deploy": _deploy, "logs": _logs, "destroy": _destroy}[options["gateway_action"]]
    try:
        name = stacks.require_name(options["stack"])
        stack = Stack(client.cloudformation(), name, say=say, kind=stacks.KIND)
        if stack.is_deployed():
            stacks.require_ours(stack)
        action(stack, options, say)
    except PoolError as error:
        raise CommandError(str(error)) from error
    except (BotoCoreError, ClientError) as error:
        raise CommandError(explain(error)) from error


def _deploy(stack: Stack, options: dict[str, Any], say: Say) -> None:
    apigateway, oauth_url = client.apigateway(), options["oauth_url"]
    if not oauth_url and not stack.is_deployed():
        oauth_url = settings.COGNITO_DOMAIN_URL
    # one that is set serves other APIs of the account: it is left alone
    sets_role = (
        options["set_log_role"]
        or not stacks.log_role(apigateway)
        or stacks.owns_log_role(stack, apigateway)
    )
    proposal = stack.propose(
        stacks.Wishes(
            oauth_url=oauth_url,
            authorize_path=options["authorize_path"],
            token_path=options["token_path"],
            log_days=options["log_days"],
            set_log_role=sets_role,
        )
    )
    if proposal is None:
        say(f"No changes: stack {stack.name} is as the template says.")
    else:
        try:
            for line in announcement(stack.name, proposal):
                say(line)
            if sets_role:
                say("!! The role by which API Gateway writes logs is set for ALL APIs of this")
                say("!! account and region.")
            for line in WARNING:
                say(line)
            require_yes("Deploy this?", yes=options["yes"])
        except BaseException:
            stack.discard(proposal)
            raise
        stack.execute(proposal)
        if not proposal.is_creation:
            stacks.put_into_effect(apigateway, stack.outputs()["ApiId"])
        say("Deployed.")
    _show(stack, say)


def _show(stack: Stack, say: Say) -> None:
    outputs = stack.outputs()
    named = "" if stack.name == stacks.NAME else f" --stack {stack.name}"
    say("Alexa developer console, Build > Account Linking, while you look for the fault:")
    say(f"  {'Your Web Authorization URI':<28} {outputs['AuthorizationUrl']}")
    say(f"  {'Access Token URI':<28} {outputs['TokenUrl']}")
    host = urlsplit(outputs["AuthorizationUrl"]).hostname or ""
    say(f"  {'Domain List':<28} {host}, beside what is there")
    say("Everything else stays as it is. Then link in the Alexa app, and read what happened:")
    say(f"  manage.py oauth_trace gateway logs{named}")


def _logs(stack: Stack, options: dict[str, Any], say: Say) -> None:
    minutes = options["since"]
    if not 0 < minutes <= MOST_MINUTES:
        raise CommandError(f"--since {minutes}: choose 1 to {MOST_MINUTES} minutes")
    outputs, logs = stack.outputs(), client.logs()
    since = timezone.now() - timedelta(minutes=minutes)
    fetched = fetch(logs, outputs["ExecutionLog"], since=since)
    wishes = wanted_of(stack.parameters().get("OAuthUrl", ""))
    told: dict[str, str] = {}
    _tell(fetched, wishes, told, say)
    if not told:
        say(f"No linking came in the last {minutes} minutes.")
    for line in _elsewhere(logs, outputs["AccessLog"], since):
        say(line)
    if not told and not options["follow"]:
        say("In the developer console, Build > Account Linking, these must stand, and be saved:")
        say(f"  {'Your Web Authorization URI':<28} {outputs['AuthorizationUrl']}")
        say(f"  {'Access Token URI':<28} {outputs['TokenUrl']}")
    with suppress(KeyboardInterrupt):
        while options["follow"] and not fetched.is_cut:
            time.sleep(POLL)
            last = datetime.fromtimestamp(fetched.last / 1000, UTC) - OVERLAP
            fetch(logs, outputs["ExecutionLog"], since=max(since, last), into=fetched)
            _tell(fetched, wishes, told, say)
    if fetched.is_cut:
        say(f"There are more lines than the {MOST_EVENTS} that were read: choose a shorter --since")


def _tell(fetched: Fetched, wishes: Wanted, told: dict[str, str], say: Say) -> None:
    """Print each attempt that is new or has changed."""
    now = timezone.now()
    for attempted in attempts(exchanges(fetched.lines)):
        name = attempted.reads[0].request_id
        text = "\n".join(lines(judge(attempted, wishes, now=now)))
        if told.get(name) != text:
            told[name] = text
            say(text)
            say("")


def _elsewhere(logs: Any, group: str, since: datetime) -> Iterator[str]:
    """Requests to other paths of the gateway: what a typing error in the console looks like."""
    paths: Counter[str] = Counter()
    for _, line in fetch(logs, group, since=since, most=1000).lines:
        try:
            path = json.loads(line)["path"].partition("/trace")[2]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
        if path not in {AUTHORIZE, TOKEN}:
            paths[redaction.scrub(path, length=80)] += 1
    for path, count in paths.most_common(10):
        yield f"{count} request(s) came to {path}, which is neither {AUTHORIZE} nor {TOKEN}."


def _destroy(stack: Stack, options: dict[str, Any], say: Say) -> None:
    apigateway, logs = client.apigateway(), client.logs()
    if not stack.describe():
        raise PoolError(
            f"there is no stack {stack.name} in {settings.AWS_REGION}: nothing to destroy"
        )
    stacks.require_ours(stack)
    api_id = stacks.api_of(stack)
    owns_role = stacks.owns_log_role(stack, apigateway)
    say(f"Stack {stack.name} goes, and its logs with it, for good.")
    if owns_role:
        say("The role by which API Gateway writes logs goes, too: no API of this account and")
        say("region writes any until another is set.")
    say("Alexa links through it as long as its addresses stand in the developer console: put the")
    say(f"OAuth server's back first ({stack.parameters().get('OAuthUrl', '')}).")
    require_yes("Destroy this?", yes=options["yes"])
    if owns_role:
        stacks.release_log_role(apigateway)
    stack.delete()
    for name in stacks.delete_log_groups(logs, api_id) if api_id else []:
        say(f"Deleted: log group {name}")
    say("Gone. The service writes some lines late, and makes a log group anew where there is none:")
    say(f"look once more for one that begins with API-Gateway-Execution-Logs_{api_id}.")
