"""The account linking request that SMAPI takes, beside the package: it is no part of that.

Schema: https://developer.amazon.com/en-US/docs/alexa/smapi/account-linking-schemas.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from accounts.pool.console import SCOPES
from accounts.pool.parameters import LINK_CALLBACK_PATH

# Only where the token answer has no expires_in, and Cognito's has one. As in the pool's template.
TOKEN_SECONDS = 3600


def account_linking(
    *, sign_in: str, client_id: str, client_secret: str, site: str
) -> dict[str, Any]:
    """The request; without the member `clientSecret` where that is empty.

    `sign_in` is the pool's domain and `site` the website, both without a slash at the end.
    """
    request: dict[str, Any] = {
        "type": "AUTH_CODE",
        "authorizationUrl": f"{sign_in}/oauth2/authorize",
        "accessTokenUrl": f"{sign_in}/oauth2/token",
        "accessTokenScheme": "HTTP_BASIC",
        "clientId": client_id,
        "scopes": list(SCOPES),
        "domains": [urlsplit(sign_in).hostname or ""],
        "defaultTokenExpirationInSeconds": TOKEN_SECONDS,
        # of linking that starts on the website; Alexa's own three are not named here
        "redirectUrls": [site + LINK_CALLBACK_PATH],
        "skipOnEnablement": True,  # facts are told without an account
        # documented for Login with Amazon only
        "voiceForwardAccountLinking": "DISABLED",
    }
    if client_secret:
        request["clientSecret"] = client_secret
    return {"accountLinkingRequest": request}
