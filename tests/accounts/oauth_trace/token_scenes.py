"""Scenes of the token endpoint: against the local AWS, or a stub that answers as documented."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import time_machine
from django.db.models import F
from django.http import HttpResponse
from django.utils import timezone

from accounts.oauth_trace.diagnosis import Level
from accounts.oauth_trace.models import Event
from tests.accounts.oauth_trace.conftest import ALEXA_HEADERS, FORM, StubPool, latest, new_code
from tests.accounts.oauth_trace.scenes import PERSON, Scene
from tests.cognito import TokenMint, new_key

TOKEN = "/oauth2/token"  # of the pool


_key = cache(new_key)  # one for all scenes: to make it takes as long as half of them


@dataclass
class TokenScene(Scene):
    """A scene that may have a stub in the place of the pool's token endpoint."""

    mint: TokenMint = field(default_factory=lambda: TokenMint(_key()))
    last_answer: bytes = b""  # of the token address
    _stub: StubPool | None = None

    # the pool's side

    @property
    def stub(self) -> StubPool:
        """From its first mention on it stands in the pool's place."""
        if self._stub is None:
            self._stub = StubPool()
            # looks every 10 ms whether it is to end: half a second, else, for each scene
            serve = self._stub.server.serve_forever
            threading.Thread(target=serve, args=(0.01,), daemon=True).start()
            self._mended.callback(self._stub.server.server_close)
            self._mended.callback(self._stub.server.shutdown)
            self.configured(COGNITO_DOMAIN_URL=self._stub.url)
        return self._stub

    def says(self, body: dict[str, Any] | bytes, status: int = 200, **headers: str) -> None:
        """From now on each token call gets this answer."""
        self.stub.says(body, status, **headers)

    def refuses(self, error: str, description: str = "") -> None:
        """As Cognito's page on the token endpoint has it: 400 and a JSON object."""
        more = {"error_description": description} if description else {}
        self.says({"error": error, **more}, 400)

    def gives(self, **changes: Any) -> dict[str, Any]:
        """Tokens as Cognito's; a change to None leaves a member out."""
        answer: dict[str, Any] = {
            "access_token": self.mint.access(),
            "refresh_token": "refresh" + new_code(),
            "token_type": "Bearer",
            "expires_in": 3600,
        }
        answer = {name: each for name, each in (answer | changes).items() if each is not None}
        self.says(answer)
        return answer

    def waits(self, wait: Callable[[], object]) -> None:
        """The stub does this first, and answers then as it would."""
        found = self.stub.answers[TOKEN]
        assert isinstance(found, tuple)

        def slowly(_: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
            wait()
            return found

        self.stub.answers[TOKEN] = slowly

    def other_client(self, **values: Any) -> Any:
        """Another client of the same pool, with the callbacks of Alexa's."""
        return self.pool.idp.create_user_pool_client(
            UserPoolId=self.pool.id,
            ClientName="other",
            **{
                "GenerateSecret": True,
                "CallbackURLs": list(self.pool.values.alexa_callbacks),
                "AllowedOAuthFlows": ["code"],
                "AllowedOAuthFlowsUserPoolClient": True,
                "AllowedOAuthScopes": ["openid", "email", "phone"],
                "SupportedIdentityProviders": ["COGNITO"],
            }
            | values,
        )["UserPoolClient"]

    def reads(self, *names: str) -> None:
        """The alexa client may read these attributes only; afterwards all, as before."""
        update = self.pool.idp.update_user_pool_client
        ids = {"UserPoolId": self.pool.id, "ClientId": self.pool.values.alexa_client_id}
        self.client_has(ReadAttributes=list(names))
        self._mended.callback(update, **ids, ReadAttributes=[])

    def enter[T](self, context: AbstractContextManager[T]) -> T:
        """Until the end of the scene."""
        return self._mended.enter_context(context)

    def keep_setting(self, module: object, name: str, value: object) -> None:
        """A constant of ours has this value until the end of the scene."""
        patch = self.enter(pytest.MonkeyPatch.context())
        patch.setattr(module, name, value)

    # Alexa's side

    def returned(self, **authorize: str | None) -> str:
        """Authorize, and back as the pool redirects, with a code that only a stub takes."""
        self.linker.authorize(**authorize)
        code = new_code()
        self.returns(code=code)
        return code

    def redeems(
        self, code: str = "", *, auth: str | None = "right", **changes: str | None
    ) -> HttpResponse:
        """POST a code. `auth` is the Authorization header, None for none."""
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code or self.returned(),
            "redirect_uri": self.linker.redirect_uri,
            "client_id": self.linker.client_id,
        }
        return self.posts(form | changes, auth=auth)

    def refreshes(
        self, token: str, *, auth: str | None = "right", **changes: str | None
    ) -> HttpResponse:
        form: dict[str, str | None] = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": self.linker.client_id,
        }
        return self.posts(form | changes, auth=auth)

    def redeems_with(self, act: Callable[[TokenScene], object]) -> HttpResponse:
        """The pool is as `act` makes it, and a code is redeemed."""
        act(self)
        return self.redeems()

    def refreshes_with(self, act: Callable[[TokenScene], object]) -> HttpResponse:
        """Link well; then the pool is as `act` makes it, and the token is refreshed."""
        tokens = self.linked()
        act(self)
        return self.refreshes(tokens["refresh_token"])

    def posts(
        self,
        form: dict[str, str | None] | str,
        *,
        auth: str | None = "right",
        content_type: str = FORM,
    ) -> HttpResponse:
        body = form
        if isinstance(form, dict):
            body = urlencode({name: text for name, text in form.items() if text is not None})
        if auth == "right":
            auth = basic(self.linker.client_id, self.linker.client_secret)
        headers = ALEXA_HEADERS | ({"Authorization": auth} if auth is not None else {})
        answer: Any = self.linker.client.post(
            "/oauth/token", body, content_type=content_type, headers=headers
        )
        assert isinstance(answer, HttpResponse)
        self.last_answer = answer.content
        return answer

    def linked(self, **changes: Any) -> dict[str, Any]:
        """Linked by the stub; the token answer."""
        answer = self.gives(**changes)
        assert self.redeems().status_code == 200
        return answer

    def really_linked(self) -> dict[str, Any]:
        """Linked by the local AWS; the token answer."""
        self.pool.person(PERSON)
        return self.linker.link(PERSON)

    def given(self) -> str:
        """The refresh token that the local AWS gave last."""
        assert self.last_answer
        return str(json.loads(self.last_answer)["refresh_token"])

    # time

    @contextmanager
    def after(self, **span: float) -> Iterator[None]:
        """What is done inside happens so much later, and diagnosis is asked then."""
        delta = timedelta(**span)
        with time_machine.travel(timezone.now() + delta, tick=True):
            yield
        self.later = max(self.later, delta)

    def took(self, *, milliseconds: int) -> None:
        """The last exchange is recorded as one that took so long."""
        last = latest().events.order_by("-pk")[0]
        Event.objects.filter(pk=last.pk).update(milliseconds=milliseconds)

    def aged(self, **span: float) -> None:
        """All that was recorded happened so much earlier."""
        Event.objects.filter(attempt=latest()).update(at=F("at") - timedelta(**span))


type TokenAct = Callable[[TokenScene], object]
type TokenActs = dict[str, TokenAct]


def for_each_stage(acts: TokenActs) -> TokenActs:
    """The answer to a redeemed code, and the one to the refresh that follows a good one."""
    found: TokenActs = {}
    for code, act in acts.items():
        found[f"token-{code}"] = partial(TokenScene.redeems_with, act=act)
        found[f"refresh-{code}"] = partial(TokenScene.refreshes_with, act=act)
    return found


def assert_it_is_found(code: str, scene: TokenScene) -> None:
    """It is found, it is the main thing that is said, and what it shows are two values."""
    found = {finding.code: finding for finding in scene.findings()}
    assert code in found, list(found)
    if found[code].level != Level.NOTE:
        main = scene.verdict().main
        assert main is not None
        assert main.code == code, list(found)
    first, second = found[code].evidence[:2]
    assert first.value
    assert second.value
    assert first.value != second.value


def assert_it_is_spared(code: str, scene: TokenScene) -> None:
    """Something was recorded at the rule's stage, and it is not taken for the failure."""
    assert code not in scene.codes()
    stage = code.partition("-")[0]
    assert stage in {"skill", *(event.stage.value for event in scene.trace().events)}


def basic(client_id: str, secret: str) -> str:
    """An Authorization header as RFC 6749 (2.3.1) has it, each half encoded."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


@contextmanager
def raw_server(answer: bytes) -> Iterator[str]:
    """The address of a server that sends these bytes and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://localhost:{server.getsockname()[1]}"
        thread.join()
