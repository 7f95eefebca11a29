"""A linking through the trace, from end to end, against the local AWS."""

from __future__ import annotations

from accounts.oauth_trace import wanted
from accounts.oauth_trace.models import Attempt, Event, Stage
from tests.accounts.oauth_trace.conftest import Linker, codes, latest
from tests.accounts.oauth_trace.scenes import Scene
from tests.local_aws import LivePool


def test_it_links_and_sees_each_stage(linker: Linker, pool: LivePool) -> None:
    sub = pool.person("linked@example.com")
    tokens = linker.link("linked@example.com")
    attempt = latest()

    assert tokens["refresh_token"]
    assert Attempt.objects.count() == 1
    stages = [event.stage for event in attempt.events.all()]
    assert stages == [Stage.AUTHORIZE, Stage.CALLBACK, Stage.TOKEN]
    assert attempt.sub == sub
    assert attempt.outcome == "linked", codes(attempt)
    assert codes(attempt) == []


def test_a_refresh_belongs_to_the_attempt(linker: Linker, pool: LivePool) -> None:
    pool.person("linked@example.com")
    tokens = linker.link("linked@example.com")
    answer = linker.refresh(tokens["refresh_token"])

    assert answer.status_code == 200
    assert [event.stage for event in latest().events.all()][-1] == Stage.REFRESH
    assert Attempt.objects.count() == 1


def test_nothing_secret_rests(linker: Linker, pool: LivePool) -> None:
    pool.person("linked@example.com")
    tokens = linker.link("linked@example.com")
    kept = "".join(f"{event.request}{event.response}" for event in Event.objects.all())

    for secret in (
        linker.state,
        linker.client_secret,
        tokens["access_token"],
        tokens["refresh_token"],
        tokens["id_token"],
        "linked@example.com",
    ):
        assert secret not in kept


def test_the_pool_is_asked_anew_after_a_while(linker: Linker, pool: LivePool) -> None:
    """The client was changed in the console: what was known of it would be held against it."""
    with Scene(linker, pool) as scene:
        scene.link()
        scene.client_has(is_known=False, AllowedOAuthScopes=["openid", "email"])
        assert set(wanted.known().scopes or ()) == {"openid", "email", "phone"}

        wanted.forget()
        linker.scope = "openid email"
        scene.link()
        assert set(wanted.known().scopes or ()) == {"openid", "email"}
