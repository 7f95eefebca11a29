"""Linking through the trace as it should go, then wrong in one way each: the trace says which.

Verdicts are read as an operator reads them, from the report of the latest attempt.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from accounts.pool.parameters import TRACE_CALLBACK_PATH
from companion.local import people
from companion.local.http_browser import Browser
from companion.local.scenario.stage import PASSWORD, Stage, Step, expect
from companion.local.scenario.two_doors import sign_up
from skill_endpoint.simulator.linking import Linking, LinkingFailed, new_state

NAME = "traced@example.com"
OTHER_ADDRESS = "https://linking.example/back"
OTHER_VENDOR = "https://pitangui.amazon.com/api/skill/link/MOTHERVENDOR"
OTHER_CLIENT = "7abcdefghijklmnopqrstuvwx0"  # looks like one of Cognito's
WAIT = 5.0  # seconds
TOKEN, SKILL, OK = "token", "first skill request", "ok"  # words of the report
_REFERENCE = re.compile(r"/traces/([0-9A-Z]{5})/")

type Report = dict[str, Any]


# --- what the trace says -----------------------------------------------------------------------


def latest_report(stage: Stage) -> Report:
    """Of the attempt that stands on top of the list."""
    browser = stage.browser(people.OPERATOR)
    page = browser.at("/traces/")
    expect(page.status == 200, "the list of attempts", f"HTTP {page.status}")
    references = [found[1] for link in page.links() if (found := _REFERENCE.fullmatch(link))]
    expect(bool(references), "an attempt in the list", page.words[:300])
    return report(stage, references[0])


def report(stage: Stage, reference: str) -> Report:
    page = stage.browser(people.OPERATOR).at(f"/traces/{reference}/report.json")
    expect(page.status == 200, f"the report of {reference}", f"HTTP {page.status}")
    found: Report = json.loads(page.source)
    return found


def when(holds: Callable[[Report], bool], read: Callable[[], Report]) -> Report:
    """The trace writes after it has answered: look again until it says so, or for WAIT seconds."""
    end = time.monotonic() + WAIT
    while not holds(found := read()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def through_the_trace(stage: Stage) -> None:
    """Every stage is seen, up to what Alexa tells the skill, and nothing is wrong."""
    sign_up(stage, NAME)
    stage.link(NAME, NAME, PASSWORD)
    when(lambda report: report["stages"][TOKEN] == OK, lambda: latest_report(stage))
    # Alexa's event may have come before the token was written down. A turn comes after it.
    stage.alexa(NAME).launch()
    found = when(lambda report: report["stages"][SKILL] == OK, lambda: latest_report(stage))
    stage.notes["linked attempt"] = found["reference"]
    expect(found["result"] == "linked", "an attempt that linked", found["result"])
    graver = [each["code"] for each in found["findings"] if each["level"] != "note"]
    expect(not graver, "nothing to mend", graver)
    missing = [name for name, word in found["stages"].items() if word != "ok"]
    expect(missing == ["refresh"], "every stage but a refresh", found["stages"])


# --- one thing wrong ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Failure:
    """`provoke` does one thing wrong; `code` is the finding that names it first."""

    title: str
    code: str
    provoke: Callable[[Stage], None]


def linking_of(stage: Stage) -> Linking:
    linking = stage.alexa(NAME).linking
    if linking is None:
        raise AssertionError("Alexa has no linking configured")
    return linking


def opened(stage: Stage, changes: Mapping[str, str], static: str = "") -> None:
    """The authorize address with other parameters; the browser goes where the trace sends it.

    `static` stands in the developer console's address already.
    """
    linking = linking_of(stage)
    wanted = {
        "state": new_state(),
        "client_id": linking.client_id,
        "response_type": "code",
        "scope": linking.scope,
        "redirect_uri": linking.redirect_uri,
    }
    query = static + urlencode({**wanted, **changes})
    browser = Browser(stage.site.url)
    to_pool = browser.open(f"{linking.authorize_url}?{query}", follow=False)
    expect(stage.is_at_the_pool(to_pool.location), "on to the pool", to_pool.status)
    browser.open(to_pool.location, follow=False)


def given_code(stage: Stage, more: str = "") -> str:
    """A code that the pool has just given, over the trace. `more` is added to the query."""
    address = linking_of(stage).authorize_address(new_state()) + more
    return stage.come_back(Browser(stage.site.url), address, NAME, PASSWORD)["code"]


def refused(reason: str, call: Callable[[], object]) -> None:
    try:
        call()
    except LinkingFailed as error:
        expect(error.reason == reason, reason, error.reason)
    else:
        expect(False, reason, "tokens")


def static_parameters(stage: Stage) -> None:
    """As a console is filled in by who copies an address out of a browser."""
    linking = linking_of(stage)
    static = {"state": "STATE", "client_id": linking.client_id, "redirect_uri": OTHER_ADDRESS}
    opened(stage, {}, f"{urlencode(static)}&")


def cancelled(stage: Stage) -> None:
    """The pool sends the browser back with an error, in the place of a code."""
    browser = Browser(stage.site.url)
    to_pool = browser.open(linking_of(stage).authorize_address(new_state()), follow=False)
    (state,) = parse_qs(urlsplit(to_pool.location).query)["state"]
    query = urlencode({"error": "access_denied", "state": state})
    stage.brought_back(browser, f"{stage.site.url}{TRACE_CALLBACK_PATH}?{query}")


def wrong_secret(stage: Stage) -> None:
    linking = replace(linking_of(stage), client_secret=secrets.token_hex(25))
    stage.secrets.add(linking.client_secret)
    refused("invalid_client", partial(linking.redeem, given_code(stage)))


def code_twice(stage: Stage) -> None:
    code = given_code(stage)
    tokens = linking_of(stage).redeem(code)
    stage.secrets |= {tokens.access, tokens.refresh}
    refused("invalid_grant", partial(linking_of(stage).redeem, code))


def another_redirect_uri(stage: Stage) -> None:
    linking = replace(linking_of(stage), redirect_uri=OTHER_ADDRESS)
    refused("invalid_grant", partial(linking.redeem, given_code(stage)))


def no_verifier(stage: Stage) -> None:
    hashed = hashlib.sha256(secrets.token_urlsafe(32).encode()).digest()
    challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
    code = given_code(stage, f"&code_challenge={challenge}&code_challenge_method=S256")
    refused("invalid_grant", partial(linking_of(stage).redeem, code))


def signed_out_everywhere(stage: Stage) -> None:
    """By the pool's administrator; Alexa finds out when it refreshes."""
    alexa = stage.alexa(NAME)
    stage.site.aws.client("cognito-idp").admin_user_global_sign_out(
        UserPoolId=stage.site.pool.pool_id, Username=NAME
    )
    refused("invalid_grant", alexa.refresh)


FAILURES = (
    Failure(
        "a redirect address that is nobody's",
        "redirect-uri-not-alexas",
        partial(opened, changes={"redirect_uri": OTHER_ADDRESS}),
    ),
    Failure(
        "another developer account's redirect address",
        "redirect-uri-other-vendor",
        partial(opened, changes={"redirect_uri": OTHER_VENDOR}),
    ),
    Failure(
        "another pool's client",
        "client-id-of-another-pool",
        partial(opened, changes={"client_id": OTHER_CLIENT}),
    ),
    Failure(
        "a scope without openid",
        "scope-without-openid",
        partial(opened, changes={"scope": "email phone"}),
    ),
    Failure(
        "the implicit grant",
        "response-type-token",
        partial(opened, changes={"response_type": "token"}),
    ),
    Failure("parameters in the console's address", "static-parameters", static_parameters),
    Failure("a sign-in that was canceled", "person-cancelled", cancelled),
    Failure("a wrong client secret", "token-secret-wrong", wrong_secret),
    Failure("a code redeemed twice", "token-code-used-twice", code_twice),
    Failure(
        "another redirect address with the code", "token-redirect-uri-changed", another_redirect_uri
    ),
    Failure("a PKCE verifier forgotten", "token-verifier-missing", no_verifier),
)


def told(failure: Failure, stage: Stage) -> str:
    """The sentence of the verdict, which must be the right one."""
    before = latest_report(stage)["reference"]
    failure.provoke(stage)
    found = when(
        lambda report: report["reference"] != before and bool(report["findings"]),
        lambda: latest_report(stage),
    )
    expect(found["reference"] != before, "a new attempt", before)
    return _sentence(found, failure.code)


def refresh_refused(stage: Stage) -> str:
    """Told in the attempt that linked, days before as a rule."""
    signed_out_everywhere(stage)
    found = when(
        lambda report: bool(report["findings"]),
        lambda: report(stage, stage.notes["linked attempt"]),
    )
    return _sentence(found, "refresh-token-revoked")


def _sentence(found: Report, code: str) -> str:
    findings = found["findings"]
    first = findings[0] if findings else {"code": "no finding", "cause": ""}
    expect(first["code"] == code, f"the finding {code}", [each["code"] for each in findings])
    return str(first["cause"])


STEPS = (
    Step("linked through the trace, every stage seen", through_the_trace),
    *(Step(f"trace of {failure.title}", partial(told, failure)) for failure in FAILURES),
    Step("trace of a sign-out everywhere", refresh_refused),
)
