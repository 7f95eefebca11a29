"""Start and end of the website's sign-in: allauth's flow with our exchange and verifier in it."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.cognito import endpoints
from accounts.cognito.exchange import ExchangeFailed, redeem_code
from accounts.cognito.nonce import nonce_for
from accounts.cognito.tokens import TokenRejected, verify_id_token
from accounts.rate_limit import limited


class CognitoAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """One instance a request; `nonce` is set between the code and the id token."""

    nonce = ""

    @property
    def openid_config(self) -> dict[str, str]:
        """Static: stock code asks the discovery document at each start and each callback."""
        return {
            "issuer": endpoints.issuer(),
            "jwks_uri": endpoints.jwks_url(),
            "authorization_endpoint": endpoints.authorize_url(),
            "token_endpoint": endpoints.token_url(),
        }

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return endpoints.callback_url()

    def get_access_token_data(
        self,
        request: HttpRequest,
        app: Any,
        client: Any,
        pkce_code_verifier: str | None = None,
    ) -> dict[str, Any]:
        if not pkce_code_verifier:
            raise OAuth2Error("no PKCE verifier in the state")
        self.nonce = nonce_for(pkce_code_verifier)
        try:
            return redeem_code(request.GET["code"], code_verifier=pkce_code_verifier)
        except ExchangeFailed as error:
            raise OAuth2Error(error.reason) from error

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        return SocialToken()  # nothing of it is stored

    def complete_login(
        self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        try:
            claims = verify_id_token(kwargs["response"]["id_token"], self.nonce)
        except TokenRejected as error:
            raise OAuth2Error(f"id token: {error.reason}") from error
        login = self.get_provider().sociallogin_from_response(request, {"sub": claims.sub})
        login.claims = claims  # in memory only; the adapter copies what the person row shows
        return login


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
@limited("sign-in", rate=60, per=60)
def login(request: HttpRequest) -> HttpResponse:
    response: HttpResponse = OAuth2LoginView.adapter_view(CognitoAdapter(request, "cognito"))(
        request
    )
    return response


class SignUpAdapter(CognitoAdapter):
    """The same flow with another first page: the pool's own form for a new account."""

    @property
    def openid_config(self) -> dict[str, str]:
        return {**super().openid_config, "authorization_endpoint": endpoints.sign_up_url()}


@login_not_required
@never_cache
@require_POST
@limited("sign-in", rate=60, per=60)
def sign_up(request: HttpRequest) -> HttpResponse:
    """Make an account at the pool; it ends signed in, by the same callback as a sign-in."""
    if settings.DEV_TOOLS:  # the local AWS has no such page: the simulator stands in for it
        after = request.POST.get("next")
        query = f"?{urlencode({'next': after})}" if after else ""
        return redirect(reverse("dev_sign_up") + query)
    provider = SignUpAdapter(request, "cognito").get_provider()
    provider.oauth2_adapter_class = SignUpAdapter
    response: HttpResponse = provider.redirect_from_request(request)
    return response


@login_not_required
@never_cache
@require_GET
@limited("sign-in-callback", rate=60, per=60)
def callback(request: HttpRequest) -> HttpResponse:
    response: HttpResponse = OAuth2CallbackView.adapter_view(CognitoAdapter(request, "cognito"))(
        request
    )
    return response
