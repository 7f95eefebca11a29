"""A stand-in for Alexa's cloud: it links an account, keeps its tokens, signs and sends requests.

It needs no Django: `make smoke` and outside tools use it from a plain process.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import requests

from skill_endpoint.simulator import devices, envelopes
from skill_endpoint.simulator.account import Account
from skill_endpoint.simulator.envelopes import Device, Envelope
from skill_endpoint.simulator.linking import Linking, LinkingFailed, Tokens, new_state
from skill_endpoint.simulator.pki import Signer
from skill_endpoint.simulator.spoken import output_text

ANSWER_TIMEOUT = 8.0  # seconds; then Alexa gives up
MAX_ANSWER = 256 * 1024  # bytes: ten times what Alexa takes; more is not looked at
REFRESH_MARGIN = 300.0  # seconds before its end in which an access token is renewed
# whether what the skill knows of the Alexa user is to be kept; Alexa says the second, as a rule
PERSISTED, NOT_PERSISTED = "PERSISTED", "NOT_PERSISTED"

Problem = Literal["", "unreachable", "slow", "refused", "failed", "unreadable"]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One request and what came of it."""

    request: Envelope
    response: Envelope | None
    status: int  # 0: no answer at all
    milliseconds: int
    speech: str = ""
    ssml: str = ""  # the speech with its markup, where it has any
    reprompt: str = ""
    card: dict[str, Any] | None = None
    ended: bool = True
    problem: Problem = ""


@dataclass
class Alexa:
    account: Account
    endpoint: str  # where /alexa/ is; given by who makes this, never taken from a request
    signer: Signer
    linking: Linking | None = None
    # sent in place of the account's token: an expired one, or "" for none
    token: str | None = None
    sent: list[Turn] = field(default_factory=list)  # every request so far, skill events too

    # --- the skill is enabled, linked, disabled ----------------------------------------------

    def enable(self) -> Turn:
        """A new user id at each enablement, as Alexa gives it."""
        self.account.user_id = f"amzn1.ask.account.{secrets.token_hex(32).upper()}"
        self.account.session_id = ""
        return self.event("SkillEnabled")

    def disable(self, *, keep_data: bool = False) -> Turn:
        """Forget tokens and id, and tell the skill."""
        self.account.forget_tokens()
        status = PERSISTED if keep_data else NOT_PERSISTED
        turn = self.event("SkillDisabled", {"userInformationPersistenceStatus": status})
        self.account.user_id = self.account.session_id = self.account.link_state = ""
        return turn

    def authorize_address(self) -> str:
        """The address that the Alexa app opens to link the account."""
        self.account.link_state = new_state()
        return self._linking.authorize_address(self.account.link_state)

    def finish_linking(self, query: Mapping[str, str]) -> Turn:
        """The browser came back from sign-in with this query. Raises LinkingFailed."""
        expected, self.account.link_state = self.account.link_state, ""
        if not expected or not secrets.compare_digest(
            expected.encode(), query.get("state", "").encode()
        ):
            raise LinkingFailed("wrong_state")
        if "error" in query or "code" not in query:
            raise LinkingFailed(query.get("error", "no_code"))
        tokens = self._linking.redeem(query["code"])
        if not self.account.user_id:
            self.enable()
        self._keep(tokens)
        return self.event("SkillAccountLinked", {"accessToken": tokens.access})

    def refresh(self) -> None:
        """Renew the access token. Raises LinkingFailed; after invalid_grant Alexa has unlinked."""
        if not self.account.refresh_token:
            raise LinkingFailed("not_linked")
        try:
            self._keep(self._linking.refresh(self.account.refresh_token))
        except LinkingFailed as error:
            if error.is_final:
                self.account.forget_tokens()
            raise

    @property
    def refresh_is_due(self) -> bool:
        account = self.account
        return bool(account.refresh_token) and time.time() > account.expires_at - REFRESH_MARGIN

    # --- somebody speaks ---------------------------------------------------------------------

    def launch(self) -> Turn:
        self.account.session_id = ""  # "Alexa, open …" always begins anew
        return self._speak(lambda parts: envelopes.launch(self.device(), **parts))

    def intent(self, name: str, slots: Mapping[str, Any] | None = None) -> Turn:
        """In the open session, else as a one-shot request that begins one."""
        return self._speak(lambda parts: envelopes.intent(self.device(), name, slots, **parts))

    def touch(self, arguments: list[Any]) -> Turn:
        """A button on the screen; after the session it begins a new one."""
        return self._speak(lambda parts: envelopes.touch(self.device(), arguments, **parts))

    def end_session(self, reason: str = "USER_INITIATED") -> Turn:
        parts = self._session_parts()
        self.account.session_id = ""
        return self.send(envelopes.session_ended(self.device(), reason, **parts))

    def event(self, name: str, body: Mapping[str, Any] | None = None) -> Turn:
        device = Device(
            application_id=self.account.application_id,
            user_id=self.account.user_id,
            locale=self.account.locale,
        )
        return self.send(envelopes.skill_event(device, name, body))

    def device(self) -> Device:
        token = self.account.access_token if self.token is None else self.token
        kind = devices.kind_of(self.account.device)
        return Device(
            application_id=self.account.application_id,
            user_id=self.account.user_id,
            access_token=token,
            person_id=self.account.person_id,
            locale=self.account.locale,
            interfaces=kind.interfaces,
            context=kind.context,
        )

    def send(self, envelope: Envelope) -> Turn:
        """Sign the envelope and send it; whatever happens is told in the turn."""
        body = json.dumps(envelope, ensure_ascii=False).encode()
        begin = time.monotonic()
        status, content, problem = self._post(body)
        milliseconds = round((time.monotonic() - begin) * 1000)
        response = None if problem else _parsed(content)
        if not problem and response is None:
            problem = "unreadable"
        answer = _object(response, "response")
        turn = Turn(
            request=envelope,
            response=response,
            status=status,
            milliseconds=milliseconds,
            speech=output_text(answer.get("outputSpeech")),
            ssml=str(_object(answer, "outputSpeech").get("ssml") or ""),
            reprompt=output_text(_object(answer, "reprompt").get("outputSpeech")),
            card=_object(answer, "card") or None,
            ended=answer.get("shouldEndSession") is not False,
            problem=problem,
        )
        self.sent.append(turn)
        return turn

    # --- inside ------------------------------------------------------------------------------

    @property
    def _linking(self) -> Linking:
        if self.linking is None:
            raise LinkingFailed("not_configured")
        return self.linking

    def _keep(self, tokens: Tokens) -> None:
        self.account.access_token = tokens.access
        self.account.expires_at = tokens.expires_at
        self.account.refresh_token = tokens.refresh or self.account.refresh_token

    def _session_parts(self) -> dict[str, Any]:
        return {"session_id": self.account.session_id, "attributes": self.account.attributes}

    def _speak(self, envelope_of: Callable[[dict[str, Any]], Envelope]) -> Turn:
        account = self.account
        if not account.user_id:  # the first use of a skill enables it
            self.enable()
        if self.token is None and self.refresh_is_due:
            # a server that is down is tried again with the next turn; the old token goes out
            with suppress(LinkingFailed):
                self.refresh()
        new = not account.session_id
        if new:
            account.session_id = f"amzn1.echo-api.session.{secrets.token_hex(16)}"
            account.attributes = {}
        turn = self.send(envelope_of({"new": new, **self._session_parts()}))
        if turn.problem:
            if turn.problem not in {"unreachable", "refused"}:
                self.end_session("ERROR")
            account.session_id = ""
        elif turn.ended:
            account.session_id = ""
        else:
            account.attributes = _object(turn.response, "sessionAttributes")
        return turn

    def _post(self, body: bytes) -> tuple[int, bytes, Problem]:
        try:
            answer = post(self.endpoint, body, self.signer.headers_for(body))
        except requests.Timeout:
            return 0, b"", "slow"
        except requests.RequestException:
            return 0, b"", "unreachable"
        if answer.status_code == 200:
            return 200, answer.content, ""
        refused = 400 <= answer.status_code < 500
        return answer.status_code, answer.content, "refused" if refused else "failed"


def post(address: str, body: bytes, headers: Mapping[str, str]) -> requests.Response:
    """One POST as Alexa makes it: no redirects, no proxy and no .netrc of the machine."""
    with requests.Session() as session:
        session.trust_env = False
        return session.post(
            address, data=body, headers=dict(headers), timeout=ANSWER_TIMEOUT, allow_redirects=False
        )


def _object(parent: Envelope | None, name: str) -> dict[str, Any]:
    value = (parent or {}).get(name)
    return value if isinstance(value, dict) else {}


def _parsed(content: bytes) -> Envelope | None:
    if len(content) > MAX_ANSWER:
        return None
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
