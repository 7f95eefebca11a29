"""The site as Alexa finds it: at PUBLIC_URL, from outside, without a signature."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from companion.doctor import sources, web
from companion.doctor.context import Context
from companion.doctor.registry import check
from companion.doctor.results import Seen, error, ok, warning
from skill_endpoint import probe

FROM_HERE = (
    "Start the site, or look at its proxy and firewall. If only this machine cannot reach it, "
    "look at it from another."
)
SLOW = 2.0  # seconds


def unreached(url: str, reason: web.NoAnswer) -> Seen:
    """A site of this machine may just not be started; a public one has to answer."""
    say = warning if urlsplit(url).hostname in web.LOOPBACK else error
    return say(f"{url}: {reason}", wanted="an answer", mend=FROM_HERE)


@check("site.ready", "Site", online=True)
def ready(context: Context) -> Iterator[Seen]:
    url = settings.PUBLIC_URL + reverse("readyz")
    try:
        answer = web.ask("GET", url)
        if answer.status == 404:  # a front that keeps it from strangers: deploy/nginx.conf does
            alive = web.ask("GET", settings.PUBLIC_URL + reverse("healthz"))
            if (alive.status, alive.body) == (200, b"ok\n"):
                yield ok(f"{settings.PUBLIC_URL} answers; readiness is not shown to strangers")
                return
    except web.NoAnswer as reason:
        yield unreached(url, reason)
        return
    try:
        parts = answer.json()
    except ValueError:
        parts = {}
    amiss = {name: str(state) for name, state in parts.items() if state != "ok"}
    failed = [name for name, state in amiss.items() if not state.startswith("degraded")]
    if answer.status == 200 and parts and not failed:
        if not amiss:
            yield ok(f"{url} is ready")
        for name in amiss:
            yield warning(
                f"ready, with less than it should have: {name}",
                wanted="database, cache, keys and migrations well",
                mend="It goes on without; docs/monitoring.md says what is missing then.",
            )
    elif failed:
        yield error(
            f"not ready: {', '.join(failed)}",
            wanted="database, cache, keys and migrations ready",
            mend="The lines about these parts say more; the site's log says why.",
        )
    else:
        yield error(
            f"{url} answers {answer.status} {answer.kind or 'without a type'}",
            wanted="200 with our JSON",
            mend="Something else answers at PUBLIC_URL: look at the proxy or the DNS entry.",
        )


@check("site.alexa", "Voice door", source=sources.WEB_SERVICE, online=True)
def voice_door(context: Context) -> Iterator[Seen]:
    """An unsigned request has to be refused with 400, and by this address, not another."""
    url = settings.PUBLIC_URL + reverse("alexa")
    try:
        answer = web.ask(
            "POST",
            url,
            data=b"{}",
            headers={"Content-Type": "application/json", probe.HEADER: probe.mark()},
            seconds=6,
        )
    except web.NoAnswer as reason:
        yield unreached(url, reason)
        return
    if answer.status == 400:
        yield ok("refuses what is not signed")
    elif 300 <= answer.status < 400:
        yield error(
            f"{answer.status} to {_host_and_path(answer.headers.get('Location', ''))}",
            wanted="an answer: Alexa follows no redirect of a POST",
            mend="Give the skill the address that it leads to, or set PUBLIC_URL to that host.",
        )
    elif 200 <= answer.status < 300:
        yield error(
            f"{answer.status} to a request that nobody signed",
            wanted="400",
            mend="This is not our voice door, or its verification is off: look at what the proxy "
            "passes on, and at ALEXA_DEV_PKI_DIR.",
        )
    elif answer.status in {401, 403, 429}:
        yield error(
            f"{answer.status}",
            wanted="400 from our code",
            mend="A firewall, a password or a limit in front of the site refuses it. Let Amazon's "
            "requests through: they come from changing addresses.",
        )
    else:
        yield error(
            f"{answer.status}",
            wanted="400",
            mend="Look at the site's log of this moment, and at what the proxy passes on.",
        )
    if answer.seconds > SLOW:
        yield warning(
            f"answered in {answer.seconds:.1f} s",
            wanted=f"less than {SLOW:g} s: Alexa gives up after 8",
            mend="Look at the load of the machine, and at cold starts.",
            about="speed",
        )


def _host_and_path(url: str) -> str:
    """Without its query, which may hold anything."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.netloc else parts.path
