"""POST /alexa/: any bytes with any headers, and any JSON that Alexa signed."""

from __future__ import annotations

import base64
import itertools
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.http import HttpResponse

from skill_endpoint.certificates import CertificateRejected, normalised
from skill_endpoint.certification.bench import Sent
from skill_endpoint.certification.exchange import Answer, Request
from skill_endpoint.certification.judgement import acceptance, refusal
from skill_endpoint.locales import LOCALES
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope, resolved_slot
from skill_endpoint.skill import INTENTS
from tests.alexa import post_signed
from tests.conftest import SKILL_ID
from tests.fuzz.stage import LINKED, stage
from tests.fuzz.target import Target, check
from tests.skill_endpoint.voice import parses

CHAIN = "https://s3.amazonaws.com/echo.api/chain.pem"
# stand in an input for what another moment would make stale, or a signature cannot foresee
NOW, NEW, TOKEN, SIGNATURE = b"@now@", b"@new@", b"@token@", b"@signature@"
LONGEST_ANSWER = 24 * 1024  # bytes, of Alexa
SLOTS = ("topic", "second_topic", "third_topic", "answer", "name")
ATTRIBUTES: dict[str, Any] = {
    "heard": [1, 2],
    "topic": "space",
    "pending": "daily",
    "more_of": 1,
    "used_up": ["space"],
    "misses": 1,
    "in_english": True,
    "quiz": [1, 2, 3],
    "quiz_seed": "s",
    "quiz_asked": 1,
    "quiz_right": 0,
    "speech": "It glows.",
    "reprompt": "Another?",
    "fact": 1,
    "again": "text",
}


def any_bytes(data: bytes) -> None:
    """The first line is the method, then headers, an empty line, the body."""
    head, _, body = data.partition(b"\n\n")
    method, *lines = head.decode("latin-1").split("\n")
    signature = stage().signer.sign(body)
    headers = {
        name.strip(): value.strip().replace(SIGNATURE.decode(), signature)
        for name, _, value in (line.partition(":") for line in lines)
        if name.strip().replace("-", "").isalnum() and name.strip().isascii()
    }
    kind = headers.pop("Content-Type", "")
    verb = method if method.isalpha() and method.isascii() and method.isupper() else "POST"
    response: Any = stage().client.generic(verb, "/alexa/", body, kind, headers=headers)
    if response.status_code == 200:
        check(verb == "POST" and _is_signed(headers, body), "only what Alexa signed", headers)
    _is_fit_for_alexa(response, headers, body)


def signed(data: bytes) -> None:
    """A body, signed as Alexa does."""
    token = stage().mint.access("sub-linked").encode()
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    body = data.replace(NOW, moment).replace(NEW, str(uuid.uuid4()).encode()).replace(TOKEN, token)
    response = post_signed(stage().client, body, signer=stage().signer)
    _is_fit_for_alexa(response, {}, body)


def _is_signed(headers: dict[str, str], body: bytes) -> bool:
    given = {name.lower(): value for name, value in headers.items()}
    try:
        raw = base64.b64decode(given.get("signature-256", ""), validate=True)
        key = stage().signer.key.public_key()
        key.verify(raw, body, padding.PKCS1v15(), hashes.SHA256())
        return normalised(given.get("signaturecertchainurl", "")) == CHAIN
    except (ValueError, InvalidSignature, CertificateRejected):
        return False


def _is_fit_for_alexa(response: HttpResponse, headers: dict[str, str], body: bytes) -> None:
    """As certification judges it, and what it cannot see from outside."""
    answer = Answer(
        status=response.status_code,
        content_type=response.get("Content-Type", ""),
        body=response.content,
    )
    sent = Sent(request=Request(headers=tuple(headers.items()), body=body), answer=answer)
    check(response["Cache-Control"] == "no-store", "nobody keeps an answer")
    check(response["Content-Length"] == str(len(response.content)), "its length is said")
    if response.status_code != 200:
        verdict = refusal(sent)
        check(verdict.state == "passed" and not response.content, "refused, and no word", verdict)
        return
    verdict = acceptance(sent)
    check(verdict.state == "passed", "Alexa takes the answer", (verdict, response.content))
    check(
        len(response.content) <= LONGEST_ANSWER, "an answer has its length", len(response.content)
    )
    told = json.loads(response.content)
    check("\ud800" not in str(told), "no half of a pair")
    speech = told["response"].get("outputSpeech")
    if speech:
        check(parses(speech["ssml"]) and len(speech["ssml"]) <= 8000, "speech is SSML", speech)
        ends = told["response"]["shouldEndSession"]
        check(ends is ("reprompt" not in told["response"]), "who is asked can answer", told)


def _json(envelope: Envelope) -> bytes:
    envelope["request"] |= {"timestamp": NOW.decode(), "requestId": NEW.decode()}
    return json.dumps(envelope).encode()


def _turns() -> Iterator[bytes]:
    screen = {"Alexa.Presentation.APL": {"runtime": {"maxVersion": "2024.3"}}}
    phone = Device(application_id=SKILL_ID, user_id=LINKED, access_token=TOKEN.decode())
    plain = Device(application_id=SKILL_ID, user_id="amzn1.ask.account.TESTS", interfaces=screen)
    devices = itertools.cycle([phone, plain])
    for intent, device, locale in zip(INTENTS, devices, itertools.cycle(LOCALES)):
        told = Device(**{**vars_of(device), "locale": locale})
        slots = {
            "topic": resolved_slot("topic", "the stars", "space", "space"),
            "answer": resolved_slot("answer", "one", "1", "1"),
        }
        for attributes in ({}, ATTRIBUTES):
            yield _json(envelopes.intent(told, intent, slots, attributes=attributes))
    for pending in ("quiz", "which topics", "another", "topic:space"):
        for intent in ("TopicFactIntent", "AMAZON.YesIntent", "QuizAnswerIntent"):
            attributes = ATTRIBUTES | {"pending": pending}
            yield _json(envelopes.intent(phone, intent, {"topic": "x"}, attributes=attributes))
    for device in (phone, plain):
        yield _json(envelopes.launch(device))
        yield _json(envelopes.session_ended(device))
        for verb in ("another", "save", "more", "quiz", "topic"):
            yield _json(envelopes.touch(device, [verb, 1], attributes=ATTRIBUTES))
    for event, body in (
        ("SkillEnabled", None),
        ("SkillAccountLinked", {"accessToken": TOKEN.decode()}),
        ("SkillDisabled", {"userInformationPersistenceStatus": "NOT_PERSISTED"}),
        ("SkillPermissionChanged", {"acceptedPermissions": [{"scope": "x"}]}),
    ):
        yield _json(envelopes.skill_event(plain, event, body))


def vars_of(device: Device) -> dict[str, Any]:
    return {name: getattr(device, name) for name in Device.__dataclass_fields__}


def _requests() -> Iterator[bytes]:
    head = b"POST\nContent-Type: application/json\nSignature-256: @signature@\n"
    for turn in itertools.islice(_turns(), 2):
        body = turn.replace(NOW, b"2026-11-22T10:00:00Z")
        for where in (CHAIN, "https://S3.amazonaws.com:443/echo.api/../echo.api/chain.pem"):
            yield head + f"SignatureCertChainUrl: {where}\n\n".encode() + body
    yield b"GET\n\n"
    yield b"POST\nContent-Type: application/json\nContent-Length: -1\nTransfer-Encoding: x\n\n{}"


WORDS = tuple(
    word.encode()
    for word in (
        *INTENTS,
        *SLOTS,
        *ATTRIBUTES,
        *LOCALES,
        "quiz",
        "which topics",
        "ER_SUCCESS_MATCH",
    )
)
TARGETS = [
    Target(
        name="voice_door_bytes",
        promise="an answer only to what Alexa signed, else an empty 400",
        run=any_bytes,
        seeds=_requests,
        words=(
            *(
                b"Signature-256: ",
                b"SignatureCertChainUrl: ",
                b"Content-Type: ",
                b"Content-Length: ",
            ),
            *(
                SIGNATURE,
                CHAIN.encode(),
                b"application/json",
                b"charset=utf-8",
                b"gzip",
                b"chunked",
            ),
        ),
    ),
    Target(
        name="voice_door_signed",
        promise="an answer that certification takes, whatever Alexa signed; no failure behind it",
        run=signed,
        seeds=_turns,
        words=(*WORDS, NOW, NEW, TOKEN, SKILL_ID.encode(), LINKED.encode(), b"accessToken"),
        longest=16_384,
        examples=200,
    ),
]
