"""The app client of the website: where a sign-in and a sign-out return."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from accounts.cognito import endpoints
from companion.doctor import sources
from companion.doctor.checks import clients
from companion.doctor.context import Context
from companion.doctor.mending import SITE
from companion.doctor.registry import check
from companion.doctor.results import Seen, error, ok


@check("web.callbacks", "Where a sign-in returns", source=sources.AUTHORIZE, online=True)
def callbacks(context: Context) -> Iterator[Seen]:
    have = list(context.web_client().get("CallbackURLs") or [])
    yield from _one(endpoints.callback_url(), have, "nobody can sign in")


@check("web.sign-out", "Where a sign-out returns", source=sources.LOGOUT, online=True)
def sign_out(context: Context) -> Iterator[Seen]:
    have = list(context.web_client().get("LogoutURLs") or [])
    yield from _one(endpoints.sign_out_return_url(), have, "a sign-out ends on an error page")
    yield from _one(
        endpoints.sign_in_again_return_url(), have, "signing in afresh ends on an error page"
    )


def _one(url: str, have: list[str], without: str) -> Iterator[Seen]:
    if url in have:
        yield ok(url)
        return
    twin = url.removesuffix("/") if url.endswith("/") else f"{url}/"
    near = f"{twin} (another slash at the end)" if twin in have else "not registered"
    if near == "not registered" and have:
        near = f"not for {settings.PUBLIC_URL}, but {', '.join(have)}"
    yield error(near, wanted=url, mend=f"Without it {without}. {SITE}")


clients.register_both("web")
