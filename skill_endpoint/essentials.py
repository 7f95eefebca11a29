"""A turn's envelope pared down to what the skill reads, where the SDK cannot read the whole.

One slot of a new shape, one status that Alexa added, and the SDK refuses the request. A person who
spoke to us should not hear silence for that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

TURNS = {"LaunchRequest", "IntentRequest", "Alexa.Presentation.APL.UserEvent"}
APL = "Alexa.Presentation.APL"
MATCH = "ER_SUCCESS_MATCH"

Table = dict[str, Any]


def essentials(envelope: Table) -> Table | None:
    """The same turn without what has another shape than it should; None for what is no turn."""
    request, session = _table(envelope.get("request")), _table(envelope.get("session"))
    system = _table(_table(envelope.get("context")).get("System"))
    if _texts(request, "type").get("type") not in TURNS:
        return None
    user, intent = _table(system.get("user")), _table(request.get("intent"))
    device = _table(system.get("device"))
    interfaces = _table(device.get("supportedInterfaces"))
    kept: Table = {
        "version": "1.0",
        "session": {
            "new": session.get("new") is True,
            **_texts(session, "sessionId"),
            "attributes": _table(session.get("attributes")),
        },
        "context": {
            "System": {
                "application": _texts(_table(system.get("application")), "applicationId"),
                "user": _texts(user, "userId", "accessToken"),
                "person": _texts(_table(system.get("person")), "personId"),
                "device": {
                    **_texts(device, "deviceId"),
                    "supportedInterfaces": {APL: {}} if APL in interfaces else {},
                },
            }
        },
        "request": _texts(request, "type", "requestId", "timestamp", "locale"),
    }
    if intent:
        slots = _table(intent.get("slots"))
        kept["request"]["intent"] = {
            **_texts(intent, "name"),
            "slots": {name: _slot(name, _table(slot)) for name, slot in slots.items()},
        }
    if isinstance(request.get("arguments"), list):
        kept["request"]["arguments"] = request["arguments"]
    return kept


def silence(envelope: Table) -> str:
    """What a genuine request gets that is not for us: nothing said, and nothing forgotten.

    Alexa drops the session's attributes where an answer does not bring them back.
    """
    empty: Table = {"version": "1.0", "response": {}}
    attributes = _table(_table(envelope.get("session")).get("attributes"))
    return json.dumps({**empty, "sessionAttributes": attributes} if attributes else empty)


def _slot(name: str, slot: Table) -> Table:
    """With the first value that Alexa found for it, if there is one."""
    kept: Table = {"name": name, **_texts(slot, "value")}
    found = next(_matches(_table(slot.get("resolutions"))), None)
    if found:
        kept["resolutions"] = {
            "resolutionsPerAuthority": [{"status": {"code": MATCH}, "values": [{"value": found}]}]
        }
    return kept


def _matches(resolutions: Table) -> Iterator[Table]:
    for authority in map(_table, _list(resolutions.get("resolutionsPerAuthority"))):
        if _table(authority.get("status")).get("code") == MATCH:
            for entry in map(_table, _list(authority.get("values"))):
                value = _texts(_table(entry.get("value")), "name", "id")
                if value.get("id"):
                    yield value


def _texts(table: Table, *names: str) -> Table:
    return {name: table[name] for name in names if isinstance(table.get(name), str)}


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
