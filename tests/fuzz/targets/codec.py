"""Alexa's JSON into the SDK's models and out of them again."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ask_sdk_model.request_envelope import RequestEnvelope
from ask_sdk_model.response_envelope import ResponseEnvelope

from skill_endpoint.codec import CompiledSerializer, DecodeError
from skill_endpoint.essentials import essentials, silence
from tests.fuzz.target import Target, check
from tests.fuzz.targets import voice_door

_codec = CompiledSerializer()


def reading(data: bytes) -> None:
    """DecodeError or a model; what is written of it reads as the same again."""
    for model in (RequestEnvelope, ResponseEnvelope):
        try:
            found = _codec.deserialize(data, model)
        except DecodeError as error:
            check(len(str(error)) < 100, "an error quotes nothing", str(error))
            continue
        try:
            text = _codec.to_json(found)
        except ValueError as error:  # Python reads 1e999 as infinity, which is no JSON
            check("Out of range" in str(error), "only what JSON cannot say", error)
            continue
        again = _codec.to_json(_codec.deserialize(text, model))
        check(json.loads(again) == json.loads(text), "written and read is the same", text)


def paring(data: bytes) -> None:
    """What the SDK cannot read is pared down to what it can; silence for all else."""
    try:
        envelope = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(envelope, dict):
        return
    request = envelope.get("request")
    if isinstance(request, dict) and "timestamp" in request:
        request["timestamp"] = "2026-11-22T10:00:00+00:00"  # verification has made it one
    kept = essentials(envelope)
    check(json.loads(silence(envelope))["response"] == {}, "silence says nothing")
    if kept is not None:
        _codec.deserialize(json.dumps(kept), RequestEnvelope)
        check(essentials(kept) == kept, "pared down once", kept)


def _envelopes() -> Iterator[bytes]:
    for turn in voice_door._turns():
        yield turn.replace(voice_door.NOW, b"2026-11-22T10:00:00Z")


TARGETS = [
    Target(
        name="codec",
        promise="DecodeError, or a model that is written as it was read",
        run=reading,
        seeds=_envelopes,
        words=voice_door.WORDS,
        longest=16_384,
    ),
    Target(
        name="essentials",
        promise="what is pared down can be read",
        run=paring,
        seeds=_envelopes,
        words=voice_door.WORDS,
        longest=16_384,
    ),
]
