"""Requests as Alexa makes them, signed where there is a key, and broken in one way where asked.

Who speaks in them is made up, and somebody new each time: nothing of a real person is sent.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from skill_endpoint.certification.chain_server import ChainServer
from skill_endpoint.certification.exchange import PATIENCE, Headers, Request, Target
from skill_endpoint.certification.publishing import Publisher
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from skill_endpoint.simulator.pki import CHAIN_URL, Signer

MADE_UP_SKILL = "amzn1.ask.skill.00000000-0000-4000-8000-00000000ce27"
# the example of Amazon's page; there need not be a chain
EXAMPLE_CHAIN = "https://s3.amazonaws.com/echo.api/echo-api-cert.pem"
MADE_UP_SIGNATURE = base64.b64encode(bytes(range(256))).decode()
JSON = "application/json; charset=utf-8"


@dataclass(kw_only=True)
class Kit:
    target: Target
    skill_id: str = MADE_UP_SKILL
    signer: Signer | None = None
    chain: str = EXAMPLE_CHAIN  # the address of the signer's chain
    publisher: Publisher | None = None
    server: ChainServer | None = None  # on this machine, where the endpoint is here as well
    variants: Mapping[str, Signer] = field(default_factory=dict)  # chains that are wrong in one way
    run: str = field(default_factory=lambda: secrets.token_hex(4))

    def device(self, **changes: Any) -> Device:
        who = f"amzn1.ask.account.SELFTEST{secrets.token_hex(12).upper()}"
        return Device(**{"application_id": self.skill_id, "user_id": who, **changes})

    def launch(self, *, locale: str = "en-US", timestamp: datetime | None = None) -> Envelope:
        return envelopes.launch(
            self.device(locale=locale), timestamp=timestamp, session_id=self._session()
        )

    def intent(self, name: str) -> Envelope:
        return envelopes.intent(self.device(), name, new=True, session_id=self._session())

    def session_ended(self) -> Envelope:
        return envelopes.session_ended(self.device(), session_id=self._session())

    def event(self, name: str, body: Mapping[str, Any] | None = None, **parts: Any) -> Envelope:
        return envelopes.skill_event(self.device(), name, body, **parts)

    def request(
        self,
        body: Envelope | bytes,
        *,
        sent: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
        more: Headers = (),
        signer: Signer | None = None,
        method: str = "POST",
        length: str | None = None,
        patience: float = PATIENCE,
    ) -> Request:
        """The request for a body.

        `sent` are the bytes to send where they differ from those that were signed; `headers`
        replace Alexa's, None leaves one out; `more` come after them, also a second time.
        """
        signed = body if isinstance(body, bytes) else encoded(body)
        given: dict[str, str | None] = {
            "Content-Type": JSON,
            "Signature-256": self.sign(signed, signer),
            "SignatureCertChainUrl": self.chain,
            **(headers or {}),
        }
        kept = tuple((name, value) for name, value in given.items() if value is not None)
        return Request(
            headers=(*kept, *more),
            body=signed if sent is None else sent,
            method=method,
            length=length,
            patience=patience,
        )

    def sign(self, body: bytes, signer: Signer | None = None) -> str:
        signer = signer or self.signer
        return signer.sign(body) if signer else MADE_UP_SIGNATURE

    def name(self, label: str) -> str:
        """A file name without its ending that no other run has."""
        return f"certify-{self.run}-{label}"

    def chain_url(self, label: str) -> str:
        return CHAIN_URL.format(name=self.name(label))

    def _session(self) -> str:
        return f"amzn1.echo-api.session.{secrets.token_hex(16)}"


def encoded(envelope: Envelope) -> bytes:
    return json.dumps(envelope, ensure_ascii=False).encode()
