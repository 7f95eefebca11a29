"""allauth's hooks: verified claims to a person, every other way in closed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthError
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.cognito import endpoints, sign_in_again
from accounts.cognito.tokens import IdClaims
from accounts.groups import apply_pool_groups
from accounts.models import Door, PersonErased, User
from accounts.own_path import is_own_path
from accounts.rate_limit import client_address, network_of

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return endpoints.logout_url()

    def authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        return None

    def is_safe_url(self, url: str | None) -> bool:
        return is_own_path(url)  # allauth also takes any allowed host

    def get_client_ip(self, request: HttpRequest) -> str:
        """The first part is enough for the list of devices, which is where allauth keeps it."""
        return network_of(client_address(request))

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Here and not before: a session of somebody else ends in between."""
        login = (kwargs.get("signal_kwargs") or {}).get("sociallogin")
        if login:
            sign_in_again.note(request, login.claims.auth_time)
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """No “successfully signed in as …”: the page itself shows who is signed in."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The one app client, from the settings at call time; no SocialApp row is ever read."""
        if provider not in (None, "cognito"):
            return []
        return [
            SocialApp(
                provider="cognito",
                provider_id="cognito",
                name="Cognito",
                client_id=settings.COGNITO_WEB_CLIENT_ID,
                secret=settings.COGNITO_WEB_CLIENT_SECRET,
                settings={"server_url": endpoints.issuer(), "oauth_pkce_enabled": True},
            )
        ]

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> User:
        user: User = sociallogin.user
        return user

    def new_user(self, request: HttpRequest, sociallogin: SocialLogin) -> User:
        return User()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False  # pre_social_login always finds the person

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find or make the person of the verified claims, so that allauth takes its login path."""
        claims: IdClaims = sociallogin.claims
        try:
            with transaction.atomic():
                sociallogin.user = _person(claims)
                sociallogin.account = _social_account(sociallogin.user)
        except PersonErased as error:
            raise ImmediateHttpResponse(
                render(request, "companion/account_erased.html", status=403)
            ) from error
        sociallogin.email_addresses = []  # allauth's EmailAddress table stays empty

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Log why; the text of our own exceptions names reasons and holds nothing secret."""
        reason = str(exception) if exception else str(getattr(error, "value", error))
        if request.GET.get("error") == "access_denied":  # with a state that is not ours any more
            reason = "access_denied"
        log.warning("sign_in_failed", reason=reason[:80])
        if extra_context is not None:
            extra_context["reason"] = reason
            after = (extra_context.get("state") or {}).get("next")
            if error == AuthError.CANCELLED and after:  # a fresh start leads to the same page
                query = urlencode({"next": after})
                cancelled = f"{reverse('socialaccount_login_cancelled')}?{query}"
                raise ImmediateHttpResponse(redirect(cancelled))


def _person(claims: IdClaims) -> User:
    user = User.objects.for_sub(claims.sub, door=Door.WEB)
    shown = {
        "email": claims.email,
        "email_verified": claims.email_verified,
        "phone_number": claims.phone_number,
    }
    if any(getattr(user, name) != value for name, value in shown.items()):
        for name, value in shown.items():
            setattr(user, name, value)
        user.save(update_fields=list(shown))
    apply_pool_groups(user, claims.groups)
    return user


def _social_account(user: User) -> SocialAccount:
    account, _ = SocialAccount.objects.get_or_create(
        provider="cognito", uid=user.sub, defaults={"user": user}
    )
    if account.user_id != user.pk:
        raise PermissionDenied("this account belongs to another person")
    return account
