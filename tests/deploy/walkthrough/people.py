"""Somebody with a browser and an Echo, in the played world: `python -m … STATE PART`.

They reach the machine as anybody does, over TLS on port 443. What a person reads is in the output.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import requests

from accounts.pool.console import SCOPES
from accounts.pool.people import create_person
from companion.local.http_browser import Form, Page
from skill_endpoint.simulator import pki
from skill_endpoint.simulator.account import Account
from skill_endpoint.simulator.alexa import Alexa
from skill_endpoint.simulator.linking import Linking
from tests.deploy.walkthrough.world import PORT, REGION, SIGN_IN, SITE

USER, PASSWORD, NAME = "robin@example.com", "a password of the walkthrough", "Robin"
URL = f"https://{SITE}"
TALKERS = 5
A_TURN_EACH = 1.0  # seconds: half of what one Alexa account may do


class Visitor:
    """A browser without a screen, for https and any host."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False

    def open(self, address: str, *, until: str = "") -> Page:
        return self._go("GET", address, None, until)

    def submit(self, page: Page, action: str = "", *, until: str = "", **fields: str) -> Page:
        form: Form = page.form(action)
        return self._go(form.method.upper(), form.action, form.filled(fields), until, page.url)

    def _go(self, method: str, address: str, fields: Any, until: str, referrer: str = "") -> Page:
        """Follow redirects, but not to an address that begins with `until`."""
        headers = {"Accept": "text/html", "Accept-Language": "en"}
        if method == "POST":
            parts = urlsplit(referrer)
            headers |= {"Origin": f"{parts.scheme}://{parts.netloc}", "Referer": referrer}
        for _ in range(10):
            sent = {"data": fields} if method == "POST" else {"params": fields}
            answer = self.session.request(
                method, address, headers=headers, timeout=15, allow_redirects=False, **sent
            )
            page = Page(address, answer.status_code, answer.headers, answer.text)
            if not page.location or (until and page.location.startswith(until)):
                return page
            method, fields, address = "GET", None, page.location
        raise AssertionError(f"redirected without end: {address.partition('?')[0]}")


def alexa_of(state: Path, values: dict[str, str]) -> Alexa:
    """As the developer console is filled in; the account is kept in the state folder."""
    kept = state / "account.json"
    account = Account(application_id=values["ALEXA_SKILL_IDS"])
    if kept.is_file():
        account = Account(**json.loads(kept.read_text()))
    return Alexa(
        account,
        endpoint=f"{URL}/alexa/",
        signer=pki.load(state / "alexa"),
        linking=Linking(
            authorize_url=f"https://{SIGN_IN}/oauth2/authorize",
            token_url=f"https://{SIGN_IN}/oauth2/token",
            client_id=values["COGNITO_ALEXA_CLIENT_ID"],
            client_secret=values["COGNITO_ALEXA_CLIENT_SECRET"],
            scope=" ".join(SCOPES),
            redirect_uri=f"https://pitangui.amazon.com/api/skill/link/{values['ALEXA_VENDOR_ID']}",
        ),
    )


def link(state: Path, values: dict[str, str]) -> None:
    """On the website, in the Alexa app, and then aloud."""
    idp = boto3.client(
        "cognito-idp",
        region_name=REGION,
        endpoint_url=f"http://localhost:{PORT}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    pool = values["COGNITO_USER_POOL_ID"]
    sub = create_person(email=USER, password=PASSWORD, idp=idp, pool_id=pool)
    say(f"the pool has {USER}, sub {sub}")

    browser = Visitor()
    page = browser.open(f"{URL}/accounts/login/")
    page = browser.submit(page, "/accounts/cognito/login/")
    expect(page.url.startswith(f"https://{SIGN_IN}/"), "the pool's sign-in page", page.url)
    page = browser.submit(page, username=USER, password=PASSWORD)
    expect(page.status == 200 and page.url.startswith(URL), "back, signed in", page.url)
    say(f"signed in on {URL}/, over the pool's page")
    page = browser.submit(browser.open(f"{URL}/me/"), "/me/preferences/", display_name=NAME)
    say(f"/me/ has the name {NAME} now")

    alexa = alexa_of(state, values)
    turn = alexa.launch()
    say(f"not linked yet, “Alexa, open small wonders”: HTTP {turn.status}, “{turn.speech}”")
    app = Visitor()
    back = alexa.linking.redirect_uri if alexa.linking else ""
    page = app.submit(
        app.open(alexa.authorize_address()), until=back, username=USER, password=PASSWORD
    )
    expect(page.location.startswith(back), "a redirect to Alexa", page.location or page.words)
    turn = alexa.finish_linking(dict(parse_qsl(urlsplit(page.location).query)))
    expect(turn.status == 200, "SkillAccountLinked taken", turn.status)
    say("linked: code redeemed by Alexa, SkillAccountLinked answered with HTTP 200")
    for words, ask in (
        ("Alexa, open small wonders", alexa.launch),
        ("tell me a fact", lambda: alexa.intent("DailyFactIntent")),
        ("save that", lambda: alexa.intent("SaveFactIntent")),
        ("who am I", lambda: alexa.intent("WhoAmIIntent")),
    ):
        turn = ask()
        expect(turn.status == 200 and not turn.problem, f"an answer to “{words}”", turn)
        say(f"“{words}”: HTTP {turn.status} in {turn.milliseconds} ms, “{turn.speech}”")
    expect(NAME in turn.speech, f"{NAME} called by name", turn.speech)
    page = browser.open(f"{URL}/alexa-link/")
    expect("Linked and working" in page.words, "the link on the website", page.words)
    say("/alexa-link/ says: Linked and working")
    page = browser.open(f"{URL}/saved/")
    expect("with Alexa" in page.words, "what was saved by voice", page.words)
    say("/saved/ has what was saved by voice")
    (state / "account.json").write_text(json.dumps(vars(alexa.account)))


def doors(state: Path, values: dict[str, str]) -> None:
    """What the front keeps from strangers, and whom the server thinks it talks to."""
    for path, wanted in (("/healthz", 200), ("/metrics", 404), ("/readyz", 404)):
        status = requests.get(URL + path, timeout=10).status_code
        expect(status == wanted, f"{path}: {wanted}", status)
    answer = requests.get(f"http://{SITE}/today/?a=b", timeout=10, allow_redirects=False)
    expect(answer.headers.get("Location") == f"{URL}/today/?a=b", "https", answer.headers)
    hsts = requests.get(URL, timeout=10).headers.get("Strict-Transport-Security", "")
    expect("max-age=31536000" in hsts, "HSTS", hsts)
    try:
        requests.get(f"https://{SITE}/", headers={"Host": "x"}, timeout=10, verify=True)
        requests.get(URL.replace(SITE, "192.0.2.10"), timeout=10)
    except requests.exceptions.SSLError:
        say("another name than ours ends in the handshake")
    else:
        raise AssertionError("nginx answered for another name")
    say("/metrics and /readyz are 404 from outside; http leads to https; HSTS is there")


def talk(state: Path, values: dict[str, str]) -> None:
    """Turns without a pause until the file `enough` is there: what goes wrong meanwhile?"""
    lock = threading.Lock()
    turns: list[tuple[float, int, int, str]] = []  # when, status, milliseconds, problem
    begin = time.monotonic()

    def person(number: int) -> None:
        alexa = alexa_of(state, values)
        alexa.account = replace(alexa.account, user_id="", session_id="", attributes={})
        time.sleep(number * A_TURN_EACH / TALKERS)
        due = time.monotonic()
        while not (state / "enough").exists() and due < begin + 300:
            time.sleep(max(0.0, due - time.monotonic()))
            due += A_TURN_EACH
            at = time.monotonic() - begin
            turn = alexa.intent("DailyFactIntent")
            with lock:
                turns.append((at, turn.status, turn.milliseconds, turn.problem))

    threads = [threading.Thread(target=person, args=(number,)) for number in range(TALKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wrong = [turn for turn in turns if turn[3]]
    took = sorted(turn[2] for turn in turns)
    say(
        f"{len(turns)} turns of {TALKERS} people in {time.monotonic() - begin:.0f} s: "
        f"{len(wrong)} failed; median {took[len(took) // 2]} ms, slowest {took[-1]} ms"
    )
    expect(not wrong, "every turn answered", wrong[:5])


def expect(holds: bool, wanted: str, seen: object) -> None:
    if not holds:
        raise AssertionError(f"expected {wanted}\n     saw {seen}")


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    {"link": link, "doors": doors, "talk": talk}[sys.argv[2]](
        folder, json.loads((folder / "values.json").read_text())
    )
