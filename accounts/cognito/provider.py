"""allauth's OpenID Connect provider, narrowed to what a Cognito user pool needs.

Neither stock provider is safe with Cognito: `amazon_cognito` trusts userInfo and never looks at
the id token, `openid_connect` takes userInfo's text "false" for a verified address.
"""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from accounts.cognito.nonce import nonce_for
from accounts.cognito.views import CognitoAdapter

SCOPES = ["openid", "email", "phone"]


class CognitoProvider(OpenIDConnectProvider):  # type: ignore[misc]
    id = "cognito"
    name = "Cognito"
    oauth2_adapter_class = CognitoAdapter
    pkce_enabled_default = True
    supports_token_authentication = False

    def get_default_scope(self) -> list[str]:
        return SCOPES

    def get_pkce_params(self) -> dict[str, str]:
        params: dict[str, str] = super().get_pkce_params()
        return {**params, "nonce": nonce_for(params["code_verifier"])}

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}  # no claims at rest

    # allauth lets the query string of our own start page add scopes and authorize parameters.
    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        return SCOPES

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, str]:
        return {}

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """Start a sign-in; allauth's other processes ("connect", "redirect") become one too."""
        response: HttpResponse = super().redirect(request, "login", next_url, data, **kwargs)
        return response

    def get_login_url(self, request: HttpRequest, **kwargs: str) -> str:
        kwargs.pop("process", None)
        url = reverse("cognito_login")
        return f"{url}?{urlencode(kwargs)}" if kwargs else url

    def get_callback_url(self) -> str:
        return reverse("cognito_callback")


provider_classes = [CognitoProvider]
