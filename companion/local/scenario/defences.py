"""What is not Alexa, not this skill, or not now, gets an empty 400; no good token, a card."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from companion.local import people
from companion.local.http_browser import Browser
from companion.local.scenario.stage import Stage, Step, expect
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.alexa import post
from skill_endpoint.simulator.envelopes import Device, Envelope
from skill_endpoint.simulator.expired import expired_copy


def unlinked(stage: Stage) -> None:
    alexa = stage.alexa("unlinked")
    stage.ask(alexa, "tell me a fact")
    stage.asks_to_link(alexa, "save that")


def expired_token(stage: Stage) -> None:
    """Signed by the pool's own key, right in everything but its time."""
    alexa = stage.alexa(people.EMAIL)
    alexa.token = expired_copy(
        alexa.account.access_token, stage.site.pool.pool_id, stage.site.state / "aws"
    )
    stage.asks_to_link(alexa, "what did I save")


def launch_bytes(stage: Stage, **changes: object) -> bytes:
    """A launch of Robin's, which is good unless something is changed."""
    return encoded(envelopes.launch(stage.alexa(people.EMAIL).device(), **changes))


def encoded(envelope: Envelope) -> bytes:
    return json.dumps(envelope, ensure_ascii=False).encode()


def status_of(stage: Stage, body: bytes, headers: dict[str, str]) -> int:
    """Send it; whatever is not 200 must have an empty body."""
    answer = post(f"{stage.site.url}/alexa/", body, headers)
    if answer.status_code != 200:
        expect(answer.content == b"", "an empty body", answer.content[:200])
    return answer.status_code


def signed_status(stage: Stage, body: bytes) -> int:
    return status_of(stage, body, stage.alexa(people.EMAIL).signer.headers_for(body))


def refused(status: int) -> None:
    expect(status == 400, "HTTP 400", f"HTTP {status}")


def untouched(stage: Stage) -> None:
    """The one request that the next steps change: as it is, it is answered."""
    status = signed_status(stage, launch_bytes(stage))
    expect(status == 200, "HTTP 200", f"HTTP {status}")


def tampered(stage: Stage) -> None:
    body = launch_bytes(stage)
    headers = stage.alexa(people.EMAIL).signer.headers_for(body)
    refused(status_of(stage, body.replace(b"en-US", b"en-GB"), headers))


def unsigned(stage: Stage) -> None:
    refused(status_of(stage, launch_bytes(stage), {"Content-Type": "application/json"}))


def stale(stage: Stage) -> None:
    now = datetime.now(UTC)
    for moment in (now - timedelta(seconds=160), now + timedelta(seconds=160)):
        refused(signed_status(stage, launch_bytes(stage, timestamp=moment)))


def replayed(stage: Stage) -> None:
    body = launch_bytes(stage)
    headers = stage.alexa(people.EMAIL).signer.headers_for(body)
    first = status_of(stage, body, headers)
    expect(first == 200, "HTTP 200 the first time", f"HTTP {first}")
    refused(status_of(stage, body, headers))


def wrong_skill(stage: Stage) -> None:
    other = Device(application_id="amzn1.ask.skill.somebody-else", user_id="amzn1.ask.account.X")
    refused(signed_status(stage, encoded(envelopes.launch(other))))


def forwarded(stage: Stage) -> None:
    """A client that cannot sign reaches the same endpoint through the development door."""
    address = f"{stage.site.url}/dev/alexa/forward"
    answer = post(address, launch_bytes(stage), {"Content-Type": "application/json"})
    speech = answer.json().get("response", {}).get("outputSpeech")
    expect(answer.status_code == 200 and bool(speech), "the skill's answer", answer.text)
    elsewhere = {"Content-Type": "application/json", "Origin": "https://evil.example"}
    answer = post(address, launch_bytes(stage), elsewhere)
    expect(answer.status_code == 403, "HTTP 403 for another origin", answer.status_code)


def operator_sees_people(stage: Stage) -> None:
    for role in (people.EMAIL, people.PHONE):
        person = stage.site.people[role]
        rows = stage.people_in_admin(person.sub)
        expect(len(rows) == 1 and person.user in rows[0], f"the row of {person.user}", rows)


def others_are_refused(stage: Stage) -> None:
    page = stage.browser(people.EMAIL).at("/admin/accounts/user/")
    expect(page.status == 403, "HTTP 403 for an ordinary person", f"HTTP {page.status} {page.url}")
    page = Browser(stage.site.url).at("/admin/accounts/user/", follow=False)
    expect("/login/" in page.location, "sign-in for somebody unknown", page.location or page.status)


STEPS = (
    Step("unlinked request gets a LinkAccount card", unlinked),
    Step("expired token gets a LinkAccount card", expired_token),
    Step("a good request is answered", untouched),
    Step("tampered request refused: empty 400", tampered),
    Step("unsigned request refused: empty 400", unsigned),
    Step("stale request refused: empty 400", stale),
    Step("replayed request refused: empty 400", replayed),
    Step("request of another skill refused: empty 400", wrong_skill),
    Step("unsigned client served through /dev/alexa/forward", forwarded),
    Step("operator sees the people in admin", operator_sees_people),
    Step("ordinary person refused there", others_are_refused),
)
