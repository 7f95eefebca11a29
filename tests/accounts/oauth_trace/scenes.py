"""A failure on stage: what is set up, done and not done, and what diagnosis says afterwards."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlencode

import requests
import time_machine
from django.conf import settings
from django.http import HttpResponse
from django.test import override_settings
from django.utils import timezone

from accounts.oauth_trace import recording, redaction, wanted
from accounts.oauth_trace.diagnosis import Finding, Level, diagnose
from accounts.oauth_trace.models import Attempt, Span, Stage
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.verdict import Verdict, verdict
from tests.accounts.oauth_trace.conftest import Linker, latest
from tests.local_aws import LivePool

PERSON = "linked@example.com"
_NOT_SET = {"ClientSecret", "CreationDate", "LastModifiedDate"}  # of what the pool says


@dataclass
class Scene:
    """The linker before a real pool. Everything that is changed is as before on leaving."""

    linker: Linker
    pool: LivePool
    later: timedelta = timedelta()  # how long after the last step diagnosis is asked
    pool_answer: requests.Response | None = None  # as the log of a gateway would have it
    _mended: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self._mended.close()

    # setting up

    def configured(self, **values: Any) -> None:
        """With other settings."""
        self._mended.enter_context(override_settings(**values))
        wanted.current()

    def public_at(self, url: str) -> None:
        """With an address of the site that Alexa can reach, whose callback is registered."""
        callbacks = [*(wanted.known().callbacks or ()), f"{url}/oauth/callback"]
        self.client_has(CallbackURLs=callbacks)
        host = url.partition("://")[2]
        self.configured(PUBLIC_URL=url, ALLOWED_HOSTS=["*"])
        for client in (self.linker.browser, self.linker.client):
            client.defaults["HTTP_HOST"] = host

    def client_has(self, *, is_known: bool = True, **changes: Any) -> None:
        """With another set-up of the alexa client in the pool, which diagnosis has read, or not."""
        client_id = self.pool.values.alexa_client_id
        names = {"UserPoolId": self.pool.id, "ClientId": client_id}
        found = self.pool.idp.describe_user_pool_client(**names)["UserPoolClient"]
        before = {name: value for name, value in found.items() if name not in _NOT_SET and value}
        self.pool.idp.update_user_pool_client(**before | changes)
        self._mended.callback(_restored, self.pool.idp, before)
        if is_known:
            wanted.forget()
            wanted.current()

    def callbacks(self, change: Callable[[str], str]) -> None:
        """With Alexa's callback URLs changed on the client; '' removes one."""
        client = wanted.known()
        changed = [
            change(url) if url in client.amazon_callbacks else url for url in client.callbacks or ()
        ]
        self.client_has(CallbackURLs=[url for url in changed if url])

    def without_capture(self) -> None:
        Span.objects.update(capture=False)
        recording.forget_span()

    # doing

    def link(self) -> None:
        self.pool.person(PERSON)
        self.linker.link(PERSON)

    def signed_in(self) -> str:
        """Up to the code in Alexa's hands."""
        self.pool.person(PERSON)
        back = self.linker.come_back(self.linker.sign_in(self.linker.authorize(), PERSON))
        return back["code"][0]

    def returns(self, **query: str) -> HttpResponse:
        """The redirect that Cognito's pages describe, with these parameters and the state."""
        raw = urlencode({"state": self.linker.state} | query)
        answer: Any = self.linker.browser.get(f"/oauth/callback?{raw}")
        assert isinstance(answer, HttpResponse)
        return answer

    def refused_by_pool(self, **changes: str | None) -> requests.Response:
        """Authorize, and what the pool itself answers to it."""
        return requests.get(self.linker.authorize(**changes), allow_redirects=False, timeout=10)

    def follows(self, **changes: str | None) -> None:
        """Authorize, and back over the callback at once, as the pool redirects."""
        location = self.refused_by_pool(**changes).headers["Location"]
        assert location.startswith(f"{settings.PUBLIC_URL}/oauth/callback"), location
        self.linker.browser.get(location.removeprefix(settings.PUBLIC_URL))

    def minutes_pass(self, minutes: float = 11) -> None:
        self.later += timedelta(minutes=minutes)

    # looking

    def trace(self) -> Trace:
        with time_machine.travel(timezone.now() + self.later, tick=False):
            if not Attempt.objects.exists():
                return Trace(started_at=timezone.now() - self.later, seen_at=timezone.now())
            found = Trace.of(latest())
        if self.pool_answer is None:
            return found
        answer = redaction.answer(
            status=self.pool_answer.status_code,
            headers_=list(self.pool_answer.headers.items()),
            body=self.pool_answer.content,
        )
        return replace(
            found,
            events=tuple(
                replace(event, response=answer) if event.stage == Stage.AUTHORIZE else event
                for event in found.events
            ),
        )

    def findings(self) -> list[Finding]:
        return diagnose(self.trace(), wanted.known())

    def codes(self) -> list[str]:
        return [finding.code for finding in self.findings()]

    def verdict(self) -> Verdict:
        return verdict(self.trace(), self.findings())


def _restored(idp: Any, before: dict[str, Any]) -> None:
    idp.update_user_pool_client(**before)
    wanted.forget()
    wanted.current()


type Act = Callable[[Scene], object]
type Acts = dict[str, Act]


def assert_provoked(code: str, act: Act, linker: Linker, pool: LivePool) -> None:
    """It is found, and nothing else is said; what it shows are two values that differ."""
    with Scene(linker, pool) as scene:
        act(scene)
        codes = scene.codes()
        assert codes == [code], codes
        (finding,) = scene.findings()
        assert finding.code == code
        main = scene.verdict().main
        assert main == (None if finding.level == Level.NOTE else finding)
        first, second = finding.evidence[:2]
        assert first.value
        assert second.value
        assert first.value != second.value


def assert_spared(code: str, act: Act, linker: Linker, pool: LivePool) -> None:
    """The nearest healthy case is not taken for it."""
    with Scene(linker, pool) as scene:
        act(scene)
        assert code not in scene.codes()
